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
from alliance.cli import main
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


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "2026-01-02", "--to", "2026-01-01"],
        ["--from", "2026-13-01", "--to", "2026-01-01"],
        ["--from", "0001-01-01", "--to", "9999-12-31"],
        ["--from", "2026-01-01"],
        ["--from", "2026-01-01", "--to", "2026-01-01", "--zone", "000000000000"],
    ],
)
def test_what_cannot_be_meant_ends_in_a_line(world: World, alliance, arguments: list[str]) -> None:
    for command in ("report", "flow"):
        result = alliance("circulation", command, *arguments)
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
