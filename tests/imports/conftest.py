"""Files on disk, imported at a fixed moment, and a small world for them to be compared with."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from alliance.audit.trail import COMMAND_LINE
from alliance.imports import enterprises, outlets, roster, zones
from alliance.imports.run import Import, Kind, run
from alliance.store import Session
from tests.imports.sheets import (
    AT,
    BAKERY,
    CITY,
    ENTERPRISES,
    FACTORY,
    HOTEL,
    OUTLETS,
    ROSTER,
    STREET,
    TOWN,
    ZONES,
    Bring,
    Write,
    problems,
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes ``header`` and rows as a file: texts line by line, in any encoding."""

    def write(header: str, *rows: str, name: str = "导入.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("".join(f"{line}\r\n" for line in (header, *rows)).encode(encoding))
        return path

    return write


@pytest.fixture
def bring(session: Session, write: Write) -> Bring:
    """Imports rows of a kind, in the test's own session."""

    def bring(kind: Kind[Any], header: str, *rows: str, at: datetime = AT, **options: Any) -> Import:
        return run(session, kind, write(header, *rows), at, COMMAND_LINE, **options)

    return bring


@pytest.fixture
def world(bring: Bring) -> None:
    """A city with a street and a town; a factory in the street with two employees; a bakery and a hotel."""
    jobs = (
        bring(zones.KIND, ZONES, f"{CITY},船营区,", f"{STREET},德胜街道,{CITY}", f"{TOWN},大绥河镇,{CITY}"),
        bring(
            enterprises.KIND,
            ENTERPRISES,
            f"{FACTORY},吉林市制造有限公司,{STREET}",
            f"{BAKERY},老面包房,{TOWN}",
            f"{HOTEL},江畔酒店,{STREET}",
        ),
        bring(
            outlets.KIND,
            OUTLETS,
            f"1,面包房总店,{BAKERY},{TOWN}",
            f"2,面包房分店,{BAKERY},{STREET}",
            f"9,酒店餐厅,{HOTEL},{STREET}",
        ),
        bring(
            roster.KIND,
            ROSTER,
            f"{FACTORY},001,王喆,13800000001,车间,在职",
            f"{FACTORY},002,李㛃,13800000002,财务,在职",
            f"{HOTEL},001,赵云,13800000003,前厅,在职",
        ),
    )
    assert [problems(job) for job in jobs] == [[], [], [], []]
