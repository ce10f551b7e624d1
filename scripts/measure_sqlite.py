"""How SQLite bears many writers: redemptions per second and waits, through the verb, with synchronous=FULL.

    PYTHONPATH=. .venv/bin/python scripts/measure_sqlite.py --directory DIR

Each round redeems fresh codes for some seconds in so many threads of one process, on a new database in DIR
(the disk is what is measured), once in turns and once without, interleaved. A wait is from the first
statement to the end of the commit. Printed are the medians of the rounds.
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from threading import Barrier

import sqlalchemy as sa

from alliance import clock, demo, store
from alliance.enterprises.models import Outlet
from alliance.offers.models import Offer
from alliance.passes.issue import mint, pass_of
from alliance.passes.keys import Keyring
from alliance.people.models import Holder
from alliance.redemptions.counter import Counter
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.turns import TurnTaking

#: An offer of the demo world that has no limit, and its merchant's outlet.
OFFER, OUTLET = "CHE-01", "0201"


class Jostling(TurnTaking):
    """Without turns: SQLite's own lock and nothing else."""

    def take_turn(self, timeout: float) -> None:
        """Go at once."""


@dataclass(frozen=True)
class Round:
    """Redemptions per second; waits in milliseconds."""

    rate: float
    p50: float
    p99: float
    longest: float


def measure(directory: Path, threads: int, seconds: float, factory: type[TurnTaking]) -> Round:
    """One round on a new database."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        url = f"sqlite:///{place}/alliance.db"
        store.upgrade(url)
        args = {"timeout": store.SQLITE_BUSY_SECONDS, "factory": factory}
        engine = store.make_engine(url, connect_args=args, pool_size=threads + 1)
        try:
            return _round(engine, threads, seconds)
        finally:
            engine.dispose()


def _round(engine: sa.Engine, threads: int, seconds: float) -> Round:
    at, keyring, make = clock.now(), Keyring("a secret of the measurement"), store.sessionmaker_for(engine)
    with make() as session:
        store.for_writing(session)
        demo.load(session, keyring, at)
        session.commit()
        outlet = session.scalars(sa.select(Outlet).where(Outlet.code == OUTLET)).one()
        assert session.scalar(sa.select(Offer.merchant_id).where(Offer.code == OFFER)) == outlet.merchant_id
        counter = Counter(outlet.merchant_id, outlet.id)
        holders = session.scalars(sa.select(Holder.id)).all()
        # Far more than can be used up; a code is accepted once.
        count = int(800 * seconds)
        passes = [pass_of(session, holder_id, at) for holder_id in holders]
        codes = [mint(session, keyring, passes[i % len(passes)], at).text for i in range(count)]
        session.commit()
    # Shared: without turns a single thread may use up most of them.
    fresh = iter(codes)
    start, waits = Barrier(threads + 1), [[] for _ in range(threads)]  # type: ignore[var-annotated]

    def work(number: int) -> None:
        with make() as session:
            store.for_writing(session)
            start.wait()
            end = time.perf_counter() + seconds
            while (began := time.perf_counter()) < end:
                order = Order(store.new_id(), OFFER, 10000)
                redeem_at_once(session, keyring, counter, next(fresh), order, at)
                session.commit()
                waits[number].append((time.perf_counter() - began) * 1000)

    with ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(work, number) for number in range(threads)]
        start.wait()
        began = time.perf_counter()
        for job in jobs:
            job.result()
        took = time.perf_counter() - began
    each = sorted(wait for own in waits for wait in own)
    return Round(len(each) / took, median(each), quantiles(each, n=100, method="inclusive")[98], each[-1])


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--directory", type=Path, default=Path.cwd(), help="on the disk to measure")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 8, 16, 32])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print("threads  turns  redemptions/s (least-most)    wait ms: p50     p99  longest (of all)")
    for threads in given.threads:
        found: dict[type[TurnTaking], list[Round]] = {TurnTaking: [], Jostling: []}
        for _ in range(given.rounds):
            for factory, rounds in found.items():
                rounds.append(measure(given.directory, threads, given.seconds, factory))
        for factory, rounds in found.items():
            rates = sorted(each.rate for each in rounds)
            print(
                f"{threads:7}  {'yes' if factory is TurnTaking else 'no':5}"
                f"  {median(rates):13.0f} ({rates[0]:.0f}-{rates[-1]:.0f})"
                f"  {median(each.p50 for each in rounds):19.1f}{median(each.p99 for each in rounds):8.1f}"
                f"  {max(each.longest for each in rounds):7.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
