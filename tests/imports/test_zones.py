"""Importing zones: the tree, its roots, and the circles it must not have."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from alliance.imports.zones import KIND
from alliance.store import Session
from alliance.zones.models import Zone
from tests.imports.sheets import CITY, STREET, TOWN, ZONES, Bring, counts, problems


def tree(session: Session) -> dict[str, tuple[str, str | None]]:
    parent = aliased(Zone)
    rows = session.execute(
        select(Zone.code, Zone.name, parent.code).outerjoin(parent, parent.id == Zone.parent_id)
    )
    return {code: (name, parent_code) for code, name, parent_code in rows}


def test_it_builds_the_tree_whatever_the_order_of_rows(session: Session, bring: Bring) -> None:
    job = bring(KIND, ZONES, f"{STREET},德胜街道,{CITY}", f"{CITY},船营区,", f"{TOWN},大绥河镇,{CITY}")
    assert counts(job) == (3, 0, 0, 0)
    assert job.notices == []
    assert tree(session) == {
        CITY: ("船营区", None),
        STREET: ("德胜街道", CITY),
        TOWN: ("大绥河镇", CITY),
    }


@pytest.mark.usefixtures("world")
def test_it_updates_names_and_parents_and_leaves_the_rest(session: Session, bring: Bring) -> None:
    job = bring(KIND, ZONES, f"{CITY},船营区,", f"{STREET},德胜街,{CITY}", f"{TOWN},大绥河镇,{STREET}")
    assert counts(job) == (0, 2, 1, 0)
    assert tree(session)[STREET] == ("德胜街", CITY)
    assert tree(session)[TOWN] == ("大绥河镇", STREET)


@pytest.mark.usefixtures("world")
def test_a_parent_in_the_store_need_not_be_in_the_file(session: Session, bring: Bring) -> None:
    bring(KIND, ZONES, f"220204101000,搜登站镇,{CITY}")
    assert tree(session)["220204101000"] == ("搜登站镇", CITY)


def test_a_parent_that_nobody_knows_makes_a_root_with_a_notice(session: Session, bring: Bring) -> None:
    job = bring(KIND, ZONES, f"{STREET},德胜街道,{CITY}")
    assert counts(job) == (1, 0, 0, 0)
    assert tree(session) == {STREET: ("德胜街道", None)}
    assert job.notices == [f"第 2 行：找不到上级 {CITY}，『德胜街道』成为最上级"]


def test_it_refuses_a_code_that_is_there_twice_and_names_both_rows(bring: Bring) -> None:
    job = bring(KIND, ZONES, f"{CITY},船营区,", f"{STREET},德胜街道,{CITY}", f"{STREET},得胜街道,{CITY}")
    assert problems(job) == [(3, "片区代码", "与第 4 行重复"), (4, "片区代码", "与第 3 行重复")]


def test_it_refuses_a_zone_that_is_its_own_parent(bring: Bring) -> None:
    job = bring(KIND, ZONES, f"{CITY},船营区,{CITY}")
    assert problems(job) == [(2, "上级代码", "片区的上级绕了一圈又回到自己")]


def test_it_refuses_a_circle_and_what_hangs_below_it(session: Session, bring: Bring) -> None:
    below = "220204101000"
    job = bring(
        KIND,
        ZONES,
        f"{STREET},甲,{TOWN}",
        f"{TOWN},乙,{STREET}",
        f"{below},丙,{TOWN}",
        f"{CITY},丁,",
        partial=True,
    )
    assert problems(job) == [
        (2, "上级代码", "片区的上级绕了一圈又回到自己"),
        (3, "上级代码", "片区的上级绕了一圈又回到自己"),
        (4, "上级代码", f"上级 {TOWN} 所在的行没有通过"),
    ]
    assert tree(session) == {CITY: ("丁", None)}


@pytest.mark.usefixtures("world")
def test_it_refuses_a_circle_through_the_store(session: Session, bring: Bring) -> None:
    job = bring(KIND, ZONES, f"{CITY},船营区,{STREET}")
    assert problems(job) == [(2, "上级代码", "片区的上级绕了一圈又回到自己")]
    assert tree(session)[CITY] == ("船营区", None)


def test_a_child_of_a_bad_row_does_not_become_a_root(session: Session, bring: Bring) -> None:
    grandchild = "220204001001"
    job = bring(
        KIND, ZONES, f"{CITY},,", f"{STREET},德胜街道,{CITY}", f"{grandchild},某社区,{STREET}", partial=True
    )
    assert problems(job) == [
        (2, "片区名称", "没有填写"),
        (3, "上级代码", f"上级 {CITY} 所在的行没有通过"),
        (4, "上级代码", f"上级 {CITY} 所在的行没有通过"),
    ]
    assert tree(session) == {}


@pytest.mark.usefixtures("world")
def test_a_child_of_a_bad_row_whose_zone_is_known_is_taken(session: Session, bring: Bring) -> None:
    new = "220204101000"
    job = bring(KIND, ZONES, f"{STREET},,", f"{new},某社区,{STREET}", partial=True)
    assert problems(job) == [(2, "片区名称", "没有填写")]
    assert tree(session)[new] == ("某社区", STREET)
