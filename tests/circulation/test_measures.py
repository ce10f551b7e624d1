"""The measures, against worked examples and against slower definitions of the same thing."""

from itertools import pairwise, permutations

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.circulation.measures import (
    Baseline,
    baseline,
    between_strangers,
    circulation,
    concentration,
    discount_rate,
    effective_number,
    gini,
    leverage,
    lorenz,
    middle,
    net_differences,
    reciprocal,
    retention,
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
    assert effective_number([0]) is None
    assert lorenz([]) == lorenz([0, 0]) == []
    assert discount_rate(0, 0) is None
    assert leverage(100, 0) is None
    assert retention({}) is None
    assert net_differences({}) == {}
    assert baseline({}) == baseline({(1, 1): 5}) == baseline({(1, 2): 0}) == Baseline(None, None)


def test_worked_examples() -> None:
    assert share(1, 4) == 0.25
    assert middle([5, 1, 4, 2]) == 3.0
    assert concentration([5, 5, 5, 5]) == pytest.approx(0.25)
    assert concentration([7, 0]) == 1.0
    assert gini([3, 3, 3]) == pytest.approx(0)
    assert gini([0, 0, 0, 12]) == pytest.approx(0.75)
    assert effective_number([5, 5, 5, 5, 0]) == pytest.approx(4)
    assert lorenz([6, 1, 3]) == [(0, 0), (1 / 3, 0.1), (2 / 3, 0.4), (1, 1)]
    assert discount_rate(200, 30) == 0.15
    assert leverage(170, 30) == pytest.approx(17 / 3)
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


@given(amounts)
def test_the_lorenz_curve_rises_below_the_diagonal_and_its_area_is_the_gini(values: list[int]) -> None:
    curve = lorenz(values)
    if not sum(values):
        return
    assert len(curve) == len(values) + 1
    assert (curve[0], curve[-1]) == ((0, 0), (1, 1))
    assert all(x <= u and y <= v for (x, y), (u, v) in pairwise(curve))
    assert all(y <= x + 1e-12 for x, y in curve)
    area = sum((u - x) * (y + v) / 2 for (x, y), (u, v) in pairwise(curve))
    assert 1 - 2 * area == pytest.approx(gini(values), abs=1e-9)


@given(amounts)
def test_the_effective_number_is_at_most_the_number(values: list[int]) -> None:
    effective = effective_number(values)
    if effective is not None:
        assert 1 - 1e-9 <= effective <= sum(value > 0 for value in values) + 1e-9


def test_zones_keep_and_exchange() -> None:
    between_zones = {(1, 1): 50, (1, 2): 30, (2, 1): 10, (3, 1): 10}
    assert retention(between_zones) == 0.5
    assert net_differences(between_zones) == {1: -10, 2: 20, 3: -10}


@given(flows)
def test_what_one_zone_gains_another_loses(flow: dict) -> None:
    net = net_differences(flow)
    assert sum(net.values()) == 0
    inside = {pair: paid for pair, paid in flow.items() if pair[0] == pair[1]}
    assert set(net_differences(inside).values()) <= {0}


def test_own_and_related_parties_are_kept_out_both_ways() -> None:
    flow = {(1, 1): 9, (1, 2): 8, (2, 1): 7, (2, 3): 6, (3, 1): 5}
    assert between_strangers(flow, frozenset()) == {(1, 2): 8, (2, 1): 7, (2, 3): 6, (3, 1): 5}
    assert between_strangers(flow, {frozenset((1, 2))}) == {(2, 3): 6, (3, 1): 5}
    assert between_strangers(flow, {frozenset((1, 2)), frozenset((2, 3))}) == {(3, 1): 5}


@given(flows)
def test_reciprocity_is_a_share_of_what_crosses(flow: dict) -> None:
    crossing = between_strangers(flow, {frozenset((1, 2))})
    reciprocity = share(reciprocal(crossing), sum(crossing.values()))
    assert reciprocity is None or 0 <= reciprocity <= 1


@given(flows)
def test_circulation_lies_between_what_is_direct_and_everything(flow: dict) -> None:
    crossing = sum(paid for (i, j), paid in flow.items() if i != j)
    assert reciprocal(flow) <= circulation(flow) <= crossing


@given(flows)
def test_renaming_the_enterprises_changes_nothing(flow: dict) -> None:
    renamed = {(10 - i, 10 - j): paid for (i, j), paid in flow.items()}
    assert circulation(renamed) == circulation(flow)
    assert reciprocal(renamed) == reciprocal(flow)


@given(flows)
def test_turning_every_flow_round_changes_nothing(flow: dict) -> None:
    turned = {(j, i): paid for (i, j), paid in flow.items()}
    assert circulation(turned) == circulation(flow)
    assert reciprocal(turned) == reciprocal(flow)


@given(flows, st.integers(1, 10**9))
def test_what_lies_on_no_loop_adds_nothing(flow: dict, paid: int) -> None:
    way_out = {(1, 6): paid, (6, 7): paid, (8, 2): paid}
    assert circulation(flow | way_out) == circulation(flow)


@given(
    st.dictionaries(
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        st.one_of(st.integers(0, 9), st.integers(0, 10**12)),
        max_size=60,
    )
)
def test_circulation_equals_the_network_simplex_to_the_fen(flow: dict) -> None:
    """A combinatorial algorithm in whole numbers: a flow of least cost, where each 分 that runs costs −1."""
    graph = networkx.DiGraph()
    for (i, j), paid in flow.items():
        if i != j:
            graph.add_edge(i, j, capacity=paid, weight=-1)
    cost = networkx.network_simplex(graph)[0] if graph else 0
    assert circulation(flow) == -cost


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


@given(flows, st.randoms())
def test_the_baseline_is_the_same_every_time(flow: dict, chance) -> None:
    pairs = chance.sample(list(flow.items()), len(flow))
    assert baseline(dict(pairs), draws=3) == baseline(flow, draws=3)
    drawn = baseline(flow, draws=3)
    if drawn.reciprocity is not None and drawn.circularity is not None:
        assert 0 <= drawn.reciprocity <= drawn.circularity + 1e-12 <= 1 + 1e-9


def test_the_baseline_of_two_merchants_is_the_mean_of_both_castings() -> None:
    """Seed 7 draws one casting or the other; over many draws each is half of the mean."""
    flow = {(1, 1): 10, (1, 2): 30, (2, 1): 20, (2, 2): 40}
    as_it_is, swapped = 2 * 20 / 50, 2 * 10 / 50
    drawn = baseline(flow, draws=400)
    assert drawn.reciprocity == pytest.approx((as_it_is + swapped) / 2, abs=0.04)
    assert drawn.circularity == drawn.reciprocity
    assert {baseline(flow, draws=1, seed=seed).reciprocity for seed in range(20)} == {as_it_is, swapped}


def test_the_baseline_takes_own_and_related_parties_out_anew() -> None:
    """Of three enterprises two are related: whatever the casting, what is between them does not count."""
    flow = {(i, j): 10 for i in (1, 2, 3) for j in (1, 2, 3)}
    strangers = between_strangers(flow, {frozenset((1, 2))})
    assert sum(strangers.values()) == 40
    assert baseline(flow, {frozenset((1, 2))}) == Baseline(1.0, 1.0)
    only_related = {(1, 1): 10, (1, 2): 10, (2, 1): 10}
    assert baseline(only_related, {frozenset((1, 2))}) == Baseline(None, None)


def test_planned_exchange_stands_out_from_chance() -> None:
    """Twenty enterprises that buy in pairs, and each a little from everybody."""
    flow = {(i, j): 100 if j == i ^ 1 else 1 for i in range(20) for j in range(20)}
    crossing = between_strangers(flow, frozenset())
    planned = share(reciprocal(crossing), sum(crossing.values()))
    by_chance = baseline(flow)
    assert planned == 1.0
    assert by_chance.reciprocity is not None
    assert by_chance.reciprocity < 0.5
