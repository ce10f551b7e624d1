"""The circulation report of a period, and the flow between zones."""

from dataclasses import dataclass
from itertools import chain

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from alliance.circulation import figures
from alliance.circulation.coverage import coverage
from alliance.circulation.facts import Span
from alliance.circulation.measures import circulation, concentration, gini, middle, reciprocal, share
from alliance.zones.models import Zone

#: A period may have this many days: ten years.
MAX_DAYS = 3660
#: Outlets with fewer distinct holders than this say too much about single persons.
SMALL_GROUP = 5


@dataclass(frozen=True)
class Report:
    """Net figures of a period. Amounts in 分, shares between 0 and 1, None where there is nothing to divide.

    "Active" is whoever has a redemption that was not wholly reversed; a paid amount of 0 counts.
    """

    redemptions: int
    gross_fen: int
    discount_fen: int
    paid_fen: int
    active_holders: int
    active_outlets: int
    active_merchant_enterprises: int
    holders_with_two_or_more_redemption_days: int
    paid_per_active_holder_mean_fen: float | None
    paid_per_active_holder_median_fen: float | None
    outlets_per_active_holder_mean: float | None
    same_zone_paid_fen: int
    zone_retention: float | None
    same_enterprise_paid_fen: int
    self_circulation_share: float | None
    outlet_hhi: float | None
    outlet_gini: float | None
    enterprise_reciprocity: float | None
    enterprise_reciprocal_fen: int
    cross_enterprise_paid_fen: int
    enterprise_circularity: float | None
    outlets_with_fewer_than_five_holders: int


@dataclass(frozen=True)
class ZoneFlow:
    """``rows[i][j]``: net paid in 分 by holders employed in ``zones[i]`` at outlets in ``zones[j]``."""

    zones: list[Zone]
    rows: list[list[int]]


def report(session: Session, period: Span, zone: Zone | None = None) -> Report:
    """The figures of an inclusive period of business dates, at outlets below ``zone`` (None: everywhere).

    Run it inside ``store.one_snapshot``.
    """
    cut = coverage(session, period)
    sums = figures.zone_sums(session, cut, zone)
    flow = figures.flows(session, cut, zone)
    holders = figures.holder_figures(session, period, zone)
    outlets = figures.outlet_figures(session, period, zone)
    paid = sum(row.paid_fen for row in sums)
    same_zone = sum(row.paid_fen for row in sums if row.employer_zone_id == row.outlet_zone_id)
    same_enterprise = sum(fen for (employer, merchant), fen in flow.items() if employer == merchant)
    crossing = sum(flow.values()) - same_enterprise
    back = reciprocal(flow)
    return Report(
        redemptions=sum(row.redemptions for row in sums),
        gross_fen=sum(row.gross_fen for row in sums),
        discount_fen=sum(row.discount_fen for row in sums),
        paid_fen=paid,
        active_holders=len(holders),
        active_outlets=len(outlets),
        active_merchant_enterprises=len({row.merchant_id for row in outlets}),
        holders_with_two_or_more_redemption_days=sum(row.days >= 2 for row in holders),
        paid_per_active_holder_mean_fen=share(paid, len(holders)),
        paid_per_active_holder_median_fen=middle([row.paid_fen for row in holders]),
        outlets_per_active_holder_mean=share(sum(row.outlets for row in holders), len(holders)),
        same_zone_paid_fen=same_zone,
        zone_retention=share(same_zone, paid),
        same_enterprise_paid_fen=same_enterprise,
        self_circulation_share=share(same_enterprise, paid),
        outlet_hhi=concentration([row.paid_fen for row in outlets]),
        outlet_gini=gini([row.paid_fen for row in outlets]),
        enterprise_reciprocity=share(back, crossing),
        enterprise_reciprocal_fen=back,
        cross_enterprise_paid_fen=crossing,
        enterprise_circularity=share(circulation(flow), crossing),
        outlets_with_fewer_than_five_holders=sum(row.holders < SMALL_GROUP for row in outlets),
    )


def zone_flow(session: Session, period: Span, zone: Zone | None = None) -> ZoneFlow:
    """Who spends where: every leaf of the tree, and any other zone with a flow, on both axes by code.

    Run it inside ``store.one_snapshot``.
    """
    paid: dict[tuple[int, int], int] = {}
    for row in figures.zone_sums(session, coverage(session, period), zone):
        pair = (row.employer_zone_id, row.outlet_zone_id)
        paid[pair] = paid.get(pair, 0) + row.paid_fen
    child = aliased(Zone)
    is_leaf = ~exists().where(child.parent_id == Zone.id)
    touched = Zone.id.in_(set(chain.from_iterable(paid)))
    zones = list(session.scalars(select(Zone).where(is_leaf | touched).order_by(Zone.code)))
    return ZoneFlow(zones, [[paid.get((i.id, j.id), 0) for j in zones] for i in zones])
