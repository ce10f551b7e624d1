"""The page of merchants: leaderboard, outlets, categories, the Lorenz curve, and what it does not tell."""

import pytest

from alliance.accounts.models import Role
from tests.web.figures import EAST, MONTH, WEST, Figures, file_rows, keeps, table
from tests.web.people import Scene, text
from tests.web.visits import form_token

PAGE = f"/organizer/circulation/merchants?period={MONTH}"
DAIRY, GARAGE, BAKERY = "吉林市松花江乳业有限公司", "吉林市车天下二手车经销有限公司", "吉林市北山面包房"


@pytest.fixture
def figures(app, session, monkeypatch) -> Figures:
    return Figures(Scene(app, session, monkeypatch))


@pytest.fixture
def officer(figures):
    return figures.scene.browser(Role.DATA_OFFICER)


@pytest.fixture
def organizer(figures):
    return figures.scene.organizer()


def test_merchants_stand_by_what_they_took_in(officer):
    lines = table(text(officer.get(PAGE)), "merchants")
    # Paid, redemptions, discount, holders, share, category.
    assert lines[DAIRY] == ["¥1,827.60", "13", "¥456.90", "12", "75.6%", "未分类"]
    assert lines[GARAGE] == ["¥490.80", "7", "¥490.80", "7", "20.3%", "未分类"]
    assert lines[BAKERY] == ["¥97.50", "6", "¥97.50", "6", "4.0%", "餐饮"]
    assert list(lines) == [DAIRY, GARAGE, BAKERY]


def test_by_another_column(officer):
    lines = table(text(officer.get(f"{PAGE}&sort=discount")), "merchants")
    assert [(name, cells[0]) for name, cells in lines.items()] == [
        (GARAGE, "¥490.80"),
        (DAIRY, "¥456.90"),
        (BAKERY, "¥97.50"),
    ]


def test_small_groups_are_told_to_nobody_else(organizer, figures):
    dairy = figures.world.dairy.id
    keeps(organizer, f"{PAGE}&merchant={dairy}", figures.secrets(), ["merchants", "categories", "outlets"])


def test_the_categories(officer):
    assert table(text(officer.get(PAGE)), "categories") == {
        "未分类": ["¥2,318.40", "20", "¥947.70", "96.0%", "2"],
        "餐饮": ["¥97.50", "6", "¥97.50", "4.0%", "1"],
    }


def test_one_category_alone(officer):
    assert list(table(text(officer.get(f"{PAGE}&category=dining")), "merchants")) == [BAKERY]
    assert list(table(text(officer.get(f"{PAGE}&category=none")), "merchants")) == [DAIRY, GARAGE]
    assert "这个行业没有核销" in text(officer.get(f"{PAGE}&category=cars"))


def test_a_merchant_by_outlet(officer, organizer, figures):
    page = f"{PAGE}&merchant={figures.world.dairy.id}"
    assert table(text(officer.get(page)), "outlets") == {
        "乳业奶站": ["¥987.60", "1", "¥246.90", "1", "南京街道"],
        "乳业直营店": ["¥840.00", "12", "¥210.00", "12", "德胜街道"],
    }
    lines = table(text(organizer.get(page)), "outlets")
    assert lines["乳业奶站"] == ["未公布"] * 4 + ["南京街道"]


def test_by_the_holders_zone_there_are_merchants_only(officer, figures):
    page = text(officer.get(f"{PAGE}&axis=holder&zone={WEST}&merchant={figures.world.dairy.id}"))
    assert table(page, "merchants")[DAIRY][:2] == ["¥492.00", "6"]
    assert "只算到商户，不分门店" in page
    assert 'data-picture="lorenz"' not in page


def test_the_curve_and_its_figures(officer, organizer):
    page = text(officer.get(PAGE))
    assert table(page, "lorenz") == {
        "1": ["25.0%", "4.0%"],
        "2": ["50.0%", "24.4%"],
        "3": ["75.0%", "59.1%"],
        "4": ["100.0%", "100.0%"],
    }
    # (.0404² + .2032² + .3477² + .4088²) of the four outlets' shares.
    assert "<dd>0.3309</dd>" in page
    assert 'data-picture="lorenz"' not in text(organizer.get(PAGE))
    assert "洛伦兹曲线不公布" in text(organizer.get(PAGE))
    assert len(file_rows(organizer, f"{PAGE}&table=lorenz")) == 1


def test_a_zones_organizer_sees_his_zones_outlets(figures):
    east = figures.scene.browser(Role.ZONE_ORGANIZER, zone_id=figures.world.east.id)
    assert GARAGE not in text(east.get(PAGE))
    assert east.get(f"{PAGE}&merchant={figures.world.garage.id}").status_code == 404
    assert east.get(f"{PAGE}&zone={WEST}").status_code == 404


def test_a_zone_with_one_redemption(figures, officer, organizer):
    world = figures.world
    world.redeem(20000, outlet=world.dairy_kiosk, at=world.later(days=-40))
    figures.scene.session.commit()
    january = PAGE.replace(MONTH, "2026-01") + f"&zone={WEST}"
    assert table(text(officer.get(january)), "merchants") == {
        DAIRY: ["¥160.00", "1", "¥40.00", "1", "100.0%", "未分类"]
    }
    page = text(organizer.get(january))
    assert "这里的数字都未公布" in page
    assert "160" not in page


def test_another_zones_redemptions_change_nothing(figures, officer):
    before = table(text(officer.get(f"{PAGE}&zone={EAST}")), "merchants")
    figures.world.redeem(88800, outlet=figures.world.dairy_kiosk, at=figures.at)
    figures.scene.session.commit()
    assert table(text(officer.get(f"{PAGE}&zone={EAST}")), "merchants") == before


def test_the_pages_are_cut(officer, monkeypatch):
    monkeypatch.setattr("alliance.web.organizer.merchants.PAGE", 2)
    page = text(officer.get(PAGE))
    assert list(table(page, "merchants")) == [DAIRY, GARAGE]
    assert "第 1 页，共 2 页" in page
    assert list(table(text(officer.get(f"{PAGE}&page=2")), "merchants")) == [BAKERY]


def test_the_running_month_is_not_published(organizer):
    page = text(organizer.get(PAGE.replace(MONTH, "2026-03")))
    assert "这个周期还没有结束" in page
    assert "<table" not in page


@pytest.mark.parametrize("more", ["sort=name", "category=food", "page=0", "merchant=0", "table=x&as=csv"])
def test_what_is_not_there(officer, more):
    assert officer.get(f"{PAGE}&{more}").status_code == 404


def test_others_do_not_see_it(figures):
    assert figures.scene.admin().get(PAGE).status_code == 403
    assert figures.scene.holder().get(PAGE).status_code == 403
    assert figures.scene.app.test_client().get(PAGE).status_code == 303


def test_the_wrong_method(organizer):
    assert organizer.post(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
