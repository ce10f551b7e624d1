"""The credential: a CWT (RFC 8392) in COSE_Sign1 (RFC 9052), ES256, as Base45 text (RFC 9285).

One credential has exactly one encoding: CBOR is deterministic (RFC 8949 §4.2.1), the unprotected header is
empty and the signature has the low s. Whatever differs is malformed, so that no code can be altered into
another code of the same meaning.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import base45
import cbor2
from cwt import COSE, CWTError
from cwt.cose_key_interface import COSEKeyInterface
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from alliance.passes.keys import Keyring
from alliance.refused import Reason, Refused

ISSUER = "alliance"
#: Longer input is not decoded at all; a short-lived credential has some 200 characters.
MAX_TEXT = 1000

_ALG, _KID, _ES256 = 1, 4, -7
#: The protected header up to the key id: {1: -7, 4: eight bytes}.
_HEADER = b"\xa2\x01\x26\x04\x48"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
#: A phone's or server's clock may be this far ahead before ``iat`` lies in the future.
_CLOCK_LEEWAY_SECONDS = 15
#: Ahead by no more than this, the clocks disagree; further ahead, the credential is for another day.
_MOST_SKEW_SECONDS = 300


class CredentialClass(IntEnum):
    """What kind of thing shows the credential; said explicitly, never inferred."""

    DEVICE = 1
    PRINTED = 2
    SHORT_LIVED = 3


class Credential(BaseModel):
    """What the alliance signs, under CWT claim keys; times are POSIX seconds. It names no person."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    iss: str = Field(alias="1", default=ISSUER, pattern=f"^{ISSUER}$")
    exp: int = Field(alias="4", ge=0, lt=2**40)
    iat: int = Field(alias="6", ge=0, lt=2**40)
    cti: bytes = Field(alias="7", min_length=8, max_length=8)
    # Private-use claims (RFC 8392 §9.1 leaves keys below −65536 to us).
    class_: int = Field(alias="-65537", ge=1, le=3)
    status_index: int = Field(alias="-65538", ge=0, lt=2**40)


@dataclass(frozen=True)
class _Envelope:
    kid: bytes
    payload: bytes
    message: bytes


def sign(credential: Credential, key: COSEKeyInterface) -> str:
    """The credential as the text of a QR code (Base45: alphanumeric mode)."""
    message = COSE.new(deterministic_header=True).encode(
        _claims(credential), key, protected={_ALG: _ES256, _KID: key.kid}, unprotected={}
    )
    protected, unprotected, payload, signature = cbor2.loads(message).value
    text: bytes = base45.b45encode(
        _canonical(cbor2.CBORTag(18, [protected, unprotected, payload, _with_low_s(signature)]))
    )
    return text.decode()


def verify(session: Session, keyring: Keyring, text: str, at: datetime) -> Credential:
    """Read a credential and check signature and times.

    Raises Refused: malformed (a forged signature too), unknown_key, clock_skew, not_yet_valid, expired.
    """
    envelope = _open(text)
    key = keyring.public_key(session, envelope.kid)
    if key is None:
        raise Refused(Reason.UNKNOWN_KEY)
    try:
        COSE.new().decode(envelope.message, key)
    except (CWTError, ValueError):
        raise Refused(Reason.MALFORMED) from None
    credential = _read_claims(envelope.payload)
    seconds = at.astimezone(UTC).timestamp()
    ahead = credential.iat - seconds
    if ahead > _CLOCK_LEEWAY_SECONDS:
        raise Refused(Reason.CLOCK_SKEW if ahead <= _MOST_SKEW_SECONDS else Reason.NOT_YET_VALID)
    if seconds >= credential.exp:
        raise Refused(Reason.EXPIRED)
    return credential


def _open(text: str) -> _Envelope:
    """The parts of the message, if this is its one encoding. Nothing in it is believed yet."""
    if not 0 < len(text) <= MAX_TEXT:
        raise Refused(Reason.MALFORMED)
    try:
        message: bytes = base45.b45decode(text)
    except ValueError:
        raise Refused(Reason.MALFORMED) from None
    # Tag 18 and an array of four, in their shortest form; no other tag ever reaches the decoder's outside.
    match _decode(message[1:]) if message[:2] == b"\xd2\x84" else None:
        case [bytes() as protected, dict() as unprotected, bytes() as payload, bytes() as signature] if (
            not unprotected
            and len(protected) == len(_HEADER) + 8
            and protected.startswith(_HEADER)
            and _is_low(signature)
        ):
            again = _canonical(cbor2.CBORTag(18, [protected, {}, payload, signature]))
            if again == message and base45.b45encode(message).decode() == text:
                return _Envelope(protected[len(_HEADER) :], payload, message)
    raise Refused(Reason.MALFORMED)


def _read_claims(payload: bytes) -> Credential:
    claims = _decode(payload)
    if not isinstance(claims, dict):
        raise Refused(Reason.MALFORMED)
    try:
        credential = Credential.model_validate({str(key): value for key, value in claims.items()})
    except ValidationError:
        raise Refused(Reason.MALFORMED) from None
    if _claims(credential) != payload:
        raise Refused(Reason.MALFORMED)
    return credential


def _claims(credential: Credential) -> bytes:
    return _canonical({int(name): value for name, value in credential.model_dump(by_alias=True).items()})


def _decode(data: bytes) -> Any:
    """One CBOR item. Raises Refused(malformed) for whatever the decoder cannot digest."""
    try:
        return cbor2.loads(data)
    except Exception:
        # The decoder interprets tags (dates, fractions, regular expressions …), and each of them fails with
        # errors of its own. None of them is of interest here.
        raise Refused(Reason.MALFORMED) from None


def _canonical(item: object) -> bytes:
    return cbor2.dumps(item, canonical=True)


def _is_low(signature: bytes) -> bool:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    return len(signature) == 64 and 0 < r < _P256_ORDER and 0 < s <= _P256_ORDER // 2


def _with_low_s(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + min(s, _P256_ORDER - s).to_bytes(32, "big")
