"""Which figures of a report are hidden from everybody but the data officer, because they tell of few people.

A month's follow from its tables. A longer period hides what one of its months hides.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields

from sqlalchemy.orm import Session

from alliance.circulation.coverage import derived_periods
from alliance.circulation.hiding import own_enterprise, own_zone
from alliance.circulation.models import PeriodFigures
from alliance.circulation.periods import Period, PeriodKind, containing, months_of
from alliance.circulation.report import Related, Report, related_parties
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.suppression import tells
from alliance.circulation.tables import EVERYBODY, Cell, Node, Tables, tables
from alliance.zones.tree import subtree_ids

#: Figures that are a sum of the cells of own zones, of own enterprises, of outlets, or tell such a sum.
_OF_OWN_ZONE = {"same_zone_paid_fen", "zone_retention"}
_OF_OWN_ENTERPRISE = {
    "same_enterprise_paid_fen",
    "related_parties_paid_fen",
    "self_circulation_share",
    "cross_enterprise_paid_fen",
    "enterprise_reciprocity",
    "enterprise_reciprocal_fen",
    "enterprise_circularity",
    "enterprise_reciprocity_baseline",
    "enterprise_circularity_baseline",
}
_OF_OUTLETS = {"outlet_hhi", "outlet_gini", "outlet_effective_number"}
#: Two figures of outlets and their total tell of three amounts; fewer hidden ones than this would be solved.
_OUTLETS_TO_HIDE_AMONG = 5


def hidden_figures(session: Session, period: Period, scope: Scope) -> frozenset[str]:
    """The names of the figures of ``Report`` that are hidden; run it inside ``store.one_snapshot``."""
    if period in (derived := derived_periods(session, period.span)):
        return _stored(session, period, scope)
    zones = None if scope.zone is None else set(session.scalars(subtree_ids(scope.zone.id)))
    related, found = related_parties(session), frozenset[str]()
    for month in (containing(PeriodKind.MONTH, first) for first in months_of(period)):
        if month in derived:
            found |= _stored(session, month, scope)
        else:
            found |= hidden_in(tables(session, month), scope.axis, scope.zone_id, zones, related)
    return found


def hidden_in(
    found: Tables, axis: Axis, zone_id: int, zones: Collection[int] | None, related: Related
) -> frozenset[str]:
    """By a month's tables, of a zone; ``zones`` are itself and all below it, None is everywhere."""
    at_outlet, node = axis == Axis.OUTLET, (zone_id, 0)
    whole = found.flows.get((EVERYBODY, node) if at_outlet else (node, EVERYBODY))
    if whole is None:
        return frozenset()
    if whole.is_hidden:
        return frozenset(field.name for field in fields(Report))
    inside = {
        key: cell
        for key, cell in found.flows.items()
        if zones is None or (key[1] if at_outlet else key[0])[0] in zones
    }
    hides: set[str] = set()
    if _tells(inside, own_zone(inside), everywhere=zones is None):
        hides |= _OF_OWN_ZONE
    between_related = (key for key in inside if frozenset((key[0][1], key[1][1])) in related)
    if _tells(inside, own_enterprise(inside), everywhere=zones is None) or _tells(
        inside, between_related, everywhere=False
    ):
        hides |= _OF_OWN_ENTERPRISE
    outlets = [cell for key, cell in found.outlets.items() if zones is None or key[0] in zones]
    if 0 < sum(cell.is_hidden for cell in outlets) < _OUTLETS_TO_HIDE_AMONG:
        hides |= _OF_OUTLETS
    return frozenset(hides)


def _tells(
    cells: Mapping[tuple[Node, Node], Cell], keys: Iterable[tuple[Node, Node]], *, everywhere: bool
) -> bool:
    """Whether a sum would tell too much. Those of everywhere are guarded with the tables (``hiding``)."""
    holders = {key: cells[key].holders or 0 for key in keys}
    hides = frozenset(key for key in holders if cells[key].is_hidden)
    return bool(hides) if not everywhere else tells(holders, hides)


def _stored(session: Session, period: Period, scope: Scope) -> frozenset[str]:
    row = session.get(PeriodFigures, (period.kind, period.first, scope.axis, scope.zone_id))
    return frozenset(row.hidden) if row else frozenset()
