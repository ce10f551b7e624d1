"""A month is closed while facts arrive late for it: each is in the snapshot or in the open month, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier, Event, Thread
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.verify import INVARIANTS
from alliance.imports import redemptions
from alliance.imports.run import run
from alliance.offers.historical import historical_revision
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.ledger import digest_of, snapshot_of
from alliance.redemptions.models import LedgerMonth, MonthClosing, Redemption, Reversal
from alliance.redemptions.months import EarlierOpen, close, posted_month_for, reopen
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing, is_busy, make_engine, sessionmaker_for
from tests.imports.sheets import REDEMPTIONS
from tests.world import CREDIT_CODES, World

MARCH, MAY = date(2026, 3, 1), date(2026, 5, 1)
LATER = datetime(2026, 5, 20, 4, tzinfo=UTC)
THREADS = 24


@pytest.fixture
def engine(database_url: str):
    """Enough connections for every thread to hold one."""
    engine = make_engine(database_url, pool_size=THREADS + 2)
    yield engine
    engine.dispose()


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    world = World(session)
    historical_revision(session, world.dairy.id, world.at)
    session.commit()
    return world


def in_a_transaction(engine: sa.Engine, work: Callable[[Session], object]) -> object:
    """Run ``work`` and commit; a busy database is asked again, as the surfaces tell their callers to do."""
    while True:
        with sessionmaker_for(engine)() as session:
            for_writing(session)
            try:
                result = work(session)
                session.commit()
            except DBAPIError as error:
                if not is_busy(error):
                    raise
            else:
                return result


def test_each_late_fact_is_in_the_snapshot_or_in_the_open_month(world: World, engine, tmp_path) -> None:
    ids = [uuid4() for _ in range(THREADS)]
    for id_ in ids:
        world.redeem(10000, id_=id_)
    world.session.commit()
    counter, start = world.counter(), Barrier(THREADS + 1)

    def arrive(number: int) -> None:
        start.wait()
        if number % 3 == 0:
            in_a_transaction(engine, lambda session: bring(session, tmp_path, number))
        elif number % 3 == 1:
            what = Correction(uuid4(), uuid4(), ids[number], 5000, 1, "金额输错")
            in_a_transaction(
                engine, lambda session: correct(session, counter, Authority.ORGANIZER, what, LATER)
            )
        else:
            args = (counter, uuid4(), ids[number], "退货", LATER)
            in_a_transaction(engine, lambda session: reverse(session, *args, authority=Authority.ORGANIZER))

    def shut() -> None:
        start.wait()
        in_a_transaction(engine, lambda session: close(session, MARCH, COMMAND_LINE, LATER).revision)

    with ThreadPoolExecutor(THREADS + 1) as pool:
        arrivals = [pool.submit(arrive, number) for number in range(THREADS)]
        closing = pool.submit(shut)
        for done in (*arrivals, closing):
            done.result()

    session = world.session
    closed = session.get_one(MonthClosing, (MARCH, 1))
    assert closed.snapshot == snapshot_of(session, MARCH)
    assert closed.digest == digest_of(session, MARCH)
    of_month = {
        month: len(session.scalars(select(Redemption.id).where(Redemption.posted_month == month)).all())
        for month in (MARCH, MAY)
    }
    assert sum(of_month.values()) == THREADS + THREADS * 2 // 3
    months = set(session.scalars(select(Reversal.posted_month)))
    assert months <= {MARCH, MAY}
    assert [f for invariant in INVARIANTS.values() for f in invariant(session)] == []


def bring(session: Session, directory: Path, number: int, day: str = "2026-03-05") -> None:
    """Import one redemption of the garage's mechanic at the dairy's shop."""
    path = directory / f"{number}.csv"
    row = f"L{number},{day}T12:00:00+08:00,{CREDIT_CODES[1]},001,D1,1000,200,800"
    path.write_text(f"{REDEMPTIONS}\n{row}\n")
    job = run(session, redemptions.KIND, path, LATER, COMMAND_LINE)
    assert job.kept, job.rejected


@pytest.mark.parametrize("first", ["fact", "close"])
def test_whoever_comes_second_waits(world: World, engine: sa.Engine, first: str) -> None:
    """Both orders, each held open until the other has had every chance to overtake it."""
    id_ = uuid4()
    world.redeem(10000, id_=id_)
    world.session.commit()
    counter, held, answers = world.counter(), Event(), {}

    def fact(session: Session) -> None:
        reverse(session, counter, uuid4(), id_, "退货", LATER, authority=Authority.ORGANIZER)

    def shut(session: Session) -> None:
        answers["snapshot"] = close(session, MARCH, COMMAND_LINE, LATER).snapshot["paid_fen"]

    leader, follower = (fact, shut) if first == "fact" else (shut, fact)

    def follow() -> None:
        held.wait()
        in_a_transaction(engine, follower)

    thread = Thread(target=follow)
    thread.start()
    with sessionmaker_for(engine)() as session:
        for_writing(session)
        leader(session)
        held.set()
        thread.join(0.5)
        assert thread.is_alive(), "it did not wait"
        session.commit()
    thread.join()
    [posted] = world.session.scalars(select(Reversal.posted_month))
    expected = (MARCH, 0) if first == "fact" else (MAY, 8000)
    assert (posted, answers["snapshot"]) == expected


@pytest.mark.parametrize("order", ["one after the other", "at the same moment"])
def test_an_import_from_before_the_books_while_their_first_month_is_closed(
    world: World, engine: sa.Engine, tmp_path: Path, order: str
) -> None:
    """The close does not see the import, nor need it: it is as if the import had come after it."""
    if order == "at the same moment" and engine.dialect.name == "sqlite":
        pytest.skip("writers of SQLite take turns")
    world.redeem()
    world.session.commit()
    make = sessionmaker_for(engine)
    with make() as closer, make() as importer:
        if order == "at the same moment":
            bring(importer, tmp_path, 1, "2026-01-05")
            close(closer, MARCH, COMMAND_LINE, LATER)
            closer.commit()
            importer.commit()
        else:
            in_a_transaction(engine, lambda session: close(session, MARCH, COMMAND_LINE, LATER).revision)
            in_a_transaction(engine, lambda session: bring(session, tmp_path, 1, "2026-01-05"))
    session = world.session
    january, february, april = (date(2026, month, 1) for month in (1, 2, 4))
    posted = select(Redemption.posted_month).where(Redemption.business_date == date(2026, 1, 5))
    assert session.scalars(posted).all() == [january]
    # The books now begin earlier, and go on only when that is made up for.
    for month in (january, february):
        with pytest.raises(EarlierOpen) as caught:
            close(session, april, COMMAND_LINE, LATER)
        assert caught.value.month == month
        close(session, month, COMMAND_LINE, LATER)
    close(session, april, COMMAND_LINE, LATER)
    session.commit()
    assert session.get_one(MonthClosing, (MARCH, 1)).snapshot == snapshot_of(session, MARCH)
    assert [f for invariant in INVARIANTS.values() for f in invariant(session)] == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_late_facts_of_one_month_do_not_wait_for_each_other(world: World, engine: sa.Engine) -> None:
    """On SQLite all writers come one after another anyway."""
    make = sessionmaker_for(engine)
    with make() as one, make() as other:
        assert posted_month_for(one, MARCH, LATER) == MARCH
        other.execute(sa.text("SET lock_timeout = '1s'"))
        assert posted_month_for(other, MARCH, LATER) == MARCH
        with pytest.raises(DBAPIError) as caught:
            other.execute(update(LedgerMonth).where(LedgerMonth.month == MARCH).values(month=MARCH))
        assert is_busy(caught.value)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_month_is_not_reopened_while_the_next_is_being_closed(world: World, engine: sa.Engine) -> None:
    world.redeem()
    close(world.session, MARCH, COMMAND_LINE, LATER)
    world.session.commit()
    make = sessionmaker_for(engine)
    with make() as one, make() as other:
        close(one, date(2026, 4, 1), COMMAND_LINE, LATER)
        with pytest.raises(DBAPIError) as caught:
            reopen(other, MARCH, "漏记", COMMAND_LINE, LATER)
        assert is_busy(caught.value)
