"""`alliance circulation` and `alliance verify`: what they print, and how they end."""

import csv
import json
import subprocess
import sys
import weakref
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from alliance import clock
from alliance.accounts.tokens import create_token
from alliance.audit.heads import append_heads
from alliance.audit.seal import seal
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.findings import Finding
from alliance.circulation.listing import TableName
from alliance.circulation.periods import PeriodKind, containing, text_of
from alliance.cli import main
from alliance.cli.circulation import _change
from alliance.cli.verify import Status
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.store import Session, for_writing, new_id
from tests.audit.trail import unguard
from tests.processes import environment
from tests.world import World


@pytest.fixture
def alliance(database_url, tmp_path, monkeypatch):
    for name, value in environment(database_url, tmp_path / "instance").items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def world(session: Session) -> World:
    """Two redemptions three days ago."""
    for_writing(session)
    world = World(session, clock.now())
    at = world.later(days=-3)
    world.redeem(10000, at=at)
    world.redeem(500, at=at, holder=world.milkman, offer="WASH", outlet=world.garage_hall)
    session.commit()
    return world


def period(world: World, **options: object) -> list[object]:
    day = clock.business_date(world.later(days=-3))
    pairs = {"--from": day, "--to": day, **{f"--{name}": value for name, value in options.items()}}
    return [part for pair in pairs.items() for part in pair]


def test_a_report_in_three_forms(world: World, alliance) -> None:
    figures = json.loads(alliance("circulation", "report", *period(world, format="json")).stdout)
    assert (figures["redemptions"], figures["paid_fen"]) == (2, 8250)
    rows = list(
        csv.reader(alliance("circulation", "report", *period(world, format="csv")).stdout.splitlines())
    )
    assert rows[0] == ["指标", "数值"]
    assert dict(rows[1:]).keys() == figures.keys()
    assert ["paid_fen", "8250"] in rows
    table = alliance("circulation", "report", *period(world)).stdout
    assert "净核销额" in table
    assert "¥82.50" in table


def test_a_zone_means_its_outlets(world: World, alliance) -> None:
    def paid(code: str) -> int:
        return json.loads(alliance("circulation", "report", *period(world, format="json", zone=code)).stdout)[
            "paid_fen"
        ]

    assert [paid(zone.code) for zone in (world.root, world.east, world.west)] == [8250, 8000, 250]


def test_the_flow(world: World, alliance) -> None:
    flow = json.loads(alliance("circulation", "flow", *period(world, format="json")).stdout)
    assert flow == {
        "zones": [world.east.code, world.west.code],
        "rows_holder_zone_columns_outlet_zone": [[0, 250], [8000, 0]],
    }
    assert "德胜街道" in alliance("circulation", "flow", *period(world)).stdout
    rows = list(csv.reader(alliance("circulation", "flow", *period(world, format="csv")).stdout.splitlines()))
    assert rows[2] == [world.west.code, "8000", "0"]


def test_a_period_is_written_in_one_word(world: World, alliance) -> None:
    day = clock.business_date(world.later(days=-3))
    wanted = alliance("circulation", "report", *period(world, format="json")).stdout
    assert alliance("circulation", "report", "--period", day, "--format", "json").stdout == wanted
    year = json.loads(alliance("circulation", "report", "--period", day.year, "--format", "json").stdout)
    assert year["paid_fen"] == 8250


def test_the_axis_is_whose_zone_counts(world: World, alliance) -> None:
    east = period(world, format="json", zone=world.east.code, axis="holder")
    figures = json.loads(alliance("circulation", "report", *east).stdout)
    assert (figures["paid_fen"], figures["entitled_holders"], figures["participation_rate"]) == (250, 1, 1.0)


def test_what_stands_around_is_printed_with_it(world: World, alliance) -> None:
    figures = json.loads(alliance("circulation", "report", *period(world, format="json")).stdout)
    assert (figures["entitled_holders"], figures["participation_rate"]) == (3, 2 / 3)
    table = alliance("circulation", "report", *period(world)).stdout
    assert "参与率" in table
    assert "0.6667" in table


def test_a_comparison_has_the_period_before_and_the_year_before(world: World, alliance) -> None:
    day = clock.business_date(world.later(days=-3))
    month = text_of(containing(PeriodKind.MONTH, day))
    arguments = ("circulation", "report", "--period", month, "--compare")
    found = json.loads(alliance(*arguments, "--format", "json").stdout)
    before, year_ago = (found[name] for name in ("previous", "year_before"))
    assert (found["paid_fen"], before["figures"]["paid_fen"], year_ago["figures"]["paid_fen"]) == (8250, 0, 0)
    assert year_ago["period"] == f"{day.year - 1}-{day.month:02d}"
    rows = list(csv.reader(alliance(*arguments, "--format", "csv").stdout.splitlines()))
    assert rows[0] == ["指标", "数值", "上期", "上年同期"]
    assert ["paid_fen", "8250", "0", "0"] in rows
    later = alliance("circulation", "report", *period(world), "--compare").stdout
    assert "同比" in later
    assert "环比" in later


def test_a_change_is_a_part_of_what_was_before() -> None:
    assert [_change(3, 2), _change(1, 2), _change(1, 0), _change(None, 1)] == ["+50.0%", "-50.0%", "—", "—"]


def test_every_table_in_three_forms(world: World, alliance) -> None:
    month = text_of(containing(PeriodKind.MONTH, clock.business_date(world.later(days=-3))))
    for name in TableName:
        for asked in (["--period", month], period(world)):
            arguments = ("circulation", "table", "--table", name, *asked)
            rows = json.loads(alliance(*arguments, "--format", "json").stdout)
            assert rows
            assert max(row["paid_fen"] for row in rows) in {8250, 8000}
            assert all(row["holders"] for row in rows)
            lines = list(csv.reader(alliance(*arguments, "--format", "csv").stdout.splitlines()))
            assert [lines[0]] * len(rows) == [list(row) for row in rows]
            assert [[str(cell) for cell in row.values()] for row in rows] == lines[1:]
            table = alliance(*arguments).stdout
            assert "净核销额" in table
            assert "¥80.00" in table


def test_a_table_names_what_it_is_of(world: World, alliance) -> None:
    def rows(name: str, **options: object) -> list[dict[str, object]]:
        arguments = period(world, format="json", table=name, **options)
        return json.loads(alliance("circulation", "table", *arguments).stdout)

    assert rows("outlets", zone=world.east.code) == [
        {
            "zone": world.east.code,
            "merchant": world.dairy.credit_code,
            "merchant_name": world.dairy.name,
            "outlet": "D1",
            "outlet_name": "乳业直营店",
            "redemptions": 1,
            "gross_fen": 10000,
            "discount_fen": 2000,
            "paid_fen": 8000,
            "holders": 1,
        }
    ]
    east, west = world.east.code, world.west.code
    assert [row["employer"] for row in rows("enterprises", zone=east)] == [world.garage.credit_code]
    own = rows("enterprises", zone=east, axis="holder")
    assert [row["employer"] for row in own] == [world.dairy.credit_code]
    bought = rows("merchants", zone=east, axis="holder")
    assert [row["merchant"] for row in bought] == [world.garage.credit_code]
    assert [row["merchant"] for row in rows("merchants", zone=east)] == [world.dairy.credit_code]
    flows = [(row["holder_zone"], row["outlet_zone"], row["paid_fen"]) for row in rows("flows")]
    assert flows == [(east, west, 250), (west, east, 8000)]
    assert len(rows("zone-flows")) == 2 * 2 + 2 * 2 + 1 - 2
    assert [row["zone"] for row in rows("zones", zone=west)] == [west]
    for name, options in (("offers", {}), ("outlets", {"axis": "holder"})):
        result = alliance("circulation", "table", *period(world, table=name, zone=east, **options))
        assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "2026-01-02", "--to", "2026-01-01"],
        ["--from", "2026-13-01", "--to", "2026-01-01"],
        ["--from", "0001-01-01", "--to", "9999-12-31"],
        ["--from", "2026-01-01"],
        ["--from", "2026-01-01", "--to", "2026-01-01", "--zone", "000000000000"],
        ["--period", "2026-13"],
        ["--period", "2026-01", "--from", "2026-01-01", "--to", "2026-01-31"],
        ["--period", "2026-01", "--axis", "both"],
    ],
)
def test_what_cannot_be_meant_ends_in_a_line(world: World, alliance, arguments: list[str]) -> None:
    for command in (["report"], ["flow"], ["table", "--table", "zones"]):
        result = alliance("circulation", *command, *arguments)
        assert result.exit_code in (1, 2)
        assert "Traceback" not in result.output
        assert result.stdout == ""


def test_rebuild_and_verify(world: World, alliance, session: Session) -> None:
    assert alliance("verify").exit_code == 0
    assert alliance("circulation", "rebuild").exit_code == 0
    assert alliance("verify").exit_code == 0
    session.execute(text("UPDATE day_flows SET paid_fen = paid_fen + 1"))
    session.commit()
    result = alliance("verify")
    assert result.exit_code == 1
    assert "✗ derived_day" in result.stdout
    assert "✓ redemption_digest" in result.stdout
    alliance("circulation", "rebuild")
    assert alliance("verify").exit_code == 0


def test_verify_prints_what_it_finds_at_once_and_lets_it_go(world: World, alliance, monkeypatch) -> None:
    def finds(_session: Session):
        kept = []
        for number in range(5000):
            finding = Finding("derived_day", f"day {number}", 1, 2)
            kept.append(weakref.ref(finding))
            yield finding
            del finding
            # The loop that prints holds one, and this generator none.
            assert sum(ref() is not None for ref in kept[-10:]) <= 1

    monkeypatch.setattr("alliance.cli.verify.INVARIANTS", {"derived_day": finds})
    result = alliance("verify")
    assert result.exit_code == 1
    assert "✗ derived_day\n  derived_day: day 0\n" in result.stdout
    assert "  derived_day: day 4999\n" in result.stdout
    assert "共 5000 处 / 5000 in all" in result.stdout


def test_verify_says_how_far_it_has_come(world: World, alliance, monkeypatch) -> None:
    monkeypatch.setattr(Status, "EVERY", 0)
    assert "redemption_digest" not in alliance("verify").stderr
    told = alliance("verify", "--progress").stderr
    for rows in range(3):
        assert f"… redemption_digest  {rows} 行" in told
    assert "… redemption_digest  3 行" not in told


def test_verify_holds_the_chain_against_the_heads_beside_the_database(
    world: World, alliance, session: Session, tmp_path
) -> None:
    seal(session, world.later(days=-2))
    session.commit()
    heads = tmp_path / "instance" / "audit-heads.jsonl"
    append_heads(session, heads, world.at)
    session.rollback()
    done = alliance("verify")
    assert (done.exit_code, "1 heads" in done.stderr) == (0, True)
    unguard(session)
    for table, column in (("audit_entries", "seal_number"), ("audit_seals", "number")):
        session.execute(text(f"DELETE FROM {table} WHERE {column} = 1"))
    session.commit()
    done = alliance("verify")
    assert done.exit_code == 1
    assert "audit_chain: head of " in done.stdout
    # Whoever takes the file away as well has to take the copies of it, too.
    copy = heads.rename(tmp_path / "copy.jsonl")
    assert "✓ audit_chain" in alliance("verify").stdout
    assert "audit_chain: head of " in alliance("verify", "--heads", copy).stdout


def test_verify_in_a_process_of_its_own(world: World, session: Session, database_url: str, tmp_path) -> None:
    """As an operator calls it: with nothing imported but what the command imports."""
    token, _ = create_token(
        session, "till", world.dairy.id, world.dairy_shop.id, None, COMMAND_LINE, world.at
    )
    session.flush()
    counter = replace(world.counter(), token_id=token.id)
    order = Order(new_id(), "MILK", 1000)
    redeem_at_once(session, world.keyring, counter, world.shown().text, order, world.at)
    session.commit()
    done = subprocess.run(
        [sys.executable, "-m", "alliance", "verify"],
        env=environment(database_url, tmp_path / "instance"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_month_in_official_words_and_as_a_workbook(world: World, alliance, tmp_path) -> None:
    month = f"{clock.business_date(world.later(days=-3)):%Y-%m}"
    path = tmp_path / "report.xlsx"
    result = alliance("circulation", "monthly", "--month", month, "--output", path)
    assert result.exit_code == 0, result.output
    assert "全联盟共核销2笔，净核销额82.50元" in result.stdout
    assert path.read_bytes().startswith(b"PK")
    of_zone = alliance("circulation", "monthly", "--month", month, "--zone", world.east.code)
    assert "德胜街道共核销1笔，净核销额80.00元" in of_zone.stdout


@pytest.mark.parametrize("text", ["2026-13", "2026-W10", "2026-03-04", "March"])
def test_no_monthly_report_of_anything_else(alliance, text: str) -> None:
    result = alliance("circulation", "monthly", "--month", text)
    assert result.exit_code == 2
    assert "2026-03" in result.stderr
    assert "Traceback" not in result.output


def test_a_monthly_report_of_a_zone_that_is_not_there(world: World, alliance) -> None:
    result = alliance("circulation", "monthly", "--month", "2026-03", "--zone", "999999999999")
    assert result.exit_code == 1
