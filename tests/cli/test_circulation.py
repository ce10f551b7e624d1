"""`alliance circulation` and `alliance verify`: what they print, and how they end."""

import csv
import json
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from alliance import clock
from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.cli import main
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.store import Session, for_writing, new_id
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
    session.execute(text("UPDATE day_figures SET paid_fen = paid_fen + 1"))
    session.commit()
    result = alliance("verify")
    assert result.exit_code == 1
    assert "✗ derived_day" in result.stdout
    assert "✓ redemption_digest" in result.stdout
    alliance("circulation", "rebuild")
    assert alliance("verify").exit_code == 0


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
