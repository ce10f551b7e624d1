"""The overview of circulation: its cards, its comparisons, its filters, its files; and who sees what."""

import csv
import io
import re
from datetime import date, timedelta
from html import unescape
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook

from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.names import AROUND_NAMES, NAMES
from alliance.redemptions import months
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import new_id
from alliance.web.organizer import figure_cards
from tests.web.people import Scene, text
from tests.web.visits import form_token

PAGE = "/organizer/circulation"
#: The dairy's shop and the mechanic: west works, east sells.
EAST, WEST = "220204001000", "220204002000"
HIDDEN = "未公布"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    """Six of the garage at the dairy's shop, in February and in March, one of them on two days of March."""
    scene = Scene(app, session, monkeypatch)
    world = scene.world
    crowd = [world.employee(world.garage, f"1{n}", f"员工{n}", f"+86138000001{n:02}") for n in range(6)]
    for holder in crowd:
        world.redeem(10000, holder=holder)
        world.redeem(5000, holder=holder, at=scene.at - timedelta(days=5))
    world.redeem(5000, holder=crowd[0], at=scene.at - timedelta(days=2))
    scene.undone, scene.february = uuid4(), uuid4()
    world.redeem(70000, holder=crowd[0], id_=scene.undone)
    reverse(
        session, world.counter(), new_id(), scene.undone, "顾客退货", scene.at, authority=Authority.MERCHANT
    )
    world.redeem(1000, holder=crowd[0], at=scene.at - timedelta(days=4), id_=scene.february)
    session.commit()
    return scene


@pytest.fixture
def lonely(scene) -> Scene:
    """And one person at the garage, which is in the west."""
    scene.world.redeem(3000, offer="WASH", holder=scene.world.milkman, outlet=scene.world.garage_hall)
    scene.session.commit()
    return scene


@pytest.fixture
def organizer(scene):
    return scene.organizer()


@pytest.fixture
def officer(scene):
    return scene.browser(Role.DATA_OFFICER)


def words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def cards(page: str) -> dict[str, list[str]]:
    """What each card says under its title, line by line."""
    found = re.findall(r'<div class="figure card">\s*<dt>(.*?)</dt>(.*?)</div>', page, re.S)
    return {
        title: [words(line) for line in re.findall(r"<dd[^>]*>(.*?)</dd>", rest, re.S)]
        for title, rest in found
    }


def rows(page: str, id_: str) -> dict[str, list[str]]:
    """The lines of a picture's table."""
    table = re.search(rf'<figure[^>]* id="{id_}".*?<tbody>(.*?)</tbody>', page, re.S)
    assert table, f"no picture {id_}"
    found = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table[1], re.S)
    return {
        words(head): [words(each) for each in re.findall(r"<td.*?</td>", line, re.S)] for head, line in found
    }


def test_this_month_is_shown_unless_asked_otherwise(organizer):
    page = text(organizer.get(PAGE))
    shown = cards(page)
    assert "<strong>2026年3月</strong>" in page
    assert shown["净核销额"][0] == "¥520.00"
    assert shown["净核销笔数"][0] == "7"
    assert shown["让利额"][0] == "¥130.00"
    assert shown["让利率"][0] == "20.0%"
    assert shown["活跃持码人"][0] == "6"
    assert shown["人均额"][0] == "¥86.67"
    assert shown["人均额中位数"][0] == "¥80.00"
    assert shown["复用率"][0] == "16.7%"
    assert shown["域内留存率"][0] == "0.0%"
    assert HIDDEN not in str(shown)


def test_each_figure_stands_beside_the_period_and_the_year_before(organizer):
    page = text(organizer.get(PAGE))
    assert cards(page)["净核销额"][-1] == "环比 +109.7% 同比 —"
    assert cards(page)["让利率"][-1] == "环比 +0.0 个百分点 同比 —"
    assert "环比：与2026年2月比；同比：与2025年3月比。" in page
    assert "这一期还没有结束" in page
    assert "环比的两期中只有一期含春节假期" in page
    february = text(organizer.get(f"{PAGE}?period=2026-02"))
    assert "环比的两期中只有一期含春节假期" in february, "2025's holiday reached into February as well"
    assert "还没有结束" not in february


def give_back(scene: Scene) -> None:
    """The organizer reverses a redemption of February."""
    id_, at, authority = scene.february, scene.at, Authority.ORGANIZER
    reverse(scene.session, scene.world.counter(), new_id(), id_, "漏退", at, authority=authority)
    scene.session.commit()


def test_a_week_without_its_like_says_so(scene, officer):
    scene.world.redeem(1000, at=scene.at + timedelta(days=300))
    scene.session.commit()
    assert "同比用最接近的一期代替" in text(officer.get(f"{PAGE}?period=2026-W53"))
    assert "同比用最接近的一期代替" not in text(officer.get(f"{PAGE}?period=2026-W09"))


def test_what_comes_back_stands_beside_chance_and_nothing_is_called_a_cause(organizer):
    shown = cards(text(organizer.get(PAGE)))
    assert shown["企业互惠度"][:2] == ["0.0%", "随机基准 0.0%"]
    assert shown["企业循环度"][:2] == ["0.0%", "随机基准 0.0%"]
    assert "不代表因果" in shown["带动比"][1]


def test_the_figures_are_called_as_everywhere(app):
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        figures = [figure for _, group in figure_cards._GROUPS for figure in group]
        assert {figure.name: str(figure.title) for figure in figures} == {
            figure.name: {**NAMES, **AROUND_NAMES}[figure.name] for figure in figures
        }


def test_small_groups_are_the_data_officers(lonely, organizer, officer):
    for page in (f"{PAGE}?zone={WEST}", f"{PAGE}?zone={EAST}"):
        # Of two zones and their sum the one gives the other away.
        shown = text(organizer.get(page))
        assert cards(shown) == {}
        assert "的数未公布</h2>" in shown
        assert "核销的人不足 5 个" in shown
    assert cards(text(officer.get(f"{PAGE}?zone={WEST}")))["净核销额"][0] == "¥15.00"
    assert cards(text(organizer.get(PAGE)))["净核销额"][0] == "¥535.00"


def test_hidden_and_missing_are_different(lonely, organizer):
    page = text(organizer.get(f"{PAGE}?zone={WEST}"))
    assert "2026年3月在南京街道的数未公布" in page
    assert rows(page, "volume")["2026年3月"] == [HIDDEN] * 3
    nothing = text(organizer.get(f"{PAGE}?zone={WEST}&period=2025-03"))
    assert HIDDEN not in nothing
    assert "2025年3月在南京街道还没有核销" in nothing
    assert cards(nothing) == {}


def test_some_figures_of_a_zone_are_hidden_and_the_others_are_not(scene, organizer):
    """One of the dairy's own people among the seven: what stays at home would be his alone."""
    scene.world.redeem(3000, holder=scene.world.milkman)
    scene.session.commit()
    page = text(organizer.get(f"{PAGE}?zone={EAST}"))
    shown = cards(page)
    assert shown["净核销额"][0] == "¥544.00"
    assert shown["域内留存率"][0] == HIDDEN
    assert shown["自循环占比"][0] == HIDDEN
    assert len(shown["自循环占比"]) == 2, "its note, and no comparison"
    assert "标为“未公布”的" in page
    assert rows(page, "retention")["2026年3月"] == [HIDDEN]


def test_the_zone_may_be_the_employers(scene, organizer):
    assert cards(text(organizer.get(f"{PAGE}?zone={WEST}&axis=holder")))["净核销额"][0] == "¥520.00"
    assert "在南京街道还没有核销" in text(organizer.get(f"{PAGE}?zone={WEST}"))


def test_a_data_officer_sees_the_days_and_others_the_months(organizer, officer):
    days = text(officer.get(f"{PAGE}?period=2026-03"))
    assert rows(days, "volume") == {
        "3月1日": ["¥0.00", "¥0.00", "0"],
        "3月2日": ["¥40.00", "¥10.00", "1"],
        "3月3日": ["¥0.00", "¥0.00", "0"],
        "3月4日": ["¥480.00", "¥120.00", "6"],
    }
    assert rows(days, "retention")["3月4日"] == ["0.0%"]
    months_ = text(organizer.get(f"{PAGE}?period=2026-03"))
    assert rows(months_, "volume") == {
        "2026年2月": ["¥248.00", "¥62.00", "7"],
        "2026年3月": ["¥520.00", "¥130.00", "7"],
    }


def test_what_may_change_is_marked(scene, organizer):
    def marked() -> set[str]:
        page = text(organizer.get(f"{PAGE}?period=2026-03"))
        return {
            words(each) for each in re.findall(r"<tr data-preliminary>\s*<th[^>]*>(.*?)</th>", page, re.S)
        }

    assert marked() == {"2026年3月"}
    give_back(scene)
    assert marked() == {"2026年2月", "2026年3月"}


def test_a_closed_month_shows_what_was_first_and_what_is_now(scene, organizer):
    months.close(scene.session, date(2026, 2, 1), COMMAND_LINE, scene.at)
    scene.session.commit()
    give_back(scene)
    page = text(organizer.get(f"{PAGE}?period=2026-02"))
    table = words(page[page.index('id="restated"') : page.index("查看月结")])
    assert "净核销额 ¥248.00 ¥240.00 -¥8.00" in table
    assert "原价合计 ¥310.00 ¥300.00 -¥10.00" in table
    assert "第 1 版，2026-03-04 12:00 由命令行结账" in table
    assert 'id="restated"' not in text(organizer.get(f"{PAGE}?period=2026-02&zone={EAST}"))
    assert 'id="restated"' not in text(organizer.get(f"{PAGE}?period=2026-03"))


def test_the_filters_stand_in_the_url(organizer, officer):
    page = text(organizer.get(f"{PAGE}?period=2026-02&zone={EAST}&axis=holder"))
    assert f'rel="prev" href="{PAGE}?period=2026-01&amp;zone={EAST}&amp;axis=holder"' in page
    assert f'rel="next" href="{PAGE}?period=2026-03&amp;zone={EAST}&amp;axis=holder"' in page
    assert f'<option value="{EAST}" selected>' in page
    assert '<option value="holder" selected>' in page
    assert '<option value="2026-02" selected>' in page
    assert re.findall(r'aria-current="true">([^<]+)<', page) == ["上月"]
    assert "今天" not in page
    assert 'rel="next"' not in text(organizer.get(PAGE))
    assert {"今天", "本周"} <= set(re.findall(r'<li><a href="[^"]+">([^<]+)<', text(officer.get(PAGE))))


def test_dates_of_ones_own_are_the_data_officers(organizer, officer):
    page = text(officer.get(f"{PAGE}?from=2026-03-02&to=2026-03-03"))
    assert "2026年3月2日至3月3日" in page
    assert cards(page)["净核销额"][0] == "¥40.00"
    assert organizer.get(f"{PAGE}?from=2026-03-02&to=2026-03-03").status_code == 422
    # What is a month by its days is that month.
    assert cards(text(organizer.get(f"{PAGE}?from=2026-02-01&to=2026-02-28")))["净核销额"][0] == "¥248.00"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("period=2026-13", "没有“2026-13”这个周期，请在列表里选择。"),
        ("period=2026-3", "没有“2026-3”这个周期"),
        ("period=2026-03-04", "只有数据专员能按日、按周或自选日期统计，请选择月、季或年。"),
        ("period=2026-W10", "只有数据专员能按日、按周或自选日期统计"),
        ("from=2026-03-01&to=2026-03-04", "只有数据专员能按日、按周或自选日期统计"),
        ("from=2026-03-05&to=2026-03-04", "结束日期早于开始日期"),
        ("from=2026-02-30&to=2026-03-04", "日期不对"),
        ("from=&to=2026-03-04", "请选择开始日期。"),
        ("from=2026-03-01&to=", "请选择结束日期。"),
        ("from=2010-01-01&to=2026-03-04", "一次最多统计十年"),
        ("axis=till", "请选择按门店还是按单位所在片区统计。"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(organizer, query, sentence):
    answer = organizer.get(f"{PAGE}?{query}")
    assert answer.status_code == 422
    wrong = re.findall(r'<p class="wrong" id="[a-z]+-wrong">([^<]+)<', text(answer))
    assert len(wrong) == 1
    assert sentence in wrong[0]
    assert cards(text(answer)) == {}


def test_a_zone_that_is_not_there(organizer):
    assert organizer.get(f"{PAGE}?zone=999999999999").status_code == 404


def test_a_zones_organizer_sees_his_zones_outlets(scene):
    east = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id)
    page = text(east.get(PAGE))
    assert cards(page)["净核销额"][0] == "¥520.00"
    assert WEST not in page
    assert "全部片区" not in page
    assert east.get(f"{PAGE}?zone={WEST}").status_code == 404
    assert east.get(f"{PAGE}/download?zone={WEST}").status_code == 404


def test_others_see_nothing(scene):
    for stranger in (scene.admin(), scene.holder(), scene.cashier()):
        assert stranger.get(PAGE).status_code == 403
        assert stranger.get(f"{PAGE}/download").status_code == 403


def test_the_wrong_method(organizer):
    assert organizer.post(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405


def test_the_cards_as_a_file(lonely, organizer):
    answer = organizer.get(f"{PAGE}/download?table=figures&as=csv&period=2026-03")
    assert answer.mimetype == "text/csv"
    head, *lines = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert head[:4] == ["指标", "2026年3月", "环比期：2026年2月", "同比期：2025年3月"]
    assert lines[0][:4] == ["净核销额", "535.00", "248.00", "0.00"]
    hidden = organizer.get(f"{PAGE}/download?table=figures&as=csv&period=2026-03&zone={WEST}")
    assert f"净核销额,{HIDDEN},0.00,0.00" in hidden.data.decode()


def test_what_happened_over_time_as_a_workbook(organizer):
    answer = organizer.get(f"{PAGE}/download?table=volume&as=xlsx&period=2026-03")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert book.sheet_names == ["核销趋势 2026年3月"]
    assert book.get_sheet_by_index(0).to_python() == [
        ["周期", "净核销额", "让利额", "净核销笔数", "说明"],
        ["2026年2月", 248.0, 62.0, 7.0, ""],
        ["2026年3月", 520.0, 130.0, 7.0, "初值，还会变"],
    ]
    ratios = organizer.get(f"{PAGE}/download?table=retention&as=csv&period=2026-03").data.decode("utf-8-sig")
    assert ratios.splitlines()[-1] == "2026年3月,0.0,初值，还会变"


@pytest.mark.parametrize("query", ["table=people", "as=exe"])
def test_a_file_that_is_not_there(organizer, query):
    assert organizer.get(f"{PAGE}/download?{query}").status_code == 404
