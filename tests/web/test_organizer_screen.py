"""大屏: what everybody in the hall may see, whoever signed in there."""

import re
from datetime import timedelta

import pytest

from alliance.accounts.models import Role
from tests.web.people import Scene, text
from tests.web.visits import form_token

PAGE = "/organizer/circulation/screen"
EAST, WEST = "220204001000", "220204002000"
HIDDEN = "未公布"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    """Six people of the garage in the dairy's shop, in February and in March."""
    scene = Scene(app, session, monkeypatch)
    world = scene.world
    crowd = [world.employee(world.garage, f"1{n}", f"员工{n}", f"+86138000001{n:02}") for n in range(6)]
    for holder in crowd:
        world.redeem(300000, holder=holder)
        world.redeem(5000, holder=holder, at=scene.at - timedelta(days=5))
    session.commit()
    return scene


def lonely(scene: Scene) -> None:
    """One person in the west, in both months."""
    world, milkman = scene.world, scene.world.milkman
    for at in (scene.at, scene.at - timedelta(days=5)):
        world.redeem(3000, offer="WASH", holder=milkman, outlet=world.garage_hall, at=at)
    scene.session.commit()


def figures(page: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<dd>(.*?)</dd>", page)]


def ranking(page: str) -> list[tuple[str, str]]:
    return re.findall(r"<li><span>([^<]+)</span> <b>([^<]+)</b></li>", page)


def test_the_month_and_the_year_in_large_figures(scene):
    page = text(scene.organizer().get(PAGE))
    month = ["¥1.4万", "6", "6", "¥3,600", "0.0%"]
    year = ["¥1.5万", "12", "6", "¥3,660", "0.0%"]
    assert figures(page) == month + year
    assert "<h1>异业联盟</h1>" in page
    assert ">12:00</time>" in page


def test_twelve_months_stand_as_bars_and_the_running_one_apart(scene):
    page = text(scene.organizer().get(PAGE))
    assert len(re.findall(r"<rect", page)) == 12
    assert re.findall(r'<text class="value"[^>]*>([^<]+)<', page)[-2:] == ["240", "1.4万"]
    assert len(re.findall(r'class="preliminary"', page)) == 1


def test_the_zones_of_the_last_month_that_is_over(scene):
    page = text(scene.organizer().get(PAGE))
    assert "2026年2月各片区" in page
    assert ranking(page) == [("德胜街道", "¥240")]


def test_a_zone_without_zones_shows_what_is_bought(scene):
    page = text(scene.organizer().get(f"{PAGE}?zone={EAST}"))
    assert "<h1>德胜街道</h1>" in page
    assert "2026年2月各类商户" in page
    assert ranking(page) == [("未分类", "¥240")]


@pytest.mark.parametrize("role", [Role.ORGANIZER, Role.DATA_OFFICER])
def test_no_small_group_is_shown_to_anybody(scene, role):
    lonely(scene)
    browser = scene.browser(role)
    page = text(browser.get(f"{PAGE}?zone={WEST}"))
    assert figures(page) == [HIDDEN] * 10
    assert ranking(page) == []
    assert len(re.findall(r"<rect", page)) == 10
    # Nor can it be told from the whole.
    whole = text(browser.get(PAGE))
    assert figures(whole)[1] == "7"
    assert ranking(whole) == []


def test_no_person_is_shown(scene):
    page = text(scene.organizer().get(PAGE))
    assert "员工" not in page
    assert "第1人" not in page, "not even who has signed in"


def test_an_empty_zone_looks_empty(scene):
    page = text(scene.organizer().get(f"{PAGE}?zone={WEST}"))
    assert figures(page) == ["¥0", "0", "0", "¥0", "—"] * 2
    assert HIDDEN not in page


def test_a_zones_organizer_has_his_own(scene):
    east = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id)
    assert "<h1>德胜街道</h1>" in text(east.get(PAGE))
    assert east.get(f"{PAGE}?zone={WEST}").status_code == 404


def test_others_see_nothing(scene):
    for stranger in (scene.admin(), scene.holder(), scene.cashier()):
        assert stranger.get(PAGE).status_code == 403
    assert scene.app.test_client().get(PAGE).status_code == 303


def test_the_wrong_method(scene):
    organizer = scene.organizer()
    assert organizer.post(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
