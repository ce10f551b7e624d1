"""Reading figures: sums from the derived tables plus the live days, people from the facts.

Everything a report reads must come from one snapshot (``store.one_snapshot``).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, distinct, func, select
from sqlalchemy.orm import Session

from alliance.circulation.coverage import Coverage
from alliance.circulation.facts import Span, signed_facts, total, within
from alliance.circulation.models import DayFigures, MonthFlow
from alliance.zones.models import Zone
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


def zone_sums(session: Session, coverage: Coverage, zone: Zone | None) -> list[ZoneSums]:
    """Net sums by employer's zone and outlet's zone; a pair may occur twice, derived and live."""
    facts = signed_facts(coverage.live_days, zone)
    derived = _below(
        _zone_sums(DayFigures).where(within(DayFigures.business_date, coverage.derived_days)),
        DayFigures.outlet_zone_id,
        zone,
    )
    rows = [*session.execute(derived), *session.execute(_zone_sums(facts.c))]
    return [ZoneSums(*row) for row in rows]


def flows(session: Session, coverage: Coverage, zone: Zone | None) -> dict[tuple[int, int], int]:
    """F: (employer, merchant) → net paid in 分."""
    facts = signed_facts(coverage.live_for_flows, zone)
    derived = _below(
        _flows(MonthFlow).where(MonthFlow.month.in_(coverage.derived_months)),
        MonthFlow.outlet_zone_id,
        zone,
    )
    flow: dict[tuple[int, int], int] = {}
    for employer_id, merchant_id, paid_fen in [*session.execute(derived), *session.execute(_flows(facts.c))]:
        flow[employer_id, merchant_id] = flow.get((employer_id, merchant_id), 0) + paid_fen
    return flow


def holder_figures(session: Session, period: Span, zone: Zone | None) -> list[HolderFigures]:
    """One row for each active holder. Distinct counts are never summed, so this reads the facts."""
    by_day = _standing(period, zone, "holder_id", "merchant_id", "outlet_id", "business_date")
    stands = by_day.c.redemptions > 0
    # An outlet's id alone does not name it: its key is (merchant, id). Ids are UUIDs, so it tells apart.
    outlets = func.count(distinct(case((stands, by_day.c.outlet_id))))
    days = func.count(distinct(case((stands, by_day.c.business_date))))
    rows = session.execute(
        select(total(by_day.c.paid_fen), outlets, days).group_by(by_day.c.holder_id).having(outlets > 0)
    )
    return [HolderFigures(*row) for row in rows]


def outlet_figures(session: Session, period: Span, zone: Zone | None) -> list[OutletFigures]:
    """One row for each active outlet."""
    by_holder = _standing(period, zone, "merchant_id", "outlet_id", "holder_id")
    holders = func.count(distinct(case((by_holder.c.redemptions > 0, by_holder.c.holder_id))))
    rows = session.execute(
        select(by_holder.c.merchant_id, total(by_holder.c.paid_fen), holders)
        .group_by(by_holder.c.merchant_id, by_holder.c.outlet_id)
        .having(holders > 0)
    )
    return [OutletFigures(*row) for row in rows]


def _standing(period: Span, zone: Zone | None, *grain: str) -> Subquery:
    """Net redemptions and paid amount per ``grain``: a reversed redemption cancels out before counting."""
    facts = signed_facts([period], zone)
    columns = [facts.c[name] for name in grain]
    sums = (total(facts.c[name]).label(name) for name in ("redemptions", "paid_fen"))
    return select(*columns, *sums).group_by(*columns).subquery()


def _zone_sums(source: Any) -> Select[*tuple[Any, ...]]:
    names = ("redemptions", "gross_fen", "discount_fen", "paid_fen")
    grain = (source.employer_zone_id, source.outlet_zone_id)
    return select(*grain, *(total(getattr(source, name)) for name in names)).group_by(*grain)


def _flows(source: Any) -> Select[*tuple[Any, ...]]:
    grain = (source.employer_id, source.merchant_id)
    return select(*grain, total(source.paid_fen)).group_by(*grain)


def _below(
    query: Select[*tuple[Any, ...]], zone_id: ColumnElement[int] | Any, zone: Zone | None
) -> Select[*tuple[Any, ...]]:
    return query if zone is None else query.where(zone_id.in_(subtree_ids(zone.id)))
