"""The file of rejects: everything that was written, why it was refused, and fit to be imported again."""

import zipfile
from pathlib import Path

import pytest

from alliance.audit.trail import COMMAND_LINE
from alliance.imports import roster
from alliance.imports.rejects import beside, write_rejects
from alliance.imports.run import Import, run
from alliance.imports.tables import read_table
from alliance.store import Session
from tests.imports.sheets import AT, FACTORY, ROSTER, Write, counts, problems, read_csv, write_xlsx

COLUMNS = ROSTER.split(",")
VERDICT = ["行号", "字段", "原因", "处理办法"]

pytestmark = pytest.mark.usefixtures("world")


def bring(session: Session, path: Path, **options: bool) -> Import:
    return run(session, roster.KIND, path, AT, COMMAND_LINE, **options)


@pytest.mark.parametrize(
    ("name", "rejects"),
    [
        ("花名册.csv", "花名册.rejects.csv"),
        ("花名册.txt", "花名册.rejects.csv"),
        ("花名册.XLSX", "花名册.rejects.xlsx"),
    ],
)
def test_it_lies_beside_the_file(tmp_path: Path, name: str, rejects: str) -> None:
    assert beside(tmp_path / name) == tmp_path / rejects


def test_a_csv_file_of_rejects(session: Session, write: Write, tmp_path: Path) -> None:
    path = write(
        f"{ROSTER},备注",
        f"{FACTORY},003,好人,13800000004,,在职,",
        f"{FACTORY},004,,1.38E+10,,在职,急",
        encoding="gb18030",
    )
    job = bring(session, path)
    write_rejects(tmp_path / "拒.csv", job)
    assert (tmp_path / "拒.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_csv(tmp_path / "拒.csv") == [
        [*COLUMNS, "备注", *VERDICT],
        [
            *(FACTORY, "004", "", "1.38E+10", "", "在职", "急", "3", "姓名；手机号"),
            "没有填写；被表格软件改成了科学计数，数字已经不完整",
            "请填写后再导入；请把该列设为文本后重新粘贴",
        ],
    ]


def test_the_corrected_file_is_imported_as_it_is(session: Session, write: Write) -> None:
    path = write(ROSTER, f"{FACTORY},003,好人,,,在职", f"{FACTORY},004,新人,1.38E+10,,在职")
    job = bring(session, path, partial=True)
    assert counts(job) == (1, 0, 0, 1)
    rejects = beside(path)
    write_rejects(rejects, job)
    rejects.write_text(rejects.read_text("utf-8-sig").replace("1.38E+10", "13800000004"), "utf-8-sig")
    again = bring(session, rejects)
    assert counts(again) == (1, 0, 0, 0)
    assert again.notices == []


def test_the_corrected_workbook_is_imported_as_it_is(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "花名册.xlsx"
    write_xlsx(
        path, [COLUMNS, [FACTORY, "003", "好人", 13800000004, "", "在职"], [FACTORY, "004", "", "", "", ""]]
    )
    job = bring(session, path, partial=True)
    assert problems(job) == [(3, "姓名", "没有填写")]
    rejects = beside(path)
    write_rejects(rejects, job)
    table = read_table(rejects, COLUMNS)
    assert table.rows == {2: [FACTORY, "004", "", "", "", ""]}
    [row] = table.rows.values()
    write_xlsx(rejects, [[*COLUMNS, *VERDICT], [*row[:2], "新人", *row[3:], "3", "姓名", "没有填写", "请"]])
    assert counts(bring(session, rejects)) == (1, 0, 0, 0)


@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "+86", "-1+1", "@SUM(A1)", "＝1+1", " =1+1"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_what_looks_like_a_formula_is_not_executed_and_comes_back(
    session: Session, tmp_path: Path, formula: str, suffix: str
) -> None:
    path = write_xlsx(tmp_path / "花名册.xlsx", [COLUMNS, [FACTORY, "004", "", "", "", ""]])
    table = read_table(path, COLUMNS)
    table.rows[2][4] = formula
    job = Import(table, AT, COMMAND_LINE, progress=lambda items, _: items)
    job.rejected = bring(session, path).rejected
    rejects = tmp_path / f"拒{suffix}"
    write_rejects(rejects, job)
    if suffix == ".csv":
        assert read_csv(rejects)[1][4] == f"'{formula}"
    else:
        sheet = zipfile.ZipFile(rejects).read("xl/worksheets/sheet1.xml")
        assert b'<c r="E2"' in sheet
        assert b"<f>" not in sheet
    again = read_table(rejects, COLUMNS)
    assert again.cells(again.rows[2])["部门"] == formula.strip()


def test_only_who_may_read_the_roster_may_read_its_rejects(
    session: Session, write: Write, tmp_path: Path
) -> None:
    path = write(ROSTER, f"{FACTORY},004,,,,")
    path.chmod(0o600)
    write_rejects(tmp_path / "拒.csv", bring(session, path))
    assert (tmp_path / "拒.csv").stat().st_mode & 0o777 == 0o600


def test_numbers_of_identity_documents_are_not_written_again(
    session: Session, write: Write, tmp_path: Path
) -> None:
    path = write(f"{ROSTER},身份证号", f"{FACTORY},004,,,,,220204199001011234")
    write_rejects(tmp_path / "拒.csv", bring(session, path))
    assert "220204199001011234" not in (tmp_path / "拒.csv").read_text("utf-8-sig")
