"""The page of flows: between zones, between enterprises, and what it does not tell."""

import pytest

from alliance.accounts.models import Role
from tests.web.figures import EAST, MONTH, WEST, Figures, file_rows, keeps, table
from tests.web.people import Scene, text
from tests.web.visits import form_token

PAGE = f"/organizer/circulation/flows?period={MONTH}"
DAIRY, GARAGE = "吉林市松花江乳业有限公司", "吉林市车天下二手车经销有限公司"


@pytest.fixture
def figures(app, session, monkeypatch) -> Figures:
    return Figures(Scene(app, session, monkeypatch))


@pytest.fixture
def officer(figures):
    return figures.scene.browser(Role.DATA_OFFICER)


@pytest.fixture
def organizer(figures):
    return figures.scene.organizer()


def test_zones_stand_on_both_sides_and_add_up(officer):
    assert table(text(officer.get(PAGE)), "zones") == {
        "德胜街道": ["¥348.00", "¥1,145.10", "¥1,493.10"],
        "南京街道": ["¥589.50", "¥333.30", "¥922.80"],
        "合计": ["¥937.50", "¥1,478.40", "¥2,415.90"],
    }


def test_the_net_difference_is_what_came_in_less_what_went_out(officer):
    lines = table(text(officer.get(PAGE)), "net")
    assert lines["南京街道"] == ["¥555.60", "¥1,478.40", "¥922.80", "¥333.30"]
    assert lines["德胜街道"] == ["-¥555.60", "¥937.50", "¥1,493.10", "¥348.00"]


def test_employers_stand_against_merchants(officer):
    lines = table(text(officer.get(PAGE)), "enterprises")
    assert lines[DAIRY] == ["¥1,335.60", "¥157.50", "—", "¥1,493.10"]
    assert lines[GARAGE] == ["¥492.00", "¥333.30", "¥97.50", "¥922.80"]
    assert list(lines) == [DAIRY, GARAGE, "合计"]


def test_a_cell_leads_to_the_enterprises_behind_it(officer):
    page = text(officer.get(PAGE))
    path = f"/organizer/circulation/flows?period={MONTH}&amp;zone={EAST}&amp;other={WEST}#enterprises"
    assert f'href="{path}"' in page
    lines = table(text(officer.get(f"{PAGE}&zone={EAST}&other={WEST}")), "enterprises")
    assert lines == {GARAGE: ["¥492.00", "¥97.50", "¥589.50"], "合计": ["¥492.00", "¥97.50", "¥589.50"]}


def test_a_merchant_leads_to_its_page(officer, figures):
    link = f"/organizer/circulation/merchants?period={MONTH}&amp;merchant={figures.world.dairy.id}"
    assert f'href="{link}"' in text(officer.get(PAGE))


def test_the_other_axis_is_the_employers_zone(officer):
    lines = table(text(officer.get(f"{PAGE}&zone={WEST}&axis=holder")), "zones")
    assert lines == {
        "南京街道": ["¥589.50", "¥333.30", "¥922.80"],
        "合计": ["¥589.50", "¥333.30", "¥922.80"],
    }


@pytest.mark.parametrize(
    ("picture", "drawn"), [("", "sankey"), ("heatmap", "heatmap"), ("chord", "chord"), ("pie", "sankey")]
)
def test_the_visitor_chooses_the_picture(officer, picture, drawn):
    page = text(officer.get(f"{PAGE}&picture={picture}"))
    assert f'id="zones" data-picture="{drawn}"' in page


def test_a_sankey_would_not_show_what_is_hidden(organizer):
    assert 'id="zones" data-picture="heatmap"' in text(organizer.get(PAGE))


def test_small_groups_are_told_to_nobody_else(organizer, figures):
    keeps(organizer, PAGE, figures.secrets(), ["zones", "net", "enterprises"])
    assert "未公布" in text(organizer.get(PAGE))


def test_the_data_officer_is_told(officer):
    assert "¥1,145.10" in text(officer.get(PAGE))
    rows = file_rows(officer, f"{PAGE}&table=enterprises")
    assert rows[0][:2] == ["单位", "商户"]
    paid = {(row[0], row[1]): row[5] for row in rows[1:]}
    assert paid == {
        (DAIRY, DAIRY): "1335.60",
        (DAIRY, GARAGE): "157.50",
        (GARAGE, DAIRY): "492.00",
        (GARAGE, GARAGE): "333.30",
        (GARAGE, "吉林市北山面包房"): "97.50",
    }


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_says_what_is_not_published(organizer, form):
    rows = file_rows(organizer, f"{PAGE}&table=zones", form)
    assert any("未公布" in row for row in rows)


def test_a_zones_organizer_sees_his_zones_tables(figures):
    west = figures.scene.browser(Role.ZONE_ORGANIZER, zone_id=figures.world.west.id)
    assert list(table(text(west.get(f"{PAGE}&axis=holder")), "zones")) == ["南京街道", "合计"]
    assert west.get(f"{PAGE}&zone={EAST}").status_code == 404
    assert west.get(f"{PAGE}&zone={WEST}&other={EAST}").status_code == 200
    keeps(west, PAGE, figures.secrets(), ["zones", "enterprises"])


def test_another_zones_redemptions_change_nothing(figures, officer):
    before = table(text(officer.get(f"{PAGE}&zone={EAST}")), "enterprises")
    world = figures.world
    world.redeem(88800, offer="WASH", outlet=world.garage_hall, at=figures.at)
    figures.scene.session.commit()
    assert table(text(officer.get(f"{PAGE}&zone={EAST}")), "enterprises") == before


def test_the_running_month_is_not_published(organizer, officer):
    running = PAGE.replace(MONTH, "2026-03")
    page = text(organizer.get(running))
    assert "这个周期还没有结束" in page
    assert "<table" not in page
    assert "这个周期还没有结束" not in text(officer.get(running))
    answer = organizer.get(f"{running}&table=zones&as=csv")
    assert answer.mimetype == "text/html"


def test_the_last_month_is_shown_unless_asked_otherwise(officer):
    assert text(officer.get(PAGE.partition("?")[0])).count("2026年2月") > 1


def test_an_empty_period_says_so(officer, organizer):
    empty = PAGE.replace(MONTH, "2020-05")
    for client in (officer, organizer):
        page = text(client.get(empty))
        assert "这个周期没有核销" in page
        assert "<table" not in page


def test_a_day_for_the_data_officer_alone(officer, organizer):
    day = PAGE.replace(MONTH, "2026-02-22")
    assert "¥2,415.90" in text(officer.get(day))
    assert organizer.get(day).status_code == 422


@pytest.mark.parametrize("more", ["other=999999999999", "table=people&as=csv", "table=zones&as=pdf"])
def test_what_is_not_there(officer, more):
    assert officer.get(f"{PAGE}&{more}").status_code == 404


def test_others_do_not_see_it(figures):
    assert figures.scene.admin().get(PAGE).status_code == 403
    assert figures.scene.holder().get(PAGE).status_code == 403
    assert figures.scene.app.test_client().get(PAGE).status_code == 303


def test_the_wrong_method(organizer):
    assert organizer.post(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
