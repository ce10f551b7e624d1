"""Accounts and grants."""

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import pytest
import sqlalchemy as sa

from alliance.accounts.grants import find_or_create_account, grant, revoke, take_outlet
from alliance.accounts.models import Account, Grant, GrantOutlet, Role
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE, Actor
from alliance.store import sessionmaker_for
from tests.world import NOON, World

PHONE = "+8613900000001"


@pytest.fixture
def world(session) -> World:
    return World(session)


@pytest.fixture
def account(session) -> Account:
    find_or_create_account(session, "+8613900000009", "别人", NOON)
    return find_or_create_account(session, PHONE, "张喆", NOON)


def test_a_phone_has_one_account_and_keeps_its_name(session, account):
    again = find_or_create_account(session, PHONE, "另一个名字", NOON)
    assert again is account
    assert account.name == "张喆"
    assert account.password_hash is None


def test_granting_twice_is_granting_once(session, world, account):
    first = grant(session, account, Role.ZONE_ORGANIZER, COMMAND_LINE, NOON, zone_id=world.east.id)
    again = grant(session, account, Role.ZONE_ORGANIZER, COMMAND_LINE, NOON, zone_id=world.east.id)
    other = grant(session, account, Role.ZONE_ORGANIZER, COMMAND_LINE, NOON, zone_id=world.west.id)
    assert first is again
    assert other is not first


def test_a_cashiers_outlets_add_up(session, world, account):
    for outlets in ([world.dairy_shop], [world.dairy_shop, world.dairy_kiosk]):
        made = grant(
            session, account, Role.CASHIER, COMMAND_LINE, NOON, enterprise_id=world.dairy.id, outlets=outlets
        )
    found = session.scalars(sa.select(GrantOutlet.outlet_id).where(GrantOutlet.grant_id == made.id)).all()
    assert sorted(found) == sorted([world.dairy_shop.id, world.dairy_kiosk.id])
    assert session.scalar(sa.select(sa.func.count()).select_from(Grant)) == 1


def test_outlets_are_taken_one_by_one_and_the_grant_ends_with_the_last(session, world, account):
    both = [world.dairy_shop, world.dairy_kiosk]
    made = grant(
        session, account, Role.CASHIER, COMMAND_LINE, NOON, enterprise_id=world.dairy.id, outlets=both
    )
    for _ in range(2):
        take_outlet(session, made, both[0].id, COMMAND_LINE, NOON)
    assert made.revoked_at is None
    assert session.scalars(sa.select(GrantOutlet.outlet_id)).all() == [both[1].id]
    take_outlet(session, made, both[1].id, COMMAND_LINE, NOON)
    assert made.revoked_at == NOON
    actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [action for action in actions if action.startswith("grant.")] == [
        "grant.give", "grant.revoke", "grant.revoke",
    ]  # fmt: skip


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_an_outlet_is_not_added_to_a_grant_that_is_ending(engine, session, world, account):
    """The last outlet is taken while another is given: the other must not hang on an ended grant."""
    enterprise_id, shop, kiosk = world.dairy.id, world.dairy_shop, world.dairy_kiosk
    made = grant(
        session, account, Role.CASHIER, COMMAND_LINE, NOON, enterprise_id=enterprise_id, outlets=[shop]
    )
    session.commit()
    waiting = Event()

    def give() -> int:
        with sessionmaker_for(engine)() as other:
            who, where = other.get_one(Account, account.id), {"enterprise_id": enterprise_id}
            waiting.set()
            given = grant(other, who, Role.CASHIER, COMMAND_LINE, NOON, outlets=[kiosk], **where)
            other.commit()
            return given.id

    take_outlet(session, session.get_one(Grant, made.id, with_for_update=True), shop.id, COMMAND_LINE, NOON)
    session.flush()
    with ThreadPoolExecutor() as pool:
        giving = pool.submit(give)
        waiting.wait()
        done, _ = wait([giving], timeout=0.5)
        assert not done, "it did not wait"
        session.commit()
        assert giving.result() != made.id


def test_a_scope_that_does_not_fit_the_role_is_refused(session, world, account):
    with pytest.raises(sa.exc.IntegrityError):
        grant(session, account, Role.ORGANIZER, COMMAND_LINE, NOON, zone_id=world.east.id)


def test_revoking_says_who_and_when_and_a_new_grant_is_a_new_row(session, account):
    boss = find_or_create_account(session, "+8613900000002", "主任", NOON)
    first = grant(session, account, Role.ORGANIZER, Actor(boss.id), NOON)
    revoke(session, first, Actor(boss.id), NOON)
    revoke(session, first, COMMAND_LINE, NOON)
    assert (first.granted_by_id, first.revoked_by_id, first.revoked_at) == (boss.id, boss.id, NOON)
    assert grant(session, account, Role.ORGANIZER, COMMAND_LINE, NOON) is not first


def test_giving_and_revoking_stand_in_the_audit_trail(session, world, account):
    made = grant(session, account, Role.ENTERPRISE_ADMIN, COMMAND_LINE, NOON, enterprise_id=world.dairy.id)
    revoke(session, made, COMMAND_LINE, NOON)
    session.flush()
    entries = session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action.like("grant.%")).order_by(AuditEntry.id)
    ).all()
    assert [entry.action for entry in entries] == ["grant.give", "grant.revoke"]
    assert {entry.subject for entry in entries} == {f"grant:{made.id}"}
    assert entries[0].detail == {"account": account.id, "role": "enterprise_admin"}
    assert entries[0].enterprise_id == world.dairy.id
