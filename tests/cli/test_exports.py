"""`alliance export facts`: what is in the file, what is not, and how it gets its name."""

import codecs
import csv
import io
import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation import export
from alliance.circulation.report import report
from alliance.circulation.restate import restate
from alliance.cli import exports, main
from alliance.enterprises.models import Enterprise, Outlet
from alliance.enterprises.placement import move_outlet
from alliance.offers.pricing import Discount
from alliance.people.models import Employment, Holder
from alliance.redemptions.models import Redemption
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing, one_snapshot
from tests.processes import environment
from tests.world import World

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
SUMS = ("uses", "gross_fen", "discount_fen", "paid_fen")


@pytest.fixture
def alliance(database_url, tmp_path, monkeypatch):
    for name, value in environment(database_url, tmp_path / "instance").items():
        monkeypatch.setenv(name, value)

    def run(path: Path, *options: object, first: date = FIRST, last: date = LAST) -> Result:
        arguments = ["export", "facts", "--from", first, "--to", last, "--output", path, *options]
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def world(session: Session) -> World:
    """Six facts in March (one partly, one wholly reversed) at two outlets, one more in April."""
    for_writing(session)
    world = World(session)
    world.redeem(10000)
    partly, wholly = uuid4(), uuid4()
    for id_, gross_fen in ((partly, 3000), (wholly, 2000)):
        world.redeem(gross_fen, at=world.later(hours=1), id_=id_)
    world.redeem(500, holder=world.milkman, offer="WASH", outlet=world.garage_hall, quantity=3)
    undo(world, partly, world.later(days=1), 800)
    undo(world, wholly, world.later(days=1))
    world.redeem(777, at=world.later(days=40))
    session.commit()
    return world


def undo(world: World, id_: Any, at: datetime, refund_fen: int | None = None) -> None:
    authority = Authority.ORGANIZER
    reverse(
        world.session,
        world.counter(),
        uuid4(),
        id_,
        "张喆明来退",
        at,
        authority=authority,
        refund_fen=refund_fen,
    )


def of_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def sums(rows: list[dict[str, Any]]) -> list[int]:
    return [sum(int(row[name]) for row in rows) for name in SUMS]


def reported(session: Session, zone: Any = None) -> list[int]:
    with one_snapshot(session):
        figures = report(session, (FIRST, LAST), zone)
    session.rollback()
    return [figures.redemptions, figures.gross_fen, figures.discount_fen, figures.paid_fen]


def test_both_forms_add_up_to_the_report(world: World, alliance, session: Session, tmp_path) -> None:
    table, columns = tmp_path / "march.csv", tmp_path / "march.parquet"
    assert "已导出 6 行" in alliance(table).stdout
    assert "已导出 6 行" in alliance(columns).stdout
    wanted = reported(session)
    assert wanted[0] == 3
    assert sums(of_csv(table)) == wanted
    assert sums(pyarrow.parquet.read_table(columns).to_pylist()) == wanted
    query = f"SELECT {', '.join(f'sum({name})' for name in SUMS)} FROM '{columns}'"
    assert duckdb.sql(query).fetchall() == [tuple(wanted)]


def test_a_zone_means_its_outlets(world: World, alliance, session: Session, tmp_path) -> None:
    zones = {zone.code: zone for zone in (world.root, world.east, world.west)}
    for code in zones:
        assert alliance(tmp_path / code, "--zone", code).exit_code == 0
    written = [of_csv(tmp_path / code) for code in zones]
    assert [len(rows) for rows in written] == [6, 5, 1]
    assert [sums(rows) for rows in written] == [reported(session, zone) for zone in zones.values()]


def test_what_was_restated_is_exported_as_it_is_counted(
    world: World, alliance, session: Session, tmp_path
) -> None:
    later, zones = world.later(days=3), [zone.code for zone in (world.east, world.west)]
    move_outlet(session, world.dairy_shop, world.west.id, FIRST, later)
    restate(session, (FIRST, LAST), "门店搬迁登记晚了", COMMAND_LINE, later)
    session.commit()
    for code in zones:
        alliance(tmp_path / code, "--zone", code)
    assert [len(of_csv(tmp_path / code)) for code in zones] == [0, 6]
    assert {row["outlet_zone_code"] for row in of_csv(tmp_path / zones[1])} == {zones[1]}
    assert sums(of_csv(tmp_path / zones[1])) == reported(session, world.west)


def test_a_reversal_is_a_negative_row_that_names_its_redemption(world: World, alliance, tmp_path) -> None:
    alliance(tmp_path / "march.csv")
    rows = of_csv(tmp_path / "march.csv")
    # In the order in which things happened.
    assert [row["occurred_at"] for row in rows] == sorted(row["occurred_at"] for row in rows)
    assert all(row["redemption_id"] == row["fact_id"] for row in rows if row["kind"] == "redemption")
    redeemed = {row["fact_id"]: row for row in rows if row["kind"] == "redemption"}
    back = {int(row["paid_fen"]): row for row in rows if row["kind"] == "reversal"}
    partly, wholly = back[-800], back[-1600]
    assert [partly[name] for name in ("uses", "quantity", "gross_fen")] == ["0", "0", "-1000"]
    assert [wholly[name] for name in ("uses", "quantity", "gross_fen")] == ["-1", "-1", "-2000"]
    same = ("merchant_code", "outlet_code", "employer_code", "offer_code", "holder_id", "channel")
    for row in (partly, wholly):
        assert [row[name] for name in same] == [redeemed[row["redemption_id"]][name] for name in same]
        # Given back a day later, but of the day of the redemption.
        assert (row["business_date"], row["occurred_at"][:10]) == ("2026-03-04", "2026-03-05")


def test_a_row_says_who_where_and_what(world: World, alliance, session: Session, tmp_path) -> None:
    alliance(tmp_path / "march.csv")
    alliance(tmp_path / "march.parquet")
    row = next(row for row in of_csv(tmp_path / "march.csv") if row["offer_code"] == "WASH")
    wanted = {
        "kind": "redemption",
        "occurred_at": "2026-03-04T12:00:00.000000+08:00",
        "business_date": "2026-03-04",
        "posted_month": "2026-03-01",
        "merchant_code": world.garage.credit_code,
        "merchant_name": world.garage.name,
        "merchant_category": "",
        "outlet_code": "G1",
        "outlet_name": "车天下展厅",
        "outlet_zone_code": world.west.code,
        "outlet_zone_name": "南京街道",
        "employer_code": world.dairy.credit_code,
        "employer_name": world.dairy.name,
        "employer_zone_code": world.east.code,
        "employer_zone_name": "德胜街道",
        "offer_revision": "1",
        "holder_kind": "employee",
        "quantity": "3",
        "uses": "1",
        "channel": "counter",
    }
    assert {name: row[name] for name in wanted} == wanted
    stored = session.scalars(select(Redemption).where(Redemption.merchant_id == world.garage.id)).one()
    assert row["fact_id"] == str(stored.id)
    [typed] = (
        row
        for row in pyarrow.parquet.read_table(tmp_path / "march.parquet").to_pylist()
        if row["offer_code"] == "WASH"
    )
    assert typed["occurred_at"] == datetime(2026, 3, 4, 4, tzinfo=UTC)
    assert typed["posted_month"] == FIRST
    assert typed["merchant_category"] is None
    assert list(row) == list(typed) == export.SCHEMA.names


def test_nothing_personal_is_in_the_file(world: World, alliance, session: Session, tmp_path) -> None:
    session.execute(update(Employment).values(staff_no=Employment.staff_no + "-4711"))
    tills = {"pos": "收银系统", "terminal": "三号台", "cashier": "刘收银", "receipt_no": "R-20260304"}
    session.execute(update(Redemption).values(**tills))
    session.commit()
    people = session.execute(select(Holder.name, Holder.phone)).all()
    session.rollback()
    said = {part for row in people for part in row} | {phone[3:] for _, phone in people}
    said |= {"4711", "来退", *tills.values()}
    for form in ("csv", "parquet"):
        alliance(tmp_path / f"march.{form}", "--salt", "a")
        alliance(tmp_path / f"plain.{form}")
    for path in (tmp_path / "march.csv", tmp_path / "plain.csv"):
        content = path.read_text("utf-8-sig")
        assert [word for word in said if word in content] == []
    for path in (tmp_path / "march.parquet", tmp_path / "plain.parquet"):
        content = str(pyarrow.parquet.read_table(path).to_pylist())
        assert [word for word in said if word in content] == []
        # Nor beside the columns.
        assert [word for word in said if word.encode() in path.read_bytes()] == []


def test_a_holder_has_one_pseudonym_and_with_a_salt_another(world: World, alliance, tmp_path) -> None:
    names = {}
    for number, salt in enumerate(("", "", "a", "b")):
        path = tmp_path / f"{number}.csv"
        alliance(path, *(["--salt", salt] if salt else []))
        names[number] = [(row["holder_id"], row["fact_id"], row["redemption_id"]) for row in of_csv(path)]
        assert len({holder for holder, _, _ in names[number]}) == 2
        # Rows can be put together inside of a file all the same.
        facts = {fact for _, fact, _ in names[number]}
        assert {redemption for _, _, redemption in names[number]} <= facts
    assert names[0] == names[1]
    words = [{word for row in names[number] for word in row} for number in (0, 2, 3)]
    assert len(set.union(*words)) == sum(map(len, words))
    own_ids = {str(world.mechanic.id), str(world.milkman.id)}
    assert not own_ids & set.union(*words)


def test_no_name_is_a_formula(world: World, alliance, session: Session, tmp_path) -> None:
    evil = '=cmd|"/c calc"!A1'
    session.execute(update(Enterprise).values(name=evil))
    session.execute(update(Outlet).values(name="\t" + evil, code=Outlet.code + "-1"))
    session.execute(update(Outlet).where(Outlet.code == "D1-1").values(code="-1+1"))
    world.live_offer(world.dairy, "@SUM", Discount(pay_permille=900))
    world.redeem(1000, offer="@SUM")
    session.commit()
    alliance(tmp_path / "march.csv")
    alliance(tmp_path / "march.parquet")
    rows = of_csv(tmp_path / "march.csv")
    cells = [cell for row in rows for cell in row.values()]
    amounts = {row[name] for row in rows for name in (*SUMS, "quantity")}
    assert [cell for cell in cells if cell.lstrip().startswith(tuple("=+-@")) and cell not in amounts] == []
    assert {row["merchant_name"] for row in rows} == {f"'{evil}"}
    assert {"'-1+1", "'@SUM"} <= {row["outlet_code"] for row in rows} | {row["offer_code"] for row in rows}
    # Amounts stay numbers.
    assert "-800" in amounts
    # No spreadsheet opens Parquet: what is there is as it is.
    assert pyarrow.parquet.read_table(tmp_path / "march.parquet")["merchant_name"].unique().to_pylist() == [
        evil
    ]


def test_excel_is_told_that_it_is_utf_8(world: World, alliance, tmp_path) -> None:
    alliance(tmp_path / "march.csv")
    assert (tmp_path / "march.csv").read_bytes().startswith(codecs.BOM_UTF8)
    # Programs do not take the mark for a part of the first name.
    assert duckdb.sql(f"SELECT * FROM '{tmp_path / 'march.csv'}'").columns == export.SCHEMA.names


def test_a_file_that_is_there_stays_unless_told(world: World, alliance, tmp_path) -> None:
    path = tmp_path / "march.csv"
    path.write_text("precious")
    refused = alliance(path)
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert path.read_text() == "precious"
    assert alliance(path, "--force").exit_code == 0
    assert len(of_csv(path)) == 6
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_fails_leaves_nothing_behind(
    world: World, alliance, session: Session, tmp_path, monkeypatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.setattr(exports.CsvFile, "write", full_disk)
    done = alliance(here / "march.csv")
    assert (done.exit_code, os.listdir(here)) == (1, [])
    assert "无法写到" in done.stderr
    assert "Traceback" not in done.output
    gone = alliance(tmp_path / "nowhere" / "march.csv")
    assert gone.exit_code == 1
    assert "无法写到" in gone.stderr
    assert trail(session) == []


def full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--zone", "000000000000"], "没有代码为"),
        (["--format", "xlsx"], "--format"),
        (["--from", "2026-04-01"], "起止日期颠倒"),
    ],
)
def test_what_cannot_be_meant_ends_in_a_line(world: World, alliance, tmp_path, options, words) -> None:
    done = alliance(tmp_path / "march.csv", *options)
    assert done.exit_code in (1, 2)
    assert words in done.stderr
    assert not (tmp_path / "march.csv").exists()


def test_somebody_exported_is_in_the_trail(world: World, alliance, session: Session, tmp_path) -> None:
    alliance(tmp_path / "secret-name.parquet", "--zone", world.east.code)
    alliance(tmp_path / "secret-name.csv", "--salt", "geheim")
    period = {"first": "2026-03-01", "last": "2026-03-31"}
    assert trail(session) == [
        period | {"zone": world.east.code, "rows": 5, "salted": False},
        period | {"zone": False, "rows": 6, "salted": True},
    ]


def trail(session: Session) -> list[Any]:
    entries = select(AuditEntry.detail).where(AuditEntry.action == "export.facts").order_by(AuditEntry.id)
    found = list(session.scalars(entries))
    session.rollback()
    return found


def test_memory_holds_a_batch(world: World, alliance, session: Session, tmp_path, monkeypatch) -> None:
    """However many facts there are: rows are fetched, made into columns and written a few at a time."""
    monkeypatch.setattr(export, "BATCH", 2)
    monkeypatch.setattr(exports, "ROW_GROUP", 4)
    path, written = tmp_path / "march.parquet", []
    write = exports.ParquetFile.write

    def watched(self: exports.ParquetFile, batch: Any) -> None:
        write(self, batch)
        written.append((batch.num_rows, sum(one.num_rows for one in self._batches)))

    monkeypatch.setattr(exports.ParquetFile, "write", watched)
    assert "6 行" in alliance(path).stdout
    assert written == [(2, 2), (2, 0), (2, 2)]
    about = pyarrow.parquet.ParquetFile(path).metadata
    assert [about.row_group(number).num_rows for number in range(about.num_row_groups)] == [4, 2]
    assert about.row_group(0).column(3).compression == "ZSTD"
    assert sums(pyarrow.parquet.read_table(path).to_pylist()) == reported(session)


def test_a_period_without_facts_is_a_table_without_rows(world: World, alliance, tmp_path) -> None:
    for name in ("empty.csv", "empty.parquet"):
        done = alliance(tmp_path / name, first=date(1, 1, 1), last=date(2020, 1, 1))
        assert (done.exit_code, "已导出 0 行" in done.stdout) == (0, True)
    assert (tmp_path / "empty.csv").read_text("utf-8-sig").count("\n") == 1
    assert pyarrow.parquet.read_table(tmp_path / "empty.parquet").schema.names == export.SCHEMA.names
    # However long it is: days without facts are not walked through.
    assert (
        "已导出 7 行" in alliance(tmp_path / "all.csv", first=date(1, 1, 1), last=date(9999, 12, 31)).stdout
    )
