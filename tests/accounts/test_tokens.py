"""API tokens."""

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from alliance import store
from alliance.accounts.models import ApiToken
from alliance.accounts.tokens import (
    create_token,
    is_use_worth_noting,
    note_use,
    revoke_token,
    token_for,
)
from alliance.audit.trail import COMMAND_LINE
from alliance.redemptions.models import RefusedAttempt
from tests.world import NOON, World


@pytest.fixture
def world(session) -> World:
    return World(session)


def test_a_token_is_found_by_its_plain_text_only(session, world):
    shop = world.dairy_shop
    made, plain = create_token(session, "收银系统", shop.merchant_id, shop.id, None, COMMAND_LINE, NOON)
    create_token(session, "另一台", shop.merchant_id, world.dairy_kiosk.id, None, COMMAND_LINE, NOON)
    assert plain.startswith("alc_")
    assert len(plain) == 4 + 43
    assert token_for(session, plain).id == made.id
    assert (made.merchant_id, made.outlet_id, made.zone_id) == (shop.merchant_id, shop.id, None)
    for wrong in ("", "alc_", plain[:-1], plain + "A", plain.upper()):
        assert token_for(session, wrong) is None


def test_the_store_holds_no_plain_text(session, world):
    _, plain = create_token(session, "统计", None, None, world.east.id, COMMAND_LINE, NOON)
    row = session.execute(sa.select(ApiToken.__table__)).one()
    assert plain not in repr(row)
    assert plain.removeprefix("alc_") not in repr(row)


def test_a_revoked_token_says_when_and_by_whom(session):
    made, plain = create_token(session, "统计", None, None, None, COMMAND_LINE, NOON)
    revoke_token(session, made, COMMAND_LINE, NOON)
    revoke_token(session, made, COMMAND_LINE, NOON.replace(year=2027))
    session.flush()
    assert made.revoked_at == NOON
    assert token_for(session, plain).revoked_at == NOON


def test_a_token_of_an_outlet_has_no_zone(session, world):
    shop = world.dairy_shop
    with pytest.raises(sa.exc.IntegrityError):
        create_token(session, "两用", shop.merchant_id, shop.id, world.east.id, COMMAND_LINE, NOON)


def test_a_token_of_a_merchant_has_no_zone_and_an_outlet_has_its_merchant(session, world):
    shop = world.dairy_shop
    made, _ = create_token(session, "总部", shop.merchant_id, None, None, COMMAND_LINE, NOON)
    assert (made.merchant_id, made.outlet_id) == (shop.merchant_id, None)
    for scope in ((shop.merchant_id, None, world.east.id), (None, shop.id, None)):
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            create_token(session, "两用", *scope, COMMAND_LINE, NOON)


def test_the_last_use_is_true_to_the_minute(session, world):
    made, _ = create_token(session, "收银", world.dairy.id, None, None, COMMAND_LINE, NOON)
    for seconds, written in ((0, True), (59, False), (60, True), (61, False)):
        at = NOON + timedelta(seconds=seconds)
        assert is_use_worth_noting(made, at) is written
        assert note_use(session, made, at) is written
        session.refresh(made)
    assert made.last_used_at == NOON + timedelta(seconds=60)


def test_nobody_queues_to_note_a_use(session, world, engine):
    """Neither a till that shares the token, nor one that is writing something else on SQLite."""
    made, _ = create_token(session, "收银", world.dairy.id, None, None, COMMAND_LINE, NOON)
    session.commit()
    assert note_use(session, made, NOON)
    began = time.monotonic()
    with store.without_waiting(engine) as other:
        if engine.dialect.name == "sqlite":
            with pytest.raises(sa.exc.OperationalError, match="locked"):
                note_use(other, made, NOON)
        else:
            assert note_use(other, made, NOON) is False
    assert time.monotonic() - began < 1
    session.rollback()
    with store.without_waiting(engine) as other:
        assert note_use(other, made, NOON)
        other.commit()
    session.rollback()
    assert session.scalars(sa.select(ApiToken.last_used_at)).one() == NOON


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_redemption_does_not_wait_for_the_note(session, world, engine):
    """The fact points at the token's row; noting its use locks no key. (SQLite has one lock for all.)"""
    made, _ = create_token(session, "收银", world.dairy.id, None, None, COMMAND_LINE, NOON)
    session.commit()
    assert note_use(session, made, NOON)
    with store.sessionmaker_for(engine)() as other:
        other.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        other.add(RefusedAttempt(
            merchant_id=world.dairy.id, outlet_id=world.dairy_shop.id, at=NOON, reason="expired",
            token_id=made.id,
        ))  # fmt: skip
        other.commit()
