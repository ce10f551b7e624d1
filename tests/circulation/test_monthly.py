"""The monthly report and its workbook: what they hold, what they hide, and that nothing is a formula."""

import io
import re
import zipfile
from dataclasses import asdict
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.compared import Unit
from alliance.circulation.monthly import Monthly, monthly
from alliance.circulation.monthly_quality import Facts
from alliance.circulation.names import DEFINITIONS, NAMES
from alliance.circulation.official_text import amount, decimal, percent
from alliance.circulation.periods import parse
from alliance.circulation.report import report
from alliance.circulation.scope import EVERYWHERE, Axis, Scope
from alliance.circulation.workbook import width, workbook_of
from alliance.offers.pricing import Discount
from alliance.redemptions import months
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, new_id, one_snapshot
from tests.world import World

#: When the reports are made: March is over.
APRIL = datetime(2026, 4, 6, 4, 0, tzinfo=UTC)
SHEETS = ["总览", "流向", "商户", "企业", "优惠", "数据质量", "指标说明"]


@pytest.fixture
def world(session: Session) -> World:
    """Six people of the garage buy milk in February and in March, one of the dairy buys too."""
    world = World(session, datetime(2026, 2, 20, 4, 0, tzinfo=UTC))
    people = [world.employee(world.garage, f"1{n}", f"员工{n}", f"+861380000010{n}") for n in range(6)]
    for number, holder in enumerate(people):
        world.redeem(10_001, holder=holder)
        for day in (12, 13):
            world.redeem(12_345 + number, holder=holder, at=world.later(days=day))
    world.redeem(7_777, holder=world.milkman, at=world.later(days=14))
    session.commit()
    return world


def made(
    session: Session, period: str = "2026-03", scope: Scope = EVERYWHERE, *, sees_all: bool = True, at=APRIL
) -> Monthly:
    session.rollback()
    with one_snapshot(session):
        return monthly(session, parse(period), scope, at, sees_all=sees_all)


def sheets(content: bytes) -> dict[str, list[list]]:
    """The tables of the sheets, without what stands above them."""
    book, tables = CalamineWorkbook.from_filelike(io.BytesIO(content)), {}
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python()
        empty = next(number for number, row in enumerate(rows) if not any(row))
        tables[name] = rows[empty + 1 :]
    return tables


def by_field(content: bytes) -> dict[str, dict[str, object]]:
    """The overview by the names of ``Report``, each row by its heads."""
    heads, *rows = sheets(content)["总览"]
    return {row[-1]: dict(zip(heads, row, strict=True)) for row in rows}


def test_the_workbook_holds_the_report(world: World, session: Session) -> None:
    rows = by_field(workbook_of(made(session)))
    for head, month in (("2026-03", (date(2026, 3, 1), date(2026, 3, 31))), ("2026-02", None)):
        figures = asdict(report(session, month or (date(2026, 2, 1), date(2026, 2, 28)), chance=True))
        assert rows.keys() == figures.keys()
        for name, value in figures.items():
            which = "本期" if head == "2026-03" else "上期"
            column = f"{head}（分）" if name.endswith("_fen") else f"{which} {head}"
            assert rows[name][column] == ("" if value is None else pytest.approx(value, rel=1e-12)), name
            if isinstance(value, int):
                assert rows[name][column] == value
    session.rollback()
    assert rows["paid_fen"]["本期 2026-03"] == rows["paid_fen"]["2026-03（分）"] / 100
    assert rows["redemptions"]["上年同期 2025-03"] == ""
    assert rows["redemptions"]["环比"] == pytest.approx(13 / 6 - 1)


def test_all_sheets_say_what_of_when_and_for_whom(world: World, session: Session) -> None:
    for sees_all, words in ((True, "仅供数据专员"), (False, "人数不足 5 的数据未公布")):
        book = CalamineWorkbook.from_filelike(io.BytesIO(workbook_of(made(session, sees_all=sees_all))))
        assert book.sheet_names == SHEETS
        for name in SHEETS:
            title, whence = book.get_sheet_by_name(name).to_python()[:2]
            assert title[0] == f"2026年3月流通统计月报（全联盟）　{name}"
            assert whence[0].startswith("全联盟；营业日 2026-03-01 至 2026-03-31；2026-04-06 12:00 生成；")
            assert words in whence[0]


def test_every_number_of_the_text_is_in_the_overview(world: World, session: Session) -> None:
    found = made(session)
    allowed = {"2026年", "3月"}
    for line in found.compared.lines():
        for value in (line.now, line.before, line.year_before):
            if line.unit is Unit.FEN and value is not None:
                allowed.add(amount(value) if isinstance(value, int) else f"{value / 100:.2f}元")
            elif line.unit is Unit.SHARE and value is not None:
                allowed.add(percent(value))
            elif line.unit is Unit.COUNT:
                allowed |= {f"{value}{word}" for word in "笔人户家"}
        for each in (line.change, line.change_of_year):
            if each is not None:
                size = decimal(abs(each) * 100, 1)
                allowed |= {f"{size}%", f"{size}个百分点"}
    said = re.findall(r"[0-9.]+(?:万元|亿元|元|%|个百分点|年|月|笔|人|户|家)", found.text)
    assert len(said) >= 12
    assert set(said) <= allowed
    assert not re.search(r"[0-9]", re.sub("|".join(map(re.escape, said)), "", found.text))


def test_the_tables(world: World, session: Session) -> None:
    tables = sheets(workbook_of(made(session)))
    paid = sum(round((12_345 + n) * 0.8) for n in range(6)) * 2
    assert tables["流向"] == [
        ["单位片区＼门店片区", "德胜街道", "南京街道", "合计"],
        ["德胜街道", 62.22, 0, 62.22],
        ["南京街道", paid / 100, 0, paid / 100],
        ["合计", (paid + 6222) / 100, 0, (paid + 6222) / 100],
    ]
    assert [row[:3] for row in tables["商户"][1:]] == [
        ["吉林市松花江乳业有限公司", "德胜街道", 13],
        ["合计", "", 13],
    ]
    assert [[*row[:3], row[-1]] for row in tables["企业"][1:]] == [
        ["吉林市车天下二手车经销有限公司", "南京街道", 12, 6],
        ["吉林市松花江乳业有限公司", "德胜街道", 1, 1],
        ["合计", "", 13, 7],
    ]
    assert [row[:4] for row in tables["优惠"][1:-1]] == [["吉林市松花江乳业有限公司", "MILK", "优惠MILK", 13]]
    assert [row[0] for row in tables["指标说明"][1:]] == list(NAMES.values())
    assert [row[2] for row in tables["指标说明"][1:]] == list(DEFINITIONS.values())


def test_small_groups_are_words_for_who_may_not_see_them(world: World, session: Session) -> None:
    """One of the dairy's people bought: neither that, nor what the six bought alone, is in a table."""
    book = sheets(workbook_of(made(session, sees_all=False)))
    _, dairy, garage, whole = book["流向"]
    assert whole[3] == book["商户"][1][6] == book["商户"][2][6]
    assert dairy[1:] == ["未公布", 0, "未公布"]
    assert garage[1:] == ["未公布", 0, "未公布"]
    assert [row[2:] for row in book["企业"][1:3]] == [["未公布"] * 7] * 2
    everything = str([book[name] for name in SHEETS[1:]])
    for hidden in (62.22, whole[3] - 62.22):
        assert str(hidden) not in everything
    east = Scope(world.east)
    overview = by_field(workbook_of(made(session, scope=east, sees_all=False)))
    assert overview["same_zone_paid_fen"]["2026-03（分）"] == "未公布"
    assert overview["same_zone_paid_fen"]["本期 2026-03"] == "未公布"
    assert "域内留存率" not in made(session, scope=east, sees_all=False).text
    assert "域内留存率" in made(session, scope=east).text


def test_hidden_cells_are_counted_alike_for_both(world: World, session: Session) -> None:
    for sees_all in (True, False):
        tables = made(session, sees_all=sees_all).tables
        assert tables is not None
        assert tables.hidden()[0] == ("流向表", 2, 4)
        assert tables.hidden()[2] == ("企业表", 2, 2)


def test_a_zone_is_reported_alone(world: World, session: Session) -> None:
    """What is sold in the west is no part of the east's report, whatever else happens there."""
    before = sheets(workbook_of(made(session, scope=Scope(world.east))))
    for _ in range(3):
        world.redeem(99_999, outlet=world.dairy_kiosk, at=world.later(days=15))
    session.commit()
    after = sheets(workbook_of(made(session, scope=Scope(world.east))))
    for name in ("总览", "流向", "商户", "企业"):
        assert after[name] == before[name], name
    assert after["数据质量"][:7] == before["数据质量"][:7]
    assert len(before["优惠"]) == 3
    assert after["优惠"] == before["优惠"][:1], (
        "an offer that was redeemed elsewhere too has no figure of a zone"
    )
    found = made(session, scope=Scope(world.east))
    assert found.title == "2026年3月流通统计月报（德胜街道）"
    assert found.text.startswith("2026年3月，德胜街道共核销13笔")
    people = made(session, scope=Scope(world.west, Axis.HOLDER))
    assert people.text.startswith("2026年3月，南京街道持码人共核销15笔")
    assert people.tables is not None
    assert [row.labels for row in people.tables.employers] == [("吉林市车天下二手车经销有限公司", "南京街道")]


def test_tables_of_a_month_that_is_not_over_are_for_the_data_officer(world: World, session: Session) -> None:
    at = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
    found = made(session, sees_all=False, at=at)
    assert found.tables is None
    assert list(sheets(workbook_of(found))) == ["总览", "数据质量", "指标说明"]
    assert found.text.startswith("2026年3月（截至3月20日），全联盟共核销13笔")
    assert "环比" not in found.text
    assert made(session, at=at).tables is not None


def test_a_quarter_and_a_year_too_but_no_week(world: World, session: Session) -> None:
    assert made(session, "2026-Q1").text.startswith("2026年第一季度，全联盟共核销19笔")
    assert made(session, "2026-Q1").title == "2026年第一季度流通统计季报（全联盟）"
    assert made(session, "2026").text.startswith("2026年（截至4月6日），全联盟共核销19笔")
    with pytest.raises(ValueError, match="months"):
        made(session, "2026-W10")


def test_an_empty_month_has_a_workbook(world: World, session: Session) -> None:
    found = made(session, "2025-05")
    assert found.text == "2025年5月，全联盟没有核销。"
    assert by_field(workbook_of(found))["redemptions"]["本期 2025-05"] == 0


def test_quality(world: World, session: Session) -> None:
    undone = uuid4()
    world.redeem(5000, id_=undone, at=world.later(days=13))
    reverse(
        session, world.counter(), new_id(), undone, "退货", APRIL, authority=Authority.ORGANIZER
    )  # fmt: skip
    session.commit()
    came = made(session).quality.arrivals
    assert came is not None
    assert came.redeemed.count == 14
    assert (came.redeemed_late, came.reversed_adjusted) == (Facts(), Facts())
    assert came.reversed == came.reversed_late == Facts(1, -4000)
    assert made(session, sees_all=False).quality.arrivals is None, "one reversal tells of one person"
    assert made(session, "2026-02", sees_all=False).quality.arrivals is not None
    assert made(session, "2026-Q1", sees_all=False).quality.arrivals is None, (
        "or it would follow from February"
    )


def test_closings_are_first_values(world: World, session: Session) -> None:
    for month in (date(2026, 2, 1), date(2026, 3, 1)):
        months.close(session, month, COMMAND_LINE, APRIL)
    undone = uuid4()
    session.commit()
    found = made(session)
    first = found.compared.line("paid_fen").now
    assert [(each.revision, each.first_paid_fen, each.stands) for each in found.quality.closings] == [
        (1, first, True)
    ]
    months.reopen(session, date(2026, 3, 1), "漏记", COMMAND_LINE, APRIL)
    world.redeem(5000, id_=undone, at=world.later(days=13))
    session.commit()
    found = made(session)
    assert [(each.first_paid_fen, each.stands) for each in found.quality.closings] == [(first, False)]
    assert found.compared.line("paid_fen").now == first + 4000
    rows = {row[0]: row for row in sheets(workbook_of(found))["数据质量"]}
    assert rows["2026-03 初值"][2] == first / 100
    assert "后来重新打开" in rows["2026-03 初值"][3]
    assert rows["本期修订值（到现在）"][2] == (first + 4000) / 100
    assert made(session, scope=Scope(world.east)).quality.closings == []


@pytest.mark.parametrize(
    "evil", ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0"]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_name_becomes_a_formula(world: World, session: Session, evil: str) -> None:
    world.dairy.name = evil
    world.east.name = evil
    world.live_offer(world.dairy, "E", Discount(pay_permille=500))
    session.commit()
    content = workbook_of(made(session))
    assert sheets(content)["商户"][1][:2] == [evil, evil]
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/sheet"):
                xml = parts.read(name).decode()
                assert "<f>" not in xml and "<hyperlink" not in xml  # noqa: PT018
                assert 'paperSize="9"' in xml and "<pane " in xml  # noqa: PT018


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_same_report_is_the_same_file(world: World, session: Session) -> None:
    found = made(session)
    assert workbook_of(found) == workbook_of(found)


def test_a_chinese_character_is_two_wide() -> None:
    assert width("净核销额 P=1") == 12
