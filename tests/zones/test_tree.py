"""The tree of zones."""

import pytest
from sqlalchemy.orm import Session

from alliance.zones.models import Zone
from alliance.zones.tree import in_subtree, is_zone_code, subtree_ids, zone_by_code


@pytest.fixture
def zones(session: Session) -> dict[str, int]:
    """Two trees: a ⊃ b ⊃ c, a ⊃ d; and e ⊃ f beside them."""
    ids: dict[str, int] = {}
    for number, (name, parent) in enumerate(
        [("a", None), ("b", "a"), ("c", "b"), ("d", "a"), ("e", None), ("f", "e")]
    ):
        zone = Zone(code=f"{number:012d}", name=name, parent_id=ids.get(parent))
        session.add(zone)
        session.flush()
        ids[name] = zone.id
    return ids


@pytest.mark.parametrize(("root", "below"), [("a", "abcd"), ("b", "bc"), ("c", "c"), ("e", "ef"), ("f", "f")])
def test_a_subtree_is_the_zone_and_all_below(
    session: Session, zones: dict[str, int], root: str, below: str
) -> None:
    assert set(session.scalars(subtree_ids(zones[root]))) == {zones[name] for name in below}
    for name, id_ in zones.items():
        assert in_subtree(session, id_, zones[root]) is (name in below), name
    assert not in_subtree(session, 987654321, zones[root])


def test_by_code(session: Session, zones: dict[str, int]) -> None:
    assert zone_by_code(session, "000000000002").id == zones["c"]
    assert zone_by_code(session, "999999999999") is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("220204001000", True),
        ("22020400100", False),
        ("2202040010000", False),
        ("22020400100x", False),
        ("", False),
    ],
)
def test_codes(text: str, is_one: bool) -> None:
    assert is_zone_code(text) is is_one
