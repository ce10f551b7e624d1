"""The measures: pure functions of plain numbers. Amounts in 分, shares between 0 and 1.

A share of nothing is None: it is not 0, and not an error. What each says, what it does not say and where it
comes from is in docs/metrics.md.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate, chain
from statistics import fmean, median
from typing import TypeVar

import numpy
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Node = TypeVar("Node", bound=int)
#: F[i, j]: net paid by holders of employer i at merchant j (or of zone i in zone j). Never negative: a
#: reversal has the business date of its redemption.
Flow = Mapping[tuple[Node, Node], int]

_Numbers = NDArray[numpy.int64]

#: How many shufflings the baseline is the mean of, and the seed that makes them the same every time.
DRAWS, SEED = 20, 7


def share(part: float, whole: float) -> float | None:
    """``part / whole``; None when there is no whole."""
    return part / whole if whole else None


def discount_rate(gross_fen: int, discount_fen: int) -> float | None:
    """让利率: ΣD / ΣG."""
    return share(discount_fen, gross_fen)


def leverage(paid_fen: int, discount_fen: int) -> float | None:
    """带动比: ΣP / ΣD, what was paid for each 分 of discount. No cause is shown by it; it may exceed 1."""
    return share(paid_fen, discount_fen)


def middle(values: Sequence[int]) -> float | None:
    """The median, the mean of the two middle values for an even count; None of nothing."""
    return float(median(values)) if values else None


def concentration(values: Sequence[int]) -> float | None:
    """The Herfindahl–Hirschman index Σ(x/Σx)²: 1/n when all are alike, 1 when one has everything."""
    whole = sum(values)
    return sum((value / whole) ** 2 for value in values) if whole else None


def effective_number(values: Sequence[int]) -> float | None:
    """1 / HHI: as many equally large ones would be as concentrated as these are."""
    index = concentration(values)
    return 1 / index if index else None


def gini(values: Sequence[int]) -> float | None:
    """The Gini coefficient Σ(2i − n − 1)·x₍ᵢ₎ / (n·Σx), x ascending, i from 1: 0 when all are alike."""
    whole, count = sum(values), len(values)
    if not whole:
        return None
    return sum((2 * i - count - 1) * x for i, x in enumerate(sorted(values), 1)) / (count * whole)


def lorenz(values: Sequence[int]) -> list[tuple[float, float]]:
    """The Lorenz curve: (share of the outlets, smallest first; share of the paid) from (0, 0) to (1, 1).

    One point more than values; empty when nothing was paid. The Gini coefficient is twice the area between it
    and the diagonal.
    """
    whole, count = sum(values), len(values)
    if not whole:
        return []
    running = accumulate(sorted(values), initial=0)
    return [(rank / count, below / whole) for rank, below in enumerate(running)]


def retention(flow: Flow[Node]) -> float | None:
    """域内留存率: Σ F[z,z] / ΣF of a flow between zones."""
    return share(sum(paid for (i, j), paid in flow.items() if i == j), sum(flow.values()))


def net_differences(flow: Flow[Node]) -> dict[Node, int]:
    """For each zone: taken in from people of other zones, less spent in others by its own people, in 分.

    They add up to 0.
    """
    net = dict.fromkeys(sorted(set(chain.from_iterable(flow))), 0)
    for (i, j), paid in flow.items():
        net[i] -= paid
        net[j] += paid
    return net


def between_strangers(flow: Flow[Node], related: Set[frozenset[Node]]) -> dict[tuple[Node, Node], int]:
    """The flow without what an enterprise's own people spend in it, and without that between related parties.

    ``related`` has the pairs as they are recorded: of A with B and B with C does not follow A with C.
    """
    return {(i, j): paid for (i, j), paid in flow.items() if i != j and frozenset((i, j)) not in related}


def reciprocal(flow: Flow[Node]) -> int:
    """Σ over ordered pairs i ≠ j of min(F[i,j], F[j,i]): what comes back directly from where it went."""
    return sum(min(paid, flow.get((j, i), 0)) for (i, j), paid in flow.items() if i != j)


def circulation(flow: Flow[Node]) -> int:
    """The largest circulation f ≤ F off the diagonal: what can run in closed loops of any length.

    A linear programme (Ahuja, Magnanti, Orlin, Network Flows, §1.2: circulation problem): maximise Σf with
    inflow = outflow at every node. Its matrix is totally unimodular, so the optimum is a whole number of 分.
    Edges that no loop can use, those between strongly connected components, are left out first.
    """
    edges = [(i, j, paid) for (i, j), paid in flow.items() if i != j and paid > 0]
    if not edges:
        return 0
    begins, ends, paid = (numpy.array(column, dtype=numpy.int64) for column in zip(*edges, strict=True))
    nodes, at = numpy.unique(numpy.concatenate([begins, ends]), return_inverse=True)
    begins, ends = at[: len(edges)], at[len(edges) :]
    graph = coo_array((paid, (begins, ends)), shape=(len(nodes), len(nodes)))
    _, component = connected_components(graph, connection="strong")
    loops = component[begins] == component[ends]
    return _largest_circulation(begins[loops], ends[loops], paid[loops], len(nodes)) if loops.any() else 0


@dataclass(frozen=True)
class Baseline:
    """What reciprocity and circularity would be on average if who sells to whom were chance."""

    reciprocity: float | None
    circularity: float | None


def baseline(
    flow: Flow[Node], related: Set[frozenset[Node]] = frozenset(), draws: int = DRAWS, seed: int = SEED
) -> Baseline:
    """The mean over ``draws`` shufflings of which merchant is which enterprise; the same for the same flow.

    Each shuffling π is a permutation of the merchants: F'[i, π(j)] = F[i, j]. Every employer keeps what its
    people spend and every merchant's takings stay together, while what comes back is chance. From each, own
    and related parties are taken out anew. None when no shuffling leaves anything between strangers.
    """
    merchants = sorted({j for _, j in flow})
    chance = numpy.random.default_rng(seed)
    shares: list[tuple[float, float]] = []
    for _ in range(draws):
        order = chance.permutation(len(merchants)).tolist()
        played = {merchant: merchants[other] for merchant, other in zip(merchants, order, strict=True)}
        shuffled = between_strangers({(i, played[j]): paid for (i, j), paid in flow.items()}, related)
        if whole := sum(shuffled.values()):
            shares.append((reciprocal(shuffled) / whole, circulation(shuffled) / whole))
    if not shares:
        return Baseline(None, None)
    reciprocity, circularity = zip(*shares, strict=True)
    return Baseline(fmean(reciprocity), fmean(circularity))


def _largest_circulation(begins: _Numbers, ends: _Numbers, paid: _Numbers, nodes: int) -> int:
    count = len(paid)
    columns = numpy.arange(count)
    signs = numpy.repeat([1.0, -1.0], count)
    edges = (numpy.concatenate([begins, ends]), numpy.tile(columns, 2))
    balance = coo_array((signs, edges), shape=(nodes, count))
    solution = linprog(  # type: ignore[call-overload]  # the stubs do not know sparse matrices
        -numpy.ones(count),
        A_eq=balance.tocsc(),
        b_eq=numpy.zeros(nodes),
        bounds=numpy.column_stack([numpy.zeros(count), paid]),
        # The simplex ends on a vertex, and every vertex is integral: rounding only takes off float dust.
        method="highs-ds",
        # There is nothing to simplify, and looking for it takes as long as solving.
        options={"presolve": False},
    )
    assert solution.success, solution.message
    whole: _Numbers = numpy.rint(solution.x).astype(numpy.int64)
    assert not (balance @ whole).any(), "what was rounded must still flow in closed loops"
    return int(whole.sum())
