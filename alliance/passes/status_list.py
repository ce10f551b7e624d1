"""Which credentials of phones and which printed cards are revoked: a signed, compressed bit per index.

Scanners fetch it for the time when they have no network.

As in the IETF's Token Status List (draft-ietf-oauth-status-list): a CWT in COSE_Sign1 with the claim
``status_list``, one bit per status index, the lowest bit of the first byte for index 0, under zlib.
"""

import zlib
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from alliance.clock import business_date
from alliance.passes import cose
from alliance.passes.cards import CARD_INDICES
from alliance.passes.keys import Keyring
from alliance.passes.models import (
    CardRevocation,
    DeviceCredential,
    DeviceRevocation,
    Pass,
    PassDevice,
    PassRevocation,
    PrintedCard,
)
from alliance.people.employment import in_effect
from alliance.people.models import Employment, Holder

MEDIA_TYPE = "application/statuslist+cwt"
#: After this a scanner says that it cannot verify.
LIFETIME = timedelta(hours=24)
#: How soon a scanner with a network asks again.
TTL = timedelta(minutes=5)

# Claim keys: sub, exp, iat (RFC 8392), ttl and status_list; header parameters: alg, kid, typ.
_SUB, _EXP, _IAT, _TTL, _STATUS_LIST = 2, 4, 6, 65534, 65533
_ALG, _KID, _TYP = 1, 4, 16


def status_list(session: Session, keyring: Keyring, uri: str, at: datetime) -> bytes:
    """The list as it stands, signed; ``uri`` is where it was asked for.

    Raises LookupError before the first key was made: then nobody has a credential.
    """
    key, now = keyring.existing_key(session, at), int(at.timestamp())
    if key is None:
        raise LookupError("no signing key yet")
    bits = bytearray(CARD_INDICES.stop // 8)
    for index in chain(session.scalars(_revoked(at)), session.scalars(_revoked_cards(at))):
        bits[index // 8] |= 1 << index % 8
    claims = {
        _SUB: uri,
        _EXP: now + int(LIFETIME.total_seconds()),
        _IAT: now,
        _TTL: int(TTL.total_seconds()),
        _STATUS_LIST: {"bits": 1, "lst": zlib.compress(bytes(bits))},
    }
    header = cose.canonical({_ALG: -7, _KID: key.kid, _TYP: MEDIA_TYPE})
    return cose.seal(header, cose.canonical(claims), key)


def _revoked(at: datetime) -> Select[int]:
    """A SELECT of the indices of living credentials whose phone, pass or entitlement is gone."""
    return (
        select(DeviceCredential.status_index)
        .join(PassDevice, PassDevice.key_id == DeviceCredential.key_id)
        .join(Pass, Pass.id == PassDevice.pass_id)
        .join(Holder, Holder.id == Pass.holder_id)
        .outerjoin(PassRevocation, PassRevocation.pass_id == Pass.id)
        .outerjoin(DeviceRevocation, DeviceRevocation.key_id == PassDevice.key_id)
        .where(
            DeviceCredential.expires_at > at,
            or_(PassRevocation.pass_id.is_not(None), DeviceRevocation.key_id.is_not(None), ~_employed(at)),
        )
    )


def _revoked_cards(at: datetime) -> Select[int]:
    """The same of printed cards: each is good with the employer that stands on it."""
    is_employed = _employed(at, Employment.enterprise_id == PrintedCard.employer_id)
    return (
        select(PrintedCard.status_index)
        .join(Pass, Pass.id == PrintedCard.pass_id)
        .join(Holder, Holder.id == Pass.holder_id)
        .outerjoin(PassRevocation, PassRevocation.pass_id == Pass.id)
        .outerjoin(CardRevocation, CardRevocation.cti == PrintedCard.cti)
        .where(
            PrintedCard.expires_at > at,
            or_(PassRevocation.pass_id.is_not(None), CardRevocation.cti.is_not(None), ~is_employed),
        )
    )


def _employed(at: datetime, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    worker_id = func.coalesce(Holder.sponsor_id, Holder.id)
    return exists().where(Employment.holder_id == worker_id, in_effect(business_date(at)), *where)
