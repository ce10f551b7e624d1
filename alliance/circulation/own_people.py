"""What an employer sees of its people, never of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, distinct, extract, func, select
from sqlalchemy.orm import Session

from alliance.circulation.entitled import Entitled, entitled_by
from alliance.circulation.facts import signed_facts, total
from alliance.circulation.measures import share
from alliance.circulation.periods import Period, PeriodKind, containing, is_over, months_of
from alliance.circulation.report import SMALL_GROUP


@dataclass(frozen=True)
class Taking:
    """How an employer's people, families included, took part in a month; amounts in 分."""

    redeemers: int
    outlets: int
    saved_fen: int


@dataclass(frozen=True)
class PeoplesMonth:
    """A month that is over. ``taking`` is None when fewer than five redeemed, unless nobody did."""

    entitled: int
    taking: Taking | None

    @property
    def participation_rate(self) -> float | None:
        """参与率."""
        return None if self.taking is None else share(self.taking.redeemers, self.entitled)


def peoples_year(
    session: Session, employer_id: int, year: Period, today: date
) -> Mapping[date, PeoplesMonth]:
    """The months of the year that are over; the one that goes on would tell what happened since yesterday.

    There are no sums over months: a hidden one would follow. Run it inside ``store.one_snapshot``.
    """
    months = [containing(PeriodKind.MONTH, month) for month in months_of(year)]
    taking = _taking(session, employer_id, year)
    found = {}
    for each in months:
        if is_over(each, today):
            people = entitled_by(session, each.span, employer_id)
            found[each.first] = _month(people, taking.get(each.first, Taking(0, 0, 0)))
    return found


def _month(people: Entitled, taking: Taking) -> PeoplesMonth:
    is_hidden = 0 < taking.redeemers < SMALL_GROUP
    return PeoplesMonth(people.holders, None if is_hidden else taking)


def _taking(session: Session, employer_id: int, year: Period) -> Mapping[date, Taking]:
    facts = signed_facts([year.span]).c
    month = extract("month", facts.business_date).label("month")
    grain = (month, facts.holder_id, facts.outlet_id)
    standing = (
        select(
            *grain, total(facts.redemptions).label("redemptions"), total(facts.discount_fen).label("saved")
        )
        .where(facts.employer_id == employer_id)
        .group_by(*grain)
        .subquery()
    )
    stands = standing.c.redemptions > 0
    rows = select(
        standing.c.month,
        func.count(distinct(case((stands, standing.c.holder_id)))),
        func.count(distinct(case((stands, standing.c.outlet_id)))),
        total(standing.c.saved),
    ).group_by(standing.c.month)
    return {date(year.first.year, int(number), 1): Taking(*each) for number, *each in session.execute(rows)}
