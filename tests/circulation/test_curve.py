"""The Lorenz curve as somebody may see it."""

from itertools import pairwise

import pytest

from alliance.circulation.curve import seen_lorenz
from alliance.circulation.tables import Cell


def outlets(*paid: int, hidden: tuple[int, ...] = ()) -> list[Cell]:
    """Outlets by what they took in; those at ``hidden`` have too few people."""
    return [Cell(1, fen, 0, fen, 1, i in hidden) for i, fen in enumerate(paid)]


def test_the_data_officer_sees_every_outlet():
    assert seen_lorenz(outlets(3, 1), sees_all=True) == [(0, 0), (0.5, 0.25), (1, 1)]


def test_an_outlet_without_a_redemption_that_stands_is_none():
    undone = Cell(0, 0, 0, 0, 0)
    assert seen_lorenz([*outlets(3, 1), undone], sees_all=True) == [(0, 0), (0.5, 0.25), (1, 1)]


def test_nothing_paid_is_no_curve():
    assert seen_lorenz(outlets(*[0] * 20), sees_all=True) == []
    assert seen_lorenz([], sees_all=False) == []


def test_others_see_steps_of_five():
    points = seen_lorenz(outlets(*range(1, 13)), sees_all=False)
    assert points == [(0, 0), (5 / 12, round(15 / 78, 3)), (1, 1)]


def test_fewer_than_ten_are_not_shown():
    assert seen_lorenz(outlets(*range(1, 10)), sees_all=False) == []
    assert seen_lorenz(outlets(*range(1, 11)), sees_all=False) != []


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_few_hidden_ones_would_be_told(count):
    assert seen_lorenz(outlets(*range(1, 31), hidden=tuple(range(count))), sees_all=False) == []


@pytest.mark.parametrize(
    "hidden", [(0, 1, 2, 3, 4), (0, 6, 12, 18, 24), tuple(range(0, 30, 2)), (25, 26, 27, 28, 29)]
)
def test_no_step_has_a_few_hidden_ones(hidden):
    paid = range(1, 31)
    points = seen_lorenz(outlets(*paid, hidden=hidden), sees_all=False)
    ends = [round(share * 30) for share, _paid in points]
    assert (ends[0], ends[-1]) == (0, 30)
    for begin, end in pairwise(ends):
        assert end - begin >= 5
        assert sum(begin <= i < end for i in hidden) not in {1, 2, 3, 4}


def test_no_exact_amount_is_told():
    points = seen_lorenz(outlets(*(12345 + 7 * i for i in range(40))), sees_all=False)
    assert all(round(paid, 3) == paid for _share, paid in points)
