"""Which cells of a month are hidden from everybody but the data officer (``suppression``)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from alliance.circulation.suppression import Tree, hidden

#: What is part of something, and what it is part of: keys that can be put in order.
Part = TypeVar("Part", bound=tuple[Any, ...])
Whole = TypeVar("Whole", bound=tuple[Any, ...])
_Node = tuple[int, int]
_EVERYBODY: _Node = (0, 0)


def hidden_flows(
    holders: Mapping[tuple[_Node, _Node], int], zones: Mapping[int, int | None]
) -> frozenset[tuple[_Node, _Node]]:
    """Of the flows, by the holders behind each cell; ``zones`` are all zones with what is above each."""
    rows, columns = (_Hierarchy({cell[side] for cell in holders}, zones) for side in (0, 1))

    def alone(cell: tuple[_Node, _Node]) -> tuple[_Node, _Node]:
        return rows.top_of[cell[0]], columns.top_of[cell[1]]

    sums = ({alone(cell) for cell in sum_of(holders)} for sum_of in (own_zone, own_enterprise))
    hides = hidden(
        {alone(cell): people for cell, people in holders.items()}, rows.tree, columns.tree, sums=sums
    )
    return frozenset(cell for cell in holders if alone(cell) in hides)


def own_zone(cells: Iterable[tuple[_Node, _Node]]) -> list[tuple[_Node, _Node]]:
    """The cells of which ``same_zone_paid_fen`` is the sum."""
    return [(buyer, seller) for buyer, seller in cells if buyer[1] and seller[1] and buyer[0] == seller[0]]


def own_enterprise(cells: Iterable[tuple[_Node, _Node]]) -> list[tuple[_Node, _Node]]:
    """The cells of which ``same_enterprise_paid_fen`` is the sum."""
    return [(buyer, seller) for buyer, seller in cells if buyer[1] and buyer[1] == seller[1]]


def hidden_parts(
    holders: Mapping[Part, int],
    wholes: Mapping[Part, Whole],
    of_wholes: Mapping[Whole, int],
    hidden_wholes: Collection[Whole],
) -> set[Part]:
    """Of the parts of wholes whose own cells are settled (the outlets of a merchant), by the holders of each.

    ``of_wholes``: at least so many holders are behind each whole.
    """
    parts_of: dict[Whole, list[Part]] = defaultdict(list)
    for part, whole in wholes.items():
        parts_of[whole].append(part)
    found: set[Part] = set()
    for whole, parts in parts_of.items():
        behind = {part: holders[part] for part in parts}
        found |= _hidden_in(behind, of_wholes[whole], whole in hidden_wholes)
    return found


def _hidden_in(holders: Mapping[Part, int], in_all: int, is_hidden: bool) -> set[Part]:
    top: Any = ()
    cells: dict[tuple[Any, Any], int] = {(top, part): people for part, people in holders.items()}
    cells[top, top] = max(in_all, *holders.values())
    alone: Tree[Any] = Tree(top, {})
    parts: Tree[Any] = Tree(top, dict.fromkeys(holders, top))
    hides = hidden(cells, alone, parts, also=[(top, top)] if is_hidden else ())
    return {part for _, part in hides if part != top}


class _Hierarchy:
    """Everybody over zones over enterprises. What has one part only is that part: ``top_of`` is the upper."""

    def __init__(self, nodes: Collection[_Node], zones: Mapping[int, int | None]) -> None:
        above = {node: _above(node, zones) for node in nodes if node != _EVERYBODY}
        parts = Counter(above.values())
        self.top_of: dict[_Node, _Node] = {}
        for node in nodes:
            top = node
            while top != _EVERYBODY and parts[above[top]] == 1:
                top = above[top]
            self.top_of[node] = top
        tops = set(self.top_of.values()) - {_EVERYBODY}
        self.tree = Tree(_EVERYBODY, {node: self.top_of[above[node]] for node in tops})


def _above(node: _Node, zones: Mapping[int, int | None]) -> _Node:
    zone_id, enterprise_id = node
    return (zone_id, 0) if enterprise_id else (zones[zone_id] or 0, 0)
