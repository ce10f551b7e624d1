"""What the pages of the months show: how each stands, what was recorded, and what has become of it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alliance.accounts.models import Account
from alliance.circulation.facts import signed_facts, total
from alliance.clock import business_date, month_of, next_month, start_of
from alliance.enterprises.models import Enterprise
from alliance.redemptions.ledger import Sums, in_all, posted_to
from alliance.redemptions.marks import MARGIN
from alliance.redemptions.models import MonthClosing, MonthReopening
from alliance.redemptions.months import first_month, first_open


@dataclass(frozen=True)
class Deed:
    """A closing, or the reopening of one. ``by`` is empty when the command line did it."""

    closing: MonthClosing
    by: str
    reopening: MonthReopening | None = None
    reopened_by: str = ""


@dataclass(frozen=True)
class Line:
    """How a month stands. ``sums`` are the snapshot of a closed month, else what is posted so far."""

    month: date
    sums: Sums
    is_over: bool
    is_next: bool
    deeds: list[Deed] = field(default_factory=list)

    @property
    def closed(self) -> Deed | None:
        """The closing that stands."""
        return self.deeds[-1] if self.deeds and self.deeds[-1].reopening is None else None


@dataclass(frozen=True)
class Net:
    """Net figures by business date, as they stand now; amounts in 分."""

    redemptions: int = 0
    gross_fen: int = 0
    discount_fen: int = 0
    paid_fen: int = 0


@dataclass(frozen=True)
class MerchantLine:
    """A merchant's month: paid by the first closing, and by the facts of its days now; in 分."""

    name: str
    first_fen: int
    now_fen: int


def lines(session: Session, at: datetime) -> list[Line]:
    """Every month of the books, the newest first."""
    deeds, earliest = _deeds(session), first_open(session, at)
    month, months = first_month(session, at), []
    while month <= month_of(business_date(at)):
        months.append(month)
        month = next_month(month)
    return [_line(session, month, deeds[month], earliest, at) for month in reversed(months)]


def line(session: Session, month: date, at: datetime) -> Line:
    """One month, whether it is in the books or not."""
    return _line(session, month, _deeds(session)[month], first_open(session, at), at)


def sums_of(closing: MonthClosing) -> Sums:
    """The sums that a closing recorded."""
    return Sums(**{name: fen for name, fen in closing.snapshot.items() if name != "merchants"})


def net_by_merchant(session: Session, month: date) -> dict[int, Net]:
    """What the business dates of a month come to now, by merchant, wherever the facts are posted."""
    facts = signed_facts([(month, next_month(month) - timedelta(days=1))]).c
    names = ("redemptions", "gross_fen", "discount_fen", "paid_fen")
    sums = (total(facts[name]) for name in names)
    rows = session.execute(select(facts.merchant_id, *sums).group_by(facts.merchant_id))
    return {merchant_id: Net(*map(int, net)) for merchant_id, *net in rows}


def net_in_all(merchants: dict[int, Net]) -> Net:
    """The same over all merchants."""
    names = ("redemptions", "gross_fen", "discount_fen", "paid_fen")
    return Net(*(sum(getattr(net, name) for net in merchants.values()) for name in names))


def merchant_lines(session: Session, first: MonthClosing, now: dict[int, Net]) -> list[MerchantLine]:
    """Each merchant that had something in the month, by its name."""
    then = {int(id_): sums["paid_fen"] for id_, sums in first.snapshot["merchants"].items()}
    ids = then.keys() | now.keys()
    names = session.execute(select(Enterprise.id, Enterprise.name).where(Enterprise.id.in_(ids)))
    return sorted(
        (MerchantLine(name, then.get(id_, 0), now.get(id_, Net()).paid_fen) for id_, name in names),
        key=lambda each: each.name,
    )


def _line(session: Session, month: date, deeds: list[Deed], earliest: date, at: datetime) -> Line:
    closed = bool(deeds) and deeds[-1].reopening is None
    sums = sums_of(deeds[-1].closing) if closed else in_all(posted_to(session, month))
    is_over = at >= start_of(next_month(month)) + MARGIN
    return Line(month, sums, is_over, month == earliest, deeds)


def _deeds(session: Session) -> dict[date, list[Deed]]:
    names = _names_of_actors(session)
    reopenings = {(row.month, row.revision): row for row in session.scalars(select(MonthReopening))}
    deeds: dict[date, list[Deed]] = defaultdict(list)
    for closing in session.scalars(select(MonthClosing).order_by(MonthClosing.month, MonthClosing.revision)):
        again = reopenings.get((closing.month, closing.revision))
        by, again_by = names.get(closing.closed_by_id, ""), names.get(again.by_id, "") if again else ""
        deeds[closing.month].append(Deed(closing, by, again, again_by))
    return deeds


def _names_of_actors(session: Session) -> dict[int | None, str]:
    closers, reopeners = select(MonthClosing.closed_by_id), select(MonthReopening.by_id)
    rows = session.execute(
        select(Account.id, Account.name).where(or_(Account.id.in_(closers), Account.id.in_(reopeners)))
    )
    return {row.id: row.name for row in rows}
