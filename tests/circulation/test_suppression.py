"""Small groups stay hidden from somebody who solves all published tables at once, and no more than that."""

import csv
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alliance.circulation import suppression
from alliance.circulation.suppression import Tree, hidden, hidden_over, shown
from alliance.circulation.suppression.tables import Tables

Cell = tuple[Any, Any]
People = dict[Cell, set[int]]


# --- facts and their tables --------------------------------------------------------------------------


def above(tree: Tree, node: Any) -> Iterator[Any]:
    """The node and everything it is a part of."""
    yield node
    while node != tree.root:
        node = tree.parents[node]
        yield node


def people(facts: Iterable[tuple[int, Any, Any]], rows: Tree, columns: Tree) -> People:
    """Who is behind each cell, margins included; facts are (holder, employer, merchant)."""
    found: People = defaultdict(set)
    for holder, employer, merchant in facts:
        for row in above(rows, employer):
            for column in above(columns, merchant):
                found[row, column].add(holder)
    return dict(found)


def counted(behind: People) -> dict[Cell, int]:
    return {cell: len(holders) for cell, holders in behind.items()}


@st.composite
def trees(draw: st.DrawFn, name: str) -> tuple[Tree, list[Any]]:
    """Zones in zones, enterprises in any of them, outlets in some enterprises; and the leaves with facts."""
    nodes, parents = [(name, "zone", 0)], {}
    for number in range(1, draw(st.integers(0, 4)) + 1):
        node = (name, "zone", number)
        parents[node] = draw(st.sampled_from(nodes))
        nodes.append(node)
    leaves = []
    for number in range(draw(st.integers(min(1, len(parents)), 6))):
        node = (name, "enterprise", number)
        parents[node] = draw(st.sampled_from(nodes))
        outlets = [(name, "outlet", number, k) for k in range(draw(st.sampled_from([0, 0, 1, 2])))]
        parents |= dict.fromkeys(outlets, node)
        leaves += outlets or [node]
    return Tree((name, "zone", 0), parents), leaves or [(name, "zone", 0)]


@st.composite
def situations(draw: st.DrawFn) -> tuple[People, Tree, Tree]:
    """Each holder has an employer; some moved, and have facts with two."""
    rows, employers = draw(trees("buyer"))
    columns, merchants = draw(trees("seller"))
    # Facts by the hundred are drawn from a seed: one by one they take hypothesis too long.
    chance = Random(draw(st.integers(0, 2**32)))
    holders, facts = draw(st.integers(1, 60)), draw(st.integers(0, 250))
    home = [chance.choice(employers) for _ in range(holders)]
    drawn = []
    for _ in range(facts):
        holder = chance.randrange(holders)
        employer = home[holder] if chance.random() < 0.97 else chance.choice(employers)
        drawn.append((holder, employer, merchants[int(len(merchants) * chance.random() ** 2)]))
    return people(drawn, rows, columns), rows, columns


# --- the attacker ------------------------------------------------------------------------------------

Vector = dict[Cell, Fraction]


def take(row: Vector, factor: Fraction, other: Vector) -> None:
    for cell, value in other.items():
        row[cell] = row.get(cell, Fraction(0)) - factor * value
        if not row[cell]:
            del row[cell]


def sums(rows: Tree, columns: Tree, unknown: Iterable[Cell]) -> list[Vector]:
    """Every published sum over all tables, the known values moved to the other side."""
    found: dict[Any, Vector] = defaultdict(dict)
    totals = set(rows.parents.values()), set(columns.parents.values())
    for row, column in unknown:
        if row != rows.root:
            found["down", rows.parents[row], column][row, column] = Fraction(1)
        if column != columns.root:
            found["across", row, columns.parents[column]][row, column] = Fraction(1)
        if row in totals[0]:
            found["down", row, column][row, column] = Fraction(-1)
        if column in totals[1]:
            found["across", row, column][row, column] = Fraction(-1)
    return list(found.values())


def solve(rows: Tree, columns: Tree, unknown: frozenset[Cell]) -> dict[Cell, Vector]:
    """The unknown values in terms of those that stay free; {} for one that is found out. Exact."""
    solved: dict[Cell, Vector] = {}
    for row in sums(rows, columns, unknown):
        for cell in [cell for cell in row if cell in solved]:
            take(row, row[cell], solved[cell])
        if not row:
            continue
        pivot = min(row)
        row = {cell: value / row[pivot] for cell, value in row.items()}
        for other in solved.values():
            if pivot in other:
                take(other, other[pivot], row)
        solved[pivot] = row
    return {
        cell: {free: -value for free, value in solved[cell].items() if free != cell}
        if cell in solved
        else {cell: Fraction(1)}
        for cell in unknown
    }


def found_out(solution: dict[Cell, Vector]) -> set[Cell]:
    return {cell for cell, terms in solution.items() if not terms}


def small_sums(behind: People, solution: dict[Cell, Vector]) -> set[tuple[Cell, Cell]]:
    """Pairs of hidden cells whose sum is found out and is a group below 5."""
    by_terms = defaultdict(list)
    for cell, terms in solution.items():
        by_terms[frozenset(terms.items())].append(cell)
    return {
        (one, other)
        for one, terms in solution.items()
        for other in by_terms.get(frozenset((free, -value) for free, value in terms.items()), ())
        if one < other and len(behind[one] | behind[other]) < 5
    }


def small_rests(behind: People, rows: Tree, columns: Tree, hides: frozenset[Cell]) -> set[Cell]:
    """Shown totals of which a group below 5 is left when everything shown in one direction is taken off."""
    found = set()
    for axis, tree in enumerate((rows, columns)):
        for cell in behind.keys() - hides:
            rest: set[int] = set()
            todo = [cell]
            while todo:
                part = todo.pop()
                below = [
                    (child, part[1]) if axis == 0 else (part[0], child)
                    for child, parent in tree.parents.items()
                    if parent == part[axis]
                ]
                if not below and part in hides:
                    rest |= behind[part]
                todo += [child for child in below if child in hides]
            if 0 < len(rest) < 5:
                found.add(cell)
    return found


# --- what the attacker does not find -----------------------------------------------------------------


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(situations())
def test_nobody_finds_out_what_is_hidden(situation: tuple[People, Tree, Tree]) -> None:
    behind, rows, columns = situation
    hides = hidden(counted(behind), rows, columns)
    assert hides >= {cell for cell, holders in behind.items() if len(holders) < 5}
    assert hides <= behind.keys(), "what is empty is shown as 0"
    solution = solve(rows, columns, hides)
    assert not found_out(solution)
    assert not small_sums(behind, solution)
    assert not small_rests(behind, rows, columns, hides)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(situations(), st.randoms())
def test_order_does_not_matter_and_hiding_again_hides_nothing_new(
    situation: tuple[People, Tree, Tree], chance: Random
) -> None:
    behind, rows, columns = situation
    count = counted(behind)
    hides = hidden(count, rows, columns)
    shuffled = [
        Tree(tree.root, dict(chance.sample(list(tree.parents.items()), len(tree.parents))))
        for tree in (rows, columns)
    ]
    assert hidden(dict(chance.sample(list(count.items()), len(count))), *shuffled) == hides
    assert hidden(count, rows, columns, also=hides) == hides


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(situations())
def test_nothing_is_hidden_without_need(situation: tuple[People, Tree, Tree]) -> None:
    """Without a small cell everything is shown, and when everything is small nothing."""
    behind, rows, columns = situation
    count = counted(behind)
    many = {cell: 5 * holders for cell, holders in count.items()}
    assert hidden(many, rows, columns) == frozenset()
    few = {cell: min(4, holders) for cell, holders in count.items()}
    assert hidden(few, rows, columns) == few.keys()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(situations())
def test_two_cells_have_at_least_as_many_people_as_is_said(situation: tuple[People, Tree, Tree]) -> None:
    behind, rows, columns = situation
    tables = Tables(counted(behind), rows, columns, 5)
    names = {cell: (rows.nodes[cell[0]], columns.nodes[cell[1]]) for cell in tables.holders}
    for one, other in combinations(sorted(names)[:60], 2):
        union = behind[names[one]] | behind[names[other]]
        assert tables.together(one, other) <= len(union), (names[one], names[other])


def test_without_the_second_step_the_attacker_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: he finds what only primary suppression hides, and what each further step is there for."""
    chance = Random(7)
    rows = Tree("all", {"north": "all", "south": "all", **dict.fromkeys("abc", "north"), "d": "south"})
    columns = Tree("all", {"east": "all", "west": "all", **dict.fromkeys("pqr", "east"), "s": "west"})
    facts = [(holder, "abcd"[holder % 4], chance.choice("pppqqrs")) for holder in range(60) for _ in range(2)]
    behind = people(facts, rows, columns)
    primary = frozenset(cell for cell, holders in behind.items() if len(holders) < 5)
    assert found_out(solve(rows, columns, primary))
    monkeypatch.setattr(Tables, "settle", lambda _: None)
    monkeypatch.setattr(suppression, "cover_remainders", lambda _: False)
    monkeypatch.setattr(suppression, "exposed", lambda _: [])
    assert hidden(counted(behind), rows, columns) == primary
    monkeypatch.undo()
    assert not found_out(solve(rows, columns, hidden(counted(behind), rows, columns)))


def test_without_the_rests_the_attacker_finds_a_small_group(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, columns = Tree("", dict.fromkeys("pqr", "")), Tree("all", {})
    behind = people(
        [(0, "p", "all"), (1, "q", "all"), *((n, "r", "all") for n in range(2, 9))], rows, columns
    )
    assert not small_rests(behind, rows, columns, hidden(counted(behind), rows, columns))
    monkeypatch.setattr(suppression, "cover_remainders", lambda _: False)
    monkeypatch.setattr(suppression, "exposed", lambda _: [])
    assert small_rests(behind, rows, columns, hidden(counted(behind), rows, columns)) == {("", "all")}


def test_without_the_audit_the_attacker_finds_a_small_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line has them both: all that b buys, and all that is bought by those of ``south`` at p."""
    rows = Tree("", {"north": "", "south": "north", "b": "north", "c": "south", "d": "south", "e": ""})
    columns = Tree("", {"east": "", "p": "east", "q": "east"})
    bought = {"bp": [2], "bq": [2, 30], "cp": [20, 25], "cq": [4, 9, 25, 33], "dq": [11, 18, 27, 28]}
    bought |= {"ep": [0], "eq": [14, 15, 24, 32]}
    facts = [(holder, *pair) for pair, holders in bought.items() for holder in holders]
    behind = people(facts, rows, columns)
    assert not small_sums(behind, solve(rows, columns, hidden(counted(behind), rows, columns)))
    monkeypatch.setattr(suppression, "exposed", lambda _: [])
    found = small_sums(behind, solve(rows, columns, hidden(counted(behind), rows, columns)))
    assert (("b", "east"), ("south", "p")) in found


# --- worked examples ---------------------------------------------------------------------------------


def test_a_hidden_cell_takes_the_cheapest_with_it_and_no_margin() -> None:
    """a·p has 3 people. Its row, its column and the cell across are the smallest cycle."""
    rows, columns = Tree("", dict.fromkeys("abc", "")), Tree("", dict.fromkeys("pqr", ""))
    inner = {("a", "p"): 3, ("a", "q"): 9, ("a", "r"): 30, ("b", "p"): 8, ("b", "q"): 7, ("b", "r"): 20}
    inner |= {("c", "p"): 40, ("c", "q"): 50, ("c", "r"): 60}
    count = {(row, column): 0 for row in rows.nodes for column in columns.nodes}
    for (row, column), holders in inner.items():
        for cell in ((row, column), (row, ""), ("", column), ("", "")):
            count[cell] += holders
    assert hidden(count, rows, columns) == {("a", "p"), ("a", "q"), ("b", "p"), ("b", "q")}


def test_one_row_hides_a_second_cell() -> None:
    rows, columns = Tree("all", {}), Tree("", dict.fromkeys("pqr", ""))
    count = {("all", "p"): 2, ("all", "q"): 6, ("all", "r"): 9, ("all", ""): 17}
    assert hidden(count, rows, columns) == {("all", "p"), ("all", "q")}


def test_two_small_cells_hide_a_third_when_they_are_small_together() -> None:
    rows, columns = Tree("all", {}), Tree("", dict.fromkeys("pqr", ""))
    count = {("all", "p"): 2, ("all", "q"): 2, ("all", "r"): 9, ("all", ""): 13}
    assert hidden(count, rows, columns) == {("all", "p"), ("all", "q"), ("all", "r")}
    count = {("all", "p"): 3, ("all", "q"): 2, ("all", "r"): 9, ("all", ""): 14}
    assert hidden(count, rows, columns) == {("all", "p"), ("all", "q")}


def test_an_only_child_is_hidden_with_its_parent() -> None:
    """And the other zone with them: but for b it is known, so 2 and 6 people are left of the total."""
    rows = Tree("", {"z": "", "y": "", "a": "z", "b": "y", "c": "y"})
    columns = Tree("all", {})
    people_of = {"a": 2, "z": 2, "b": 6, "c": 7, "y": 13, "": 15}
    count = {(row, "all"): holders for row, holders in people_of.items()}
    assert hidden(count, rows, columns) == {("a", "all"), ("z", "all"), ("y", "all"), ("b", "all")}


def test_a_rest_is_followed_through_hidden_zones() -> None:
    """Two zones hide behind each other, but all there is to know of them are three people."""
    rows = Tree("", {"z": "", "y": "", "x": "", "a": "z", "b": "z", "c": "y", "d": "y"})
    columns = Tree("all", {})
    people_of = {"a": 2, "b": 50, "z": 52, "c": 1, "d": 60, "y": 61, "x": 90, "": 203}
    count = {(row, "all"): holders for row, holders in people_of.items()}
    also = [("z", "all"), ("y", "all")]
    assert hidden(count, rows, columns, also=also) == {(node, "all") for node in "abzcy"}


def test_fewer_than_five_people_altogether_are_not_shown_at_all() -> None:
    rows, columns = Tree("", {"a": ""}), Tree("", {"p": ""})
    count = {(row, column): 4 for row in rows.nodes for column in columns.nodes}
    assert hidden(count, rows, columns) == count.keys()
    assert hidden(dict.fromkeys(count, 5), rows, columns) == frozenset()
    assert hidden({}, rows, columns) == frozenset()


def test_what_can_not_be_counted_is_refused() -> None:
    rows, columns = Tree("", {"a": ""}), Tree("", {"p": ""})
    with pytest.raises(ValueError, match="margin"):
        hidden({("a", "p"): 3}, rows, columns)
    with pytest.raises(ValueError, match="nothing in it"):
        hidden({("", ""): 3}, rows, columns)
    with pytest.raises(ValueError, match="root"):
        hidden({}, Tree("", {"a": "b", "b": "a"}), columns)


# --- over time and over several nodes ----------------------------------------------------------------


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(situations(), st.randoms())
def test_a_quarter_gives_away_none_of_its_months(
    situation: tuple[People, Tree, Tree], chance: Random
) -> None:
    """Time is a third direction: whoever has all months and the quarter still finds nothing."""
    _, rows, columns = situation
    employers, merchants = (
        [node for node in tree.nodes if node not in tree.parents.values()] for tree in (rows, columns)
    )
    months = [
        people(
            [
                (chance.randrange(40), chance.choice(employers), chance.choice(merchants))
                for _ in range(chance.randrange(80))
            ],
            rows,
            columns,
        )
        for _ in range(3)
    ]
    quarter: People = defaultdict(set)
    for month in months:
        for cell, holders in month.items():
            quarter[cell] |= holders
    parts = [hidden(counted(month), rows, columns) for month in months]
    hides = hidden_over(parts)
    assert hides >= {cell for cell, holders in quarter.items() if len(holders) < 5}
    # A hidden quarter is only the sum of its months, so the months are all there is to find: each by itself.
    for cell in quarter.keys() - hides:
        assert not any(cell in part for part in parts)
    assert not found_out(solve(rows, columns, hides))
    assert not small_rests(quarter, rows, columns, hides)


def test_a_sum_of_cells_is_shown_when_all_of_them_are() -> None:
    hides = frozenset({("a", "p")})
    assert shown([("a", "q"), ("b", "p")], hides)
    assert not shown([("a", "q"), ("a", "p")], hides)


# --- size --------------------------------------------------------------------------------------------


def real_month(data: Path, month: str) -> tuple[dict[Cell, int], Tree, Tree]:
    """Employers × merchants (in each zone where they have outlets) of a month of the real year."""

    def read(name: str) -> list[dict[str, str]]:
        with (data / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    zones = {("zone", zone["片区代码"]): ("zone", zone["上级代码"]) for zone in read("zones")}
    root = next(zone for zone, parent in zones.items() if parent == ("zone", ""))
    del zones[root]
    outlets = {
        outlet["门店编号"]: ("merchant", outlet["统一社会信用代码"], outlet["片区代码"])
        for outlet in read("outlets")
    }
    rows: dict[Any, Any] = dict(zones)
    for enterprise in read("enterprises"):
        rows["employer", enterprise["统一社会信用代码"]] = ("zone", enterprise["片区代码"])
    columns: dict[Any, Any] = zones | {merchant: ("zone", merchant[2]) for merchant in outlets.values()}
    trees = Tree(root, rows), Tree(root, columns)
    numbers: dict[tuple[str, str], int] = {}
    facts = [
        (
            numbers.setdefault((fact["统一社会信用代码"], fact["工号"]), len(numbers)),
            ("employer", fact["统一社会信用代码"]),
            outlets[fact["门店编号"]],
        )
        for fact in read("redemptions")
        if fact["核销时间"].startswith(month)
    ]
    return counted(people(facts, *trees)), *trees


def test_a_real_month(journey_data: Path) -> None:
    """40 employers × 40 merchants × 16 zones: nearly every inner cell is small, most margins are not."""
    count, rows, columns = real_month(journey_data, "2017-01")
    began = time.process_time()
    hides = hidden(count, rows, columns)
    took = time.process_time() - began
    primary = {cell for cell, holders in count.items() if holders < 5}
    print(f"{len(count)} cells, {len(primary)} small, {len(hides) - len(primary)} beside; {took:.2f} s")
    assert hides > primary
    assert len(hides) - len(primary) < 0.05 * len(count)
    assert not found_out(solve(rows, columns, hides))
    # Each employer's, each zone's and the grand total are of use, and none is hidden here.
    zones = [node for node in rows.nodes if node[0] == "zone"]
    assert shown([(row, columns.root) for row in rows.nodes], hides)
    assert shown([(rows.root, zone) for zone in zones], hides)
    assert took < 5


def test_a_large_zone_takes_seconds_at_most() -> None:
    """100 employers × 300 merchants × 20 zones, 20,000 redemptions: the month with the most to hide."""
    chance = Random(1)
    zones = {("zone", number): ("zone", 0) for number in range(1, 21)}
    employers, merchants = ([(kind, number) for number in range(n)] for kind, n in (("e", 100), ("m", 300)))
    rows, columns = (
        Tree(("zone", 0), zones | {node: ("zone", chance.randint(1, 20)) for node in nodes})
        for nodes in (employers, merchants)
    )
    home = [employers[int(chance.paretovariate(1) * 12) % 100] for _ in range(5000)]
    drawn = [chance.randrange(5000) for _ in range(20000)]
    facts = [(holder, home[holder], merchants[int(300 * chance.random() ** 2)]) for holder in drawn]
    count = counted(people(facts, rows, columns))
    began = time.process_time()
    hides = hidden(count, rows, columns)
    took = time.process_time() - began
    primary = {cell for cell, holders in count.items() if holders < 5}
    print(f"{len(count)} cells, {len(primary)} small, {len(hides) - len(primary)} beside; {took:.2f} s")
    assert len(hides) - len(primary) < 0.05 * len(count)
    assert took < 20, "about 1 s; more is a loop that got out of hand"
