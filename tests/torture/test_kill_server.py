"""The server is killed, PostgreSQL crashes, under 32 tills: what was acknowledged is there, exactly once."""

import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from alliance import store
from tests.cluster import Cluster
from tests.torture.conftest import Note
from tests.torture.scale import LONG, SEED, scale
from tests.torture.shop import Sale, Shop
from tests.torture.till import Ledger, Outcome, post
from tests.torture.victim import Victim

TILLS = 32
KILLS, CRASHES = scale(short=3, long=200), scale(short=3, long=50)
#: More than the tills can sell before the blow falls.
ROUND = 200
#: The blow falls when so many sales of the round have been answered.
FIRST, LAST = TILLS, 120


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of this file's own that syncs: what it has committed outlives its crash."""
    cluster = Cluster(durable=True)
    yield cluster
    cluster.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database that is to survive."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'alliance.db'}"
    return request.getfixturevalue("cluster").url("postgres")


@pytest.fixture
def victim(url: str, tmp_path: Path) -> Iterator[Victim]:
    """The server, not started yet."""
    if url.startswith("postgresql"):
        store.downgrade(url, "base")  # what an earlier test left there
    store.upgrade(url)
    victim = Victim(url, tmp_path)
    yield victim
    victim.stop()


def test_kill_server(url: str, victim: Victim, note: Note) -> None:
    """``kill -9`` for the server with all its processes."""
    processes = 0

    def blow() -> None:
        nonlocal processes
        processes += victim.kill()

    figures = survive(Shop(url), victim, KILLS, blow, victim.start)
    note("kills", KILLS)
    note("processes killed", processes)
    note_figures(note, figures)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_crash_postgresql(url: str, cluster: Cluster, victim: Victim, note: Note) -> None:
    """``pg_ctl stop -m immediate``: the server stays, loses every connection and finds new ones."""
    figures = survive(Shop(url), victim, CRASHES, cluster.crash, cluster.start)
    note("crashes", CRASHES)
    note_figures(note, figures)


def survive(
    shop: Shop, victim: Victim, rounds: int, blow: Callable[[], None], recover: Callable[[], None]
) -> dict[str, int]:
    """Blow after blow; after each, everything that was acknowledged so far must be in the store."""
    chance = random.Random(SEED)
    ledger, settled = Ledger(), 0
    victim.start()
    for number in range(rounds):
        under_load(shop, victim, ledger, blow, chance.randint(FIRST, LAST))
        recover()
        shop.engine.dispose()
        settled += settle(shop, victim, ledger)
        compare(shop, ledger)
        if number % 50 == 49:
            assert shop.findings() == []
    assert shop.findings() == []
    shop.close()
    return {
        "sales": len(ledger.sales),
        "acknowledged": len(ledger.acknowledged()),
        "without an answer": ledger.count(Outcome.UNKNOWN),
        "unknown settled": settled,
    }


def under_load(shop: Shop, victim: Victim, ledger: Ledger, blow: Callable[[], None], after: int) -> None:
    """32 tills sell until the blow falls amid their work: when ``after`` so many sales are answered.

    Each stops at its first sale without an answer, so that what stays unknown was under way.
    """
    todo, answered, due = iter(shop.sales(ROUND)), count(1), Event()

    def till() -> None:
        for sale in todo:  # one step of a list's iterator: no two tills get the same
            reply = ledger.enter(sale, post(victim.port, shop.token, sale))
            if reply.outcome is Outcome.UNKNOWN:
                return
            if next(answered) == after:
                due.set()

    with ThreadPoolExecutor(TILLS) as pool:
        tills = [pool.submit(till) for _ in range(TILLS)]
        assert due.wait(60), victim.log()
        blow()
        for done in wait(tills).done:
            done.result()


def settle(shop: Shop, victim: Victim, ledger: Ledger) -> int:
    """Retry each sale of which nothing is known until something is; returns how many there were.

    None of them may be refused: "presented already" would be the answer of a system that forgot its own.
    """
    unknown = ledger.unsettled()
    left = unknown
    for _ in range(100):

        def retry(sale: Sale) -> Any:
            return ledger.enter(sale, post(victim.port, shop.token, sale))

        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(retry, left))
        refused = [reply for reply in replies if reply.outcome is Outcome.REFUSED]
        assert refused == []
        left = ledger.unsettled()
        if not left:
            return len(unknown)
    raise AssertionError(f"{len(left)} sales stay unknown:\n{victim.log()}")


def compare(shop: Shop, ledger: Ledger) -> None:
    """All are settled, so the facts are what was acknowledged: nothing lost, nothing twice, same words."""
    told = ledger.acknowledged()
    assert shop.answers() == told
    assert shop.paid_fen() == sum(json.loads(answer)["paid_fen"] for answer in told.values())


def note_figures(note: Note, figures: dict[str, int]) -> None:
    for name, figure in figures.items():
        note(name, figure)
    # ``compare`` has failed otherwise.
    assert figures["sales"] == figures["acknowledged"]
    if LONG:
        assert figures["unknown settled"] > 0
