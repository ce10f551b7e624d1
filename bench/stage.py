"""Everything that is measured, running side by side: one database, the product and the bare view."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from alliance import clock, create_app, store
from alliance.cli.serve import THREADS
from alliance.config import Settings
from alliance.offers.models import Offer
from alliance.passes.keys import Keyring
from alliance.web.extensions import db
from bench import load, pgbench
from bench.bare import PLAN
from bench.count import Counted, counted
from bench.disk import Disk
from bench.rows import Example
from bench.town import PATH, Till, Town
from tests.processes import SECRET, environment, free_port, serving

WORKERS = 2
#: What their command lines contain.
BARE, PRODUCT, DATABASE = "bench.bare:app", "alliance.wsgi:app", "/postgres -D"
#: The till that has gone mad is what is measured.
RATES = {"ALLIANCE_API_WRITES_PER_MINUTE": "1000000000"}
NAME = "alliance_bench"
#: Seconds of pgbench that make some ten thousand redemptions.
GROWING = 5
#: What came back, and the requests that were answered.
Served = tuple[load.Outcome, list[bytes]]


@dataclass
class Stage:
    """The three programs, each by what one run of it needs."""

    disk: Disk
    town: Town
    counts: dict[str, Counted]
    scripts: list[Path]
    product_port: int = 0
    bare_port: int = 0

    def pgbench(self, clients: int, seconds: float, hot: bool = False) -> pgbench.Run:
        """(a)"""
        scripts = self.scripts[:1] if hot else self.scripts
        return pgbench.run(self.disk.cluster, NAME, scripts, clients, max(1, round(seconds)))

    def bare(self, clients: int, seconds: float) -> Served:
        """(b)"""
        return self._serve(self.bare_port, clients, seconds)

    def product(self, clients: int, seconds: float, *, hot: bool = False, by_phone: bool = True) -> Served:
        """(c)"""
        return self._serve(self.product_port, clients, seconds, hot=hot, by_phone=by_phone)

    def _serve(self, port: int, clients: int, seconds: float, **asked: bool) -> Served:
        requests = list(self.town.requests(_enough(seconds), **asked))
        outcome = load.run(load.Job(port, clients, seconds, requests))
        return outcome, [requests[number] for number in outcome.answered]

    def retries(self, clients: int, first: load.Outcome, sent: list[bytes]) -> load.Outcome:
        """Send again what was answered. Raises RuntimeError when an answer is not the first one."""
        bodies = first.bodies
        outcome = load.run(load.Job(self.product_port, clients, 3600, sent))
        for number, body in zip(outcome.answered, outcome.bodies, strict=True):
            if body != bodies[number]:
                raise RuntimeError("a retry was answered differently")
        return outcome


@contextmanager
def set_up(directory: Path) -> Iterator[Stage]:
    """Build the town, look at one redemption of each offer, start both servers."""
    disk = Disk(directory)
    try:
        url = _database(disk)
        settings = Settings(database_url=url, secret_key=SECRET, instance_path=directory / "instance")
        engine = store.make_engine(url)
        with store.sessionmaker_for(engine)() as session:
            town = Town(session, Keyring(SECRET), clock.now())
            session.commit()
        examples, counts = _rehearse(create_app(settings), town)
        with engine.connect() as connection:
            scripts = pgbench.write_scripts(directory, connection, examples, town.holder_ids)
        _grow(engine, disk, scripts)
        stage = Stage(disk, town, counts, scripts)
        with _product(stage, url, directory), _bare(stage, url, directory, examples):
            yield stage
    finally:
        disk.cluster.stop()


def _database(disk: Disk) -> str:
    with sa.create_engine(disk.cluster.url("postgres"), isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {NAME}"))
    url = disk.cluster.url(NAME)
    store.upgrade(url)
    return url


def _rehearse(app: Flask, town: Town) -> tuple[list[Example], dict[str, Counted]]:
    """One redemption of each offer, in this process; the last one and its retry are counted."""
    examples, client = [], app.test_client()
    counts: dict[str, Counted] = {}
    for till in town.tills:
        for offer in till.offers:
            body = town.body(offer)

            def send(till: Till = till, body: dict[str, Any] = body) -> None:
                headers = {"Authorization": f"Bearer {till.token}"}
                answer = client.post(PATH, json=body, headers=headers)
                assert answer.status_code == 201, answer.text

            with app.app_context():
                counts = {"first": counted(db.engine, send), "retry": counted(db.engine, send)}
                found = sa.select(Offer.id).where(Offer.merchant_id == till.merchant_id, Offer.code == offer)
                offer_id = db.session.scalars(found).one()
            examples.append(Example(offer, till.merchant_id, UUID(str(body["id"])), offer_id))
    with app.app_context():
        db.engine.dispose()
    return examples, counts


def _grow(engine: sa.Engine, disk: Disk, scripts: Sequence[Path]) -> None:
    """Give the town a past: in tables of a few rows, PostgreSQL plans its look-ups without their indexes.

    All three would keep these plans, while the tables grow, until the statistics are taken anew.
    """
    pgbench.run(disk.cluster, NAME, scripts, clients=8, seconds=GROWING)
    _settle(engine)
    engine.dispose()


def _settle(engine: sa.Engine) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text("VACUUM (ANALYZE)"))


@contextmanager
def _product(stage: Stage, url: str, directory: Path) -> Iterator[None]:
    stage.product_port = port = free_port()
    # The server of `alliance serve`, without the worker, which would seal and send what all three write.
    env = environment(url, directory / "instance", **RATES)
    with serving(_server(PRODUCT, port), port, directory / "product.log", env=env):
        yield


@contextmanager
def _bare(stage: Stage, url: str, directory: Path, examples: Sequence[Example]) -> Iterator[None]:
    stage.bare_port = port = free_port()
    first = stage.counts["first"]
    plan = {
        "reads": first.reads,
        "writes": first.writes,
        "holder_ids": stage.town.holder_ids,
        "examples": [
            vars(example) | {"id": str(example.id), "offer_id": str(example.offer_id)} for example in examples
        ],
    }
    env = environment(url, directory / "instance", **{PLAN: json.dumps(plan)})
    with serving(_server(BARE, port), port, directory / "bare.log", env=env):
        yield


def _server(app: str, port: int) -> list[str]:
    command = [sys.executable, "-m", "granian", app, "--interface", "wsgi", "--no-ws", "--port", str(port)]
    return [*command, "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--log-level", "error"]


def _enough(seconds: float) -> int:
    """As many requests as a fast machine answers in that time; when they are used up, a round ends sooner."""
    return int(seconds * 2000) + 100
