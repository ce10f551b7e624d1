"""How firm the figures of a monthly report are: reversals, what came late, and what closings recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, distinct, exists, func, select
from sqlalchemy.orm import Session

from alliance.accounts.models import Account
from alliance.circulation.facts import ZONE_OF_AXIS, held, total, with_restated
from alliance.circulation.periods import Period, months_of
from alliance.circulation.report import SMALL_GROUP
from alliance.circulation.scope import Scope
from alliance.clock import next_month, start_of
from alliance.redemptions.models import MonthClosing, MonthReopening, Redemption, Reversal
from alliance.zones.tree import subtree_ids


@dataclass(frozen=True)
class Facts:
    """A number of facts, and what was paid by them in 分 (negative for reversals)."""

    count: int = 0
    paid_fen: int = 0

    def __add__(self, other: "Facts") -> "Facts":
        return Facts(self.count + other.count, self.paid_fen + other.paid_fen)


@dataclass(frozen=True)
class Arrivals:
    """The facts of a period by their business dates. ``late``: they came after the end of their month;
    ``adjusted``: so late that they were posted to a later one. Each of these is among the ones before.
    """

    redeemed: Facts = Facts()
    redeemed_late: Facts = Facts()
    redeemed_adjusted: Facts = Facts()
    reversed: Facts = Facts()
    reversed_late: Facts = Facts()
    reversed_adjusted: Facts = Facts()


@dataclass(frozen=True)
class Closed:
    """How a month stands: its first closing (初值), and the number of its latest.

    ``stands`` is false after a reopening; ``by`` is empty when the command line closed it.
    """

    month: date
    revision: int
    first_paid_fen: int
    first_redemptions: int
    first_reversals: int
    closed_at: datetime
    by: str
    stands: bool


@dataclass(frozen=True)
class Quality:
    """``arrivals`` is None where it is hidden; ``closings`` has the closed months, and none of a zone."""

    arrivals: Arrivals | None
    closings: Sequence[Closed]


def quality(session: Session, period: Period, scope: Scope, *, sees_all: bool, is_hidden: bool) -> Quality:
    """Of whole months. ``is_hidden``: the net sums of the period may not be seen, and so nothing here.

    Closings are of the whole alliance. For who sees not all so are arrivals: small numbers of facts in one
    zone, beside those of the others, would tell of single persons.
    """
    is_whole = scope.zone is None
    months = months_of(period)
    found = _arrivals(session, months, scope) if sees_all or is_whole else []
    arrivals: Arrivals | None = Arrivals()
    for each, is_small in found:
        arrivals = _sum(arrivals, each) if arrivals and (sees_all or not is_small) else None
    if is_hidden or not found:
        arrivals = None
    return Quality(arrivals, _closings(session, months) if is_whole and not is_hidden else [])


def _sum(some: Arrivals, others: Arrivals) -> Arrivals:
    return Arrivals(**{name: part + getattr(others, name) for name, part in vars(some).items()})


def _arrivals(session: Session, months: Sequence[date], scope: Scope) -> list[tuple[Arrivals, bool]]:
    """Of each month, and whether fewer than five people are behind some of it, or behind the rest of it."""
    found = []
    for month in months:
        parts: dict[str, Facts] = {}
        is_small = False
        for name, query in (("redeemed", _redeemed(month)), ("reversed", _reversed(month))):
            if scope.zone is not None:
                zone = held(ZONE_OF_AXIS[scope.axis])
                query = with_restated(query).where(zone.in_(subtree_ids(scope.zone.id)))
            row = session.execute(query).one()
            for part, at in (("", 0), ("_late", 4), ("_adjusted", 8)):
                count, paid_fen, people, others = row[at : at + 4]
                parts[name + part] = Facts(count, paid_fen)
                is_small |= 0 < people < SMALL_GROUP or 0 < others < SMALL_GROUP
        found.append((Arrivals(**parts), is_small))
    return found


def _redeemed(month: date) -> Select[*tuple[Any, ...]]:
    columns = _columns(Redemption, Redemption.received_at, month)
    return select(*columns).where(_of_month(Redemption, month))


def _reversed(month: date) -> Select[*tuple[Any, ...]]:
    of = (Redemption.merchant_id == Reversal.merchant_id) & (Redemption.id == Reversal.redemption_id)
    columns = _columns(Reversal, Reversal.occurred_at, month)
    return select(*columns).join(Redemption, of).where(_of_month(Reversal, month))


def _columns(
    entity: type[Redemption] | type[Reversal], came_at: Any, month: date
) -> list[ColumnElement[int]]:
    """For all of them, for the late and for the adjusted: facts, paid, holders, holders of the rest."""
    every = entity.business_date.is_not(None)
    columns: list[ColumnElement[int]] = []
    for part in (every, came_at >= start_of(next_month(month)), entity.posted_month > month):
        columns += [
            func.count(case((part, 1))),
            total(case((part, entity.paid_fen))),
            func.count(distinct(case((part, Redemption.holder_id)))),
            func.count(distinct(case((~part, Redemption.holder_id)))),
        ]
    return columns


def _of_month(entity: type[Redemption] | type[Reversal], month: date) -> ColumnElement[bool]:
    return entity.business_date.between(month, next_month(month) - timedelta(days=1))


def _closings(session: Session, months: Sequence[date]) -> list[Closed]:
    """The closed ones among the months, those that were opened again included."""
    undone = exists().where(
        MonthReopening.month == MonthClosing.month, MonthReopening.revision == MonthClosing.revision
    )
    rows = session.execute(
        select(MonthClosing, Account.name, ~undone)
        .outerjoin(Account, Account.id == MonthClosing.closed_by_id)
        .where(MonthClosing.month.in_(months))
        .order_by(MonthClosing.month, MonthClosing.revision)
    ).all()
    first = {closing.month: closing for closing, _, _ in reversed(rows)}
    latest = {closing.month: (closing, name, stands) for closing, name, stands in rows}
    return [
        Closed(
            month,
            closing.revision,
            first[month].snapshot["paid_fen"],
            first[month].snapshot["redemptions"],
            first[month].snapshot["reversals"],
            closing.closed_at,
            name or "",
            stands,
        )
        for month, (closing, name, stands) in latest.items()
    ]
