"""Phones with keys of their own: enrolling one, the credential it holds, and removing it."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.passes import cose
from alliance.passes.credential import Credential, CredentialClass, sign
from alliance.passes.keys import Keyring
from alliance.passes.models import DeviceCredential, DeviceRevocation, Pass, PassDevice
from alliance.refused import Reason, Refused
from alliance.store import insert_or_ignore

MOST_DEVICES = 2
#: Enrolments after a pass's first one, in any so many days.
MOST_REBINDINGS, REBINDINGS_WITHIN = 3, timedelta(days=30)
CREDENTIAL_LIFETIME = timedelta(days=7)
#: How long the holder's other phones show that one was bound.
ANNOUNCED_FOR = timedelta(days=7)
#: A phone asks for the next credential when its own is so old.
RENEW_AFTER = timedelta(days=1)
#: Credentials of one phone alive at once: a week of daily ones, and room for a phone that forgets.
_MOST_CREDENTIALS = 20
#: Status indices of phones are below this, so that the status list has 512 KiB before it is compressed.
STATUS_INDICES = 2**22

#: Why a phone was removed, where no person has written a reason.
REPLACED, BY_HOLDER, BY_EMPLOYER, BY_ORGANIZER = "replaced", "by_holder", "by_employer", "by_organizer"


@dataclass(frozen=True)
class Enrolled:
    """What the phone keeps: its credential (Base45), until when, and when to ask for the next (UTC)."""

    credential: str
    expires_at: datetime
    renew_at: datetime


@dataclass(frozen=True)
class Device:
    """A phone of a pass; ``revoked_at`` and ``why`` once it is removed."""

    row: PassDevice
    revoked_at: datetime | None
    why: str | None


def challenge(secret: str, sign_in_id: UUID) -> bytes:
    """What a phone has to sign together with its key (32 bytes): only this session can enrol it."""
    return hmac.new(secret.encode(), b"enrol " + sign_in_id.bytes, hashlib.sha256).digest()


def read_enrolment(text: str, expected: bytes) -> bytes:
    """The point of the key that ``text`` enrols.

    It is a COSE_Sign1 over a COSE_Key by that key itself, with the challenge as external data. Raises
    Refused(malformed).
    """
    sealed = cose.unseal(cose.from_text(text))
    point = cose.point_of(cose.decode(sealed.payload))
    is_canonical = cose.canonical(cose.cose_key(point)) == sealed.payload
    if sealed.protected != cose.ES256_HEADER or not is_canonical:
        raise cose.malformed()
    if not sealed.is_signed_by(cose.public_key(point), expected):
        raise cose.malformed()
    return point


def enrol(
    session: Session,
    pass_: Pass,
    point: bytes,
    sign_in_id: UUID,
    user_agent: str,
    by: Actor,
    at: datetime,
    *,
    carrier_id: bytes | None = None,
) -> PassDevice:
    """Bind a phone's key to a pass whose holder's row is locked (``pass_of``); again is the same phone.

    A session has one phone: another key of the same session (browsers throw keys away) replaces its own and
    counts as nothing. The pass of a card goes with the phone that carries it (``carrier_id``, its own key).
    Raises Refused: device_removed (this key is removed, or another pass's: make a new one),
    too_many_devices, too_many_rebindings.
    """
    key_id = cose.thumbprint(point)
    known = session.get(PassDevice, key_id)
    if known is not None:
        if known.pass_id != pass_.id or session.get(DeviceRevocation, key_id) is not None:
            raise Refused(Reason.DEVICE_REMOVED)
        known.sign_in_id, known.carrier_id = sign_in_id, carrier_id
        return known
    before = devices_of(session, pass_.id)
    own = _own(before, sign_in_id)
    if own is None:
        _check_limits(before, at)
    elif not _revoke(session, own, REPLACED, by, at):
        # Removed at this moment, and the session is over.
        raise Refused(Reason.DEVICE_REMOVED)
    made = PassDevice(
        key_id=key_id,
        pass_id=pass_.id,
        public=point,
        user_agent=user_agent[:200],
        enrolled_at=at,
        sign_in_id=sign_in_id,
        replaces_id=own.key_id if own else None,
        carrier_id=carrier_id,
    )
    session.add(made)
    session.flush()
    if own is not None:
        # It is the same phone, so the cards that it carries are still with it.
        carried = update(PassDevice).where(PassDevice.carrier_id == own.key_id)
        session.execute(carried.values(carrier_id=key_id))
    record(session, by, "device.enrol", f"pass:{pass_.id}", at, key=key_id.hex())
    return made


def issue_credential(session: Session, keyring: Keyring, device: PassDevice, at: datetime) -> Enrolled:
    """A new credential for a phone's key, with a new ``cti`` and status index; seven days.

    Raises Refused(too_many_attempts) for a phone that asks without end.
    """
    alive = select(func.count()).where(
        DeviceCredential.key_id == device.key_id, DeviceCredential.expires_at > at
    )
    if (session.scalar(alive) or 0) >= _MOST_CREDENTIALS:
        raise Refused(Reason.TOO_MANY_ATTEMPTS)
    expires_at = at.replace(microsecond=0) + CREDENTIAL_LIFETIME
    credential = Credential.model_validate(
        {
            "4": int(expires_at.timestamp()),
            "6": int(at.timestamp()),
            "7": secrets.token_bytes(8),
            "8": device.public,
            "-65537": int(CredentialClass.DEVICE),
            "-65538": _take_index(session, device, expires_at),
        }
    )
    text = sign(credential, keyring.signing_key(session, at))
    return Enrolled(text, expires_at, at + RENEW_AFTER)


def devices_of(session: Session, pass_id: int) -> Sequence[Device]:
    """The phones of a pass, removed ones too, the first enrolled first."""
    rows = session.execute(
        select(PassDevice, DeviceRevocation.at, DeviceRevocation.reason)
        .outerjoin(DeviceRevocation, DeviceRevocation.key_id == PassDevice.key_id)
        .where(PassDevice.pass_id == pass_id)
        .order_by(PassDevice.enrolled_at, PassDevice.key_id)
    )
    return [Device(*row) for row in rows]


def phone_of_session(session: Session, pass_id: int, sign_in_id: UUID) -> PassDevice | None:
    """The living phone of a pass from which this session is."""
    return _own(devices_of(session, pass_id), sign_in_id)


def carrier_of_session(session: Session, pass_id: int, sign_in_id: UUID) -> PassDevice | None:
    """The same, to carry a card; whoever removes or replaces it meanwhile waits, and finds the card."""
    found = phone_of_session(session, pass_id, sign_in_id)
    if found is None:
        return None
    # ``_revoke`` points at this row, so one of the two comes first.
    session.execute(select(PassDevice.key_id).where(PassDevice.key_id == found.key_id).with_for_update())
    return phone_of_session(session, pass_id, sign_in_id)


def announced(known: Sequence[Device], sign_in_id: UUID, at: datetime) -> list[Device]:
    """The phones that the holder is told of at this one: bound within a week, elsewhere, after the first.

    Each as it was bound, whatever keys it has had since: a new key hides nobody.
    """
    by_key, first = {device.row.key_id: device for device in known}, known[:1]
    found = []
    for device in known:
        if device.revoked_at is not None or device.row.sign_in_id == sign_in_id:
            continue
        while device.row.replaces_id is not None:
            device = by_key[device.row.replaces_id]
        if device not in first and device.row.enrolled_at > at - ANNOUNCED_FOR:
            found.append(device)
    return found


def remove(session: Session, device: PassDevice, reason: str, by: Actor, at: datetime) -> PassDevice:
    """The phone is dead from this transaction on, and the cards it carries; twice is once.

    Whoever removes it may have an old page before them: a key that replaced ``device`` in the meantime is the
    same phone. Returns its last key, whose session is for the caller to end (``accounts.sign_in.end``): else
    the page would enrol again.
    """
    while True:
        # The phone first: from here on it takes on no card (``carrier_of_session``).
        _revoke(session, device, reason, by, at)
        for carried in session.scalars(select(PassDevice).where(PassDevice.carrier_id == device.key_id)):
            _revoke(session, carried, reason, by, at)
        successor = (PassDevice.pass_id == device.pass_id, PassDevice.replaces_id == device.key_id)
        newer = session.scalar(select(PassDevice).where(*successor))
        if newer is None:
            return device
        device = newer


def forget_expired(session: Session, at: datetime) -> None:
    """Delete the credentials that have expired; their indices are free again."""
    session.execute(delete(DeviceCredential).where(DeviceCredential.expires_at <= at))


def _own(known: Sequence[Device], sign_in_id: UUID) -> PassDevice | None:
    alive = (device.row for device in known if device.revoked_at is None)
    return next((row for row in alive if row.sign_in_id == sign_in_id), None)


def _check_limits(before: Sequence[Device], at: datetime) -> None:
    if sum(device.revoked_at is None for device in before) >= MOST_DEVICES:
        raise Refused(Reason.TOO_MANY_DEVICES)
    bindings = [device.row.enrolled_at for device in before if device.row.replaces_id is None]
    if sum(enrolled_at > at - REBINDINGS_WITHIN for enrolled_at in bindings[1:]) >= MOST_REBINDINGS:
        raise Refused(Reason.TOO_MANY_REBINDINGS)


def _revoke(session: Session, device: PassDevice, reason: str, by: Actor, at: datetime) -> bool:
    values = {"key_id": device.key_id, "at": at, "by_id": by.account_id, "reason": reason}
    is_ours = insert_or_ignore(session, DeviceRevocation, ["key_id"], values)
    if is_ours:
        subject = f"pass:{device.pass_id}"
        record(session, by, "device.remove", subject, at, key=device.key_id.hex(), reason=reason)
    return is_ours


def _take_index(session: Session, device: PassDevice, expires_at: datetime) -> int:
    # Random, so that an index tells nothing about who joined when.
    while True:
        index = secrets.randbelow(STATUS_INDICES)
        values = {"status_index": index, "key_id": device.key_id, "expires_at": expires_at}
        if insert_or_ignore(session, DeviceCredential, ["status_index"], values):
            return index
