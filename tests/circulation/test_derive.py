"""Deriving: figures are exact at every moment, also while days are rebuilt and late facts arrive."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier, Event
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select

from alliance.circulation.coverage import coverage
from alliance.circulation.derive import derive, forget, pending_months
from alliance.circulation.derive_periods import keep, pending_periods, prepare
from alliance.circulation.models import DayFlow, DerivedPeriod, PeriodFlow
from alliance.circulation.report import report
from alliance.circulation.verify import INVARIANTS
from alliance.clock import business_date, month_of, next_month
from alliance.offers.pricing import Discount
from alliance.redemptions.marks import mark_if_late
from alliance.redemptions.models import DirtyMark, Redemption, Reversal
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing, make_engine, one_snapshot, sessionmaker_for
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    world = World(session)
    session.commit()
    return world


def derive_all(session: Session, at: datetime) -> None:
    for month in pending_months(session, at):
        derive(session, month, at)
    session.commit()
    for period in pending_periods(session, at):
        keep(session, prepare(session, period), at)
    session.commit()


def whole(world: World, days: int = 40):
    """The figures of everything, with the findings of verify."""
    first = business_date(world.at) - timedelta(days=days)
    with one_snapshot(world.session):
        figures = report(world.session, (first, business_date(world.at) + timedelta(days=days)))
    findings = [finding for invariant in INVARIANTS.values() for finding in invariant(world.session)]
    world.session.rollback()
    assert findings == []
    return figures


def test_derived_or_live_the_figures_are_the_same(world: World) -> None:
    world.redeem(10000)
    world.redeem(500, holder=world.milkman, offer="WASH", outlet=world.garage_hall)
    world.redeem(700, holder=world.milkman)
    world.session.commit()
    live = whole(world)
    derive_all(world.session, world.later(days=40))
    assert world.session.scalar(select(func.count()).select_from(DayFlow)) == 3
    assert world.session.scalar(select(func.count()).select_from(DerivedPeriod)) == 4
    assert world.session.scalar(select(func.count()).select_from(PeriodFlow)) > 0
    world.session.rollback()
    assert whole(world) == live
    assert (live.redemptions, live.paid_fen, live.active_holders) == (3, 8000 + 250 + 560, 2)
    assert live.same_zone_paid_fen == 560
    assert live.same_enterprise_paid_fen == 560
    assert live.enterprise_reciprocal_fen == 2 * 250


def test_today_is_never_derived(world: World) -> None:
    world.redeem(10000)
    world.session.commit()
    derive_all(world.session, world.later(hours=1))
    today = business_date(world.at)
    assert coverage(world.session, (today, today)).live_days == [(today, today)]
    world.session.rollback()
    assert whole(world).paid_fen == 8000


def test_a_late_fact_is_seen_before_and_after_the_rebuild(world: World) -> None:
    world.redeem(10000)
    world.session.commit()
    later = world.later(days=5)
    derive_all(world.session, later)
    id_ = uuid4()
    world.redeem(1000, id_=id_)
    mark_if_late(world.session, business_date(world.at), later)
    world.session.commit()
    assert whole(world).paid_fen == 8800
    derive_all(world.session, later)
    assert whole(world).paid_fen == 8800
    reverse(
        world.session,
        world.counter(),
        uuid4(),
        id_,
        "退货",
        later,
        refund_fen=300,
        authority=Authority.MERCHANT,
    )
    world.session.commit()
    assert world.session.scalar(select(func.count()).select_from(DirtyMark)) == 1
    world.session.rollback()
    assert whole(world).paid_fen == 8500
    derive_all(world.session, later)
    assert world.session.scalar(select(func.count()).select_from(DirtyMark)) == 0
    world.session.rollback()
    assert (whole(world).paid_fen, whole(world).redemptions) == (8500, 2)


def test_a_void_takes_the_person_away_too(world: World) -> None:
    id_ = uuid4()
    world.redeem(10000, id_=id_)
    world.redeem(10000, holder=world.salesman)
    world.session.commit()
    assert whole(world).active_holders == 2
    reverse(world.session, world.counter(), uuid4(), id_, "按错", world.at, authority=Authority.MERCHANT)
    world.session.commit()
    figures = whole(world)
    assert (figures.redemptions, figures.active_holders, figures.paid_fen) == (1, 1, 8000)


def test_rebuilding_from_nothing_gives_the_same(world: World) -> None:
    for day in range(35):
        world.redeem(1000 + day, at=world.later(days=-day))
    world.session.commit()
    live = whole(world)
    derive_all(world.session, world.later(days=1))
    assert whole(world) == live
    forget(world.session)
    world.session.commit()
    assert whole(world) == live
    derive_all(world.session, world.later(days=1))
    assert whole(world) == live


def test_todays_mark_waits_for_tomorrow(world: World) -> None:
    """Else the worker would rebuild the month every minute until midnight."""
    evening = world.at.replace(hour=15, minute=55)
    world.redeem(at=evening)
    world.session.commit()
    assert world.session.scalar(select(func.count()).select_from(DirtyMark)) == 1
    world.session.rollback()
    assert pending_months(world.session, evening) == []
    world.session.rollback()
    assert whole(world).paid_fen == 8000
    derive_all(world.session, world.later(days=1))
    assert world.session.scalar(select(func.count()).select_from(DirtyMark)) == 0


def test_a_zone_sees_its_outlets_only_derived_or_live(world: World) -> None:
    world.redeem(10000)
    world.redeem(500, holder=world.milkman, offer="WASH", outlet=world.garage_hall)
    world.redeem(900, outlet=world.dairy_kiosk)
    world.session.commit()
    month = month_of(business_date(world.at))
    period = (month, next_month(month) - timedelta(days=1))
    zones = (world.root, world.east, world.west)

    def by_zone():
        with one_snapshot(world.session):
            found = [report(world.session, period, zone) for zone in zones]
        world.session.rollback()
        return found

    live = by_zone()
    assert [figures.paid_fen for figures in live] == [8000 + 250 + 720, 8000, 250 + 720]
    assert [figures.cross_enterprise_paid_fen for figures in live] == [8970, 8000, 970]
    derive_all(world.session, world.later(days=40))
    assert coverage(world.session, period).live_for_flows == []
    world.session.rollback()
    assert by_zone() == live


def test_a_period_full_of_gaps_is_read_live(world: World) -> None:
    for day in range(0, 500, 2):
        world.session.add(DirtyMark(business_date=business_date(world.later(days=-day))))
    world.redeem(at=world.later(days=-300))
    derive_all(world.session, world.at)
    for day in range(1, 500, 2):
        world.session.add(DirtyMark(business_date=business_date(world.later(days=-day))))
    world.session.commit()
    first = business_date(world.later(days=-500))
    cut = coverage(world.session, (first, business_date(world.at)))
    assert len(cut.live_days) == 1
    world.session.rollback()
    assert whole(world, days=500).paid_fen == 8000


def test_the_end_of_time(world: World) -> None:
    with one_snapshot(world.session):
        figures = report(world.session, (date(9999, 12, 1), date(9999, 12, 31)))
    world.session.rollback()
    assert figures.redemptions == 0


def test_rebuilds_and_forgetting_do_not_lock_each_other(world: World, engine: sa.Engine) -> None:
    for day in range(1, 60):
        world.redeem(at=world.later(days=-day))
    world.session.commit()
    make, barrier = sessionmaker_for(engine), Barrier(4)

    def work(number: int) -> None:
        barrier.wait()
        for _ in range(5):
            with make() as session:
                for_writing(session)
                if number % 2:
                    forget(session)
                    session.commit()
                else:
                    derive_all(session, world.at)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    derive_all(world.session, world.at)
    assert whole(world, days=70).redemptions == 59


def test_the_next_day_is_derived_without_a_mark(world: World) -> None:
    world.redeem(10000)
    derive_all(world.session, world.later(days=1))
    world.redeem(20000, at=world.later(days=2))
    world.session.commit()
    assert pending_months(world.session, world.later(days=4)) == [month_of(business_date(world.at))]
    derive_all(world.session, world.later(days=4))
    day = business_date(world.later(days=2))
    assert coverage(world.session, (day, day)).derived_days == [(day, day)]
    world.session.rollback()
    assert whole(world).paid_fen == 24000


@pytest.fixture
def engine(database_url: str):
    engine = make_engine(database_url, pool_size=20)
    yield engine
    engine.dispose()


def test_facts_arriving_during_rebuilds_are_never_missed(world: World, engine: sa.Engine) -> None:
    """Eight counters book late facts and reversals while two workers rebuild and a reader keeps looking."""
    counters, each = 8, 12
    world.live_offer(world.dairy, "MANY", Discount(pay_permille=900), limit_total=10**6)
    world.redeem(100)
    world.session.commit()
    later, make = world.later(days=3), sessionmaker_for(engine)
    day = business_date(world.at)
    start, done = Barrier(counters + 3), Event()

    def book(number: int) -> None:
        start.wait()
        for turn in range(each):
            with make() as session:
                for_writing(session)
                here = World.__new__(World)
                here.__dict__ = world.__dict__ | {"session": session}
                id_ = uuid4()
                here.redeem(1000 + number, offer="MANY", id_=id_)
                mark_if_late(session, day, later)
                session.commit()
                if turn % 3 == 0:
                    reverse(
                        session, world.counter(), uuid4(), id_, "退货", later, authority=Authority.MERCHANT
                    )
                    session.commit()

    def rebuild() -> None:
        start.wait()
        while not done.is_set():
            with make() as session:
                for_writing(session)
                derive_all(session, later)

    def look() -> int:
        """Each look must agree with the facts of its own snapshot."""
        start.wait()
        looks = 0
        while not done.is_set():
            with make() as session, one_snapshot(session):
                figures = report(session, (day, day))
                redeemed = session.scalar(select(func.coalesce(func.sum(Redemption.paid_fen), 0)))
                returned = session.scalar(select(func.coalesce(func.sum(Reversal.paid_fen), 0)))
            assert figures.paid_fen == redeemed + returned
            looks += 1
        return looks

    with ThreadPoolExecutor(counters + 3) as pool:
        workers = [pool.submit(rebuild) for _ in range(2)]
        reader = pool.submit(look)
        booked = [pool.submit(book, number) for number in range(counters)]
        try:
            for future in booked:
                future.result()
        finally:
            done.set()
        for worker in workers:
            worker.result()
        assert reader.result() > 0

    derive_all(world.session, later)
    assert world.session.scalar(select(func.count()).select_from(DirtyMark)) == 0
    assert coverage(world.session, (day, day)).derived_days == [(day, day)]
    world.session.rollback()
    figures = whole(world)
    assert figures.redemptions == 1 + counters * each - counters * (each // 3)
