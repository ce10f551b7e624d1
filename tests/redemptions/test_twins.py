"""A request that stalls between looking for its answer and reading how things stand; its twin is first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa

from alliance.audit.trail import COMMAND_LINE
from alliance.passes.issue import pass_of, revoke
from alliance.redemptions.redeem import Order, redeem, redeem_at_once
from alliance.redemptions.scan import LIFETIME, scan
from alliance.refused import Reason, Refused
from alliance.store import Session, sessionmaker_for
from tests.phones import Phone
from tests.world import World


@pytest.fixture
def world(session: Session, engine: sa.Engine) -> World:
    if engine.dialect.name == "sqlite":
        pytest.skip("writers of SQLite take turns: nothing comes between two statements of one")
    return World(session)


@pytest.fixture
def phone(world: World) -> Phone:
    phone = world.phone()
    world.session.commit()
    return phone


@contextmanager
def meanwhile(session: Session, act: Callable[[], object]) -> Iterator[None]:
    """Do this, once, right after the first statement of the session's transaction."""
    connection = session.connection()

    @sa.event.listens_for(connection, "after_cursor_execute", once=True)
    def _act(*_: object) -> None:
        act()

    yield


def test_one_call_is_told_what_its_twin_was_told(world: World, phone: Phone, engine: sa.Engine) -> None:
    """The twin is accepted, a newer code of the phone is used, and the pass is revoked."""
    text, order, counter = phone.show(world.at), Order(uuid4(), "MILK", 10000), world.counter()
    newer = phone.show(world.later(seconds=2))
    told = []

    def twin() -> None:
        with sessionmaker_for(engine)() as other:
            told.append(redeem_at_once(other, world.keyring, counter, text, order, world.at))
            other.commit()
            scan(other, world.keyring, counter, uuid4(), newer, world.later(seconds=3))
            revoke(other, pass_of(other, world.mechanic.id, world.at), "", COMMAND_LINE, world.at)
            other.commit()

    with sessionmaker_for(engine)() as late, meanwhile(late, twin):
        answer = redeem_at_once(late, world.keyring, counter, text, order, world.later(seconds=4))
    assert answer.replayed
    assert answer.body == told[0].body


def test_a_redemption_of_a_scan_is_told_what_its_twin_was_told(
    world: World, phone: Phone, engine: sa.Engine
) -> None:
    order, counter = Order(uuid4(), "MILK", 10000), world.counter()
    scanned = scan(world.session, world.keyring, counter, uuid4(), phone.show(world.at), world.at).id
    world.session.commit()

    def twin() -> None:
        with sessionmaker_for(engine)() as other:
            redeem(other, counter, scanned, order, world.at)
            other.commit()

    with sessionmaker_for(engine)() as late, meanwhile(late, twin):
        assert redeem(late, counter, scanned, order, world.at + LIFETIME).replayed


def test_a_scan_is_told_what_its_twin_was_told(world: World, phone: Phone, engine: sa.Engine) -> None:
    text, id_, counter = phone.show(world.at), uuid4(), world.counter()

    def twin() -> None:
        with sessionmaker_for(engine)() as other:
            scan(other, world.keyring, counter, id_, text, world.at)
            other.commit()

    with sessionmaker_for(engine)() as late, meanwhile(late, twin):
        assert scan(late, world.keyring, counter, id_, text, world.later(minutes=2)).id == id_


def test_without_a_twin_the_refusal_stands(world: World, phone: Phone, engine: sa.Engine) -> None:
    text, counter = phone.show(world.at), world.counter()

    def somebody_else() -> None:
        with sessionmaker_for(engine)() as other:
            scan(other, world.keyring, counter, uuid4(), text, world.at)
            other.commit()

    with (
        sessionmaker_for(engine)() as late,
        meanwhile(late, somebody_else),
        pytest.raises(Refused) as refused,
    ):
        redeem_at_once(late, world.keyring, counter, text, Order(uuid4(), "MILK", 10000), world.at)
    assert refused.value.reason is Reason.ALREADY_PRESENTED
