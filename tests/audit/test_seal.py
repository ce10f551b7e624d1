"""Sealing: everything committed, once, in one chain, however many seal at the same time."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
import sqlalchemy as sa

from alliance.accounts.grants import find_or_create_account
from alliance.accounts.models import ApiToken
from alliance.audit.chain import breaks, links
from alliance.audit.models import AuditEntry, AuditSeal
from alliance.audit.seal import seal
from alliance.audit.trail import COMMAND_LINE, Actor, record
from alliance.store import Session, for_writing, sessionmaker_for
from tests.world import NOON, World


@pytest.fixture
def trail(session: Session) -> Session:
    """An empty trail in a session that writes."""
    for_writing(session)
    return session


def deeds(session: Session, count: int) -> None:
    for number in range(count):
        record(session, COMMAND_LINE, "pass.revoke", f"pass:{number}", NOON, reason="丢失")


def whole(session: Session) -> list:
    return list(breaks(session, links(session)))


def test_nothing_is_sealed_when_there_is_nothing(trail) -> None:
    assert seal(trail, NOON) is None
    assert trail.scalar(sa.select(sa.func.count()).select_from(AuditSeal)) == 0


def test_a_seal_is_bound_to_the_one_before(trail) -> None:
    deeds(trail, 3)
    first = seal(trail, NOON)
    deeds(trail, 2)
    second = seal(trail, NOON + timedelta(minutes=1))
    trail.commit()
    assert (first.number, first.entries, first.previous) == (1, 3, bytes(32))
    assert (second.number, second.entries, second.previous) == (2, 2, first.digest)
    assert seal(trail, NOON) is None
    assert whole(trail) == []


def test_anybody_can_recompute_the_digest(trail) -> None:
    """By the words of docs/operating.md, with nothing of ours."""
    account = find_or_create_account(trail, "+8613900000009", "张喆明", NOON)
    token = ApiToken(digest=bytes(32), name="收银", created_at=NOON)
    trail.add(token)
    trail.flush()
    record(trail, Actor(account.id, "10.0.0.7"), "pass.revoke", "pass:1", NOON, reason="手机\n丢失")
    record(trail, Actor(None, "::1", token.id), "pass.revoke", "pass:2", NOON)
    made = seal(trail, NOON)
    trail.commit()
    first, second = trail.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    at = "2026-03-04T04:00:00.000000+00:00"
    lines = [
        f'{{"at":"{at}","entries":2,"number":1,"previous":"{"0" * 64}"}}',
        f'{{"account_id":{account.id},"action":"pass.revoke","address":"10.0.0.7","at":"{at}",'
        f'"detail":{{"reason":"手机\\n丢失"}},"id":"{first.id}","subject":"pass:1"}}',
        f'{{"action":"pass.revoke","address":"::1","at":"{at}","detail":{{}},"id":"{second.id}",'
        f'"subject":"pass:2","token_id":"{token.id}"}}',
    ]
    assert [json.loads(line) for line in lines]
    assert made.digest == hashlib.sha256("".join(line + "\n" for line in lines).encode()).digest()


def test_many_entries_are_sealed_in_batches_the_oldest_first(trail) -> None:
    deeds(trail, 7)
    counts = []
    while made := seal(trail, NOON, batch=3):
        counts.append(made.entries)
        trail.commit()
    assert counts == [3, 3, 1]
    order = trail.execute(sa.select(AuditEntry.seal_number).order_by(AuditEntry.id)).scalars().all()
    assert order == [1, 1, 1, 2, 2, 2, 3]
    assert whole(trail) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_what_commits_while_a_seal_is_made_is_in_the_next(engine, trail) -> None:
    make = sessionmaker_for(engine)
    with make() as late:
        # Written before everything that is sealed first, committed after it.
        deeds(late, 1)
        late.flush()
        deeds(trail, 2)
        trail.commit()
        first = seal(trail, NOON)
        late.commit()
        trail.commit()
    second = seal(trail, NOON)
    trail.commit()
    assert (first.entries, second.entries) == (2, 1)
    assert whole(trail) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_no_counter_waits_for_a_seal_that_is_being_made(engine, trail) -> None:
    world = World(trail)
    trail.commit()
    seal(trail, NOON)
    with sessionmaker_for(engine)() as counter:
        counter.execute(sa.text("SET LOCAL lock_timeout = '1ms'"))
        record(counter, world.counter().actor, "redemption.redeem", "redemption:x", NOON)
        counter.commit()
    trail.commit()
    assert seal(trail, NOON).entries == 1


def test_many_seal_and_many_write_at_once(engine, session) -> None:
    """Four that seal, four that write: every entry is in exactly one seal, and the chain holds."""
    writers, sealers, each = 4, 4, 40
    start, done = Barrier(writers + sealers), Event()
    make = sessionmaker_for(engine)

    def write(_: int) -> None:
        start.wait()
        with make() as own:
            for_writing(own)
            for _ in range(each):
                deeds(own, 1)
                own.commit()

    def keep_sealing(_: int) -> int:
        made = 0
        start.wait()
        with make() as own:
            for_writing(own)
            while True:
                over = done.is_set()
                found = seal(own, NOON, batch=5)
                own.commit()
                made += found is not None
                if found is None and over:
                    return made

    with ThreadPoolExecutor(writers + sealers) as pool:
        writing = [pool.submit(write, number) for number in range(writers)]
        sealing = [pool.submit(keep_sealing, number) for number in range(sealers)]
        for future in writing:
            future.result()
        done.set()
        made = sum(future.result() for future in sealing)
    numbers = session.scalars(sa.select(AuditSeal.number).order_by(AuditSeal.number)).all()
    assert numbers == list(range(1, made + 1))
    assert session.scalar(sa.select(sa.func.sum(AuditSeal.entries))) == writers * each
    assert session.scalar(sa.select(sa.func.count()).where(AuditEntry.seal_number.is_(None))) == 0
    assert whole(session) == []
