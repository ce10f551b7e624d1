"""Migrations over tables that are not empty: down and up again, nothing that counts is changed."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from alliance import store
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.derive import derive
from alliance.circulation.verify import INVARIANTS
from alliance.clock import business_date, month_of
from alliance.offers.pricing import Discount
from alliance.passes import devices, household
from alliance.passes.issue import pass_of
from alliance.passes.models import DeviceCredential, Pass, PassDevice
from alliance.people.models import Holder, HolderKind
from alliance.redemptions.models import Redemption, Reversal, Scan
from alliance.redemptions.redeem import Order, redeem
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from tests.phones import KeyPair
from tests.world import World

#: What 0002 adds and its way down therefore cannot keep, and the digests over it.
ADDED = {"evidence", "corrects_id", "pos", "terminal", "cashier", "digest"}
#: What 0012 adds to scans.
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
    """0012: what was scanned and redeemed by card goes down and up; the cards go with their tables."""
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
    store.downgrade(database_url, "0011")
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


def test_families(engine: sa.Engine, database_url: str) -> None:
    """0011: phones and their keys' order stay; who carries a card is found again when it is opened."""
    with store.sessionmaker_for(engine)() as session:
        store.for_writing(session)
        world, mine, by = World(session), uuid4(), COMMAND_LINE
        child = household.add_dependant(session, world.mechanic, "", 5, by, world.at)
        gone = household.add_dependant(session, world.mechanic, "张桂兰", 5, by, world.at)
        household.remove_dependant(session, gone, by, world.at)
        household.invite(session, world.mechanic, 5, by, world.at)
        own, other = (pass_of(session, holder.id, world.at) for holder in (world.mechanic, child))
        for _ in range(2):
            phone = devices.enrol(session, own, KeyPair().point, mine, "test", by, world.at)
        card = KeyPair().point
        carried = devices.enrol(session, other, card, mine, "test", by, world.at, carrier_id=phone.key_id)
        devices.issue_credential(session, world.keyring, carried, world.at)
        world.redeem(holder=child)
        session.commit()
        own_id, other_id, carrier_id = own.id, other.id, phone.key_id
    before = facts(engine), phones(engine)
    store.downgrade(database_url, "0010")
    assert not {"invitations", "dependant_removals"} & set(sa.inspect(engine).get_table_names())
    store.upgrade(database_url)
    assert (facts(engine), phones(engine)) == before
    with store.sessionmaker_for(engine)() as session:
        store.for_writing(session)
        assert [finding for invariant in INVARIANTS.values() for finding in invariant(session)] == []
        held, at = session.get_one(Pass, other_id), world.at
        devices.enrol(session, held, card, mine, "test", by, at, carrier_id=carrier_id)
        own_phone = devices.phone_of_session(session, own_id, mine)
        assert own_phone is not None
        devices.remove(session, own_phone, "丢失", by, at)
        assert [device.revoked_at for device in devices.devices_of(session, other_id)] == [at]
        session.commit()


def phones(engine: sa.Engine) -> list[Any]:
    """Every key, which it replaced, and its credentials."""
    engine.dispose()
    keys = sa.select(
        PassDevice.key_id, PassDevice.pass_id, PassDevice.replaces_id, DeviceCredential.expires_at
    )
    keys = keys.outerjoin(DeviceCredential, DeviceCredential.key_id == PassDevice.key_id)
    with engine.connect() as connection:
        return list(connection.execute(keys.order_by(PassDevice.key_id)).all())


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
