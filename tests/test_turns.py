"""Writers of one SQLite file take turns: first come, first served, however a transaction ends."""

import gc
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Barrier, Event, Thread, get_ident
from typing import Any

import pytest
import sqlalchemy as sa

from alliance import store
from alliance.store import for_writing, is_busy, make_engine, sessionmaker_for
from alliance.turns import Turns, TurnTaking, turns_of

THREADS = 16
LONG = 60.0
WRITE = sa.text("UPDATE tally SET n = n + 1")


class Watched(Turns):
    """Turns that remember who joined the queue and who left it, exactly as it happened."""

    def __init__(self) -> None:
        super().__init__()
        self.joined: list[Event] = []
        self.served: list[Event] = []
        outer = self

        class Queue(deque[Event]):
            def append(self, event: Event) -> None:
                outer.joined.append(event)
                super().append(event)

            def popleft(self) -> Event:
                outer.served.append(event := super().popleft())
                return event

        self._waiting = Queue()


class Jostling(TurnTaking):
    """The control: SQLite's own lock and nothing else."""

    def take_turn(self, timeout: float) -> None:
        pass


def until(condition: Callable[[], Any]) -> None:
    """Wait for what another thread is about to do."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


# --- the lock itself ---------------------------------------------------------------------------------


def test_first_come_first_served() -> None:
    turns, order = Turns(), []
    assert turns.take(0)

    def wait(number: int) -> None:
        assert turns.take(LONG)
        order.append(number)
        turns.give_up()

    threads = []
    for number in range(64):
        threads.append(Thread(target=wait, args=(number,)))
        threads[-1].start()
        until(lambda: len(turns._waiting) == len(threads))
    turns.give_up()
    for thread in threads:
        thread.join()
    assert order == list(range(64))
    assert turns.take(0)


def test_a_wait_ends_and_leaves_the_queue() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    assert not turns._waiting
    turns.give_up()
    assert turns.take(0)


def test_somebody_who_gave_up_waiting_is_passed_over() -> None:
    turns, came = Turns(), Event()
    assert turns.take(0)
    impatient = Thread(target=turns.take, args=(0.05,))
    impatient.start()
    until(lambda: len(turns._waiting) == 1)
    patient = Thread(target=lambda: turns.take(LONG) and came.set())
    patient.start()
    until(lambda: len(turns._waiting) == 2)
    impatient.join()
    turns.give_up()
    patient.join()
    assert came.is_set()
    assert not turns.take(0)


@pytest.mark.parametrize("handed", [False, True])
def test_whoever_is_interrupted_while_waiting_blocks_nobody(monkeypatch, handed: bool) -> None:
    """Ctrl-C in the wait, before the turn comes and just after it came."""
    turns = Turns()
    assert turns.take(0)

    def interrupted(self: Event, timeout: float | None = None) -> bool:
        if handed:
            turns.give_up()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            turns.take(LONG)
    if not handed:
        turns.give_up()
    assert turns.take(0)


def test_turns_last_as_long_as_somebody_has_them() -> None:
    turns = turns_of("/nowhere")
    assert turns_of("/nowhere") is turns
    assert turns_of("/elsewhere") is not turns
    assert turns.take(0)
    del turns
    gc.collect()
    assert turns_of("/nowhere").take(0)


# --- transactions ------------------------------------------------------------------------------------


def engine_of(path: Path, factory: type[TurnTaking] = TurnTaking) -> sa.Engine:
    args = {"timeout": store.SQLITE_BUSY_SECONDS, "factory": factory}
    engine = make_engine(f"sqlite:///{path}", connect_args=args, pool_size=THREADS + 1)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE IF NOT EXISTS tally (n INTEGER NOT NULL)"))
        connection.execute(sa.text("INSERT INTO tally VALUES (0)"))
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A file with one number in it."""
    engine = engine_of(tmp_path / "tally.db")
    yield engine
    engine.dispose()


@pytest.fixture
def turns(engine: sa.Engine, tmp_path: Path) -> Turns:
    return turns_of(str(tmp_path / "tally.db"))


@pytest.fixture
def make(engine: sa.Engine) -> Callable[[], store.Session]:
    """Sessions that write."""

    def session() -> store.Session:
        made = sessionmaker_for(engine)()
        for_writing(made)
        return made

    return session


def is_free(turns: Turns) -> bool:
    return not turns._taken and not turns._waiting


def test_every_connection_to_a_file_waits_in_the_same_queue(engine, turns, tmp_path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "tally.db")
    for url in (f"sqlite:///{tmp_path}/../{tmp_path.name}/tally.db", f"sqlite:///{tmp_path}/link.db"):
        other = make_engine(url)
        with other.connect() as connection:
            assert connection.connection.dbapi_connection.turns is turns
        other.dispose()


def test_a_database_in_memory_has_no_turns() -> None:
    connection = sqlite3.connect(":memory:", factory=TurnTaking)
    connection.take_turn(0)
    connection.execute("CREATE TABLE t (n)")
    connection.commit()
    assert connection.turns is None
    connection.close()


def end_by_commit(session: store.Session) -> None:
    session.commit()


def end_by_rollback(session: store.Session) -> None:
    session.rollback()


def end_by_close(session: store.Session) -> None:
    session.close()


def end_by_a_nested_transaction_first(session: store.Session) -> None:
    with session.begin_nested():
        session.execute(WRITE)
    with session.begin_nested() as inner:
        inner.rollback()
    assert session.connection().connection.dbapi_connection._has_turn
    session.commit()


def end_by_invalidation(session: store.Session) -> None:
    session.connection().invalidate()
    session.rollback()


def end_by_an_error_of_the_database(session: store.Session) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.text("INSERT INTO tally VALUES (NULL)"))
    session.rollback()


def end_by_losing_the_connection(session: store.Session) -> None:
    session.connection().connection.dbapi_connection.close()
    session.invalidate()


def end_by_a_deferred_constraint(session: store.Session) -> None:
    """The commit itself fails and leaves the transaction open."""
    session.execute(sa.text("CREATE TABLE a (id INTEGER PRIMARY KEY)"))
    session.execute(sa.text("CREATE TABLE b (a REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)"))
    session.execute(sa.text("INSERT INTO b VALUES (7)"))
    with pytest.raises(sa.exc.IntegrityError):
        session.commit()
    session.rollback()


def end_by_being_forgotten(session: store.Session) -> None:
    pass


@pytest.mark.parametrize(
    "end",
    [
        end_by_commit,
        end_by_rollback,
        end_by_close,
        end_by_a_nested_transaction_first,
        end_by_invalidation,
        end_by_an_error_of_the_database,
        end_by_losing_the_connection,
        end_by_a_deferred_constraint,
        end_by_being_forgotten,
    ],
)
def test_the_turn_is_free_however_a_transaction_ends(make, turns, end) -> None:
    session = make()
    session.execute(WRITE)
    assert not is_free(turns)
    end(session)
    del session
    gc.collect()
    assert is_free(turns)
    with make() as next_one:
        next_one.execute(WRITE)
        next_one.commit()
    assert is_free(turns)


def test_an_exception_inside_frees_the_turn(make, turns) -> None:
    def work() -> None:
        with make() as session:
            session.execute(WRITE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert is_free(turns)


def test_disposing_of_the_engine_frees_the_turn(engine, make, turns) -> None:
    session = make()
    session.execute(WRITE)
    session.close()
    engine.dispose()
    assert is_free(turns)


def test_reading_takes_no_turn(engine, make, turns) -> None:
    with make() as writing:
        writing.execute(WRITE)
        with sessionmaker_for(engine)() as reading:
            assert reading.scalar(sa.text("SELECT n FROM tally")) == 0
        writing.commit()
    assert is_free(turns)


def test_a_begin_that_fails_frees_the_turn(make, turns, tmp_path) -> None:
    """Another process has the file; ours says so as it always did."""
    other = sqlite3.connect(tmp_path / "tally.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    session = make()
    driver = session.get_bind().raw_connection()
    driver.dbapi_connection.execute("PRAGMA busy_timeout = 1")
    driver.close()
    with pytest.raises(sa.exc.OperationalError, match="database is locked") as caught:
        session.execute(WRITE)
    assert is_busy(caught.value)
    assert is_free(turns)
    other.close()
    session.rollback()
    session.execute(WRITE)
    session.commit()


def test_one_thread_that_writes_twice_at_once_is_told_so(make, turns, monkeypatch) -> None:
    monkeypatch.setattr(store, "SQLITE_BUSY_SECONDS", 0.05)
    with make() as first, make() as second:
        first.execute(WRITE)
        with pytest.raises(sa.exc.OperationalError, match="database is locked") as caught:
            second.execute(WRITE)
        assert is_busy(caught.value)
        first.commit()
        second.rollback()
        second.execute(WRITE)
        second.commit()
    assert is_free(turns)


# --- fairness ----------------------------------------------------------------------------------------


def write_at_once(engine: sa.Engine, each: int) -> list[int]:
    """Sixteen threads commit ``each`` times as fast as they can; whose commit came when."""
    make, start, done = sessionmaker_for(engine), Barrier(THREADS), []

    def work(_: int) -> None:
        with make() as session:
            for_writing(session)
            start.wait()
            for _ in range(each):
                session.execute(WRITE)
                done.append(get_ident())  # nobody else can be here
                session.commit()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT n FROM tally")) == THREADS * each
    return done


def test_nobody_is_overtaken_in_the_queue(tmp_path: Path) -> None:
    """Whoever comes later is served later, in the real thing: 16 threads, 20 commits each."""
    watched = Watched()

    class Watching(TurnTaking):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.turns = watched

    engine = engine_of(tmp_path / "tally.db", Watching)
    write_at_once(engine, 20)
    engine.dispose()
    assert watched.served == watched.joined
    # There was a queue to speak of: without one the test would say nothing.
    assert len(watched.served) > THREADS


def longest_wait(done: list[int]) -> int:
    """How many commits of others came between two of one thread, at the most."""
    places = {one: [place for place, who in enumerate(done) if who == one] for one in set(done)}
    return max(later - earlier - 1 for own in places.values() for earlier, later in pairwise(own))


def test_without_turns_writers_overtake_each_other(tmp_path: Path) -> None:
    """The control. Chance decides who finds the file free, so it may try twenty times."""
    for attempt in range(20):
        engine = engine_of(tmp_path / f"{attempt}.db", Jostling)
        done = write_at_once(engine, 20)
        engine.dispose()
        # In a queue of sixteen each waits for fifteen.
        if longest_wait(done) > 4 * (THREADS - 1):
            return
    pytest.fail("sixteen writers never overtook each other without turns: is there a queue elsewhere?")
