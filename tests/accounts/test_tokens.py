"""API tokens."""

import pytest
import sqlalchemy as sa

from alliance.accounts.models import ApiToken
from alliance.accounts.tokens import create_token, revoke_token, token_for
from alliance.audit.trail import COMMAND_LINE
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
    assert token_for(session, plain) is made
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
