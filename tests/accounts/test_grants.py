"""Accounts and grants."""

import pytest
import sqlalchemy as sa

from alliance.accounts.grants import find_or_create_account, grant, revoke
from alliance.accounts.models import Account, Grant, GrantOutlet, Role
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE, Actor
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
