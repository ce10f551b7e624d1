"""The tables of the page of flows: zone × zone, what each zone gains, employer × merchant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from alliance.circulation.matrix import (
    BUYERS,
    SELLERS,
    Flows,
    Group,
    Matrix,
    Net,
    between,
    enterprise_groups,
    largest,
    matrix,
    net_lines,
    zone_groups,
)
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import added
from alliance.circulation.tables import EVERYBODY, Cell, Node
from alliance.web.organizer.circulation_cells import Row, paid_of, sums_head, sums_of
from alliance.web.organizer.circulation_names import Names
from alliance.web.organizer.downloads import Table, fen
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids

#: Of employers and of merchants, in the picture; all are in the file.
MOST = 30
#: How many groups on a side each picture can hold.
SANKEY, CHORD = 8, 16
#: With more than this part of all inside the zones, a circle shows little else.
_MOSTLY = 0.5


@dataclass(frozen=True)
class Side:
    """One side of the tables: a zone with what is below it (None: everything)."""

    zone: Zone | None
    below: frozenset[int] | None

    @property
    def node(self) -> Node:
        """The node for all of it."""
        return EVERYBODY if self.zone is None else (self.zone.id, 0)


@dataclass(frozen=True)
class FlowPage:
    """What the page shows. ``counts``: how many employers and merchants there are in all."""

    flows: Flows
    names: Names
    buyers: Side
    sellers: Side
    zones: Matrix
    nets: Sequence[Net]
    enterprises: Matrix
    counts: tuple[int, int]

    @property
    def pictures(self) -> list[str]:
        """The pictures that can show the flows between the zones; none for a single cell."""
        most = max(len(self.zones.buyers), len(self.zones.sellers))
        if most < 2:
            return []
        if len(self.zones.sellers) == 1:
            return ["bars"]
        fitting = {"sankey": most <= SANKEY, "chord": most <= CHORD and self.zones.is_square}
        return ["heatmap", *(kind for kind, fits in fitting.items() if fits)]

    @property
    def usual_picture(self) -> str:
        """The one that is drawn unless another is asked for. Only a heatmap shows what is hidden."""
        order = ("sankey", "chord", "bars", "heatmap")
        return (
            "heatmap"
            if self.zones.hides and "heatmap" in self.pictures
            else next(kind for kind in order if kind in self.pictures)
        )

    @property
    def mostly_inside(self) -> bool:
        """Whether most of what is shown stays within the zones, so that the rest could not be told apart."""
        shown = [
            (i == j, cell.paid_fen)
            for i, row in enumerate(self.zones.cells)
            for j, cell in enumerate(row)
            if cell is not None
        ]
        inside = sum(fen for is_inside, fen in shown if is_inside)
        return inside > _MOSTLY * sum(fen for _is_inside, fen in shown)


def side_of(session: Session, zone: Zone | None) -> Side:
    """A side of the tables."""
    return Side(zone, None if zone is None else frozenset(session.scalars(subtree_ids(zone.id))))


def flow_page(session: Session, flows: Flows, names: Names, scope: Scope, other: Zone | None) -> FlowPage:
    """The tables of a scope; ``other`` narrows the side that is not the scope's axis."""
    of_scope, of_other = side_of(session, scope.zone), side_of(session, other)
    buyers, sellers = (of_other, of_scope) if scope.axis == Axis.OUTLET else (of_scope, of_other)
    from_zones = zone_groups(flows, names.zones, buyers.zone)
    to_zones = zone_groups(flows, names.zones, sellers.zone)
    employers = _by_size(flows, enterprise_groups(flows, BUYERS, buyers.below), sellers.node, BUYERS)
    merchants = _by_size(flows, enterprise_groups(flows, SELLERS, sellers.below), buyers.node, SELLERS)
    return FlowPage(
        flows,
        names,
        buyers,
        sellers,
        matrix(flows, from_zones, to_zones, buyers.node, sellers.node),
        [] if other else net_lines(flows, to_zones if scope.axis == Axis.OUTLET else from_zones),
        matrix(flows, employers[:MOST], merchants[:MOST], buyers.node, sellers.node),
        (len(employers), len(merchants)),
    )


def _by_size(flows: Flows, groups: Sequence[Group], others: Node, side: int) -> list[Group]:
    """Those with something to do with the other side, the largest first."""
    paid: dict[int, Cell | None] = {}
    for group in groups:
        if side == BUYERS:
            cell = between(flows, group.nodes, [others])
        else:
            cell = between(flows, [others], group.nodes)
        if cell is None or cell.redemptions:
            paid[group.key] = cell
    return largest([group for group in groups if group.key in paid], paid, len(groups))


def tables_of(page: FlowPage, when: str) -> Mapping[str, Table]:
    """The tables as files, by the name that a URL calls them."""
    return {
        "zones": _zones_table(page, when),
        "net": _net_table(page, when),
        "enterprises": _enterprises_table(page, when),
    }


def _zones_table(page: FlowPage, when: str) -> Table:
    found = page.zones
    rows: list[Row] = [
        [page.names.of_zones(buyer), page.names.of_zones(seller), *sums_of(cell)]
        for buyer, cells in zip(found.buyers, found.cells, strict=True)
        for seller, cell in zip(found.sellers, cells, strict=True)
        if cell is None or cell.redemptions
    ]
    return Table(_("%(when)s区间流向", when=when), [_("单位片区"), _("门店片区"), *sums_head()], rows)


def _net_table(page: FlowPage, when: str) -> Table:
    rows: list[Row] = [
        [
            page.names.of_zones(line.group),
            *map(paid_of, (line.sold, line.bought, line.own)),
            fen(line.net_fen, is_hidden=line.net_fen is None),
        ]
        for line in page.nets
    ]
    head = [_("片区"), _("门店收款（元）"), _("单位员工消费（元）"), _("其中本片区内（元）"), _("净差（元）")]
    return Table(_("%(when)s区间净差", when=when), head, rows)


def _enterprises_table(page: FlowPage, when: str) -> Table:
    pairs: dict[tuple[int, int], list[Cell | None]] = {}
    for (buyer, seller), cell in page.flows.items():
        if buyer[1] and seller[1] and _is_within(buyer, page.buyers) and _is_within(seller, page.sellers):
            pairs.setdefault((buyer[1], seller[1]), []).append(cell)
    name = page.names.enterprises
    rows: list[Row] = [
        [name[employer], name[merchant], *sums_of(cells[0] if len(cells) == 1 else added(cells))]
        for (employer, merchant), cells in sorted(pairs.items())
    ]
    head = [_("单位"), _("商户"), *sums_head()]
    return Table(_("%(when)s单位到商户的流向", when=when), head, rows)


def _is_within(node: Node, side: Side) -> bool:
    return side.below is None or node[0] in side.below
