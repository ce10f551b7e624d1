"""The measures: pure functions of plain numbers. Amounts in 分, shares between 0 and 1.

A share of nothing is None: it is not 0, and not an error.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TypeVar

import numpy
from scipy.optimize import linprog
from scipy.sparse import coo_array

Node = TypeVar("Node", bound=int)
#: F[i, j]: paid by holders of employer i at merchant j.
Flow = Mapping[tuple[Node, Node], int]


def share(part: float, whole: float) -> float | None:
    """``part / whole``; None when there is no whole."""
    return part / whole if whole else None


def middle(values: Sequence[int]) -> float | None:
    """The median, the mean of the two middle values for an even count; None of nothing."""
    return float(median(values)) if values else None


def concentration(values: Sequence[int]) -> float | None:
    """The Herfindahl–Hirschman index Σ(x/Σx)²: 1/n when all are alike, 1 when one has everything."""
    whole = sum(values)
    return sum((value / whole) ** 2 for value in values) if whole else None


def gini(values: Sequence[int]) -> float | None:
    """The Gini coefficient Σ(2i − n − 1)·x₍ᵢ₎ / (n·Σx), x ascending, i from 1: 0 when all are alike."""
    whole, count = sum(values), len(values)
    if not whole:
        return None
    return sum((2 * i - count - 1) * x for i, x in enumerate(sorted(values), 1)) / (count * whole)


def reciprocal(flow: Flow[Node]) -> int:
    """Σ over ordered pairs i ≠ j of min(F[i,j], F[j,i]): what comes back directly from where it went."""
    return sum(min(paid, flow.get((j, i), 0)) for (i, j), paid in flow.items() if i != j)


def circulation(flow: Flow[Node]) -> int:
    """The largest circulation f ≤ F off the diagonal: what can run in closed loops of any length.

    A linear programme (Ahuja, Magnanti, Orlin, Network Flows, §1.2: circulation problem): maximise Σf with
    inflow = outflow at every node. Its matrix is totally unimodular, so the optimum is a whole number of 分.
    """
    edges = [(i, j, paid) for (i, j), paid in flow.items() if i != j and paid > 0]
    if not edges:
        return 0
    nodes = {node: row for row, node in enumerate(sorted({n for i, j, _ in edges for n in (i, j)}))}
    columns = numpy.arange(len(edges))
    rows = numpy.array([[nodes[i], nodes[j]] for i, j, _ in edges]).T
    signs = numpy.repeat([1.0, -1.0], len(edges))
    balance = coo_array((signs, (rows.ravel(), numpy.tile(columns, 2))), shape=(len(nodes), len(edges)))
    solution = linprog(  # type: ignore[call-overload]  # the stubs do not know sparse matrices
        -numpy.ones(len(edges)),
        A_eq=balance.tocsr(),
        b_eq=numpy.zeros(len(nodes)),
        bounds=[(0, paid) for _, _, paid in edges],
        # The simplex ends on a vertex, and every vertex is integral: rounding only takes off float dust.
        method="highs-ds",
    )
    return sum(round(fen) for fen in solution.x)
