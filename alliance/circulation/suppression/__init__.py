"""Small groups (小群体保护): which cells of a circulation table nobody but the data officer sees.

Rows are buyers, columns are sellers, each in a tree: everything → zones → enterprises. A cell is a pair of
nodes. It is hidden when 1 to 4 people stand behind it (the minimum frequency rule; Hundepool et al.,
Statistical Disclosure Control, 2012), and so are as many others as it takes that

- no hidden cell follows from what is shown, in one table or in all of them together,
- what is left of a total after everything shown in it is taken off stands for 5 people or more as well.

Tables are settled from the top down as in HITAS (de Wolf, HiTaS: a heuristic approach to cell suppression in
hierarchical tables, 2002; implemented in τ-ARGUS), with one set for all of them. Which cells
follow inside one table is read from a graph (``tables``); all tables together are audited by linear algebra
(``audit``). That guards exact values: how closely a hidden cell can be estimated is not bounded.
"""

from collections.abc import Iterable, Mapping

from alliance.circulation.suppression.audit import exposed
from alliance.circulation.suppression.remainders import cover_remainders
from alliance.circulation.suppression.tables import Tables, at_least
from alliance.circulation.suppression.tree import Node, Tree

__all__ = ["Tree", "hidden", "hidden_over", "shown", "tells"]


def hidden(
    holders: Mapping[tuple[Node, Node], int],
    rows: Tree[Node],
    columns: Tree[Node],
    smallest: int = 5,
    also: Iterable[tuple[Node, Node]] = (),
    sums: Iterable[Iterable[tuple[Node, Node]]] = (),
) -> frozenset[tuple[Node, Node]]:
    """The cells not to be shown, of all pairs of a node of ``rows`` and a node of ``columns``.

    ``holders``: how many different people have a fact in the cell, a reversal included; margins are given,
    not summed (a person may stand in several cells); a missing cell is empty, and empty cells are shown as 0.
    ``also``: cells to be hidden whatever their count, say because an earlier revision hid them.
    ``sums``: cells of which the sum is published besides the tables, say the diagonal, unless it ``tells``.

    The same input gives the same answer in any order. ValueError: a margin has fewer people than a cell in
    it, or has people and nothing in it.
    """
    tables = Tables(holders, rows, columns, smallest)
    tables.publish(sums)
    tables.hide(cell for cell, people in tables.holders.items() if people < smallest)
    tables.hide(tables.inside(also))
    while True:
        tables.settle()
        if cover_remainders(tables) or tables.cover_sums():
            continue
        found = exposed(tables)
        if not found or len(tables.hidden) == len(tables.holders):
            return tables.named()
        tables.cover(found)


def tells(
    holders: Mapping[tuple[Node, Node], int], hides: frozenset[tuple[Node, Node]], smallest: int = 5
) -> bool:
    """Whether the published sum of these cells would tell of a hidden one, or of a small group."""
    hidden_ones = [cell for cell in holders if cell in hides]
    everybody = at_least((row, people) for (row, _), people in holders.items())
    rest = at_least((row, holders[row, column]) for row, column in hidden_ones)
    return len(hidden_ones) == 1 or 0 < everybody < smallest or 0 < rest < smallest


def hidden_over(parts: Iterable[frozenset[tuple[Node, Node]]]) -> frozenset[tuple[Node, Node]]:
    """What a longer period hides: whatever one of its ``parts`` hides; ``parts``: the answers for its months.

    A quarter less two months would give the third. Nothing has to be hidden beyond that: what every month
    shows can be added up by anybody, and the union is as safe as each part. A hidden cell of a part has
    others to hide behind, and they are in the union with it; a group does not get smaller with time; a cell
    with few people in the quarter has few in each month.
    """
    return frozenset().union(*parts)


def shown(cells: Iterable[tuple[Node, Node]], hides: frozenset[tuple[Node, Node]]) -> bool:
    """Whether a figure that is the sum of these cells may be shown: none of them is hidden.

    For a scope that is no node of the tree, say a merchant with outlets in several zones.
    """
    return hides.isdisjoint(cells)
