"""All tables together: which hidden cells follow from the whole system of published sums.

A cell that no table gives away may still follow from several (de Wolf 2002 says so of HITAS). The hidden
values x solve A·x = b, a row of A for each sum; another solution is x + n with A·n = 0. So a hidden cell
follows exactly when it is 0 in every such n, and in a random n it is 0 for no other reason. n is what is left
of a random vector when its projection on the rows of A is taken off; A is sparse, so the projection is
iterated (LSMR: Fong and Saunders, SIAM J. Sci. Comput. 33, 2011). Rounding errs to the safe side: a value
that is nearly 0 counts as one that follows.
"""

import numpy
from scipy.sparse import csr_array
from scipy.sparse.linalg import lsmr

from alliance.circulation.suppression.tables import Cell, Tables

#: Values of n are about 1. Whatever is below this is 0.
_ZERO = 1e-6
#: What A·n may be off: far enough below _ZERO for every combination of rows that gives away a cell.
_EXACT = 1e-10


def exposed(tables: Tables) -> list[Cell]:
    """The hidden cells that follow from everything shown."""
    cells = sorted(tables.hidden)
    sums = _sums(tables, cells)
    if not sums.shape[0]:
        return []
    # Seeded: the same facts are hidden alike each time. It is no secret.
    free = numpy.random.default_rng(20261124).standard_normal(len(cells))
    for _ in range(20):
        if abs(sums @ free).max() < _EXACT:
            break
        free -= lsmr(sums, sums @ free, atol=1e-14, btol=1e-14, conlim=0, maxiter=2 * len(cells))[0]
    else:
        raise ArithmeticError("The audit of hidden cells did not converge.")
    return [cell for cell, value in zip(cells, free, strict=True) if abs(value) < _ZERO]


def _sums(tables: Tables, cells: list[Cell]) -> "csr_array[numpy.float64]":
    """A: one row for each sum with a hidden cell, one column for each hidden cell, every row of length 1."""
    numbers: dict[tuple[int, int, int], int] = {}
    rows, columns, signs = [], [], []
    for number, cell in enumerate(cells):
        for line in tables.lines(cell):
            rows.append(numbers.setdefault(line, len(numbers)))
            columns.append(number)
            signs.append(-1.0 if cell[line[0]] == line[1] else 1.0)
    lengths = numpy.sqrt(numpy.bincount(numpy.array(rows, int)))
    values = numpy.array(signs) / lengths[numpy.array(rows, int)]
    return csr_array((values, (rows, columns)), shape=(len(numbers), len(cells)))
