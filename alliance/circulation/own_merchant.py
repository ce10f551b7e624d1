"""What a merchant sees of itself, never suppressed, and beside it the middle of its category."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, extract, func, select
from sqlalchemy.orm import Session

from alliance.circulation.coverage import derived_periods
from alliance.circulation.facts import SUMS, signed_facts, total
from alliance.circulation.measures import discount_rate, middle
from alliance.circulation.models import PeriodFlow
from alliance.circulation.periods import Period, PeriodKind, containing, is_over, months_of
from alliance.clock import month_of
from alliance.enterprises.models import Enterprise

#: So many merchants of a category must have had redemptions in a month before their middle is told.
FEWEST_MERCHANTS = 5


@dataclass(frozen=True)
class Sums:
    """Net sums, amounts in 分."""

    redemptions: int = 0
    gross_fen: int = 0
    discount_fen: int = 0
    paid_fen: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, name) + getattr(other, name) for name in SUMS))

    @property
    def discount_rate(self) -> float | None:
        """让利率."""
        return discount_rate(self.gross_fen, self.discount_fen)


@dataclass(frozen=True)
class OwnYear:
    """A merchant's year; ``customers`` are distinct holders. Weekdays are numbered from Monday, 0."""

    months: Mapping[date, Sums]
    outlets: Mapping[UUID, Sums]
    offers: Mapping[UUID, Sums]
    weekdays: Mapping[int, Sums]
    customers: Mapping[date, int]
    customers_of_year: int


@dataclass(frozen=True)
class Middle:
    """The medians of a category in a month, of so many merchants, rounded to two digits.

    Exact, the middle one of an odd number would be the figure of a single merchant.
    """

    merchants: int
    paid_fen: int
    redemptions: int
    discount_rate: float | None


def own_year(session: Session, merchant_id: int, year: Period) -> OwnYear:
    """What the merchant did in the year. Run it inside ``store.one_snapshot``."""
    facts = signed_facts([year.span]).c
    grain = (facts.business_date, facts.outlet_id, facts.offer_id)
    rows = select(*grain, *(total(facts[name]) for name in SUMS)).where(facts.merchant_id == merchant_id)
    by_month, by_outlet, by_offer, by_weekday = found = [defaultdict[Any, Sums](Sums) for _ in range(4)]
    for day, outlet_id, offer_id, *sums in session.execute(rows.group_by(*grain)):
        keys = (month_of(day), outlet_id, offer_id, day.weekday())
        for each, key in zip(found, keys, strict=True):
            each[key] += Sums(*sums)
    customers, of_year = _customers(session, merchant_id, year)
    return OwnYear(by_month, by_outlet, by_offer, by_weekday, customers, of_year)


def _customers(session: Session, merchant_id: int, year: Period) -> tuple[dict[date, int], int]:
    facts = signed_facts([year.span]).c
    month = extract("month", facts.business_date)
    by_holder = (
        select(month.label("month"), facts.holder_id)
        .where(facts.merchant_id == merchant_id)
        .group_by(month, facts.holder_id)
        .having(total(facts.redemptions) > 0)
        .subquery()
    )
    rows = session.execute(select(by_holder.c.month, func.count()).group_by(by_holder.c.month))
    months = {date(year.first.year, int(number), 1): people for number, people in rows}
    return months, session.scalar(select(func.count(by_holder.c.holder_id.distinct()))) or 0


def middles(session: Session, merchant: Enterprise, year: Period, today: date) -> Mapping[date, Middle]:
    """For each month of the year that is over: the middle of the merchant's category, itself included.

    A month of fewer than ``FEWEST_MERCHANTS`` is not there. Run it inside the same ``store.one_snapshot``.
    """
    if merchant.category is None:
        return {}
    months = [containing(PeriodKind.MONTH, month) for month in months_of(year)]
    over = [each for each in months if is_over(each, today)]
    alike = select(Enterprise.id).where(Enterprise.category == merchant.category)
    found: dict[date, list[Sums]] = defaultdict(list)
    for (month, _), sums in _by_merchant(session, over, alike).items():
        if sums.redemptions:
            found[month].append(sums)
    return {month: _middle(each) for month, each in found.items() if len(each) >= FEWEST_MERCHANTS}


def _middle(merchants: Sequence[Sums]) -> Middle:
    rates = [rate for each in merchants if (rate := each.discount_rate) is not None]
    # As whole numbers of a millionth: a median of shares is one of them.
    rate = middle([round(rate * 10**6) for rate in rates]) if len(rates) >= FEWEST_MERCHANTS else None
    return Middle(
        merchants=len(merchants),
        paid_fen=int(two_digits(middle([each.paid_fen for each in merchants]) or 0)),
        redemptions=int(two_digits(middle([each.redemptions for each in merchants]) or 0)),
        discount_rate=None if rate is None else round(rate / 10**6, 2),
    )


def two_digits(value: float) -> float:
    """``value`` rounded to two significant digits."""
    return float(f"{value:.1e}")


def _by_merchant(
    session: Session, months: Collection[Period], merchants: Select[int]
) -> Mapping[tuple[date, int], Sums]:
    """By month and merchant; months that were derived are read from there."""
    if not months:
        return {}
    span = (min(each.first for each in months), max(each.last for each in months))
    derived = derived_periods(session, span)
    kept = select(PeriodFlow.first_day, PeriodFlow.merchant_id, *(getattr(PeriodFlow, name) for name in SUMS))
    kept = kept.where(
        PeriodFlow.kind == PeriodKind.MONTH,
        PeriodFlow.first_day.in_([each.first for each in months if each in derived]),
        PeriodFlow.buyer_zone_id == 0,
        PeriodFlow.merchant_id.in_(merchants),
    )
    facts = signed_facts([each.span for each in months if each not in derived]).c
    grain = (facts.business_date, facts.merchant_id)
    live = select(*grain, *(total(facts[name]) for name in SUMS)).where(facts.merchant_id.in_(merchants))
    found: defaultdict[tuple[date, int], Sums] = defaultdict(Sums)
    for rows in (kept, live.group_by(*grain)):
        for day, merchant_id, *sums in session.execute(rows):
            # A merchant has a row for each zone in which an outlet stood.
            found[month_of(day), merchant_id] += Sums(*sums)
    return found
