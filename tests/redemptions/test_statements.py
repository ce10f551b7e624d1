"""The counter's path takes few statements, and not more of them the more there is in the store."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.offers.pricing import Discount
from alliance.redemptions.redeem import Order, redeem, redeem_at_once
from alliance.redemptions.scan import scan
from alliance.store import built_once, run
from alliance.webhooks.endpoints import add_endpoint
from alliance.webhooks.models import EventType, OutboxEvent
from alliance.webhooks.signing import Sealer
from tests.world import World


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:
        # SQLite's driver is told to begin by a statement, PostgreSQL's begins by itself.
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    for number in range(30):
        world.live_offer(world.dairy, f"NOISE{number}", Discount(pay_permille=900))
        world.employee(world.garage, f"N{number}", "某某", f"+8613800001{number:03d}")
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limit_total=9, limit_holder=9)
    world.redeem(holder=world.salesman)  # the key ring has seen its key
    session.commit()
    return world


def test_a_redemption_in_one_call(world: World, engine: sa.Engine) -> None:
    """Stored answer, what is true, and the chain: scan, use, fact, audit entry, each limit."""
    at_once = engine.dialect.name == "postgresql"
    for offer, expected in (("MILK", 3 if at_once else 6), ("CAP", 3 if at_once else 8)):
        shown, order = world.shown().text, Order(uuid4(), offer, 1000)
        counter = world.counter()
        world.session.commit()
        with statements(engine) as seen:
            redeem_at_once(world.session, world.keyring, counter, shown, order, world.at)
        assert len(seen) == expected, seen


def test_an_event_is_one_more_row_and_asking_for_it_costs_nothing(world: World, engine: sa.Engine) -> None:
    listen(world)
    for outlet, offer, events in ((world.dairy_shop, "MILK", 1), (world.garage_hall, "WASH", 0)):
        shown, order, counter = world.shown().text, Order(uuid4(), offer, 1000), world.counter(outlet)
        world.session.commit()
        with statements(engine) as seen:
            redeem_at_once(world.session, world.keyring, counter, shown, order, world.at)
        assert len(seen) == (3 if engine.dialect.name == "postgresql" else 6 + events), seen
        told = world.session.scalars(sa.select(OutboxEvent).where(OutboxEvent.at == world.at)).all()
        assert [event.type for event in told if event.merchant_id == counter.merchant_id] == (
            [EventType.REDEMPTION_CREATED] * events
        )


def listen(world: World) -> None:
    """Somebody at the dairy wants to be told."""
    sealer, wanted, by = Sealer("a secret of the tests"), [EventType.REDEMPTION_CREATED], COMMAND_LINE
    add_endpoint(world.session, sealer, world.dairy.id, "https://pos.test/", "", wanted, by, world.at)


def test_a_retry_reads_one_row(world: World, engine: sa.Engine) -> None:
    shown, order, counter = world.shown().text, Order(uuid4(), "MILK", 1000), world.counter()
    for expected in (3 if engine.dialect.name == "postgresql" else 6, 1):
        world.session.commit()
        with statements(engine) as seen:
            redeem_at_once(world.session, world.keyring, counter, shown, order, world.at)
        assert len(seen) == expected, seen


@pytest.mark.parametrize("by_phone", [True, False], ids=["phone", "server"])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_driver_remembers_how_to_send_them(world: World, engine: sa.Engine, by_phone: bool) -> None:
    """psycopg takes longer statements, and such with more parameters, apart again at every execution."""
    shown = world.phone().show(world.at) if by_phone else world.shown().text
    order, counter = Order(uuid4(), "CAP", 1000), world.counter()
    listen(world)
    world.session.commit()
    with statements(engine) as seen:
        redeem_at_once(world.session, world.keyring, counter, shown, order, world.at)
    for statement in seen:
        assert len(statement) <= 4096
        assert len(set(re.findall(r"%\((\w+)\)s", statement))) <= 50


def test_statements_that_are_built_once_are_told_apart(session: Session) -> None:
    said = sa.bindparam("said", type_=sa.String)
    first, second = (built_once(sa.select(said, sa.literal(word))) for word in ("first", "second"))
    for statement, word in ((first, "first"), (second, "second"), (first, "first")):
        for value in ("a", "b"):
            assert run(session, statement, {"said": value}).one() == (value, word)


def test_scan_and_redeem_at_the_counter(world: World, engine: sa.Engine) -> None:
    shown, counter, scan_id = world.shown().text, world.counter(), uuid4()
    world.session.commit()
    with statements(engine) as seen:
        scan(world.session, world.keyring, counter, scan_id, shown, world.at)
    assert len(seen) == (3 if engine.dialect.name == "postgresql" else 4), seen
    world.session.commit()
    with statements(engine) as seen:
        redeem(world.session, counter, scan_id, Order(uuid4(), "MILK", 1000), world.at)
    assert len(seen) == (4 if engine.dialect.name == "postgresql" else 5), seen
