"""The circulation report of a period, and the flow between zones."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from alliance.circulation import figures
from alliance.circulation.coverage import coverage, derived_periods
from alliance.circulation.facts import Span, at_one_node, signed_facts
from alliance.circulation.figures import HolderFigures, OutletFigures, ZoneSums
from alliance.circulation.measures import (
    Flow,
    baseline,
    between_strangers,
    circulation,
    concentration,
    gini,
    middle,
    reciprocal,
    share,
)
from alliance.circulation.models import PeriodFigures
from alliance.circulation.scope import Axis, Scope
from alliance.enterprises.models import RelatedParties
from alliance.zones.models import Zone

#: Outlets with fewer distinct holders than this say too much about single persons.
SMALL_GROUP = 5


@dataclass(frozen=True)
class Report:
    """Net figures of a period. Amounts in 分, shares between 0 and 1, None where there is nothing to divide.

    "Active" is whoever has a redemption that was not wholly reversed; a paid amount of 0 counts. Related
    parties are no strangers: what flows between them is in no figure of what crosses enterprises. What each
    measure is, and where it comes from, is in ``docs/metrics.md``.
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
    discount_rate: float | None
    paid_per_discount: float | None
    reuse_rate: float | None
    related_parties_paid_fen: int
    outlet_effective_number: float | None
    enterprise_reciprocity_baseline: float | None
    enterprise_circularity_baseline: float | None


@dataclass(frozen=True)
class ZoneFlow:
    """``rows[i][j]``: net paid in 分 by holders employed in ``zones[i]`` at outlets in ``zones[j]``."""

    zones: list[Zone]
    rows: list[list[int]]


@dataclass(frozen=True)
class Parts:
    """What a report is computed from."""

    sums: Sequence[ZoneSums]
    flow: Flow[int]
    holders: Sequence[HolderFigures]
    outlets: Sequence[OutletFigures]


NOTHING = Parts([], {}, [], [])
#: Two enterprises, the smaller id first.
Related = Set[frozenset[int]]


def report(session: Session, period: Span, zone: Zone | None = None, axis: Axis = Axis.OUTLET) -> Report:
    """The figures of an inclusive period of business dates, in the zone and below (None: everywhere).

    Run it inside ``store.one_snapshot``.
    """
    scope = Scope(zone, axis)
    whole = next((each for each in derived_periods(session, period) if each.span == period), None)
    if whole is not None:
        derived = session.get(PeriodFigures, (whole.kind, whole.first, axis, scope.zone_id))
        return Report(**derived.figures) if derived else report_of(NOTHING, frozenset())
    cut = coverage(session, period)
    facts = at_one_node(signed_facts([period], scope))
    parts = Parts(
        figures.zone_sums(session, cut, scope),
        figures.flows(session, cut, scope),
        _only(figures.holder_figures(session, facts)),
        _only(figures.outlet_figures(session, facts)),
    )
    return report_of(parts, related_parties(session))


def report_of(parts: Parts, related: Related) -> Report:
    """The figures: a pure function of sums, flow, holders and outlets."""
    sums, flow, holders, outlets = parts.sums, parts.flow, parts.holders, parts.outlets
    gross, discount, paid = (sum(getattr(row, f"{name}_fen") for row in sums) for name in _AMOUNTS)
    same_zone = sum(row.paid_fen for row in sums if row.employer_zone_id == row.outlet_zone_id)
    same_enterprise = sum(fen for (employer, merchant), fen in flow.items() if employer == merchant)
    strangers = between_strangers(flow, related)
    crossing, back, usual = sum(strangers.values()), reciprocal(strangers), baseline(flow, related)
    own = sum(flow.values()) - crossing
    repeated = sum(row.days >= 2 for row in holders)
    by_outlet = sorted(row.paid_fen for row in outlets)
    hhi = concentration(by_outlet)
    return Report(
        redemptions=sum(row.redemptions for row in sums),
        gross_fen=gross,
        discount_fen=discount,
        paid_fen=paid,
        active_holders=len(holders),
        active_outlets=len(outlets),
        active_merchant_enterprises=len({row.merchant_id for row in outlets}),
        holders_with_two_or_more_redemption_days=repeated,
        paid_per_active_holder_mean_fen=share(paid, len(holders)),
        paid_per_active_holder_median_fen=middle([row.paid_fen for row in holders]),
        outlets_per_active_holder_mean=share(sum(row.outlets for row in holders), len(holders)),
        same_zone_paid_fen=same_zone,
        zone_retention=share(same_zone, paid),
        same_enterprise_paid_fen=same_enterprise,
        self_circulation_share=share(own, paid),
        outlet_hhi=hhi,
        outlet_gini=gini(by_outlet),
        enterprise_reciprocity=share(back, crossing),
        enterprise_reciprocal_fen=back,
        cross_enterprise_paid_fen=crossing,
        enterprise_circularity=share(circulation(strangers), crossing),
        outlets_with_fewer_than_five_holders=sum(row.holders < SMALL_GROUP for row in outlets),
        discount_rate=share(discount, gross),
        paid_per_discount=share(paid, discount),
        reuse_rate=share(repeated, len(holders)),
        related_parties_paid_fen=own - same_enterprise,
        outlet_effective_number=None if hhi is None else 1 / hhi,
        enterprise_reciprocity_baseline=usual.reciprocity,
        enterprise_circularity_baseline=usual.circularity,
    )


_AMOUNTS = ("gross", "discount", "paid")


def related_parties(session: Session) -> Related:
    """The pairs of enterprises that are related parties."""
    pairs = session.execute(select(RelatedParties.enterprise_id, RelatedParties.related_id))
    return {frozenset(pair) for pair in pairs}


def zone_flow(session: Session, period: Span, zone: Zone | None = None, axis: Axis = Axis.OUTLET) -> ZoneFlow:
    """Who spends where: every leaf of the tree, and any other zone with a flow, on both axes by code.

    Run it inside ``store.one_snapshot``.
    """
    paid: dict[tuple[int, int], int] = {}
    for row in figures.zone_sums(session, coverage(session, period), Scope(zone, axis)):
        pair = (row.employer_zone_id, row.outlet_zone_id)
        paid[pair] = paid.get(pair, 0) + row.paid_fen
    child = aliased(Zone)
    is_leaf = ~exists().where(child.parent_id == Zone.id)
    touched = Zone.id.in_(set(chain.from_iterable(paid)))
    zones = list(session.scalars(select(Zone).where(is_leaf | touched).order_by(Zone.code)))
    return ZoneFlow(zones, [[paid.get((i.id, j.id), 0) for j in zones] for i in zones])


def _only(nodes: Iterable[tuple[int, list[Any]]]) -> list[Any]:
    """The rows of the one node there is; none where nothing was redeemed."""
    return next((rows for _, rows in nodes), [])
