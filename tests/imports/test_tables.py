"""Files: what is read from every format, and the one sentence for each that cannot be read."""

import os
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from alliance.imports import tables
from alliance.imports.tables import Table, UnreadableFile, read_table
from tests.imports.sheets import ROSTER, ZONES, Write, write_xlsx

COLUMNS = ZONES.split(",")
ROW = "220204001000,德胜街道,220204000000"


def rows_of(table: Table) -> dict[int, dict[str, str]]:
    return {number: table.cells(cells) for number, cells in table.rows.items()}


EXPECTED = {2: {"片区代码": "220204001000", "片区名称": "德胜街道", "上级代码": "220204000000"}}


def reason_of(path: Path, *columns: str, optional: tuple[str, ...] = ()) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_table(path, columns or COLUMNS, optional)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_a_spreadsheet_saves(write: Write, encoding: str) -> None:
    assert rows_of(read_table(write(ZONES, ROW, encoding=encoding), COLUMNS)) == EXPECTED


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_delimiter(write: Write, delimiter: str) -> None:
    path = write(ZONES.replace(",", delimiter), ROW.replace(",", delimiter))
    assert rows_of(read_table(path, COLUMNS)) == EXPECTED


def test_columns_in_any_order_and_spelling_of_width(write: Write) -> None:
    path = write("原价（分）, 片区 名称", "150,德胜街道")
    assert rows_of(read_table(path, ["片区名称", "原价(分)"])) == {
        2: {"原价(分)": "150", "片区名称": "德胜街道"}
    }


def test_row_numbers_are_those_of_the_spreadsheet(write: Write) -> None:
    path = write("", ZONES, "", '220204001000,"德胜\n街道",', ",,", ROW, "220204002000")
    assert list(rows_of(read_table(path, COLUMNS))) == [4, 6, 7]


def test_a_workbook(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "花名册.xlsx",
        [
            ["手机号", "折扣", "入职日期", "核销时间", "流水号", "备注", "优惠(分)"],
            [
                13800000001.0,
                8.5,
                date(2020, 3, 1),
                datetime(2017, 1, 1, 7, 30, 27),
                31198705046123456,
                "=1+1",
                0.1 + 0.2,
            ],
            [],
            ["13800000002"],
        ],
    )
    table = read_table(path, ["手机号", "折扣", "入职日期", "核销时间", "流水号", "优惠(分)"])
    assert rows_of(table) == {
        2: {
            "手机号": "13800000001",
            "折扣": "8.5",
            "入职日期": "2020-03-01",
            "核销时间": "2017-01-01 07:30:27",
            "流水号": "3.11987050461235E+16",
            "优惠(分)": "0.3",
        },
        4: {"手机号": "13800000002"},
    }


def test_a_workbook_named_csv_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "片区.csv", [COLUMNS, ROW.split(",")])
    table = read_table(path, COLUMNS)
    assert (rows_of(table), table.notices) == (EXPECTED, [])


def test_only_the_first_visible_sheet_is_read_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "片区.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        hidden, first, second = (workbook.add_worksheet(name) for name in ("说明", "片区", "旧片区"))
        first.activate()
        hidden.hide()
        for sheet in (first, second):
            sheet.write_row(0, 0, COLUMNS)
        first.write_row(1, 0, ROW.split(","))
        second.write_row(1, 0, ["1", "2", "3"])
    table = read_table(path, COLUMNS)
    assert rows_of(table) == EXPECTED
    assert table.notices == ["工作簿有 2 个工作表，只读取第一个『片区』"]


def test_unknown_columns_are_named_and_verdicts_of_an_earlier_import_are_not(write: Write) -> None:
    table = read_table(
        write(ZONES + ",备注,行号,字段,原因,处理办法", ROW + ",x,2,片区代码,没有填写,请填写"), COLUMNS
    )
    assert table.notices == ["以下列用不到，没有读取：备注"]
    assert table.header == [*COLUMNS, "备注"]


@pytest.mark.parametrize("name", ["身份证号", "身份证", "证件号码", "员工身份证号码"])
def test_numbers_of_identity_documents_go_nowhere(write: Write, name: str) -> None:
    header, row = ZONES.replace(",", f",{name},", 1), ROW.replace(",", ",220204199001011234,", 1)
    table = read_table(write(header, row), COLUMNS)
    assert rows_of(table) == EXPECTED
    assert "220204199001011234" not in str(table)
    assert table.notices == [f"已丢弃『{name}』列，证件号码不会保存"]


def test_a_file_with_no_rows_is_said_to_have_none(write: Write) -> None:
    assert read_table(write(ZONES), COLUMNS).notices == ["文件只有表头，没有数据"]


def test_an_optional_column_is_read_where_it_is(write: Write) -> None:
    table = read_table(
        write("片区名称,生效日期", "德胜街道,2020-03-01"), ["片区名称"], ["生效日期", "离职日期"]
    )
    assert rows_of(table) == {2: {"片区名称": "德胜街道", "生效日期": "2020-03-01"}}


# --- what cannot be read ---


def test_it_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    reason = "找不到这个文件，或者没有权限读取。请核对路径和权限。"
    assert reason_of(tmp_path / "没有.csv") == reason
    assert reason_of(tmp_path) == reason
    assert reason_of(Path("/dev/null")) == reason


def test_it_refuses_a_file_that_may_not_be_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path) -> bytes:
        raise PermissionError(path)

    path = write(ZONES, ROW)
    monkeypatch.setattr(Path, "read_bytes", forbidden)
    assert reason_of(path).startswith("找不到这个文件，或者没有权限读取。")


def test_it_refuses_a_file_of_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "空.csv").touch()
    assert reason_of(tmp_path / "空.csv") == "文件是空的。请重新导出后再导入。"


def test_it_refuses_fifty_megabytes_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "大.csv"
    with path.open("wb") as file:
        file.truncate(50 << 20)
    assert reason_of(path) == "文件超过 20 MB。请拆成几个文件，分次导入。"
    os.truncate(path, 20 << 20)
    assert reason_of(path).startswith("文件不是文本")


def test_it_refuses_a_workbook_that_is_none(write: Write) -> None:
    path = write(ZONES, ROW, name="片区.xlsx")
    assert reason_of(path).startswith("文件不是有效的 Excel 工作簿，或者已经损坏。")


@pytest.mark.parametrize("keep", [4, 200, 3000])
def test_it_refuses_a_damaged_workbook(tmp_path: Path, keep: int) -> None:
    path = write_xlsx(tmp_path / "片区.xlsx", [COLUMNS, ROW.split(",")])
    path.write_bytes(path.read_bytes()[:keep])
    assert reason_of(path).startswith("文件不是有效的 Excel 工作簿，或者已经损坏。")


def test_it_refuses_an_archive_whose_content_is_damaged(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "片区.xlsx", [COLUMNS, *[ROW.split(",")] * 500])
    data = bytearray(path.read_bytes())
    offset = data.index(b"xl/worksheets/sheet1.xml") + 40
    data[offset : offset + 100] = b"\xff" * 100
    path.write_bytes(data)
    assert reason_of(path).startswith("文件不是有效的 Excel 工作簿，或者已经损坏。")


def test_it_refuses_an_archive_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "片区.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("片区.csv", ZONES)
    assert reason_of(path).startswith("文件不是有效的 Excel 工作簿，或者已经损坏。")


def test_it_refuses_old_and_encrypted_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "花名册.xls"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1000))
    assert reason_of(path) == "文件是旧版 .xls，或者设有打开密码。请去掉密码，另存为 .xlsx。"


def test_it_refuses_a_workbook_that_unpacks_to_too_much(tmp_path: Path) -> None:
    path = tmp_path / "片区.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"xl/media/{number}", bytes(30 << 20))
    assert path.stat().st_size < 1 << 20
    assert reason_of(path) == "工作簿解压后超过 128 MB。请拆成几个文件，分次导入。"


def test_it_refuses_a_stray_cell_in_the_far_corner(tmp_path: Path) -> None:
    path = tmp_path / "片区.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        sheet.write(1_048_575, 16_383, "x")
    assert reason_of(path).startswith("工作表的内容一直延伸到第 1048576 行、第 16384 列。")


def test_a_long_sheet_is_no_stray_cell(tmp_path: Path) -> None:
    path = tmp_path / "片区.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        sheet.write_row(99_999, 0, ROW.split(","))
    assert list(read_table(path, COLUMNS).rows) == [100_000]


def test_it_refuses_binary_content(tmp_path: Path) -> None:
    path = tmp_path / "片区.csv"
    path.write_bytes(ZONES.encode() + b"\r\n220204001000,\0,\r\n")
    assert reason_of(path) == "文件不是文本，里面有空字符。请另存为 .xlsx 或 CSV UTF-8。"


def test_it_refuses_an_unknown_encoding(tmp_path: Path) -> None:
    path = tmp_path / "片区.csv"
    path.write_bytes(ZONES.encode() + b"\r\n220204001000,\xff\xff,\r\n")
    assert reason_of(path) == "文件的文字编码不是 UTF-8，也不是 GB18030。请另存为 CSV UTF-8。"


def test_it_refuses_an_open_quotation_mark(write: Write) -> None:
    assert reason_of(write(ZONES, ROW, '220204002000,"南京街道,')).startswith("第 3 行附近的引号不成对")


def test_it_refuses_a_file_without_the_header(write: Write) -> None:
    reason = "第一行没有要用的列名。请把这些列名放在第一行：片区代码、片区名称、上级代码。"
    assert reason_of(write(ROW, ROW)) == reason
    assert reason_of(write("  ", " , ")) == reason


def test_it_names_missing_columns(write: Write) -> None:
    assert reason_of(write("片区名称", "德胜街道")).startswith("找不到列『片区代码』『上级代码』。")


def test_it_suggests_the_column_that_was_renamed(write: Write) -> None:
    path = write(ROSTER.replace("手机号", "手机号码"))
    assert reason_of(path, *ROSTER.split(",")) == (
        "找不到列『手机号』，文件里有相近的『手机号码』。请把列名改为『手机号』。"
    )


@pytest.mark.parametrize("double", ["片区名称", "生效日期"])
def test_it_refuses_a_column_that_is_there_twice(write: Write, double: str) -> None:
    path = write(f"{ZONES},{double},{double}")
    assert reason_of(path, optional=("生效日期",)) == f"列『{double}』出现了不止一次。请只保留一列。"


def test_it_refuses_a_header_of_ten_thousand_columns(write: Write) -> None:
    assert reason_of(write(ZONES + ",x" * 9_997)).startswith("第 1 行有 10000 列，最多 200 列。")
    assert reason_of(write(ZONES + ",x" * 198)).startswith("第 1 行有 201 列")
    assert read_table(write(ZONES + ",x" * 197), COLUMNS).rows == {}


def test_it_refuses_a_row_of_ten_thousand_columns(write: Write) -> None:
    assert reason_of(write(ZONES, ROW, ROW + ",x" * 9_997)).startswith("第 3 行有 10000 格，表头只有 3 列。")


def test_empty_cells_beyond_the_header_are_nothing(write: Write) -> None:
    assert rows_of(read_table(write(ZONES + ",,", ROW + ",,,,,"), COLUMNS)) == EXPECTED


def test_no_limit_is_so_low_that_a_year_does_not_fit() -> None:
    assert tables.MAX_BYTES > 4 * 2_200_000
    assert tables.MAX_CELLS > 4 * 28_314 * 8
