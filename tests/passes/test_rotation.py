"""Signing keys change without anybody noticing, and one is dropped when nothing lives under it."""

from datetime import timedelta

import cbor2
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.passes import cose
from alliance.passes.credential import sign, verify
from alliance.passes.keys import Keyring
from alliance.passes.models import SigningKey
from alliance.passes.rotation import KeyState, StillNeeded, drop, key_set, rotate, standings
from alliance.refused import Reason, Refused
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    world.shown()
    return world


@pytest.fixture
def first(world: World) -> SigningKey:
    return world.session.scalars(select(SigningKey)).one()


def states(world: World, **delta: float) -> list[KeyState]:
    return [standing.state for standing in standings(world.session, world.later(**delta))]


def signing_kid(world: World, **delta: float) -> bytes | None:
    return world.keyring.signing_key(world.session, world.later(**delta)).kid


def published(world: World) -> list[bytes]:
    return [key[2] for key in cbor2.loads(key_set(world.session))]


def test_a_new_key_is_published_a_day_before_it_signs(world: World, first: SigningKey) -> None:
    new = rotate(world.session, world.keyring, COMMAND_LINE, world.at)
    assert published(world) == [first.kid, new.kid]
    assert states(world, hours=23) == [KeyState.NEXT, KeyState.SIGNING]
    assert signing_kid(world, hours=23) == first.kid
    assert states(world, hours=24) == [KeyState.SIGNING, KeyState.VERIFYING]
    assert signing_kid(world, hours=24) == new.kid


def test_the_key_set_holds_public_halves_only(world: World, first: SigningKey) -> None:
    (key,) = cbor2.loads(key_set(world.session))
    assert key == cose.cose_key(first.public) | {2: first.kid, 3: -7}
    assert -4 not in key


def test_a_phone_goes_on_through_a_rotation(world: World, first: SigningKey) -> None:
    phone = world.phone(at=world.later(hours=23))
    rotate(world.session, world.keyring, COMMAND_LINE, world.at)
    for day in range(1, 8):
        at = world.later(days=day)
        from alliance.passes.presentation import verify_shown

        assert verify_shown(world.session, Keyring("other"), phone.show(at), at)


def test_a_key_is_dropped_only_after_the_last_credential_under_it(world: World, first: SigningKey) -> None:
    with pytest.raises(StillNeeded) as signs:
        drop(world.session, first, COMMAND_LINE, world.later(days=90))
    assert signs.value.until is None
    new = rotate(world.session, world.keyring, COMMAND_LINE, world.at)
    with pytest.raises(StillNeeded) as needed:
        drop(world.session, first, COMMAND_LINE, world.later(days=7, hours=23))
    assert needed.value.until == world.later(days=8)
    drop(world.session, first, COMMAND_LINE, world.later(days=8))
    assert published(world) == [new.kid]
    assert states(world, days=8) == [KeyState.SIGNING, KeyState.RETIRED]
    assert first.sealed == b""


def test_a_key_that_has_leaked_is_dropped_at_once(world: World, first: SigningKey) -> None:
    text = world.shown().text
    drop(world.session, first, COMMAND_LINE, world.at, compromised=True)
    with pytest.raises(Refused, match=str(Reason.UNKNOWN_KEY)):
        verify(world.session, Keyring("another process"), text, world.at)
    # Also where the key is remembered, a minute later.
    with pytest.raises(Refused, match=str(Reason.UNKNOWN_KEY)):
        verify(world.session, world.keyring, text, world.later(seconds=60))
    again = world.shown(at=world.later(seconds=61)).text
    verify(world.session, world.keyring, again, world.later(seconds=61))


def test_two_keys_under_one_id_are_both_tried(world: World, first: SigningKey) -> None:
    found = verify(world.session, world.keyring, world.shown().text, world.at)
    namesake = world.keyring.make(world.session, world.at, world.later(seconds=1))
    old = sign(found, world.keyring.signing_key(world.session, world.at))
    namesake.kid = first.kid
    world.session.flush()
    new = sign(found, world.keyring.signing_key(world.session, world.later(seconds=1)))
    for text in (old, new):
        assert verify(world.session, Keyring("other"), text, world.at) == found


def test_a_key_that_never_signed_keeps_no_other_alive(world: World, first: SigningKey) -> None:
    mistake = rotate(world.session, world.keyring, COMMAND_LINE, world.at, timedelta(days=30))
    drop(world.session, mistake, COMMAND_LINE, world.at, compromised=True)
    assert states(world) == [KeyState.RETIRED, KeyState.SIGNING]
    assert states(world, days=60) == [KeyState.RETIRED, KeyState.SIGNING]
