"""Sessions, and who is known by a phone."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from alliance.accounts.grants import find_or_create_account, grant, revoke
from alliance.accounts.models import Account, Grant, Role
from alliance.accounts.passwords import hash_password
from alliance.accounts.sign_in import (
    account_of_proven_phone,
    credentials_of,
    end,
    load,
    may_sign_in,
    start,
)
from alliance.audit.trail import COMMAND_LINE
from tests.world import NOON, World

PHONE = "+8613900000001"
MONTH = timedelta(days=30)


@pytest.fixture
def world(session) -> World:
    return World(session)


@pytest.fixture
def account(session) -> Account:
    stranger = find_or_create_account(session, "+8613900000009", "别人", NOON)
    grant(session, stranger, Role.ORGANIZER, COMMAND_LINE, NOON)
    return find_or_create_account(session, PHONE, "张喆", NOON)


def test_credentials_belong_to_one_phone(session, account):
    account.password_hash = hash_password("a good password")
    known = credentials_of(session, PHONE)
    assert known is not None
    assert (known.account_id, known.password_hash) == (account.id, account.password_hash)
    assert credentials_of(session, "+8613900000009").password_hash is None
    assert credentials_of(session, "+8613900000008") is None


def test_a_code_goes_to_accounts_and_to_the_roster_only(session, world, account):
    assert may_sign_in(session, PHONE)
    assert may_sign_in(session, world.mechanic.phone)
    assert not may_sign_in(session, "+8613900000008")


def test_a_holder_who_proves_the_phone_gets_account_and_grant(session, world):
    id_ = account_of_proven_phone(session, world.mechanic.phone, NOON)
    account = session.get_one(Account, id_)
    assert (account.phone, account.name) == (world.mechanic.phone, "张喆明")
    (made,) = session.scalars(sa.select(Grant).where(Grant.account_id == id_)).all()
    assert (made.role, made.holder_id) == (Role.HOLDER, world.mechanic.id)


def test_proving_it_again_changes_nothing(session, world):
    first = account_of_proven_phone(session, world.mechanic.phone, NOON)
    assert account_of_proven_phone(session, world.mechanic.phone, NOON) == first
    assert session.scalar(sa.select(sa.func.count()).select_from(Grant)) == 1


def test_an_account_from_before_becomes_the_holders_too(session, world):
    cashier = find_or_create_account(session, world.mechanic.phone, "小张", NOON)
    grant(session, cashier, Role.CASHIER, COMMAND_LINE, NOON, enterprise_id=world.dairy.id)
    assert account_of_proven_phone(session, world.mechanic.phone, NOON) == cashier.id
    roles = session.scalars(sa.select(Grant.role).where(Grant.account_id == cashier.id)).all()
    assert sorted(roles) == ["cashier", "holder"]


def test_an_unknown_phone_has_no_account_even_when_proven(session, account):
    assert account_of_proven_phone(session, "+8613900000008", NOON) is None
    assert account_of_proven_phone(session, PHONE, NOON) == account.id


def test_a_session_knows_its_owner_and_the_live_grants(session, world, account):
    kept = grant(session, account, Role.ZONE_ORGANIZER, COMMAND_LINE, NOON, zone_id=world.east.id)
    ended = grant(session, account, Role.DATA_OFFICER, COMMAND_LINE, NOON)
    revoke(session, ended, COMMAND_LINE, NOON)
    known = load(session, start(session, account.id, "浏览器" * 100, NOON, MONTH), NOON)
    assert (known.account_id, known.phone, known.name) == (account.id, PHONE, "张喆")
    assert [found.id for found in known.grants] == [kept.id]


def test_it_ends_by_itself_after_its_time(session, account):
    id_ = start(session, account.id, "", NOON, MONTH)
    assert load(session, id_, NOON + MONTH - timedelta(seconds=1)) is not None
    assert load(session, id_, NOON + MONTH) is None


def test_ending_one_session_leaves_the_others(session, account):
    one, other = (start(session, account.id, "", NOON, MONTH) for _ in range(2))
    end(session, one, NOON)
    end(session, one, NOON + timedelta(days=1))
    session.flush()
    assert load(session, one, NOON) is None
    assert load(session, other, NOON) is not None
    end(session, uuid4(), NOON)
    assert load(session, uuid4(), NOON) is None


def test_grants_can_be_read_after_the_request_has_rolled_back(session, account):
    grant(session, account, Role.ORGANIZER, COMMAND_LINE, NOON)
    id_ = start(session, account.id, "", NOON, MONTH)
    session.commit()
    known = load(session, id_, NOON)
    session.rollback()
    assert known.grants[0].role == Role.ORGANIZER
    assert not session.in_transaction()
