"""Deriving periods: what is kept is what the facts say, or it is not kept."""

from datetime import timedelta
from uuid import uuid4

import pytest

from alliance.circulation.coverage import derived_periods
from alliance.circulation.derive import derive, forget, pending_months
from alliance.circulation.derive_periods import derive_period, keep, pending_periods, prepare
from alliance.circulation.periods import PeriodKind, containing, text_of
from alliance.circulation.report import report
from alliance.circulation.tables import EVERYBODY, tables, tables_of_facts
from alliance.clock import business_date, month_of
from alliance.redemptions.marks import mark_if_late
from alliance.redemptions.models import DirtyMark
from alliance.store import Session, for_writing, make_engine, new_id, sessionmaker_for
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    world = World(session)
    for day in range(4):
        world.redeem(1000 + day, at=world.later(days=-30 * day))
        world.redeem(500, holder=world.milkman, offer="WASH", outlet=world.garage_hall)
    session.commit()
    return world


def days_derived(world: World, later):
    for month in pending_months(world.session, later):
        derive(world.session, month, later)
    world.session.commit()


def test_only_what_is_over_is_pending_the_months_first(world):
    later = world.later(days=1)
    days_derived(world, later)
    pending = [text_of(period) for period in pending_periods(world.session, later)]
    months = [f"2025-{month:02d}" for month in range(1, 13)] + ["2026-01", "2026-02"]
    assert pending == [*months, "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2025"]


def test_what_was_kept_is_read_and_equals_the_facts(world):
    later = world.later(days=400)
    days_derived(world, later)
    for period in pending_periods(world.session, later):
        assert keep(world.session, prepare(world.session, period), later)
    world.session.commit()
    assert pending_periods(world.session, later) == []
    for kind in (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR):
        period = containing(kind, business_date(world.at))
        assert period in derived_periods(world.session, period.span)
        assert tables(world.session, period) == tables_of_facts(world.session, period)
        before = report(world.session, period.span, world.east)
        world.session.rollback()
        forget(world.session)
        assert report(world.session, period.span, world.east) == before
        world.session.rollback()


def test_a_fact_that_comes_in_between_is_not_missed(world):
    later = world.later(days=40)
    days_derived(world, later)
    month = containing(PeriodKind.MONTH, business_date(world.at))
    prepared = prepare(world.session, month)
    world.redeem(100, id_=uuid4())
    mark_if_late(world.session, business_date(world.at), later)
    world.session.commit()
    assert not keep(world.session, prepared, later)
    world.session.rollback()
    # Nor when another rebuild has already taken the mark away.
    days_derived(world, later)
    assert not keep(world.session, prepared, later)
    world.session.rollback()
    assert keep(world.session, prepare(world.session, month), later)
    assert tables(world.session, month).flows[EVERYBODY, EVERYBODY].redemptions == 6


def test_a_marked_period_waits_for_its_days(world):
    later = world.later(days=40)
    days_derived(world, later)
    world.session.add(DirtyMark(business_date=business_date(world.at), id=new_id()))
    world.session.commit()
    month = containing(PeriodKind.MONTH, business_date(world.at))
    assert month not in pending_periods(world.session, later)
    assert not keep(world.session, prepare(world.session, month), later)


def test_a_rebuilt_day_takes_its_periods_with_it(world):
    later = world.later(days=400)
    days_derived(world, later)
    for period in pending_periods(world.session, later):
        keep(world.session, prepare(world.session, period), later)
    day = business_date(world.at)
    world.session.add(DirtyMark(business_date=day, id=new_id()))
    world.session.commit()
    derive(world.session, month_of(day), later)
    world.session.commit()
    pending = [text_of(period) for period in pending_periods(world.session, later)]
    assert pending == ["2026-03", "2026-Q1", "2026"]


def test_in_two_transactions(world, database_url):
    later = world.later(days=40)
    days_derived(world, later)
    engine = make_engine(database_url)
    month = containing(PeriodKind.MONTH, business_date(world.at) - timedelta(days=31))
    assert derive_period(sessionmaker_for(engine), month, later)
    engine.dispose()
    assert month in derived_periods(world.session, month.span)
