"""All tables of two hierarchies over one set of hidden cells, and what hides a cell inside one table.

Each pair of a row and a column that have children is a table: children × children with its margins, all
shown. Cells here are pairs of places (``tree.Axis``).
"""

from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import networkx

from alliance.circulation.suppression.tree import Axis, Node, Tree

Cell = tuple[int, int]


def at_least(holders: Iterable[tuple[Hashable, int]]) -> int:
    """How many people there are at least, by the row of each cell and the people behind it.

    Rows are employers: who works in one does not work in another, but the same few may be in all its cells.
    """
    rows: dict[Hashable, int] = {}
    for row, people in holders:
        rows[row] = max(rows.get(row, 0), people)
    return sum(rows.values())


class Tables:
    """``holders``: people behind each cell that is not empty. ``hidden`` only ever grows."""

    def __init__(
        self,
        holders: Mapping[tuple[Node, Node], int],
        rows: Tree[Node],
        columns: Tree[Node],
        smallest: int,
    ) -> None:
        self.names: tuple[Tree[Any], Tree[Any]] = (rows, columns)
        self.rows, self.columns, self.smallest = Axis(rows), Axis(columns), smallest
        self.holders = {cell: holders[name] for name, cell in self._places(holders).items() if holders[name]}
        self.hidden: set[Cell] = set()
        self.sums: list[list[Cell]] = []
        self._unsettled: set[Cell] = set()
        # Rather all inner cells of a table than one margin, rather all margins than the grand total.
        self._margin = sum(self.holders.values()) + 1
        self._check()

    def _places(self, cells: Iterable[tuple[Node, Node]]) -> dict[tuple[Node, Node], Cell]:
        rows, columns = (tree.positions for tree in self.names)
        return {(row, column): (rows[row], columns[column]) for row, column in cells}

    def _check(self) -> None:
        for (row, column), people in self.holders.items():
            for margin in ((self.rows.parent[row], column), (row, self.columns.parent[column])):
                if -1 not in margin and self.holders.get(margin, 0) < people:
                    raise ValueError("A margin has at least as many people as each cell in it.")
            below = [(child, column) for child in self.rows.children[row]]
            beside = [(row, child) for child in self.columns.children[column]]
            if any(cells and self.holders.keys().isdisjoint(cells) for cells in (below, beside)):
                raise ValueError("A total that has people has nothing in it.")

    def inside(self, cells: Iterable[tuple[Node, Node]]) -> list[Cell]:
        """The places of those cells that are not empty."""
        return [cell for cell in self._places(cells).values() if cell in self.holders]

    def publish(self, sums: Iterable[Iterable[tuple[Node, Node]]]) -> None:
        """These sums are published as well, but those of a single cell or a small group."""
        found = map(self.inside, sums)
        self.sums = [cells for cells in found if len(cells) > 1 and self._people(cells) >= self.smallest]

    def cover_sums(self) -> bool:
        """Hide more of each published sum of which one cell or a small group is hidden; whether one was."""
        before = len(self.hidden)
        for cells in self.sums:
            rest = [cell for cell in cells if cell in self.hidden]
            shown = sorted((self.holders[cell], cell) for cell in cells if cell not in self.hidden)
            if rest and shown and (len(rest) == 1 or self._people(rest) < self.smallest):
                self.hide([shown[0][1]])
        return len(self.hidden) > before

    def _people(self, cells: Iterable[Cell]) -> int:
        """How many are behind some cells at least."""
        return at_least((row, self.holders[row, column]) for row, column in cells)

    def named(self) -> frozenset[tuple[Any, Any]]:
        """The hidden cells by the nodes' keys."""
        rows, columns = (tree.nodes for tree in self.names)
        return frozenset((rows[row], columns[column]) for row, column in self.hidden)

    def hide(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            if cell not in self.hidden:
                self.hidden.add(cell)
                self._unsettled.update(self._tables(cell))

    def _tables(self, cell: Cell) -> list[Cell]:
        return [(r, c) for r in self.rows.tables(cell[0]) for c in self.columns.tables(cell[1])]

    def settle(self) -> None:
        """Hide more until no hidden cell follows inside any table, from the top down."""
        while self._unsettled:
            total = min(self._unsettled)
            self._unsettled.remove(total)
            self._settle(total)

    def _settle(self, total: Cell) -> None:
        """Hide cycles through the bridges of one table.

        Gusfield, A graph theoretic approach to statistical data security, SIAM J. Comput. 17 (1988): let the
        lines of a table be vertices and its hidden cells edges between their row and their column; a hidden
        cell follows from what is shown exactly when it is a bridge. With hidden margins the lines of the
        margins are vertices too (the signs go away when their equations are turned). The cheapest cycle
        through a bridge is a shortest path between its ends.
        """
        while bridges := self._bridges(total):
            graph = self._graph(total, self.holders)
            edge = min(bridges)
            graph.remove_edge(*edge)
            self.hide(self._path(graph, edge)[1])

    def _path(self, graph: "networkx.Graph[Any]", edge: tuple[Any, Any]) -> tuple[int, list[Cell]]:
        """The cheapest way between the ends of an edge that was taken out: what it costs, and its cells."""
        path = networkx.shortest_path(graph, *edge, weight="cost")
        steps = [graph.edges[step] for step in pairwise(path)]
        return sum(step["cost"] for step in steps), [step["cell"] for step in steps]

    def _bridges(self, total: Cell) -> list[tuple[Any, Any]]:
        graph = self._graph(total, self.hidden)
        # Vertices are (0, place of the row) and (1, place of the column): sorted, an edge's row comes first.
        return [(min(edge), max(edge)) for edge in networkx.bridges(graph)]

    def _graph(self, total: Cell, cells: Iterable[Cell]) -> "networkx.Graph[Any]":
        graph: networkx.Graph[Any] = networkx.Graph()
        rows, columns = self.rows.line(total[0]), self.columns.line(total[1])
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                cell = (row, column)
                if cell in cells:
                    inner = i < len(rows) - 1 and j < len(columns) - 1
                    graph.add_edge((0, i), (1, j), cell=cell, cost=self._cost(cell, inner))
        return graph

    def _cost(self, cell: Cell, inner: bool) -> int:
        if cell in self.hidden:
            return 0
        if cell == (0, 0):
            return self._margin**2
        return self.holders[cell] + (0 if inner else self._margin)

    def lines(self, cell: Cell) -> list[tuple[int, int, int]]:
        """The sums this cell is in, as (axis, total, other node): as a part, and as the total."""
        row, column = cell
        return [
            *((0, total, column) for total in self.rows.tables(row) if self.rows.children[total]),
            *((1, total, row) for total in self.columns.tables(column) if self.columns.children[total]),
        ]

    def cells(self, line: tuple[int, int, int]) -> list[Cell]:
        """The cells of a line that are not empty, its total included."""
        axis, total, other = line
        places = (self.rows, self.columns)[axis].line(total)
        cells = [(place, other) if axis == 0 else (other, place) for place in places]
        return [cell for cell in cells if cell in self.holders]

    def cover(self, found: Iterable[tuple[Cell, ...]]) -> None:
        """Hide more around each group that follows; once for those in a common line."""
        covered: set[tuple[int, int, int]] = set()
        for group in sorted(found):
            lines = [line for cell in group for line in self.lines(cell)]
            if covered.isdisjoint(lines):
                covered.update(lines)
                self.hide(self._way_round(group) or [self._cheapest(lines)])

    def _way_round(self, group: tuple[Cell, ...]) -> list[Cell]:
        """The cheapest cycle, not free, through one of the cells and none of the others, in any table."""
        ways = []
        for total in sorted({total for cell in group for total in self._tables(cell)}):
            graph = self._graph(total, self.holders)
            edges = sorted(
                (min(edge), max(edge)) for edge in graph.edges if graph.edges[edge]["cell"] in group
            )
            graph.remove_edges_from(edges)
            for edge in edges:
                if networkx.has_path(graph, *edge):
                    ways.append(self._path(graph, edge))
        return min((way for way in ways if way[0]), default=(0, []))[1]

    def _cheapest(self, lines: Iterable[tuple[int, int, int]]) -> Cell:
        near = {cell for line in lines for cell in self.cells(line)} - self.hidden
        choice = near - {(0, 0)} or (self.holders.keys() - self.hidden - {(0, 0)}) or {(0, 0)}
        return min(choice, key=lambda cell: (self.holders[cell], cell))

    def together(self, one: Cell, other: Cell) -> int:
        """At least so many people are behind two cells together.

        Whoever is in two branches of a tree is counted twice in the parts of what holds both.
        """
        top = row, column = self.rows.common(one[0], other[0]), self.columns.common(one[1], other[1])
        low = max(one[0], other[0]), max(one[1], other[1])
        moved = self._summed((part, column) for part in self.rows.split(row, one[0], other[0]))
        both = [self.holders[top]]  # when one cell lies in the other
        if row not in (one[0], other[0]):
            both.append(moved - self.holders[top])
        if column not in (one[1], other[1]):
            visited = self._summed((row, part) for part in self.columns.split(column, one[1], other[1]))
            both.append(visited - self.holders[top])
        if top not in (one, other) and low not in (one, other):
            # A row and a column: they cross in one cell, else only who moved is in both.
            both.append(self.holders.get(low, 0) + moved - self.holders[top])
        each = self.holders[one], self.holders[other]
        return max(*each, sum(each) - min(both))

    def _summed(self, parts: Iterable[Cell]) -> int:
        return sum(self.holders.get(part, 0) for part in parts)
