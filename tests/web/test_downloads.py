"""Tables as files: the same cells, and none that a spreadsheet would execute."""

import io

import pytest
from python_calamine import CalamineWorkbook

from alliance.web.organizer.downloads import Number, Table, Unit, count, csv_of, fen, ratio, workbook_of

TABLE = Table(
    "流向 2026年3月",
    ["商户", "净核销额", "笔数", "占比", "HHI"],
    [
        ["=HYPERLINK(1)", fen(-1205), count(1234), ratio(1 / 3), Number(Unit.NUMBER, 0.25)],
        ["王喆眼镜店", fen(None), count(None, is_hidden=True), ratio(None), fen(7030.175)],
    ],
)


@pytest.fixture
def context(app):
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        yield


def test_a_table_as_csv(context):
    assert csv_of(TABLE).decode("utf-8-sig").splitlines() == [
        "商户,净核销额,笔数,占比,HHI",
        f"'=HYPERLINK(1),-12.05,1234,{1 / 3},0.25",
        "王喆眼镜店,,未公布,,70.30175",
    ]


def test_tables_as_a_workbook(context):
    other = Table("说明:[第一页]" + "长" * 40, ["一"], [["二"]])
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook_of([TABLE, other])))
    assert book.sheet_names == ["流向 2026年3月", ("说明--第一页-" + "长" * 40)[:31]]
    assert book.get_sheet_by_index(0).to_python() == [
        ["商户", "净核销额", "笔数", "占比", "HHI"],
        ["=HYPERLINK(1)", -12.05, 1234.0, 1 / 3, 0.25],
        ["王喆眼镜店", "", "未公布", "", 70.30175],
    ]
