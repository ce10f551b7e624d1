"""The page of the monthly report: its text, its workbook, what is kept, and for whom."""

import io
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook

from alliance.accounts.models import Role
from tests.web.people import Scene, text
from tests.web.visits import form_token

PAGE = "/organizer/circulation/report"
BOOK = f"{PAGE}.xlsx"
LINK = r'href="([^"]+/reports/[^"]+\.xlsx)"'
EAST, WEST = "220204001000", "220204002000"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    """It is 6 April 2026; six people bought in March, one of them in February too."""
    scene = Scene(app, session, monkeypatch)
    world = scene.world
    for number in range(6):
        holder = world.employee(world.garage, f"1{number}", "员工", f"+861380000010{number}")
        world.redeem(10_000, holder=holder)
    world.redeem(33_300, holder=holder, at=world.at - timedelta(days=10))
    session.commit()
    scene.at = datetime(2026, 4, 6, 4, 0, tzinfo=UTC)
    return scene


@pytest.fixture
def organizer(scene):
    return scene.organizer()


def official(page: str) -> str:
    return re.search(r'id="official-text">([^<]+)<', page)[1]


def keep(browser, query: str = "?period=2026-03"):
    return browser.post(f"{PAGE}{query}", headers={"X-CSRFToken": form_token(browser)})


def overview(answer) -> list[list]:
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_name("总览").to_python()


def test_the_last_month_that_is_over_unless_asked_otherwise(organizer):
    page = text(organizer.get(PAGE))
    assert official(page).startswith("2026年3月，全联盟共核销6笔，净核销额480.00元")
    assert '<option value="2026-03" selected>2026年3月' in page
    assert '<option value="2026-02">2026年2月' in page
    assert "2026-01" not in page


def test_small_months_say_nothing_but_that(organizer, scene):
    """One person in February: nobody but the data officer reads a figure of it."""
    page = text(organizer.get(f"{PAGE}?period=2026-02"))
    assert official(page) == "2026年2月，全联盟涉及人数较少，数据未公布。"
    assert "266.40" not in page
    officer = text(scene.browser(Role.DATA_OFFICER).get(f"{PAGE}?period=2026-02"))
    assert "净核销额266.40元" in official(officer)


def test_nor_does_march_beside_it(organizer):
    """A comparison would give February away."""
    page = text(organizer.get(f"{PAGE}?period=2026-03"))
    assert "环比" not in official(page)
    assert "266.40" not in page


def test_the_workbook(organizer):
    answer = organizer.get(f"{BOOK}?period=2026-03")
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    assert "filename=circulation-2026-03.xlsx" in answer.headers["Content-Disposition"]
    rows = {row[-1]: row for row in overview(answer)}
    assert rows["paid_fen"][2] == 480
    assert rows["paid_fen"][3] == "未公布"


def test_a_quarter(scene):
    page = text(scene.browser(Role.DATA_OFFICER).get(f"{PAGE}?period=2026-Q1"))
    assert official(page).startswith("2026年第一季度，全联盟共核销7笔")
    assert "留存这份月报" not in page


def test_a_month_that_is_not_over(organizer):
    page = text(organizer.get(f"{PAGE}?period=2026-04"))
    assert official(page) == "2026年4月（截至4月6日），全联盟没有核销。"
    assert "本期结束后才公布" in page
    assert "留存这份月报" not in page
    assert keep(organizer, "?period=2026-04").status_code == 400


@pytest.mark.parametrize("period", ["2026-W10", "2026-03-04", "2026-03-01..2026-03-09", "nonsense"])
def test_there_is_no_report_of_other_periods(scene, period):
    officer = scene.browser(Role.DATA_OFFICER)
    refused = 422 if period == "nonsense" else 400
    assert officer.get(f"{PAGE}?period={period}").status_code == refused
    assert officer.get(f"{BOOK}?period={period}").status_code == refused
    assert keep(officer, f"?period={period}").status_code == refused


def test_what_is_kept_stays_as_it_was(scene, organizer):
    answer = keep(organizer)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?period=2026-03")
    scene.world.redeem(10_000, at=scene.world.later(days=1))
    scene.session.commit()
    page = text(organizer.get(f"{PAGE}?period=2026-03"))
    assert "共核销7笔" in official(page)
    assert "共核销6笔" in page
    [link] = re.findall(LINK, page)
    rows = {row[-1]: row for row in overview(organizer.get(link))}
    assert rows["paid_fen"][2] == 480
    keep(organizer)
    links = re.findall(LINK, text(organizer.get(f"{PAGE}?period=2026-03")))
    assert len(links) == 2
    assert link in links


def test_what_the_data_officer_keeps_is_for_everybody(scene, organizer):
    keep(scene.browser(Role.DATA_OFFICER), "?period=2026-02")
    page = text(organizer.get(f"{PAGE}?period=2026-02"))
    [link] = re.findall(LINK, page)
    assert "266.4" not in str(overview(organizer.get(link)))


def test_a_zones_organizer_has_his_zone(scene):
    east, west = (
        scene.browser(Role.ZONE_ORGANIZER, zone_id=zone.id) for zone in (scene.world.east, scene.world.west)
    )
    page = text(east.get(f"{PAGE}?period=2026-03"))
    assert official(page).startswith("2026年3月，德胜街道共核销6笔")
    assert east.get(f"{PAGE}?zone={WEST}").status_code == 404
    assert east.get(f"{BOOK}?zone={WEST}").status_code == 404
    assert keep(east, f"?zone={WEST}").status_code == 404
    assert official(text(west.get(f"{PAGE}?period=2026-03"))) == "2026年3月，南京街道没有核销。"
    assert keep(east).location.endswith(f"zone={EAST}")
    [link] = re.findall(LINK, text(east.get(f"{PAGE}?period=2026-03")))
    assert east.get(link).status_code == 200
    assert west.get(link).status_code == 404
    root = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.root.id)
    assert root.get(link).status_code == 200, "what is below his zone is his"


def test_what_is_kept_of_everything_is_not_for_a_zone(scene, organizer):
    keep(organizer)
    [link] = re.findall(LINK, text(organizer.get(f"{PAGE}?period=2026-03")))
    assert scene.browser(Role.DATA_OFFICER).get(link).status_code == 200
    assert scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.root.id).get(link).status_code == 404


def test_a_kept_report_that_is_not_there(organizer):
    assert organizer.get(f"{PAGE}s/{uuid4()}.xlsx").status_code == 404


def test_others_do_not(scene):
    for browser in (scene.admin(), scene.holder()):
        assert browser.get(PAGE).status_code == 403
        assert browser.get(BOOK).status_code == 403
        assert keep(browser).status_code == 403


def test_in_english_the_official_text_stays_chinese(organizer):
    organizer.post("/language", data={"language": "en"}, headers={"X-CSRFToken": form_token(organizer)})
    page = text(organizer.get(f"{PAGE}?period=2026-03"))
    rest = page.replace(official(page), "")
    assert "Monthly report" in rest
    words = re.sub(r"<[^>]+>", "", rest[rest.index("<main") :])
    assert (
        re.findall(
            r"[\u4e00-\u9fff]+",
            words.replace("吉林市松花江乳业有限公司", "")
            .replace("吉林市车天下二手车经销有限公司", "")
            .replace("德胜街道", "")
            .replace("南京街道", "")
            .replace("船营区", "")
            .replace("优惠MILK", ""),
        )
        == []
    )
