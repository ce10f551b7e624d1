"""The status list: a bit for each credential that is dead before its time, and its size."""

import zlib
from random import Random

import cbor2
import pytest
from cwt import COSE
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.passes import cose
from alliance.passes.cards import CARD_INDICES
from alliance.passes.devices import STATUS_INDICES, remove
from alliance.passes.issue import pass_of, revoke
from alliance.passes.models import DeviceCredential, PassDevice
from alliance.passes.status_list import MEDIA_TYPE, status_list
from alliance.people.employment import employment_on, leave
from alliance.people.models import Holder
from alliance.refused import Reason
from tests.passes.test_credential import reason
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    for holder in (world.mechanic, world.salesman, world.milkman):
        world.phone(holder)
    return world


def index_of(world: World, holder: Holder) -> int:
    held = pass_of(world.session, holder.id, world.at)
    found = select(DeviceCredential.status_index).join(PassDevice).where(PassDevice.pass_id == held.id)
    return world.session.scalars(found).one()


def revoked(world: World, **delta: float) -> set[int]:
    message = status_list(world.session, world.keyring, "https://x.example/list", world.later(**delta))
    claims = cbor2.loads(cose.unseal(message).payload)
    bits = zlib.decompress(claims[65533]["lst"])
    assert len(bits) == CARD_INDICES.stop // 8
    return {n * 8 + bit for n, byte in enumerate(bits) if byte for bit in range(8) if byte >> bit & 1}


def test_who_is_dead_is_listed_and_nobody_else(world: World) -> None:
    assert revoked(world) == set()
    device = world.session.scalars(
        select(PassDevice).where(PassDevice.pass_id == pass_of(world.session, world.mechanic.id, world.at).id)
    ).one()
    remove(world.session, device, "丢失", COMMAND_LINE, world.at)
    assert revoked(world) == {index_of(world, world.mechanic)}
    held = pass_of(world.session, world.salesman.id, world.at)
    indices = {index_of(world, world.mechanic), index_of(world, world.salesman)}
    revoke(world.session, held, "丢失", COMMAND_LINE, world.at)
    assert revoked(world) == indices
    today = business_date(world.at)
    leave(world.session, employment_on(world.session, world.milkman.id, today), today, world.at)  # type: ignore[arg-type]
    world.session.flush()
    assert revoked(world) == indices | {index_of(world, world.milkman)}
    # What has expired needs no bit.
    assert revoked(world, days=7) == set()


def test_it_is_signed_typed_and_dated(world: World) -> None:
    message = status_list(world.session, world.keyring, "https://x.example/list", world.at)
    key = world.keyring.signing_key(world.session, world.at)
    claims = cbor2.loads(COSE.new().decode(message, key))
    now = int(world.at.timestamp())
    assert cbor2.loads(cose.unseal(message).protected) == {1: -7, 4: key.kid, 16: MEDIA_TYPE}
    assert {name: claims[name] for name in (2, 4, 6, 65534)} == {
        2: "https://x.example/list",
        4: now + 86400,
        6: now,
        65534: 300,
    }
    assert reason(world, cose.to_text(message)[:900]) is Reason.MALFORMED


def test_before_the_first_key_there_is_none(session: Session) -> None:
    world = World(session)
    with pytest.raises(LookupError):
        status_list(session, world.keyring, "", world.at)


@pytest.mark.parametrize(
    ("dead", "cards", "kilobytes"), [(1_000, 0, 4.5), (7_000, 0, 20.0), (1_000, 1_000, 7.8)]
)
def test_the_size_that_the_document_states(dead: int, cards: int, kilobytes: float) -> None:
    """100,000 passes with 1 % revoked: a thousand phones, one to seven credentials each; and cards."""
    bits = bytearray(CARD_INDICES.stop // 8)
    for index in Random(1).sample(range(STATUS_INDICES), dead) + Random(2).sample(CARD_INDICES, cards):
        bits[index // 8] |= 1 << index % 8
    assert len(zlib.compress(bytes(bits))) < kilobytes * 1000
