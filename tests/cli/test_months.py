"""`alliance month`: what it prints, and how it ends."""

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from alliance import clock
from alliance.cli import main
from alliance.clock import business_date, month_of
from alliance.redemptions.models import MonthClosing, MonthReopening
from alliance.store import Session, for_writing
from tests.processes import environment
from tests.world import World


@pytest.fixture
def alliance(database_url, tmp_path, monkeypatch):
    for name, value in environment(database_url, tmp_path / "instance").items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["month", *arguments])

    return run


@pytest.fixture
def month(session: Session) -> str:
    """A month that is over, with one redemption."""
    for_writing(session)
    at = clock.start_of(month_of(business_date(clock.now())))
    world = World(session, at)
    before = world.later(days=-20)
    world.redeem(10000, at=before)
    session.commit()
    return f"{business_date(before):%Y-%m}"


def test_listing_closing_and_reopening(session: Session, month: str, alliance) -> None:
    assert f"{month}\topen\t1+0\t¥100.00\t¥20.00\t¥80.00" in alliance("list").stdout
    closed = alliance("close", month)
    assert closed.exit_code == 0
    assert f"{month} 已结账 / closed: r1, ¥80.00" in closed.stdout
    assert f"{month}\tclosed r1\t1+0\t¥100.00\t¥20.00\t¥80.00" in alliance("list").stdout
    assert alliance("reopen", month, "--reason", "漏记").exit_code == 0
    assert session.scalars(select(MonthReopening.reason)).all() == ["漏记"]
    session.rollback()
    assert "r2" in alliance("close", month).stdout
    assert session.scalars(select(MonthClosing.closed_by_id)).all() == [None, None]


def test_what_stands_in_the_way_is_one_line(session: Session, month: str, alliance) -> None:
    current = f"{month_of(business_date(clock.now())):%Y-%m}"
    for arguments, words in (
        (("close", current), f"{current} 还没有结束"),
        (("close", "2001-01"), f"账从 {month} 开始"),
        (("reopen", month, "--reason", "漏记"), f"{month} 没有结账"),
        (("close", "2026-13"), "月份要写成 2026-03 的样子"),
        (("reopen", month, "--reason", " "), "1 to 200 characters"),
        (("reopen", month), "Missing option '--reason'"),
    ):
        result = alliance(*arguments)
        assert result.exit_code in (1, 2)
        assert words in result.stderr.splitlines()[-1]
    alliance("close", month)
    assert f"Error: {month} 已经结账" in alliance("close", month).stderr
    assert len(session.scalars(select(MonthClosing)).all()) == 1
