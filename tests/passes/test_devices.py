"""Phones with keys: two of them, three changes in thirty days, gone in one step; and renewal."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.passes import cose, devices
from alliance.passes.credential import CredentialClass, verify
from alliance.passes.devices import (
    CREDENTIAL_LIFETIME,
    carrier_of_session,
    devices_of,
    enrol,
    issue_credential,
    phone_of_session,
    remove,
)
from alliance.passes.issue import pass_of, reissue, revoke
from alliance.passes.models import DeviceCredential, DeviceRevocation, Pass, PassDevice
from alliance.refused import Reason, Refused
from alliance.store import sessionmaker_for
from tests.phones import KeyPair
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    world = World(session)
    world.phone(world.salesman)
    return world


@pytest.fixture
def held(world: World) -> Pass:
    return pass_of(world.session, world.mechanic.id, world.at)


def bind(
    world: World, held: Pass, key: KeyPair | None = None, sign_in: UUID | None = None, days: float = 0
) -> PassDevice:
    point, at = (key or KeyPair()).point, world.later(days=days)
    return enrol(world.session, held, point, sign_in or uuid4(), "test", COMMAND_LINE, at)


def refused(world: World, held: Pass, key: KeyPair | None = None, **how: float) -> Reason | None:
    try:
        bind(world, held, key, **how)  # type: ignore[arg-type]
    except Refused as reason:
        return reason.reason
    return None


def alive(world: World, held: Pass) -> list[bytes]:
    return [device.row.key_id for device in devices_of(world.session, held.id) if device.revoked_at is None]


def test_a_third_device_is_refused_until_one_is_removed(world: World, held: Pass) -> None:
    first, second = bind(world, held), bind(world, held)
    assert refused(world, held) is Reason.TOO_MANY_DEVICES
    remove(world.session, first, "丢失", COMMAND_LINE, world.at)
    third = bind(world, held)
    assert set(alive(world, held)) == {second.key_id, third.key_id}


def test_three_rebindings_in_thirty_days(world: World, held: Pass) -> None:
    """The first binding of a pass counts as none; a removal gives nothing back."""
    for day in range(4):
        remove(world.session, bind(world, held, days=day), "丢失", COMMAND_LINE, world.later(days=day))
    assert refused(world, held, days=4) is Reason.TOO_MANY_REBINDINGS
    assert refused(world, held, days=30.9) is Reason.TOO_MANY_REBINDINGS
    assert refused(world, held, days=31) is None


def test_the_same_session_replaces_its_own_and_counts_as_nothing(world: World, held: Pass) -> None:
    sign_in = uuid4()
    bind(world, held)
    for _ in range(8):
        last = bind(world, held, sign_in=sign_in)
    assert len(alive(world, held)) == 2
    assert last.key_id in alive(world, held)
    # Four times more it may still be changed by others: none of the eight has counted but the first.
    remove(world.session, last, "丢失", COMMAND_LINE, world.at)
    remove(world.session, bind(world, held), "丢失", COMMAND_LINE, world.at)
    remove(world.session, bind(world, held), "丢失", COMMAND_LINE, world.at)
    assert refused(world, held) is Reason.TOO_MANY_REBINDINGS


def test_the_same_key_again_is_the_same_device(world: World, held: Pass) -> None:
    """After signing in again too; it moves to the new session."""
    key, sign_in = KeyPair(), uuid4()
    first = bind(world, held, key)
    assert bind(world, held, key, sign_in) is first
    assert first.sign_in_id == sign_in
    assert len(devices_of(world.session, held.id)) == 1


def test_a_removed_key_and_a_strangers_key_do_not_come_back(world: World, held: Pass) -> None:
    key, strangers = KeyPair(), KeyPair()
    remove(world.session, bind(world, held, key), "丢失", COMMAND_LINE, world.at)
    assert refused(world, held, key) is Reason.DEVICE_REMOVED
    bind(world, pass_of(world.session, world.milkman.id, world.at), strangers)
    assert refused(world, held, strangers) is Reason.DEVICE_REMOVED


def test_a_pass_issued_again_begins_anew(world: World, held: Pass) -> None:
    key = KeyPair()
    bind(world, held, key)
    revoke(world.session, held, "丢失", COMMAND_LINE, world.at)
    new = reissue(world.session, world.mechanic.id, COMMAND_LINE, world.at)
    assert refused(world, new, key) is Reason.DEVICE_REMOVED
    assert refused(world, new) is None


def test_what_happens_is_in_the_audit_trail(world: World, held: Pass) -> None:
    device = bind(world, held)
    for _ in range(2):
        remove(world.session, device, "丢失", COMMAND_LINE, world.at)
    world.session.flush()
    entries = world.session.scalars(select(AuditEntry).where(AuditEntry.subject == f"pass:{held.id}")).all()
    assert [entry.action for entry in entries] == ["device.enrol", "device.remove"]
    assert entries[1].detail == {"key": device.key_id.hex(), "reason": "丢失"}
    assert world.session.scalar(select(func.count()).select_from(DeviceRevocation)) == 1


def test_a_credential_of_seven_days_and_its_renewal(world: World, held: Pass) -> None:
    key = KeyPair()
    device = bind(world, held, key)
    first = issue_credential(world.session, world.keyring, device, world.at)
    assert first.expires_at == world.later(days=7)
    assert first.renew_at == world.later(days=1)
    second = issue_credential(world.session, world.keyring, device, world.later(days=1))
    at = world.later(days=1)
    one, two = (verify(world.session, world.keyring, made.credential, at) for made in (first, second))
    assert one.class_ == CredentialClass.DEVICE
    assert one.cnf == two.cnf == key.point
    assert one.cti != two.cti
    assert one.status_index != two.status_index
    assert world.session.get_one(DeviceCredential, two.status_index).key_id == cose.thumbprint(key.point)


def test_indices_are_free_again_after_the_credential(world: World, held: Pass) -> None:
    issue_credential(world.session, world.keyring, bind(world, held), world.at)
    count = select(func.count()).select_from(DeviceCredential)
    before = world.session.scalar(count)
    devices.forget_expired(world.session, world.later(seconds=CREDENTIAL_LIFETIME.total_seconds() - 1))
    assert world.session.scalar(count) == before == 2
    devices.forget_expired(world.session, world.at + CREDENTIAL_LIFETIME)
    assert world.session.scalar(count) == 0


def test_a_phone_that_asks_without_end_is_stopped(world: World, held: Pass) -> None:
    device = bind(world, held)
    for _ in range(20):
        issue_credential(world.session, world.keyring, device, world.at)
    with pytest.raises(Refused, match="too_many_attempts"):
        issue_credential(world.session, world.keyring, device, world.at)
    issue_credential(world.session, world.keyring, device, world.at + timedelta(days=8))


def enrolment(key: KeyPair, challenge: bytes, payload: bytes | None = None) -> str:
    made = payload if payload is not None else cose.canonical(cose.cose_key(key.point))
    return cose.to_text(cose.seal(cose.ES256_HEADER, made, key.private, challenge))


def test_enrolling_proves_the_private_half_to_this_session() -> None:
    key, other, sign_in = KeyPair(), KeyPair(), uuid4()
    mine = devices.challenge("secret", sign_in)
    assert devices.read_enrolment(enrolment(key, mine), mine) == key.point
    stolen = cose.canonical(cose.cose_key(other.point))
    private_too = cose.canonical(cose.cose_key(key.point) | {-4: b"d"})
    bad = [
        enrolment(key, devices.challenge("secret", uuid4())),
        enrolment(key, devices.challenge("other", sign_in)),
        enrolment(key, mine, stolen),
        enrolment(key, mine, private_too),
        enrolment(key, mine, cose.canonical([1])),
        enrolment(key, mine, cose.canonical({1: True, -1: 1, -2: key.point[1:33], -3: key.point[33:]})),
        cose.to_text(cose.seal(b"\xa1\x01\x27", cose.canonical(cose.cose_key(key.point)), key.private, mine)),
        "", "A" * 2000, "张",
    ]  # fmt: skip
    for text in bad:
        with pytest.raises(Refused, match="malformed"):
            devices.read_enrolment(text, mine)


def test_a_card_goes_with_the_phone_that_carries_it(world: World) -> None:
    """Removing the phone removes it; a browser that throws its key away keeps it; another phone's stays."""
    son, by, at = world.dependant(world.mechanic, "张小宝"), COMMAND_LINE, world.at
    own, other = (pass_of(world.session, world.mechanic.id, at), pass_of(world.session, son.id, at))
    mine, fathers = uuid4(), uuid4()
    first = enrol(world.session, own, KeyPair().point, mine, "test", by, at)
    second = enrol(world.session, own, KeyPair().point, fathers, "test", by, at)
    card = enrol(world.session, other, KeyPair().point, mine, "test", by, at, carrier_id=first.key_id)
    elsewhere = enrol(
        world.session, other, KeyPair().point, fathers, "test", by, at, carrier_id=second.key_id
    )
    again = enrol(world.session, own, KeyPair().point, mine, "test", by, at)
    assert phone_of_session(world.session, own.id, mine) is again
    world.session.refresh(card)
    assert card.carrier_id == again.key_id
    remove(world.session, again, "丢失", by, at)
    alive = [device.row for device in devices_of(world.session, other.id) if device.revoked_at is None]
    assert alive == [elsewhere]
    assert phone_of_session(world.session, own.id, mine) is None


def test_who_removes_a_phone_from_an_old_page_removes_the_phone(world: World, held: Pass) -> None:
    """Its browser had thrown the key away and made another; the page still names the first."""
    mine, later = uuid4(), uuid4()
    first, key = bind(world, held, sign_in=mine), KeyPair()
    second = bind(world, held, key, mine)
    bind(world, held, key, later)
    assert remove(world.session, first, "丢失", COMMAND_LINE, world.at).sign_in_id == later
    assert alive(world, held) == []
    assert remove(world.session, second, "丢失", COMMAND_LINE, world.at) is second


def test_a_phone_takes_on_no_card_while_it_is_removed(world: World, engine: sa.Engine) -> None:
    """Nor the other way round: the one waits for the other, so no card is left on a removed phone."""
    if engine.dialect.name == "sqlite":
        pytest.skip("writers of SQLite take turns: of two, one has not begun")
    mine, by, at = uuid4(), COMMAND_LINE, world.at
    own = pass_of(world.session, world.mechanic.id, at)
    phone = enrol(world.session, own, KeyPair().point, mine, "test", by, at)
    world.session.commit()
    own_id, key_id = own.id, phone.key_id
    with sessionmaker_for(engine)() as carrying, sessionmaker_for(engine)() as removing:
        for session in (carrying, removing):
            session.execute(sa.text("SET lock_timeout = '20ms'"))
            session.commit()
        assert carrier_of_session(carrying, own_id, mine) is not None
        with pytest.raises(sa.exc.OperationalError):
            remove(removing, removing.get_one(PassDevice, key_id), "丢失", by, at)
        removing.rollback()
        carrying.commit()
        remove(removing, removing.get_one(PassDevice, key_id), "丢失", by, at)
        with pytest.raises(sa.exc.OperationalError):
            carrier_of_session(carrying, own_id, mine)
        carrying.rollback()
        removing.commit()
        assert carrier_of_session(carrying, own_id, mine) is None
