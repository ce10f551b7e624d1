"""The measures, against worked examples and against slower definitions of the same thing."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.circulation.measures import (
    circulation,
    concentration,
    gini,
    middle,
    reciprocal,
    share,
)

amounts = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)
flows = st.dictionaries(st.tuples(st.integers(1, 5), st.integers(1, 5)), st.integers(0, 10**9), max_size=25)


def test_a_share_of_nothing_is_none() -> None:
    assert share(0, 0) is None
    assert concentration([0, 0]) is None
    assert gini([]) is None
    assert middle([]) is None
    assert circulation({}) == reciprocal({}) == 0


def test_worked_examples() -> None:
    assert share(1, 4) == 0.25
    assert middle([5, 1, 4, 2]) == 3.0
    assert concentration([5, 5, 5, 5]) == pytest.approx(0.25)
    assert concentration([7, 0]) == 1.0
    assert gini([3, 3, 3]) == pytest.approx(0)
    assert gini([0, 0, 0, 12]) == pytest.approx(0.75)
    # 1→2→3→1 runs round with 4; 1↔2 return 3 more directly; 3→3 stays at home and 3→2 never comes back.
    flow = {(1, 2): 7, (2, 3): 4, (3, 1): 6, (2, 1): 3, (3, 3): 99, (4, 2): 50}
    assert reciprocal(flow) == 6
    assert circulation(flow) == 4 * 3 + 3 * 2


@given(amounts)
def test_the_gini_is_half_the_mean_difference(values: list[int]) -> None:
    whole, count = sum(values), len(values)
    if whole:
        differences = sum(abs(a - b) for a in values for b in values)
        assert gini(values) == pytest.approx(differences / (2 * count * whole), abs=1e-12)


@given(amounts, st.randoms())
def test_the_order_of_the_values_does_not_matter(values: list[int], chance) -> None:
    shuffled = chance.sample(values, len(values))
    assert (gini(values), middle(values)) == (gini(shuffled), middle(shuffled))


@given(flows)
def test_circulation_lies_between_what_is_direct_and_everything(flow: dict) -> None:
    crossing = sum(paid for (i, j), paid in flow.items() if i != j)
    assert reciprocal(flow) <= circulation(flow) <= crossing


@given(flows)
def test_renaming_the_enterprises_changes_nothing(flow: dict) -> None:
    renamed = {(10 - i, 10 - j): paid for (i, j), paid in flow.items()}
    assert circulation(renamed) == circulation(flow)
    assert reciprocal(renamed) == reciprocal(flow)


@given(st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1, 3)), st.integers(0, 4)))
def test_circulation_equals_exhaustive_search(flow: dict) -> None:
    """On three nodes every circulation is a sum of two- and three-cycles; try all their amounts."""
    at = {pair: flow.get(pair, 0) for pair in permutations((1, 2, 3), 2)}
    best = 0
    for clockwise in range(5):
        for counter in range(5):
            left = {
                (1, 2): at[1, 2] - clockwise,
                (2, 3): at[2, 3] - clockwise,
                (3, 1): at[3, 1] - clockwise,
                (2, 1): at[2, 1] - counter,
                (3, 2): at[3, 2] - counter,
                (1, 3): at[1, 3] - counter,
            }
            if min(left.values()) >= 0:
                pairs = sum(min(left[i, j], left[j, i]) for i, j in ((1, 2), (2, 3), (1, 3)))
                best = max(best, 3 * (clockwise + counter) + 2 * pairs)
    assert circulation(flow) == best


def test_a_flow_of_many_enterprises_is_solved_exactly() -> None:
    """A permutation's cycles with distinct amounts: the answer is known, whatever the solver's tolerance."""
    ring = {(i, (i + 1) % 300): 10**8 + 7 * i for i in range(300)}
    assert circulation(ring) == 300 * 10**8
