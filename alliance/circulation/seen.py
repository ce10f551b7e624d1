"""What somebody may see: everything for the data officer, no small groups for anybody else.

Everybody else also gets months, quarters and years only, and tables only of those that are over: two spans
that differ by a day, or two looks on the same day, would tell what happened between them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date

from sqlalchemy.orm import Session

from alliance.circulation.hiding import own_enterprise, own_zone
from alliance.circulation.periods import Period, PeriodKind, containing, is_over, months_of
from alliance.circulation.registry import KINDS
from alliance.circulation.report import Report, report
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.suppression import tells
from alliance.circulation.tables import EVERYBODY, Cell, Key, Node, OfferKey, OutletKey, Tables, tables
from alliance.zones.tree import subtree_ids

#: Figures that are a sum of the cells of own zones, of own enterprises, of outlets, or tell such a sum.
_OF_OWN_ZONE = {"same_zone_paid_fen", "zone_retention"}
_OF_OWN_ENTERPRISE = {
    "same_enterprise_paid_fen",
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

#: A cell, or None where it is hidden. One that is not there at all is empty, and that may be seen.
Seen = Mapping[Key, Cell | None]


@dataclass(frozen=True)
class SeenTables:
    """The tables of a period as somebody may see them."""

    flows: Seen[tuple[Node, Node]]
    outlets: Seen[OutletKey]
    offers: Seen[OfferKey]


@dataclass(frozen=True)
class SeenReport:
    """Figures by their names in ``Report``; those that are ``hidden`` are not among them."""

    figures: Mapping[str, int | float | None]
    hidden: frozenset[str]


def may_ask(period: Period, *, sees_all: bool) -> bool:
    """Whether somebody may ask for the report of a period."""
    return sees_all or period.kind in KINDS


def may_see_tables(period: Period, today: date, *, sees_all: bool) -> bool:
    """Whether somebody may see the tables of a period."""
    return sees_all or (period.kind in KINDS and is_over(period, today))


def seen(found: Tables, *, sees_all: bool) -> SeenTables:
    """The tables without what is hidden."""

    def shown(cells: Mapping[Key, Cell]) -> Seen[Key]:
        return {key: None if cell.is_hidden and not sees_all else cell for key, cell in cells.items()}

    return SeenTables(shown(found.flows), shown(found.outlets), shown(found.offers))


def added(cells: Iterable[Cell | None]) -> Cell | None:
    """A sum of cells; hidden as soon as one of them is. Distinct holders are not summed: they are None."""
    total = Cell(0, 0, 0, 0)
    for cell in cells:
        if cell is None:
            return None
        total += cell
    return total


def seen_report(session: Session, period: Period, scope: Scope, *, sees_all: bool) -> SeenReport:
    """The report of a month, quarter or year (of any period for who sees all), without what is hidden.

    Run it inside ``store.one_snapshot``.
    """
    figures = asdict(report(session, period.span, scope.zone, scope.axis))
    hides = frozenset() if sees_all else _hidden_figures(session, period, scope)
    return SeenReport({name: value for name, value in figures.items() if name not in hides}, hides)


def _hidden_figures(session: Session, period: Period, scope: Scope) -> frozenset[str]:
    """The names of what is hidden in any month of the period."""
    zones = None if scope.zone is None else set(session.scalars(subtree_ids(scope.zone.id)))
    months = (containing(PeriodKind.MONTH, month) for month in months_of(period))
    return frozenset().union(*(_hidden_in(tables(session, month), scope, zones) for month in months))


def _hidden_in(found: Tables, scope: Scope, zones: set[int] | None) -> set[str]:
    at_outlet, node = scope.axis == Axis.OUTLET, (scope.zone_id, 0)
    whole = found.flows.get((EVERYBODY, node) if at_outlet else (node, EVERYBODY))
    if whole is None:
        return set()
    if whole.is_hidden:
        return {field.name for field in fields(Report)}
    inside = {
        key: cell
        for key, cell in found.flows.items()
        if zones is None or (key[1] if at_outlet else key[0])[0] in zones
    }
    hides = set()
    if _tells(inside, own_zone(inside), everywhere=zones is None):
        hides |= _OF_OWN_ZONE
    if _tells(inside, own_enterprise(inside), everywhere=zones is None):
        hides |= _OF_OWN_ENTERPRISE
    outlets = [cell for key, cell in found.outlets.items() if zones is None or key[0] in zones]
    if 0 < sum(cell.is_hidden for cell in outlets) < _OUTLETS_TO_HIDE_AMONG:
        hides |= _OF_OUTLETS
    return hides


def _tells(
    cells: Mapping[tuple[Node, Node], Cell], keys: Iterable[tuple[Node, Node]], *, everywhere: bool
) -> bool:
    """Whether a sum would tell too much. Those of everywhere are guarded with the tables (``hiding``)."""
    holders = {key: cells[key].holders or 0 for key in keys}
    hides = frozenset(key for key in holders if cells[key].is_hidden)
    return bool(hides) if not everywhere else tells(holders, hides)
