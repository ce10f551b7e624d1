"""``alliance import …`` as an operator sees it: what is printed, what is written, and how it ends."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from alliance import clock
from alliance.cli import imports
from alliance.offers.models import OfferApproval
from alliance.store import Session, for_writing, sessionmaker_for
from alliance.zones.models import Zone
from tests.cluster import ROOT
from tests.imports.sheets import (
    AT,
    BAKERY,
    CITY,
    ENTERPRISES,
    OUTLETS,
    REDEMPTIONS,
    ROSTER,
    STREET,
    ZONES,
    Write,
)
from tests.processes import environment

Alliance = Callable[..., Result]
GOOD, BAD = f"{CITY},船营区,", f"22020400100,德胜街道,{CITY}"


@pytest.fixture
def alliance(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Alliance:
    """Runs ``alliance import …`` on the test's database at noon."""

    @contextmanager
    def session_scope() -> Iterator[Session]:
        with sessionmaker_for(engine)() as session:
            for_writing(session)
            yield session

    monkeypatch.setattr(imports, "session_scope", session_scope)
    monkeypatch.setattr(clock, "now", lambda: AT)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(imports.import_group, [str(argument) for argument in arguments])

    return run


def zones(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Zone.name).order_by(Zone.code)))


def test_a_good_file(alliance: Alliance, session: Session, write: Write) -> None:
    path = write(ZONES, GOOD, f"{STREET},德胜街道,{CITY}")
    result = alliance("zones", path)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "新增 2　更新 0　未变 0　拒绝 0\n", "")
    assert zones(session) == ["船营区", "德胜街道"]
    assert list(path.parent.glob("*.rejects.*")) == []
    assert alliance("zones", path).stdout == "新增 0　更新 0　未变 2　拒绝 0\n"


def test_a_bad_row_names_itself_and_nothing_is_written(
    alliance: Alliance, session: Session, write: Write
) -> None:
    path = write(ZONES, GOOD, BAD)
    result = alliance("zones", path)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "新增 1　更新 0　未变 0　拒绝 1",
        "第 3 行　片区代码『22020400100』：片区代码不是 12 位数字。"
        "请填写 12 位的区划代码，例如 220204001000。",
        "有被拒的行，所以整个文件都没有写入。",
        f"被拒的行在 {path.parent / '导入.rejects.csv'}。",
        "请改好原文件再导入；或者加 --partial 先导入其余的行，再导入改好的这个文件。",
    ]
    assert zones(session) == []
    assert (path.parent / "导入.rejects.csv").exists()


def test_partial(alliance: Alliance, session: Session, write: Write, tmp_path: Path) -> None:
    result = alliance("zones", write(ZONES, GOOD, BAD), "--partial", "--rejects", tmp_path / "坏行.csv")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2:] == [
        f"被拒的行在 {tmp_path / '坏行.csv'}。",
        "改好后可以直接导入这个文件。",
    ]
    assert zones(session) == ["船营区"]
    assert (tmp_path / "坏行.csv").exists()
    assert not (tmp_path / "导入.rejects.csv").exists()


def test_a_dry_run(alliance: Alliance, session: Session, write: Write) -> None:
    result = alliance("zones", write(ZONES, GOOD), "--dry-run")
    assert result.exit_code == 0
    assert result.stdout == "新增 1　更新 0　未变 0　拒绝 0\n这是试运行，没有写入。\n"
    assert zones(session) == []


def test_notices_are_shown(alliance: Alliance, write: Write) -> None:
    result = alliance("zones", write(f"{ZONES},备注", f"{STREET},德胜街道,{CITY},x"))
    assert result.stdout.splitlines()[1:] == [
        "注意：以下列用不到，没有读取：备注",
        f"注意：第 2 行：找不到上级 {CITY}，『德胜街道』成为最上级",
    ]


def test_twenty_rejects_are_shown_and_the_rest_counted(alliance: Alliance, write: Write) -> None:
    lines = alliance(
        "zones", write(ZONES, *[f"x{number},片区,," for number in range(25)])
    ).stdout.splitlines()
    assert lines[0] == "新增 0　更新 0　未变 0　拒绝 25"
    assert [line.split("　")[0] for line in lines[1:21]] == [f"第 {row} 行" for row in range(2, 22)]
    assert lines[21] == "……另有 5 条"


def test_a_long_cell_is_cut_and_control_characters_do_not_reach_the_terminal(
    alliance: Alliance, write: Write
) -> None:
    result = alliance("zones", write(ZONES, f"\x1b[31m{'9' * 50},船营区,"))
    assert "\x1b" not in result.stdout
    assert f"『[31m{'9' * 36}…』" in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("空.csv", b"", "空.csv：文件是空的。请重新导出后再导入。\n"),
        ("假.xlsx", b"not a workbook", "假.xlsx：文件不是有效的 Excel 工作簿，或者已经损坏。"),
        (
            "改名.csv",
            "片区编码,片区名称,上级代码\n".encode(),
            "改名.csv：找不到列『片区代码』，文件里有相近的『片区编码』。",
        ),
    ],
)
def test_an_unreadable_file_is_one_line(
    alliance: Alliance, tmp_path: Path, name: str, content: bytes, line: str
) -> None:
    (tmp_path / name).write_bytes(content)
    result = alliance("zones", tmp_path / name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_not_there(alliance: Alliance) -> None:
    result = alliance("zones", "没有.csv")
    assert (result.exit_code, result.stderr) == (
        1,
        "没有.csv：找不到这个文件，或者没有权限读取。请核对路径和权限。\n",
    )


def test_rejects_that_cannot_be_written(alliance: Alliance, write: Write, tmp_path: Path) -> None:
    result = alliance("zones", write(ZONES, BAD), "--rejects", tmp_path / "没有" / "坏行.csv")
    assert result.exit_code == 1
    assert (
        result.stderr == f"被拒的行无法写到 {tmp_path / '没有' / '坏行.csv'}。请用 --rejects 换一个位置。\n"
    )


def test_rejects_do_not_overwrite_the_file(alliance: Alliance, write: Write) -> None:
    path = write(ZONES, BAD)
    before = path.read_bytes()
    result = alliance("zones", path, "--rejects", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "被拒的行不能写进要导入的文件本身。请用 --rejects 换一个位置。\n"
    assert path.read_bytes() == before


def test_somebody_else_wrote_the_same_meanwhile(
    alliance: Alliance, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_: object, **__: object) -> None:
        raise sa.exc.IntegrityError("INSERT", {}, Exception("duplicate key"))

    monkeypatch.setattr(imports, "run", taken)
    result = alliance("zones", write(ZONES, GOOD))
    assert result.exit_code == 1
    assert result.stderr == "导入期间有别人在写入同样的数据，本次没有写入。请再执行一次。\n"


def test_the_command_itself(database_url: str, session: Session, write: Write, tmp_path: Path) -> None:
    """In a process of its own, where nothing has been imported but what the command imports."""
    result = subprocess.run(
        [sys.executable, "-m", "alliance", "import", "zones", write(ZONES, GOOD)],
        env=environment(database_url, tmp_path / "instance"),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "新增 1　更新 0　未变 0　拒绝 0\n", "")
    assert zones(session) == ["船营区"]


def test_every_kind(alliance: Alliance, session: Session, write: Write) -> None:
    header = "统一社会信用代码,优惠编号,优惠名称,类型,折扣"
    files = {
        "zones": (ZONES, GOOD),
        "enterprises": (ENTERPRISES, f"{BAKERY},面包房,{CITY}"),
        "outlets": (OUTLETS, f"1,总店,{BAKERY},{CITY}"),
        "roster": (ROSTER, f"{BAKERY},001,王喆,13800000001,,在职"),
        "offers": (header, f"{BAKERY},A-1,面包,折扣,9"),
        "redemptions": (REDEMPTIONS, f"1,2026-10-05 18:30,{BAKERY},001,1,2000,300,1700"),
    }
    for kind, lines in files.items():
        result = alliance(kind, write(*lines))
        assert (result.exit_code, result.stdout) == (0, "新增 1　更新 0　未变 0　拒绝 0\n"), kind
    assert set(files) == set(imports.import_group.commands)
    approvals = sa.select(sa.func.count()).select_from(OfferApproval)
    assert session.scalar(approvals) == 1  # 历史数据
    assert alliance("offers", write(*files["offers"]), "--approve").stdout.startswith("新增 0　更新 1")
    session.rollback()
    assert session.scalar(approvals) == 2
