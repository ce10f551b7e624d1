"""The page of participation: employers by month, who comes back, and what it does not tell."""

import pytest

from alliance.accounts.models import Role
from alliance.enterprises.placement import move_enterprise
from tests.web.figures import EAST, MONTH, WEST, Figures, file_rows, table
from tests.web.people import Scene, text
from tests.web.visits import form_token

PAGE = f"/organizer/circulation/participation?period={MONTH}"
DAIRY, GARAGE = "吉林市松花江乳业有限公司", "吉林市车天下二手车经销有限公司"


@pytest.fixture
def figures(app, session, monkeypatch) -> Figures:
    figures = Figures(Scene(app, session, monkeypatch))
    world = figures.world
    # Four of the dairy came in January as well, for the first time.
    for holder in figures.milkmen[:4]:
        world.redeem(4000, holder=holder, at=world.later(days=-40))
    session.commit()
    return figures


@pytest.fixture
def officer(figures):
    return figures.scene.browser(Role.DATA_OFFICER)


@pytest.fixture
def organizer(figures):
    return figures.scene.organizer()


def months(page: str) -> dict[str, list[str]]:
    """The lines of the employers without the share of the last month."""
    return {name: line[:-1] for name, line in table(page, "employers").items()}


def test_each_employers_people_by_month(officer):
    page = text(officer.get(PAGE))
    assert table(page, "employers") == {DAIRY: ["4", "6", "85.7%"], GARAGE: ["0", "6", "75.0%"]}
    assert "2026-01</th>" in page
    assert "2025-12</th>" not in page


def test_who_comes_back(officer):
    assert table(text(officer.get(PAGE)), "cohorts") == {"2026-01": ["4", "100.0%"], "2026-02": ["8", ""]}


def test_small_groups_are_told_to_nobody_else(organizer):
    page = text(organizer.get(PAGE))
    assert months(page)[DAIRY][0] == "未公布"
    assert months(page)[GARAGE][0] == "0"
    assert table(page, "cohorts")["2026-01"] == ["未公布", "未公布"]
    assert "100.0%" not in page


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_nor_in_a_file(organizer, form):
    rows = file_rows(organizer, f"{PAGE}&table=employers", form)
    assert rows[0] == ["单位", "2026-01", "2026-02", "参与率（最后一个月）"]
    assert [row[1] for row in rows[1:] if row[0] == DAIRY] == ["未公布"]
    rows = file_rows(organizer, f"{PAGE}&table=cohorts", form)
    assert rows[0] == ["首次核销月份", "首次核销人数", "1 个月后"]
    assert rows[1] == ["2026-01", "未公布", "未公布"]


def test_a_zone_is_the_employers_whatever_the_axis(officer):
    for axis in ("outlet", "holder"):
        page = text(officer.get(f"{PAGE}&zone={WEST}&axis={axis}"))
        assert months(page) == {GARAGE: ["6"]}
        assert table(page, "cohorts") == {"2026-02": ["6"]}


def test_another_zones_redemptions_change_nothing(figures, officer):
    page = f"{PAGE}&zone={EAST}"
    before = [table(text(officer.get(page)), name) for name in ("employers", "cohorts")]
    world = figures.world
    world.redeem(88800, holder=world.salesman, at=figures.at)
    figures.scene.session.commit()
    assert [table(text(officer.get(page)), name) for name in ("employers", "cohorts")] == before


def test_a_zones_organizer_sees_his_zones_employers(figures):
    west = figures.scene.browser(Role.ZONE_ORGANIZER, zone_id=figures.world.west.id)
    page = text(west.get(PAGE))
    assert list(months(page)) == [GARAGE]
    assert DAIRY not in page
    assert west.get(f"{PAGE}&zone={EAST}").status_code == 404


def test_an_employer_that_moved_stands_twice(figures, officer):
    world, session = figures.world, figures.scene.session
    from_west = "吉林市车天下二手车经销有限公司（南京街道）"
    move_enterprise(session, world.garage, world.east.id, world.later(days=-5).date(), world.at)
    world.redeem(1000, holder=world.mechanic, at=world.later(days=-5))
    session.commit()
    lines = months(text(officer.get(PAGE)))
    assert lines[from_west] == ["0", "6"]
    assert lines[from_west.replace("南京", "德胜")] == ["0", "1"]


def test_a_running_month_and_an_empty_one(organizer):
    assert "这个周期还没有结束" in text(organizer.get(PAGE.replace(MONTH, "2026-03")))
    page = text(organizer.get(PAGE.replace(MONTH, "2019-03")))
    assert "这个周期没有核销" in page
    assert "<table" not in page


def test_what_is_not_there(officer):
    assert officer.get(f"{PAGE}&table=people&as=csv").status_code == 404


def test_others_do_not_see_it(figures):
    assert figures.scene.admin().get(PAGE).status_code == 403
    assert figures.scene.holder().get(PAGE).status_code == 403
    assert figures.scene.app.test_client().get(PAGE).status_code == 303


def test_the_wrong_method(organizer):
    assert organizer.post(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
