"""Migrations over tables that are not empty: down and up again, nothing that counts is changed."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from alliance import store
from alliance.circulation.derive import derive
from alliance.circulation.verify import INVARIANTS
from alliance.clock import business_date, month_of
from alliance.offers.pricing import Discount
from alliance.people.models import Holder, HolderKind
from alliance.redemptions.models import Redemption, Reversal, Scan
from alliance.redemptions.redeem import Order, redeem
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from tests.world import World

#: What 0002 adds and its way down therefore cannot keep, and the digests over it.
ADDED = {"evidence", "corrects_id", "pos", "terminal", "cashier", "digest"}
#: What 0011 adds to scans.
ADDED |= {"card_id"}


@pytest.fixture
def books(engine: sa.Engine) -> None:
    """Redemptions of an employee and of a dependant, with the till's words and without, and reversals."""
    with store.sessionmaker_for(engine)() as session:
        store.for_writing(session)
        world = World(session)
        world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limit_total=9, limit_holder=5)
        child = Holder(
            kind=HolderKind.DEPENDANT, name="张小宝", sponsor_id=world.mechanic.id, created_at=world.at
        )
        session.add(child)
        session.flush()
        voided, refunded = uuid4(), uuid4()
        world.redeem(10000, id_=voided, offer="CAP")
        world.redeem(9999, id_=refunded, holder=child)
        world.redeem(777, offer="WASH", outlet=world.garage_hall, holder=world.milkman)
        scanned = scan(session, world.keyring, world.counter(), uuid4(), world.shown().code, world.at)
        order = Order(uuid4(), "CAP", 5000, receipt_no="A-1", pos="P1", terminal="T1", cashier="小王")
        redeem(session, world.counter(), scanned.id, order, world.at)
        reverse(
            session,
            world.counter(),
            uuid4(),
            voided,
            "按错",
            world.later(minutes=1),
            authority=Authority.MERCHANT,
        )
        reverse(
            session,
            world.counter(),
            uuid4(),
            refunded,
            "退货",
            world.later(days=1),
            refund_fen=1000,
            authority=Authority.MERCHANT,
        )
        session.commit()
        derive(session, month_of(business_date(world.at)), world.later(days=2))
        session.commit()


def test_what_a_redemption_remembers(books: None, engine: sa.Engine, database_url: str) -> None:
    """0002: households are found again, and the digests of every fact are taken anew both ways."""
    before = facts(engine)
    assert len(before["redemptions"]) == 4
    store.downgrade(database_url, "0001")
    assert "household_id" not in {column["name"] for column in sa.inspect(engine).get_columns("redemptions")}
    store.upgrade(database_url)
    assert facts(engine) == before
    with store.sessionmaker_for(engine)() as session:
        assert [finding for invariant in INVARIANTS.values() for finding in invariant(session)] == []


def test_printed_cards(engine: sa.Engine, database_url: str) -> None:
    """0011: what was scanned and redeemed by card goes down and up; the cards go with their tables."""
    with store.sessionmaker_for(engine)() as session:
        store.for_writing(session)
        world = World(session)
        card = world.card()
        world.card(world.salesman)
        world.redeem(holder=world.milkman)
        made = scan(session, world.keyring, world.counter(), uuid4(), card.text, world.at)
        order = Order(uuid4(), "MILK", 5000, name_compared=True)
        redeem(session, world.counter(), made.id, order, world.at)
        world.card(anew=True)
        session.commit()
        assert [finding for invariant in INVARIANTS.values() for finding in invariant(session)] == []
    before = facts(engine)
    assert len(before["scans"]) == 2
    store.downgrade(database_url, "0012")
    assert not {"printed_cards", "card_revocations", "card_spendings"} & set(
        sa.inspect(engine).get_table_names()
    )
    assert "card_id" not in {column["name"] for column in sa.inspect(engine).get_columns("scans")}
    store.upgrade(database_url)
    assert facts(engine) == before
    with store.sessionmaker_for(engine)() as session:
        store.for_writing(session)
        world.session = session
        world.card()
        session.commit()


def facts(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    """Every scan, redemption and reversal, without what the way down drops."""
    engine.dispose()
    with engine.connect() as connection:
        return {
            str(model.__tablename__): [
                {name: value for name, value in row.items() if name not in ADDED}
                for row in connection.execute(sa.select(model.__table__).order_by("id")).mappings()
            ]
            for model in (Scan, Redemption, Reversal)
        }
