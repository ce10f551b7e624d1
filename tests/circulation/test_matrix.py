"""Tables of flows between groups: groups of the tree, margins, what is hidden, the order."""

from alliance.circulation.matrix import (
    BUYERS,
    SELLERS,
    Group,
    between,
    enterprise_groups,
    largest,
    matrix,
    net_lines,
    zone_groups,
)
from alliance.circulation.tables import EVERYBODY, Cell
from alliance.zones.models import Zone

ROOT, EAST, WEST, PARK = (
    Zone(id=1, code="1", name="区", parent_id=None),
    Zone(id=2, code="2", name="东", parent_id=1),
    Zone(id=3, code="3", name="西", parent_id=1),
    Zone(id=4, code="4", name="园", parent_id=3),
)
ZONES = [ROOT, EAST, WEST, PARK]


def cell(paid_fen: int, holders: int | None = 9) -> Cell:
    return Cell(1, paid_fen, 0, paid_fen, holders)


def test_a_single_root_stands_for_nothing():
    assert [group.key for group in zone_groups({}, ZONES, None)] == [2, 3]
    assert zone_groups({}, ZONES, None) == zone_groups({}, ZONES, ROOT)


def test_a_zone_is_cut_into_what_is_below_it_and_the_rest():
    flows = {((3, 7), EVERYBODY): cell(1), ((2, 8), (3, 9)): cell(1), ((3, 0), EVERYBODY): cell(1)}
    assert zone_groups(flows, ZONES, WEST) == [Group(4, [(4, 0)]), Group(3, [(3, 7), (3, 9)], is_rest=True)]
    assert zone_groups(flows, ZONES, PARK) == [Group(4, [(4, 0)])]


def test_several_roots_stand_for_themselves():
    other = Zone(id=9, code="9", name="另", parent_id=None)
    assert [group.key for group in zone_groups({}, [*ZONES, other], None)] == [1, 9]


def test_enterprises_are_one_wherever_they_stand():
    flows = {((2, 7), (3, 9)): cell(1), ((3, 7), (2, 9)): cell(2), ((2, 8), (2, 0)): cell(4)}
    assert enterprise_groups(flows, BUYERS, None) == [Group(7, [(2, 7), (3, 7)]), Group(8, [(2, 8)])]
    assert enterprise_groups(flows, SELLERS, {2}) == [Group(9, [(2, 9)])]


def test_people_are_not_added_up():
    flows = {((2, 7), EVERYBODY): cell(1), ((3, 7), EVERYBODY): cell(2)}
    assert between(flows, [(2, 7)], [EVERYBODY]) == cell(1)
    both = between(flows, [(2, 7), (3, 7)], [EVERYBODY])
    assert both is not None
    assert (both.paid_fen, both.holders) == (3, None)


def test_a_sum_with_something_hidden_is_hidden():
    flows = {((2, 7), EVERYBODY): cell(1), ((3, 7), EVERYBODY): None}
    assert between(flows, [(2, 7), (3, 7)], [EVERYBODY]) is None


def test_the_margins_are_those_of_the_tables():
    flows = {
        ((2, 0), (3, 0)): cell(5),
        ((2, 0), EVERYBODY): cell(7),
        (EVERYBODY, (3, 0)): None,
        (EVERYBODY, EVERYBODY): cell(20),
    }
    groups = zone_groups(flows, ZONES, None)
    found = matrix(flows, groups, groups)
    assert [[each and each.paid_fen for each in row] for row in found.cells] == [[0, 5], [0, 0]]
    assert [each and each.paid_fen for each in found.bought] == [7, 0]
    assert [each and each.paid_fen for each in found.sold] == [0, None]
    assert (found.total, found.hides, found.is_square) == (cell(20), True, True)


def test_what_is_hidden_is_no_larger_than_the_others():
    groups = [Group(key, []) for key in (1, 2, 3, 4)]
    paid = {1: cell(5), 2: None, 3: cell(9), 4: None}
    assert [group.key for group in largest(groups, paid, 3)] == [3, 1, 2]


def test_the_net_difference_needs_both():
    flows = {
        (EVERYBODY, (2, 0)): cell(30),
        ((2, 0), EVERYBODY): cell(12),
        ((2, 0), (2, 0)): None,
        (EVERYBODY, (3, 0)): cell(1),
        ((3, 0), EVERYBODY): None,
    }
    lines = net_lines(flows, zone_groups(flows, ZONES, None))
    assert [(line.group.key, line.net_fen) for line in lines] == [(2, 18), (3, None)]
