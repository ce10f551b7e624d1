"""Guessing typed codes, many at once: no more wrong ones than are allowed, and no right one after them."""

from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier, Thread
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from alliance.redemptions.counter import Counter
from alliance.redemptions.guesses import GUESSES, UnknownCode
from alliance.redemptions.models import RefusedAttempt, WrongCodes
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from alliance.store import Session, for_writing, sessionmaker_for
from alliance.web.attempts import attempt
from alliance.web.extensions import db
from tests.redemptions.test_statements import statements
from tests.world import World

THREADS, EACH = 24, 6


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    world = World(session)
    session.commit()
    return world


def wrong(shown: str, number: int) -> str:
    """The code with that number among those that are not the one that is shown."""
    code = f"{number:08d}"
    return code if code != shown else "99999999"


def tried(app: Flask, world: World, counter: Counter, code: str, at: datetime) -> Reason | None:
    """What a counter is told, through all that stands between it and the verb."""
    with app.app_context():
        for_writing(db.session)
        try:
            attempt(counter, lambda session: scan(session, world.keyring, counter, uuid4(), code, at), at)
        except Refused as refused:
            return refused.reason
        return None


def all_at_once(app: Flask, world: World, counter: Counter, at: datetime) -> Tally[Reason | None]:
    start = Barrier(THREADS)

    def guess(thread: int) -> list[Reason | None]:
        start.wait()
        codes = (wrong("", thread * EACH + number) for number in range(EACH))
        return [tried(app, world, counter, code, at) for code in codes]

    with ThreadPoolExecutor(THREADS) as pool:
        return Tally(reason for reasons in pool.map(guess, range(THREADS)) for reason in reasons)


def test_of_many_at_once_no_more_are_told_than_may_be(world: World, app: Flask) -> None:
    counter, elsewhere, session = world.counter(), world.counter(world.dairy_kiosk), world.session
    told = all_at_once(app, world, counter, world.at)
    assert told[Reason.UNKNOWN_CODE] == GUESSES
    # Whoever waits too long for its turn is told to come again, and has learnt nothing.
    assert told.keys() <= {Reason.UNKNOWN_CODE, Reason.TOO_MANY_ATTEMPTS, Reason.IN_FLIGHT}
    written = sa.select(sa.func.count()).where(RefusedAttempt.reason == Reason.UNKNOWN_CODE)
    assert session.scalar(written) == GUESSES
    session.rollback()
    # The window slides: as many again when it is over, and not one before.
    assert tried(app, world, counter, "00000000", world.later(minutes=9.9)) is Reason.TOO_MANY_ATTEMPTS
    assert all_at_once(app, world, counter, world.later(minutes=10))[Reason.UNKNOWN_CODE] == GUESSES
    # Each outlet for itself.
    assert tried(app, world, elsewhere, "00000000", world.at) is Reason.UNKNOWN_CODE


def test_the_window_slides(world: World, app: Flask) -> None:
    counter = world.counter()
    for minute in range(GUESSES):
        assert tried(app, world, counter, "00000000", world.later(minutes=minute / 4)) is Reason.UNKNOWN_CODE
    assert tried(app, world, counter, "00000000", world.later(minutes=9.9)) is Reason.TOO_MANY_ATTEMPTS
    # Ten minutes after the first there is room for one.
    assert tried(app, world, counter, "00000000", world.later(minutes=10)) is Reason.UNKNOWN_CODE
    assert tried(app, world, counter, "00000000", world.later(minutes=10)) is Reason.TOO_MANY_ATTEMPTS


def test_a_right_code_waits_for_the_wrong_one_before_it(world: World, engine: sa.Engine) -> None:
    """Otherwise it would be one guess more than is allowed, and the one that hits."""
    counter, session, code = world.counter(), world.session, world.shown().code
    lately = [int(world.at.timestamp() * 1000)] * (GUESSES - 1)
    session.add(WrongCodes(merchant_id=counter.merchant_id, outlet_id=counter.outlet_id, moments=lately))
    session.commit()
    answers: list[Reason | None] = []

    def hit() -> None:
        with sessionmaker_for(engine)() as own:
            for_writing(own)
            try:
                scan(own, world.keyring, counter, uuid4(), code, world.at)
                answers.append(None)
            except Refused as refused:
                answers.append(refused.reason)

    with sessionmaker_for(engine)() as own:
        for_writing(own)
        with pytest.raises(UnknownCode):
            scan(own, world.keyring, counter, uuid4(), wrong(code, 0), world.at)
        thread = Thread(target=hit)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "it did not wait"
        own.commit()
    thread.join()
    assert answers == [Reason.TOO_MANY_ATTEMPTS]


def test_a_qr_code_has_nothing_to_do_with_it(world: World, engine: sa.Engine) -> None:
    shown = world.shown().text
    world.session.commit()
    with statements(engine) as seen:
        scan(world.session, world.keyring, world.counter(), uuid4(), shown, world.at)
    assert seen
    assert not any("wrong_codes" in statement for statement in seen)
