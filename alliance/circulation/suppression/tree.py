"""One axis of a table: nodes in a tree."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar


class Key(Hashable, Protocol):
    """Keys of nodes: siblings are told apart and put in order by them."""

    def __lt__(self, other: Any, /) -> bool: ...


Node = TypeVar("Node", bound=Key)


@dataclass(frozen=True)
class Tree(Generic[Node]):
    """``root`` stands for everything; ``parents``: every other node → the node it is a part of.

    The cell of a node is the sum of its children's cells. A node with one child is that child once more.
    """

    root: Node
    parents: Mapping[Node, Node]

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, parents first, siblings in order. ValueError: some do not hang on the root."""
        below: dict[Node, list[Node]] = {}
        for child, parent in self.parents.items():
            below.setdefault(parent, []).append(child)
        found = [self.root]
        for node in found:  # grows while it is walked
            found += sorted(below.get(node, ()))
        if len(found) != len(self.parents) + 1:
            raise ValueError("A tree has one root, and every node hangs on it.")
        return tuple(found)

    @cached_property
    def positions(self) -> dict[Node, int]:
        """Node → its place in ``nodes``."""
        return {node: place for place, node in enumerate(self.nodes)}


class Axis:
    """A tree by the places of its nodes: 0 is the root, parents come before children."""

    def __init__(self, tree: Tree[Any]) -> None:
        self.parent = [-1] + [tree.positions[tree.parents[node]] for node in tree.nodes[1:]]
        self.children: list[list[int]] = [[] for _ in self.parent]
        for place, parent in enumerate(self.parent[1:], 1):
            self.children[parent].append(place)

    @property
    def totals(self) -> list[int]:
        """The nodes that make a table: those with children, and the root when it is alone."""
        return [place for place, below in enumerate(self.children) if below or place == 0]

    def tables(self, place: int) -> list[int]:
        """The totals whose table has this node: its parent's, and its own."""
        own = [place] if self.children[place] or place == 0 else []
        return [self.parent[place], *own] if place else own

    def line(self, total: int) -> list[int]:
        """The children of ``total`` and, last, itself. A root alone is its own child: a table of one line."""
        return [*(self.children[total] or [total]), total]

    def common(self, one: int, other: int) -> int:
        """The lowest node that holds both."""
        while one != other:
            # Parents come first, so the later one is not above the other.
            one, other = min(one, other), self.parent[max(one, other)]
        return one

    def split(self, top: int, *into: int) -> list[int]:
        """Parts that make up ``top`` without overlap, ``into`` among them (nodes of different branches)."""
        above = set()
        for node in into:
            while node != top:
                node = self.parent[node]
                above.add(node)
        return [part for node in above for part in self.children[node] if part not in above]
