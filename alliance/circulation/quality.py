"""How good the data of each month is: what came late, was reversed, is hidden, has to be derived again.

Counts over the facts, on purpose: the figures that they are about may be derived from them wrongly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, case, extract, func, select
from sqlalchemy.orm import Session

from alliance.circulation.coverage import derived_periods, marked_days
from alliance.circulation.facts import total
from alliance.circulation.models import PeriodFlow, PeriodOffer, PeriodOutlet
from alliance.circulation.periods import Period, PeriodKind
from alliance.circulation.scope import Axis, Scope
from alliance.clock import month_of
from alliance.redemptions.models import Channel, Redemption, Reversal
from alliance.store import table_of
from alliance.zones.tree import subtree_ids

#: A redemption is late when it is received so long after it happened: an offline till sends within minutes.
LATE = timedelta(hours=1)
_SECONDS_OF_A_DAY = 86400


class CellTable(StrEnum):
    """The tables in which small groups are hidden."""

    ZONES = "zones"
    ENTERPRISES = "enterprises"
    OUTLETS = "outlets"
    OFFERS = "offers"


@dataclass(frozen=True)
class Hidden:
    """How many cells of a table are hidden, of how many."""

    cells: int
    hidden: int


@dataclass
class MonthQuality:
    """A month by business date. Amounts in 分.

    ``imported`` redemptions came by file and are never ``late``. ``reversed_paid_fen`` is what reversals gave
    back, ``paid_fen`` what was paid before it. ``adjustments`` are the facts that were posted to a later
    month. ``marked_days`` have to be derived again. ``hidden`` is empty while the month is not derived.
    """

    period: Period
    redemptions: int = 0
    imported: int = 0
    late: int = 0
    paid_fen: int = 0
    reversals: int = 0
    reversed_paid_fen: int = 0
    adjustments: int = 0
    marked_days: int = 0
    hidden: Mapping[CellTable, Hidden] = field(default_factory=dict)


def quality(session: Session, months: Sequence[Period], scope: Scope) -> list[MonthQuality]:
    """For each of some successive months; run it inside ``store.one_snapshot``."""
    span = (months[0].first, months[-1].last)
    found = {month.first: MonthQuality(month) for month in months}
    for day, redemptions, imported, late, paid_fen, adjustments in session.execute(
        _redemptions(session, span, scope)
    ):
        month = found[month_of(day)]
        month.redemptions += redemptions
        month.imported += imported
        month.late += late
        month.paid_fen += paid_fen
        month.adjustments += adjustments
    for day, reversals, paid_fen, adjustments in session.execute(_reversals(span, scope)):
        month = found[month_of(day)]
        month.reversals += reversals
        month.reversed_paid_fen -= paid_fen
        month.adjustments += adjustments
    for day in marked_days(session, span):
        found[month_of(day)].marked_days += 1
    for first, hidden in _hidden(session, span, scope).items():
        found[first].hidden = hidden
    return list(found.values())


def _redemptions(session: Session, span: tuple[date, date], scope: Scope) -> Select[*tuple[Any, ...]]:
    is_import = Redemption.channel == Channel.IMPORT
    is_late = ~is_import & (_seconds_late(session) > LATE.total_seconds())
    return (
        select(
            Redemption.business_date,
            func.count(),
            _count(is_import),
            _count(is_late),
            total(table_of(Redemption).c.paid_fen),
            _count(Redemption.posted_month > Redemption.business_date),
        )
        .where(Redemption.business_date.between(*span), *_within(scope))
        .group_by(Redemption.business_date)
    )


def _reversals(span: tuple[date, date], scope: Scope) -> Select[*tuple[Any, ...]]:
    is_adjustment = Reversal.posted_month > Reversal.business_date
    return (
        select(
            Reversal.business_date, func.count(), total(table_of(Reversal).c.paid_fen), _count(is_adjustment)
        )
        .join(
            Redemption,
            (Redemption.merchant_id == Reversal.merchant_id) & (Redemption.id == Reversal.redemption_id),
        )
        .where(Reversal.business_date.between(*span), *_within(scope))
        .group_by(Reversal.business_date)
    )


def _within(scope: Scope) -> Iterable[ColumnElement[bool]]:
    if scope.zone is None:
        return ()
    at_outlet = scope.axis == Axis.OUTLET
    zone = Redemption.outlet_zone_id if at_outlet else Redemption.employer_zone_id
    return (zone.in_(subtree_ids(scope.zone.id)),)


def _seconds_late(session: Session) -> ColumnElement[Any]:
    """From when it happened until it was received; SQLite has no difference of moments."""
    if session.get_bind().dialect.name == "sqlite":
        received, occurred = (
            func.julianday(column, type_=Float) for column in (Redemption.received_at, Redemption.occurred_at)
        )
        return (received - occurred) * _SECONDS_OF_A_DAY
    return extract("epoch", Redemption.received_at) - extract("epoch", Redemption.occurred_at)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _hidden(session: Session, span: tuple[date, date], scope: Scope) -> dict[date, dict[CellTable, Hidden]]:
    """Of the months that are derived, by their first day: the tables that the scope has, if not empty."""
    found: dict[date, dict[CellTable, Hidden]] = {
        each.first: {} for each in derived_periods(session, span) if each.kind == PeriodKind.MONTH
    }
    for table, (model, conditions) in _cells_of(scope).items():
        rows = session.execute(
            select(model.first_day, func.count(), _count(model.is_hidden))
            .where(model.kind == PeriodKind.MONTH, model.first_day.in_(found), *conditions)
            .group_by(model.first_day)
        )
        for first, cells, hidden in rows:
            found[first][table] = Hidden(cells, hidden)
    return found


def _cells_of(scope: Scope) -> dict[CellTable, tuple[Any, list[ColumnElement[bool]]]]:
    zone, at_outlet = scope.zone, scope.axis == Axis.OUTLET
    below = [] if zone is None else [subtree_ids(zone.id)]
    side = PeriodFlow.seller_zone_id if at_outlet else PeriodFlow.buyer_zone_id
    in_flows: list[ColumnElement[bool]] = [side.in_(ids) for ids in below]
    of_zones = (
        *(PeriodFlow.buyer_zone_id != 0, PeriodFlow.seller_zone_id != 0),
        *(PeriodFlow.employer_id == 0, PeriodFlow.merchant_id == 0),
    )
    of_enterprises = (PeriodFlow.employer_id != 0, PeriodFlow.merchant_id != 0)
    tables: dict[CellTable, tuple[Any, list[ColumnElement[bool]]]] = {
        CellTable.ZONES: (PeriodFlow, [*of_zones, *in_flows]),
        CellTable.ENTERPRISES: (PeriodFlow, [*of_enterprises, *in_flows]),
    }
    if at_outlet or zone is None:
        in_zone: list[ColumnElement[bool]] = [PeriodOutlet.seller_zone_id.in_(ids) for ids in below]
        tables[CellTable.OUTLETS] = (PeriodOutlet, in_zone)
    if zone is None:
        # An offer is of a merchant, and of no zone.
        tables[CellTable.OFFERS] = (PeriodOffer, [])
    return tables
