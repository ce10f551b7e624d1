"""What a report is made of: sums from the derived tables plus the live days, people from the facts.

Everything a report reads must come from one snapshot (``store.one_snapshot``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, Subquery, case, distinct, func, select
from sqlalchemy.orm import Session

from alliance.circulation.coverage import Coverage
from alliance.circulation.facts import SUMS, signed_facts, total, within
from alliance.circulation.measures import Flow
from alliance.circulation.models import DayFlow, PeriodFlow
from alliance.circulation.periods import Period
from alliance.circulation.scope import Axis, Scope
from alliance.zones.tree import subtree_ids


@dataclass(frozen=True)
class ZoneSums:
    """Net sums between an employer's zone and an outlet's zone. Amounts in 分."""

    employer_zone_id: int
    outlet_zone_id: int
    redemptions: int
    gross_fen: int
    discount_fen: int
    paid_fen: int

    def zone_id(self, axis: Axis) -> int:
        """The zone on an axis."""
        return self.outlet_zone_id if axis == Axis.OUTLET else self.employer_zone_id


@dataclass(frozen=True)
class HolderFigures:
    """What one holder did in the period; only holders of whom a redemption stands."""

    paid_fen: int
    outlets: int
    days: int


@dataclass(frozen=True)
class OutletFigures:
    """What one outlet did in the period; only outlets of which a redemption stands."""

    merchant_id: int
    paid_fen: int
    holders: int


def zone_sums(session: Session, coverage: Coverage, scope: Scope) -> list[ZoneSums]:
    """Net sums by employer's zone and outlet's zone; a pair may occur twice, derived and live."""
    facts = signed_facts(coverage.live_days, scope)
    derived = _zone_sums(DayFlow).where(within(DayFlow.business_date, coverage.derived_days))
    if scope.zone is not None:
        at_outlet = scope.axis == Axis.OUTLET
        zone = DayFlow.outlet_zone_id if at_outlet else DayFlow.employer_zone_id
        derived = derived.where(zone.in_(subtree_ids(scope.zone.id)))
    rows = [*session.execute(derived), *session.execute(_zone_sums(facts.c))]
    return [ZoneSums(*row) for row in rows]


def flows(session: Session, coverage: Coverage, scope: Scope) -> Flow[int]:
    """F: (employer, merchant) → net paid in 分."""
    facts = signed_facts(coverage.live_for_flows, scope)
    sources = [_flows(facts.c)]
    sources += [derived_flows(period, scope) for period in coverage.derived_periods]
    flow: dict[tuple[int, int], int] = {}
    for source in sources:
        for employer_id, merchant_id, paid_fen in session.execute(source):
            flow[employer_id, merchant_id] = flow.get((employer_id, merchant_id), 0) + paid_fen
    return flow


def derived_flows(period: Period, scope: Scope) -> Select[*tuple[Any, ...]]:
    """The SELECT of employer, merchant and net paid amount of a period that has been derived."""
    inner = (PeriodFlow.employer_id != 0, PeriodFlow.merchant_id != 0)
    of_period = (PeriodFlow.kind == period.kind, PeriodFlow.first_day == period.first)
    query = _flows(PeriodFlow).where(*of_period, *inner)
    if scope.zone is None:
        return query
    zone = PeriodFlow.seller_zone_id if scope.axis == Axis.OUTLET else PeriodFlow.buyer_zone_id
    return query.where(zone.in_(subtree_ids(scope.zone.id)))


def holder_figures(session: Session, facts: Subquery) -> Iterator[tuple[int, list[HolderFigures]]]:
    """For each ``node`` of the facts one entry for each active holder.

    Distinct counts are never summed, so this reads the facts.
    """
    by_day = _standing(facts, "node", "holder_id", "outlet_id", "business_date")
    stands = by_day.c.redemptions > 0
    # An outlet's id alone does not name it: its key is (merchant, id). Ids are UUIDs, so it tells apart.
    outlets = func.count(distinct(case((stands, by_day.c.outlet_id))))
    days = func.count(distinct(case((stands, by_day.c.business_date))))
    grain = (by_day.c.node, by_day.c.holder_id)
    rows = select(by_day.c.node, total(by_day.c.paid_fen), outlets, days).group_by(*grain)
    for node, found in _by_node(session, rows.having(outlets > 0).order_by(by_day.c.node)):
        yield node, [HolderFigures(*row) for row in found]


def outlet_figures(session: Session, facts: Subquery) -> Iterator[tuple[int, list[OutletFigures]]]:
    """For each ``node`` of the facts one entry for each active outlet."""
    by_holder = _standing(facts, "node", "merchant_id", "outlet_id", "holder_id")
    holders = func.count(distinct(case((by_holder.c.redemptions > 0, by_holder.c.holder_id))))
    grain = (by_holder.c.node, by_holder.c.merchant_id, by_holder.c.outlet_id)
    rows = select(*grain[:2], total(by_holder.c.paid_fen), holders).group_by(*grain)
    for node, found in _by_node(session, rows.having(holders > 0).order_by(by_holder.c.node)):
        yield node, [OutletFigures(*row) for row in found]


def _by_node(
    session: Session, rows: Select[*tuple[Any, ...]]
) -> Iterator[tuple[int, Iterator[tuple[Any, ...]]]]:
    for node, found in groupby(session.execute(rows), key=itemgetter(0)):
        yield node, (tuple(row[1:]) for row in found)


def _standing(facts: Subquery, *grain: str) -> Subquery:
    """Net redemptions and paid amount per ``grain``: a reversed redemption cancels out before counting."""
    columns = [facts.c[name] for name in grain]
    sums = (total(facts.c[name]).label(name) for name in ("redemptions", "paid_fen"))
    return select(*columns, *sums).group_by(*columns).subquery()


def _zone_sums(source: Any) -> Select[*tuple[Any, ...]]:
    grain = (source.employer_zone_id, source.outlet_zone_id)
    return select(*grain, *(total(getattr(source, name)) for name in SUMS)).group_by(*grain)


def _flows(source: Any) -> Select[*tuple[Any, ...]]:
    grain = (source.employer_id, source.merchant_id)
    return select(*grain, total(source.paid_fen)).group_by(*grain)
