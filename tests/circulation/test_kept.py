"""Monthly reports that are kept: by the worker once a month, by hand as often as somebody wants."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from alliance.accounts.grants import find_or_create_account
from alliance.audit.models import AuditEntry
from alliance.audit.trail import Actor
from alliance.circulation.kept import due, keep, keep_by_worker, kept_of
from alliance.circulation.models import MonthlyReport
from alliance.circulation.monthly import Monthly, monthly
from alliance.circulation.periods import Period, parse
from alliance.circulation.scope import EVERYWHERE, Scope
from alliance.circulation.workbook import workbook_of
from alliance.clock import SHANGHAI
from alliance.store import Session, for_writing, one_snapshot
from tests.world import World

APRIL = datetime(2026, 4, 3, 4, 0, tzinfo=UTC)
MARCH = parse("2026-03")


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    for number in range(5):
        world.redeem(holder=world.employee(world.garage, f"1{number}", "员工", f"+861380000010{number}"))
    session.commit()
    return world


def made(
    session: Session, period: Period = MARCH, scope: Scope = EVERYWHERE, *, sees_all: bool = False
) -> Monthly:
    session.rollback()
    with one_snapshot(session):
        return monthly(session, period, scope, APRIL, sees_all=sees_all)


def test_what_was_reported_stays(world: World, session: Session) -> None:
    by = Actor(find_or_create_account(session, "+8613900000001", "王主任", APRIL).id)
    session.commit()
    first = made(session)
    keep(session, first, by)
    session.commit()
    world.redeem()
    session.commit()
    keep(session, made(session), by)
    session.commit()
    again, kept = kept_of(session, MARCH.first, None)
    assert (kept.figures["redemptions"], again.figures["redemptions"]) == (5, 6)
    assert kept.figures == dict(first.compared.now.figures)
    assert (kept.text, kept.workbook) == (first.text, workbook_of(first))
    assert (kept.month, kept.made_at, kept.made_by_id) == (date(2026, 3, 1), APRIL, by.account_id)


def test_who_kept_it_is_on_record(world: World, session: Session) -> None:
    by = Actor(find_or_create_account(session, "+8613900000001", "王主任", APRIL).id, "192.0.2.1")
    session.commit()
    keep(session, made(session, scope=Scope(world.east)), by)
    session.commit()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "report.keep")).one()
    assert (entry.account_id, entry.subject, entry.address) == (by.account_id, "month:2026-03", "192.0.2.1")
    assert entry.detail["zone"] == world.east.code
    assert len(entry.detail["digest"]) == 64


def test_each_zone_has_its_own(world: World, session: Session) -> None:
    by = Actor(find_or_create_account(session, "+8613900000001", "王主任", APRIL).id)
    session.commit()
    keep(session, made(session, scope=Scope(world.east)), by)
    session.commit()
    assert kept_of(session, MARCH.first, None) == []
    assert kept_of(session, MARCH.first, world.west) == []
    assert kept_of(session, date(2026, 2, 1), world.east) == []
    assert [report.zone_id for report in kept_of(session, MARCH.first, world.east)] == [world.east.id]


@pytest.mark.parametrize(("period", "sees_all"), [("2026-Q1", False), ("2026-03", True)])
def test_only_a_month_and_only_as_everybody_may_see_it(
    world: World, session: Session, period: str, sees_all: bool
) -> None:
    report = made(session, parse(period), sees_all=sees_all)
    with pytest.raises(ValueError, match="kept"):
        keep(session, report, Actor(1))


def test_the_worker_keeps_one_of_a_month(world: World, session: Session) -> None:
    by = Actor(find_or_create_account(session, "+8613900000001", "王主任", APRIL).id)
    session.commit()
    keep(session, made(session), by)
    session.commit()
    assert due(session, 3, APRIL) == MARCH, "what was made by hand is no reason to leave it out"
    assert keep_by_worker(session, made(session))
    session.commit()
    assert due(session, 3, APRIL) is None
    assert not keep_by_worker(session, made(session))
    session.commit()
    by_worker = select(MonthlyReport).where(MonthlyReport.made_by_id.is_(None))
    assert len(session.scalars(by_worker).all()) == 1
    kept = select(AuditEntry).where(AuditEntry.action == "report.keep", AuditEntry.account_id.is_(None))
    assert len(session.scalars(kept).all()) == 1


@pytest.mark.parametrize(
    ("day", "moment", "month"),
    [
        (3, datetime(2026, 4, 2, 23, 59, tzinfo=SHANGHAI), None),
        (3, datetime(2026, 4, 3, 0, 0, tzinfo=SHANGHAI), "2026-03"),
        # A worker that stood still on the third makes it later.
        (3, datetime(2026, 4, 30, 23, 0, tzinfo=SHANGHAI), "2026-03"),
        (3, datetime(2026, 1, 3, 0, 0, tzinfo=SHANGHAI), "2025-12"),
        (1, datetime(2026, 5, 1, 0, 0, tzinfo=SHANGHAI), "2026-04"),
        (0, datetime(2026, 4, 30, 0, 0, tzinfo=SHANGHAI), None),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_when_it_is_due(session: Session, day: int, moment: datetime, month: str | None) -> None:
    assert due(session, day, moment) == (parse(month) if month else None)


def test_a_writing_session_keeps_too(world: World, session: Session) -> None:
    report = made(session)
    session.rollback()
    for_writing(session)
    assert keep_by_worker(session, report)
    session.commit()
