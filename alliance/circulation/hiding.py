"""Which cells of a month are hidden from everybody but the data officer (``suppression``)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
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
    buyers, sellers = ({cell[side] for cell in holders} for side in (0, 1))
    return hidden(holders, _tree(buyers, zones), _tree(sellers, zones))


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


def _tree(nodes: Collection[_Node], zones: Mapping[int, int | None]) -> Tree[_Node]:
    """Everybody over zones over enterprises."""
    return Tree(_EVERYBODY, {node: _above(node, zones) for node in nodes if node != _EVERYBODY})


def _above(node: _Node, zones: Mapping[int, int | None]) -> _Node:
    zone_id, enterprise_id = node
    return (zone_id, 0) if enterprise_id else (zones[zone_id] or 0, 0)
