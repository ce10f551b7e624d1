"""A table of flows between groups of buyers and groups of sellers, as somebody may see it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from alliance.circulation.measures import net_differences
from alliance.circulation.seen import Seen, added
from alliance.circulation.tables import EVERYBODY, Cell, Node
from alliance.zones.models import Zone

Flows = Seen[tuple[Node, Node]]
#: Which part of a cell's key: who pays, or where.
BUYERS, SELLERS = 0, 1


@dataclass(frozen=True)
class Group:
    """What a line of the table stands for: nodes that have nothing in common.

    ``key`` is the id of a zone or of an enterprise. ``is_rest``: only what stands in that very zone, and not
    in one below it.
    """

    key: int
    nodes: Sequence[Node]
    is_rest: bool = False


@dataclass(frozen=True)
class Matrix:
    """``cells[i][j]``: what the people of ``buyers[i]`` did at ``sellers[j]``; None where it is hidden.

    ``bought``, ``sold`` and ``total`` are the margins: of all there is, not of the groups of the table alone.
    """

    buyers: Sequence[Group]
    sellers: Sequence[Group]
    cells: Sequence[Sequence[Cell | None]]
    bought: Sequence[Cell | None]
    sold: Sequence[Cell | None]
    total: Cell | None

    @property
    def is_square(self) -> bool:
        """Whether the same groups stand on both sides."""
        return self.buyers == self.sellers

    @property
    def shows_any(self) -> bool:
        """Whether there is a cell with something in it that may be seen."""
        return any(cell.redemptions for row in self.cells for cell in row if cell is not None)

    @property
    def hides(self) -> bool:
        """Whether something of it is hidden."""
        return None in (*self.bought, *self.sold, self.total) or any(None in row for row in self.cells)


@dataclass(frozen=True)
class Net:
    """What a group took in, what its people spent, both among themselves, and the difference in 分.

    None where it is hidden.
    """

    group: Group
    sold: Cell | None
    bought: Cell | None
    own: Cell | None
    net_fen: int | None


def between(flows: Flows, buyers: Iterable[Node], sellers: Iterable[Node]) -> Cell | None:
    """What flows from these nodes to those; of a single cell with its distinct holders."""
    found = [flows[key] for key in product(buyers, sellers) if key in flows]
    return found[0] if len(found) == 1 else added(found)


def matrix(
    flows: Flows,
    buyers: Sequence[Group],
    sellers: Sequence[Group],
    of_buyers: Node = EVERYBODY,
    of_sellers: Node = EVERYBODY,
) -> Matrix:
    """The table; ``of_buyers`` and ``of_sellers`` are the nodes of which the groups are parts."""
    return Matrix(
        buyers,
        sellers,
        [[between(flows, buyer.nodes, seller.nodes) for seller in sellers] for buyer in buyers],
        [between(flows, buyer.nodes, [of_sellers]) for buyer in buyers],
        [between(flows, [of_buyers], seller.nodes) for seller in sellers],
        between(flows, [of_buyers], [of_sellers]),
    )


def zone_groups(flows: Flows, zones: Sequence[Zone], top: Zone | None) -> list[Group]:
    """The zones just below ``top`` (None: below everything), and what stands in ``top`` itself.

    A single root that is divided says nothing by itself, so its parts stand for everything. A zone with
    nothing below it stands alone.
    """
    below = _below(zones)
    if top is None and len(below[None]) == 1:
        top = below[None][0]
    parts = below[top.id if top else None]
    if top is None:
        return [Group(zone.id, [(zone.id, 0)]) for zone in parts]
    if not parts:
        return [Group(top.id, [(top.id, 0)])]
    there = sorted({node for pair in flows for node in pair if node[0] == top.id and node[1]})
    rest = [Group(top.id, there, is_rest=True)] if there else []
    return [Group(zone.id, [(zone.id, 0)]) for zone in parts] + rest


def enterprise_groups(flows: Flows, side: int, within: Collection[int] | None) -> list[Group]:
    """The enterprises of one side that stand in the zones ``within`` (None: anywhere)."""
    nodes: dict[int, set[Node]] = defaultdict(set)
    for pair in flows:
        zone_id, enterprise_id = pair[side]
        if enterprise_id and (within is None or zone_id in within):
            nodes[enterprise_id].add(pair[side])
    return [Group(key, sorted(nodes[key])) for key in sorted(nodes)]


def largest(groups: Iterable[Group], paid: Mapping[int, Cell | None], most: int) -> list[Group]:
    """The ``most`` largest by what is shown of them (``paid`` by their keys).

    A hidden amount must not be told by its place: those stand last, by their keys.
    """
    return sorted(groups, key=lambda group: (*by_paid(paid[group.key]), group.key))[:most]


def by_paid(cell: Cell | None) -> tuple[bool, int]:
    """A key to sort cells by: the largest first, hidden ones last and alike."""
    return (True, 0) if cell is None else (False, -cell.paid_fen)


def net_lines(flows: Flows, groups: Iterable[Group]) -> list[Net]:
    """What each group took in from everybody and spent everywhere; the largest difference first."""
    lines = []
    for group in groups:
        sold, bought = between(flows, [EVERYBODY], group.nodes), between(flows, group.nodes, [EVERYBODY])
        lines.append(Net(group, sold, bought, between(flows, group.nodes, group.nodes), _net(sold, bought)))
    return sorted(lines, key=lambda line: (line.net_fen is None, -(line.net_fen or 0), line.group.key))


def _net(sold: Cell | None, bought: Cell | None) -> int | None:
    if sold is None or bought is None:
        return None
    # What the group's own people pay in it stands in both, and cancels out.
    everybody, group = 0, 1
    flow = {(everybody, group): sold.paid_fen, (group, everybody): bought.paid_fen}
    return net_differences(flow)[group]


def _below(zones: Iterable[Zone]) -> dict[int | None, list[Zone]]:
    below: dict[int | None, list[Zone]] = defaultdict(list)
    for zone in zones:
        below[zone.parent_id].append(zone)
    return below
