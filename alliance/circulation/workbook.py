"""The monthly report as an Excel workbook: numbers are numbers, and nothing that is text can be a formula.

Amounts are in 元 with two decimals, and in whole 分 beside it in the overview, so that a program compares
exactly; shares are as exact as they were computed, and only shown as per cent.
"""

import io
import math
from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

import xlsxwriter

from alliance.circulation.compared import HIDDEN, Figure, Hidden, Unit, unit_of
from alliance.circulation.monthly import Monthly, MonthTables, Row, ZoneByZone, place_name
from alliance.circulation.monthly_quality import Facts
from alliance.circulation.names import DEFINITIONS, NAMES
from alliance.circulation.periods import previous, spring_festival, text_of, year_before
from alliance.circulation.tables import Cell
from alliance.clock import local

#: What a browser is told that it gets.
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FEN, YUAN, COUNT, SHARE, NUMBER, CHANGE, TEXT = "fen", "yuan", "count", "share", "number", "change", "text"
_FORMATS = {
    FEN: "#,##0",
    YUAN: "#,##0.00",
    COUNT: "#,##0",
    SHARE: "0.0%",
    NUMBER: "0.0000",
    CHANGE: "+0.0%;-0.0%;0.0%",
    TEXT: "@",
}
_KINDS = {Unit.FEN: YUAN, Unit.SHARE: SHARE, Unit.COUNT: COUNT, Unit.NUMBER: NUMBER}
_UNITS = {Unit.FEN: "元", Unit.SHARE: "比例", Unit.COUNT: "个", Unit.NUMBER: "数"}
#: A cell: what kind of number it is, and the number; None is nothing, HIDDEN is 未公布.
Value = tuple[str, str | Figure]
_WIDEST = 76


def workbook_of(report: Monthly) -> bytes:
    """The workbook, the same bytes for the same report."""
    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": report.title, "created": local(report.made_at).replace(tzinfo=None)})
        sheets = _Sheets(book, report)
        _overview(sheets, report)
        if report.tables is not None:
            _flow(sheets, report.tables.flow, report.tables.total)
            _of_tables(sheets, report.tables)
        _quality(sheets, report)
        _definitions(sheets)
    return file.getvalue()


class _Sheets:
    """Sheets that all begin with the same head and are set up for A4."""

    def __init__(self, book: xlsxwriter.Workbook, report: Monthly) -> None:
        self.book, self.report = book, report
        self.formats = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        above = {"text_wrap": True, "valign": "top"}
        self.title = book.add_format({"bold": True, "font_size": 14, **above})
        self.soft = book.add_format({"font_color": "#52605B", **above})
        self.head = book.add_format({"bold": True, "bg_color": "#E3F1EE", "bottom": 1, "text_wrap": True})
        self.hidden = book.add_format({"font_color": "#52605B", "align": "right"})

    def add(
        self,
        name: str,
        heads: Sequence[str],
        rows: Iterable[Sequence[Value]],
        *,
        notes: Sequence[str] = (),
        frozen: int = 1,
    ) -> None:
        """A sheet with a table; ``frozen`` columns stay where they are."""
        sheet = self.book.add_worksheet(name)
        lines = [f"{self.report.title}　{name}", self._made(), *notes]
        top = len(lines) + 1
        widths = [width(head) for head in heads]
        for column, head in enumerate(heads):
            sheet.write_string(top, column, head, self.head)
        for number, row in enumerate(rows, start=top + 1):
            for column, (kind, value) in enumerate(row):
                widths[column] = max(widths[column], self._write(sheet, number, column, kind, value))
        for column, wide in enumerate(widths):
            sheet.set_column(column, column, min(wide, _WIDEST) + 2)
        self._head(sheet, lines, [min(wide, _WIDEST) + 2 for wide in widths])
        sheet.freeze_panes(top + 1, frozen)
        sheet.set_paper(9)
        if sum(widths) > 90:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
        sheet.set_footer("&C第 &P 页，共 &N 页")

    def _head(
        self, sheet: xlsxwriter.workbook.Worksheet, lines: Sequence[str], widths: Sequence[int]
    ) -> None:
        """The lines above the table, each as wide as it and as high as its text."""
        for number, line in enumerate(lines):
            style = self.soft if number else self.title
            # What is merged is written as ``write`` takes it; a string once more, so that it stays one.
            sheet.merge_range(number, 0, number, len(widths) - 1, "", style)
            sheet.write_string(number, 0, line, style)
            sheet.set_row(number, (24, 16)[number > 0] * max(1, math.ceil(width(line) / (sum(widths) - 4))))

    def _made(self) -> str:
        period = self.report.period
        whom = "含全部数据，仅供数据专员" if self.report.sees_all else "人数不足 5 的数据未公布"
        made_at = f"{local(self.report.made_at):%Y-%m-%d %H:%M}"
        place = place_name(self.report.scope)
        return f"{place}；营业日 {period.first} 至 {period.last}；{made_at} 生成；{whom}"

    def _write(
        self, sheet: xlsxwriter.workbook.Worksheet, row: int, column: int, kind: str, value: str | Figure
    ) -> int:
        """Write one cell; answers how wide it is shown."""
        if isinstance(value, Hidden):
            sheet.write_string(row, column, value.value, self.hidden)
            return width(value.value)
        if value is None:
            return 0
        if isinstance(value, str):
            sheet.write_string(row, column, value, self.formats[TEXT])
            return width(value)
        # Of amounts in 分 only means have a fraction.
        shown = YUAN if kind == FEN and isinstance(value, float) else kind
        sheet.write_number(row, column, value, self.formats[shown])
        return len(f"{value:,.2f}")


def width(text: str) -> int:
    """How many Latin letters wide: a Chinese character takes two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _overview(sheets: _Sheets, report: Monthly) -> None:
    before, earlier = previous(report.period), year_before(report.period)
    periods = [text_of(each) for each in (report.period, before, earlier)]
    now, then, year = periods
    rows = []
    for line in report.compared.lines():
        kind, values = _KINDS[line.unit], (line.now, line.before, line.year_before)
        shown = [_yuan(value) if line.unit is Unit.FEN else value for value in values]
        changes = (None if each is None else float(each) for each in (line.change, line.change_of_year))
        fen = values if line.unit is Unit.FEN else (None, None, None)
        rows.append(
            [
                (TEXT, NAMES[line.name]),
                (TEXT, _UNITS[line.unit]),
                *((kind, value) for value in shown),
                *((CHANGE, each) for each in changes),
                *((FEN, value) for value in fen),
                (TEXT, line.name),
            ]
        )
    heads = [
        "指标",
        "单位",
        f"本期 {now}",
        f"上期 {then}",
        f"上年同期 {year}",
        "环比",
        "同比",
        *(f"{each}（分）" for each in periods),
        "字段",
    ]
    with_festival = [
        text
        for text, each in zip(periods, (report.period, before, earlier), strict=True)
        if spring_festival(each)
    ]
    festival = f"含春节假期的期间：{'、'.join(with_festival)}。" if with_festival else "各期均不含春节假期。"
    notes = [report.text, f"{festival}比例的环比、同比是百分点之差，其余是增长率。"]
    sheets.add("总览", heads, rows, notes=notes)


def _flow(sheets: _Sheets, flow: ZoneByZone, total: Cell | None) -> None:
    rows = [
        [(TEXT, buyer), *map(_paid, cells), _paid(whole)]
        for buyer, cells, whole in zip(flow.buyers, flow.cells, flow.of_buyers, strict=True)
    ]
    rows.append([(TEXT, "合计"), *map(_paid, flow.of_sellers), _paid(total)])
    notes = ["净核销额，元。行是持码人单位所在片区，列是门店所在片区。"]
    sheets.add("流向", ["单位片区＼门店片区", *flow.sellers, "合计"], rows, notes=notes)


_SUMS = ("净核销笔数", "原价合计（元）", "让利额（元）", "让利率", "净核销额（元）", "占比", "活跃持码人")


def _of_tables(sheets: _Sheets, tables: MonthTables) -> None:
    whole = tables.total.paid_fen if tables.total else None
    for name, labels, rows in (
        ("商户", ("商户", "片区"), tables.merchants),
        ("企业", ("企业", "片区"), tables.employers),
        ("优惠", ("商户", "优惠编号", "优惠"), tables.offers),
    ):
        notes = ["占比是占净核销额合计的比例；合计含未公布的各行。"]
        if name == "企业":
            notes.append("按持码人的工作单位计，家属计入员工的单位。")
        if name == "优惠" and tables.elsewhere:
            notes.append(f"在本范围以外也有核销的商户，其 {tables.elsewhere} 项优惠不单列。")
        lines = [_sums(row, whole) for row in rows]
        if name != "优惠" or not tables.elsewhere:
            blank = [""] * (len(labels) - 1)
            lines.append(_sums(Row(("合计", *blank), tables.total), whole))
        sheets.add(name, [*labels, *_SUMS], lines, notes=notes)


def _sums(row: Row, whole: int | None) -> list[Value]:
    labels: list[Value] = [(TEXT, label) for label in row.labels]
    cell = row.cell
    if cell is None:
        return labels + [(TEXT, HIDDEN)] * len(_SUMS)
    part = cell.paid_fen / whole if whole else None if whole == 0 else HIDDEN
    rate = cell.discount_fen / cell.gross_fen if cell.gross_fen else None
    return [
        *labels,
        (COUNT, cell.redemptions),
        (YUAN, cell.gross_fen / 100),
        (YUAN, cell.discount_fen / 100),
        (SHARE, rate),
        (YUAN, cell.paid_fen / 100),
        (SHARE, part),
        (COUNT, cell.holders),
    ]


_ARRIVALS = (
    ("核销", "redeemed"),
    ("其中月末以后到达", "redeemed_late"),
    ("其中结账后到达，记入以后月份", "redeemed_adjusted"),
    ("冲正", "reversed"),
    ("其中月末以后冲正", "reversed_late"),
    ("其中结账后冲正，记入以后月份", "reversed_adjusted"),
)


def _quality(sheets: _Sheets, report: Monthly) -> None:
    arrivals = report.quality.arrivals
    rows: list[list[Value]] = []
    for words, name in _ARRIVALS:
        facts: Facts | None = None if arrivals is None else getattr(arrivals, name)
        numbers: list[Value] = (
            [(COUNT, facts.count), (YUAN, facts.paid_fen / 100)] if facts else [(TEXT, HIDDEN)] * 2
        )
        rows.append([(TEXT, words), *numbers, (TEXT, "")])
    for name, hidden, every in report.tables.hidden() if report.tables else ():
        rows.append([(TEXT, f"{name}中未公布的格数"), (COUNT, hidden), (TEXT, ""), (TEXT, f"共 {every} 格")])
    for closed in report.quality.closings:
        month = f"{closed.month:%Y-%m}"
        how = f"第 {closed.revision} 版，{local(closed.closed_at):%Y-%m-%d %H:%M} {closed.by or '命令行'}结账"
        if not closed.stands:
            how += "，后来重新打开"
        how += f"；初值含核销 {closed.first_redemptions} 笔、冲正 {closed.first_reversals} 笔"
        rows.append([(TEXT, f"{month} 初值"), (TEXT, ""), (YUAN, closed.first_paid_fen / 100), (TEXT, how)])
    if report.quality.closings:
        line = report.compared.line("redemptions"), report.compared.line("paid_fen")
        rows.append(
            [
                (TEXT, "本期修订值（到现在）"),
                (COUNT, line[0].now),
                (YUAN, _yuan(line[1].now)),
                (TEXT, "按营业日计"),
            ]
        )
    notes = ["初值是第一次结账时记下的数，含当月记入的以前月份的调整；修订值按营业日计，含晚到的核销和冲正。"]
    if not report.quality.closings:
        notes.append(
            "本期没有已结账的月份，为初步数据。"
            if report.scope.zone is None
            else "结账按全联盟进行，不分片区。"
        )
    sheets.add("数据质量", ["项目", "笔数", "金额（元）", "说明"], rows, notes=notes)


def _definitions(sheets: _Sheets) -> None:
    rows = [
        [(TEXT, NAMES[name]), (TEXT, _UNITS[unit_of(name)]), (TEXT, words), (TEXT, name)]
        for name, words in DEFINITIONS.items()
    ]
    sheets.add("指标说明", ["指标", "单位", "含义", "字段"], rows)


def _paid(cell: Cell | None) -> Value:
    return (TEXT, HIDDEN) if cell is None else (YUAN, cell.paid_fen / 100)


def _yuan(fen: Figure) -> Figure:
    return fen if fen is None or isinstance(fen, Hidden) else fen / 100
