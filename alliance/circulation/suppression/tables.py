"""All tables of two hierarchies over one set of hidden cells, and what hides a cell inside one table.

Each pair of a row and a column that have children is a table: children × children with its margins, all
shown. Cells here are pairs of places (``tree.Axis``).
"""

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from typing import Any

import networkx

from alliance.circulation.suppression.tree import Axis, Node, Tree

Cell = tuple[int, int]


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
        self._unsettled: list[Cell] = []
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

    def inside(self, cells: Iterable[tuple[Node, Node]]) -> list[Cell]:
        """The places of those cells that are not empty."""
        return [cell for cell in self._places(cells).values() if cell in self.holders]

    def named(self) -> frozenset[tuple[Any, Any]]:
        """The hidden cells by the nodes' keys."""
        rows, columns = (tree.nodes for tree in self.names)
        return frozenset((rows[row], columns[column]) for row, column in self.hidden)

    def hide(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            if cell not in self.hidden:
                self.hidden.add(cell)
                for total in self._tables(cell):
                    heappush(self._unsettled, total)

    def _tables(self, cell: Cell) -> list[Cell]:
        return [(r, c) for r in self.rows.tables(cell[0]) for c in self.columns.tables(cell[1])]

    def settle(self) -> None:
        """Hide more until no hidden cell follows inside any table, from the top down."""
        last = None
        while self._unsettled:
            total = heappop(self._unsettled)
            if total != last or self._unsettled[:1] != [total]:
                self._settle(total)
            last = total

    def _settle(self, total: Cell) -> None:
        """Gusfield, A graph theoretic approach to statistical data security, SIAM J. Comput. 17 (1988), theorem 1:

        let the lines of a table be vertices and its hidden cells edges between their row and their column;
        a hidden cell follows from what is shown exactly when it is a bridge. With the margins hidden cells as
        well, the lines of the margins are vertices too (the signs go away when their equations are turned).
        A cycle through the bridge protects it; the cheapest is a shortest path between its ends.
        """
        while bridges := self._bridges(total):
            graph = self._graph(total, self.holders)
            row, column = min(bridges)
            graph.remove_edge(row, column)
            path = networkx.shortest_path(graph, row, column, weight="cost")
            self.hide(graph.edges[edge]["cell"] for edge in zip(path, path[1:], strict=False))

    def _bridges(self, total: Cell) -> list[tuple[Any, Any]]:
        graph = self._graph(total, self.hidden)
        # Vertices are (0, place of the row) and (1, place of the column): sorted, an edge's row comes first.
        return [(min(edge), max(edge)) for edge in networkx.bridges(graph)]

    def _graph(self, total: Cell, cells: Iterable[Cell]) -> "networkx.Graph[Any]":
        graph: networkx.Graph[Any] = networkx.Graph()
        rows, columns = self.rows.line(total[0]), self.columns.line(total[1])
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                if (row, column) in cells:
                    inner = i < len(rows) - 1 and j < len(columns) - 1
                    cell = (row, column)
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

    def cover(self, found: Iterable[Cell]) -> None:
        """Hide a cheapest shown cell beside each of those that follow; once for those in a common line."""
        covered: set[tuple[int, int, int]] = set()
        for cell in sorted(found):
            lines = self.lines(cell)
            if covered.isdisjoint(lines):
                covered.update(lines)
                self.hide([self._cheapest(lines)])

    def _cheapest(self, lines: Iterable[tuple[int, int, int]]) -> Cell:
        near = {cell for line in lines for cell in self.cells(line)} - self.hidden
        choice = near - {(0, 0)} or (self.holders.keys() - self.hidden - {(0, 0)}) or {(0, 0)}
        return min(choice, key=lambda cell: (self.holders[cell], cell))
