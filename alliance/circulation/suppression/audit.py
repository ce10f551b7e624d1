"""All tables together: which hidden cells follow from the whole system of published sums.

A cell that no table gives away may still follow from several, if seldom (one in 20,000 random situations).
The hidden values x solve A·x = b, a row of A for each sum; another solution is x + n with A·n = 0. So a cell
follows exactly when it is 0 in every such n, and in a random n it is 0 for no other reason; the sum of two
follows exactly when they are each other's opposite in n. n is what is left of a random vector when its
projection on the rows of A is taken off; A is sparse, so the projection is iterated (LSMR: Fong and Saunders,
SIAM J. Sci. Comput. 33, 2011). Rounding errs to the safe side: what is nearly 0 counts as 0.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy
from scipy.sparse import csr_array
from scipy.sparse.linalg import lsmr

from alliance.circulation.suppression.tables import Cell, Tables

#: Values of n are about 1. Whatever is below this is 0.
_ZERO = 1e-6
#: What A·n may be off: far enough below _ZERO for every combination of rows that gives away a cell.
_EXACT = 1e-10
#: How far one round of the iteration goes; the next begins with what is left.
_TIGHT = 1e-3

Vectors = numpy.ndarray[Any, numpy.dtype[numpy.float64]]


def exposed(tables: Tables) -> list[tuple[Cell, ...]]:
    """What follows from everything shown: a hidden cell, or the sum of two that stands for a small group.

    Sums of three and more are looked at only where they are the rest of a total (``remainders``).
    """
    cells = sorted(tables.hidden)
    sums = _sums(tables, cells)
    if not sums.shape[0]:
        return []
    # Seeded: the same facts are hidden alike each time. It is no secret. Two, against coincidence.
    chance = numpy.random.default_rng(20261124)
    free = numpy.array([_free(sums, chance.standard_normal(len(cells))) for _ in range(2)])
    known = abs(free).max(axis=0) < _ZERO
    return [
        *((cells[number],) for number in numpy.flatnonzero(known)),
        *((cells[i], cells[j]) for i, j in _opposite(tables, cells, free) if not known[i]),
    ]


def _free(sums: "csr_array[numpy.float64]", vector: Vectors) -> Vectors:
    for _ in range(50):
        off: Vectors = numpy.asarray(sums @ vector)
        if abs(off).max() < _EXACT:
            return vector
        vector = vector - lsmr(sums, off, atol=0, btol=_TIGHT, conlim=0, maxiter=2 * len(vector))[0]
    raise ArithmeticError("The audit of hidden cells did not converge.")


def _opposite(tables: Tables, cells: list[Cell], free: Vectors) -> Iterator[tuple[int, int]]:
    """Pairs of cells whose sum is known and may stand for a small group."""
    small = [i for i, cell in enumerate(cells) if tables.holders[cell] < tables.smallest]
    small.sort(key=lambda i: abs(free[0, i]))
    # Those whose first values are alike but for the sign are neighbours now; few are.
    gaps = numpy.diff(abs(free[0, small]), prepend=0) > _ZERO / 10
    for group in numpy.split(numpy.array(small, int), numpy.flatnonzero(gaps)):
        for i, j in combinations(sorted(group.tolist()), 2):
            follows = abs(free[:, i] + free[:, j]).max() < _ZERO
            if follows and tables.together(cells[i], cells[j]) < tables.smallest:
                yield i, j


def _sums(tables: Tables, cells: list[Cell]) -> "csr_array[numpy.float64]":
    """A: one row for each sum with a hidden cell, one column for each hidden cell, every row of length 1."""
    numbers: dict[tuple[int, int, int], int] = {}
    rows, columns, signs = [], [], []
    for number, cell in enumerate(cells):
        for line in tables.lines(cell):
            rows.append(numbers.setdefault(line, len(numbers)))
            columns.append(number)
            signs.append(-1.0 if cell[line[0]] == line[1] else 1.0)
    at = {cell: number for number, cell in enumerate(cells)}
    for row, published in enumerate(tables.sums, len(numbers)):
        members = [at[cell] for cell in published if cell in at]
        rows += [row] * len(members)
        columns += members
        signs += [1.0] * len(members)
    lengths = numpy.sqrt(numpy.bincount(numpy.array(rows, int), minlength=1))
    values = numpy.array(signs) / lengths[numpy.array(rows, int)]
    return csr_array((values, (rows, columns)), shape=(len(numbers) + len(tables.sums), len(cells)))
