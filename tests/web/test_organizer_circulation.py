"""The circulation page: its figures, its table, its filters."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from alliance.accounts.models import Role
from alliance.circulation.report import ZoneFlow
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import new_id
from alliance.web.organizer.zone_table import zone_table
from alliance.zones.models import Zone
from tests.web.people import Scene, text
from tests.web.visits import form_token

PAGE = "/organizer/circulation"
#: The dairy's shop and the mechanic: west works, east sells.
EAST, WEST = "220204001000", "220204002000"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    scene = Scene(app, session, monkeypatch)
    world, undone = scene.world, uuid4()
    world.redeem(10000)
    world.redeem(5000, holder=world.milkman)
    world.redeem(20000, outlet=world.dairy_kiosk)
    world.redeem(70000, id_=undone)
    reverse(session, world.counter(), new_id(), undone, "顾客退货", scene.at, authority=Authority.MERCHANT)
    world.redeem(33300, at=scene.at - timedelta(days=4))
    session.commit()
    return scene


@pytest.fixture
def organizer(scene):
    return scene.organizer()


def figures(page: str) -> list[str]:
    return re.findall(r"<dd>([^<]+)</dd>", page)


def rows(page: str) -> dict[str, list[str]]:
    """The table's rows by their zone."""
    found = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', page, re.S)
    return {zone: re.findall(r"<td[^>]*>(?:<strong>)?([^<]+)<", cells) for zone, cells in found}


def test_this_month_is_shown_unless_asked_otherwise(organizer):
    page = text(organizer.get(PAGE))
    assert figures(page) == ["3", "¥280.00", "¥70.00", "71.4%"]
    assert 'value="2026-03-01"' in page
    assert 'value="2026-03-04"' in page


def test_the_table_has_work_in_rows_and_spending_in_columns(organizer):
    page = text(organizer.get(PAGE))
    assert rows(page) == {
        "德胜街道": ["¥40.00", "—", "¥40.00"],
        "南京街道": ["¥80.00", "¥160.00", "¥240.00"],
        "合计": ["¥120.00", "¥160.00", "¥280.00"],
    }
    assert page.count("number home") == 2


def test_the_period_stands_in_the_url(organizer):
    page = text(organizer.get(f"{PAGE}?from=2026-02-01&to=2026-02-28"))
    assert figures(page) == ["1", "¥266.40", "¥66.60", "0.0%"]
    assert 'value="2026-02-28"' in page


def test_a_zone_means_its_outlets(organizer):
    page = text(organizer.get(f"{PAGE}?zone={EAST}"))
    assert figures(page) == ["2", "¥120.00", "¥30.00", "33.3%"]
    assert rows(page) == {
        "德胜街道": ["¥40.00", "¥40.00"],
        "南京街道": ["¥80.00", "¥80.00"],
        "合计": ["¥120.00", "¥120.00"],
    }
    assert f'<option selected value="{EAST}">' in page
    assert figures(text(organizer.get(f"{PAGE}?zone=220204000000")))[0] == "3"


def test_an_empty_period_says_what_to_do(organizer):
    page = text(organizer.get(f"{PAGE}?from=2020-01-01&to=2020-01-31"))
    assert figures(page) == ["0", "¥0.00", "¥0.00", "—"]
    assert "这段时间还没有核销" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-03-05&to=2026-03-04", "结束日期早于开始日期"),
        ("from=2026-02-30&to=2026-03-04", "日期不对"),
        ("from=&to=2026-03-04", "请选择开始日期。"),
        ("from=2026-03-01&to=", "请选择结束日期。"),
        ("from=2010-01-01&to=2026-03-04", "一次最多统计十年"),
    ],
)
def test_a_bad_period_is_said_at_its_field(organizer, query, words):
    answer = organizer.get(f"{PAGE}?{query}")
    assert answer.status_code == 422
    assert words in text(answer)
    assert figures(text(answer)) == []


def test_a_zone_that_is_not_there(organizer):
    assert organizer.get(f"{PAGE}?zone=999999999999").status_code == 404


def test_a_zones_organizer_sees_his_zones_outlets(scene):
    east = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id)
    page = text(east.get(PAGE))
    assert figures(page)[1] == "¥120.00"
    assert WEST not in page
    assert "全部片区" not in page
    assert east.get(f"{PAGE}?zone={WEST}").status_code == 404
    assert figures(text(east.get(f"{PAGE}?zone={EAST}")))[1] == "¥120.00"


def test_a_data_officer_sees_everything(scene):
    assert figures(text(scene.browser(Role.DATA_OFFICER).get(PAGE)))[1] == "¥280.00"


def test_others_do_not(scene):
    assert scene.admin().get(PAGE).status_code == 403
    assert scene.holder().get(PAGE).status_code == 403


def test_the_wrong_method(organizer):
    assert organizer.post(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405


def test_a_table_of_some_columns_adds_up_by_itself():
    zones = [Zone(id=n, code=str(n), name=f"片区{n}") for n in (1, 2, 3)]
    table = zone_table(ZoneFlow(zones, [[1, 2, 4], [8, 16, 32], [64, 128, 256]]), {1, 3})
    assert table.columns == ["片区1", "片区3"]
    assert [[cell.fen for cell in row.cells] for row in table.rows] == [[1, 4], [8, 32], [64, 256]]
    assert [[cell.is_home for cell in row.cells] for row in table.rows] == [
        [True, False],
        [False, False],
        [False, True],
    ]
    assert [row.total_fen for row in table.rows] == [5, 40, 320]
    assert (list(table.column_totals), table.total_fen) == ([73, 292], 365)
