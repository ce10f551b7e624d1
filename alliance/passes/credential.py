"""The credential: a CWT (RFC 8392) that the alliance signs (``cose.py``), as Base45 text."""

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Self

from cwt.cose_key_interface import COSEKeyInterface
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy.orm import Session

from alliance.passes import cose
from alliance.passes.cose import MAX_TEXT as MAX_TEXT
from alliance.passes.keys import PublicKeys
from alliance.refused import Reason, Refused

ISSUER = "alliance"

#: The protected header up to the key id: {1: -7, 4: eight bytes}.
_HEADER = b"\xa2\x01\x26\x04\x48"
#: A phone's or server's clock may be this far ahead before ``iat`` lies in the future.
CLOCK_LEEWAY_SECONDS = 15
#: Ahead by no more than this, the clocks disagree; further ahead, the credential is for another day.
MOST_SKEW_SECONDS = 300


class CredentialClass(IntEnum):
    """What kind of thing shows the credential; said explicitly, never inferred."""

    DEVICE = 1
    PRINTED = 2
    SHORT_LIVED = 3


class Credential(BaseModel):
    """What the alliance signs, under CWT claim keys; times are POSIX seconds. It names no person.

    ``cnf`` is the phone's public key as an uncompressed point (65 bytes; on the wire a COSE_Key, RFC 8747):
    a device credential has one and no other class does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    iss: str = Field(alias="1", default=ISSUER, pattern=f"^{ISSUER}$")
    exp: int = Field(alias="4", ge=0, lt=2**40)
    iat: int = Field(alias="6", ge=0, lt=2**40)
    cti: bytes = Field(alias="7", min_length=8, max_length=8)
    cnf: bytes | None = Field(alias="8", default=None, min_length=65, max_length=65)
    # Private-use claims (RFC 8392 §9.1 leaves keys below −65536 to us).
    class_: int = Field(alias="-65537", ge=1, le=3)
    status_index: int = Field(alias="-65538", ge=0, lt=2**40)

    @model_validator(mode="after")
    def _only_a_device_has_a_key(self) -> Self:
        if (self.cnf is not None) != (self.class_ == CredentialClass.DEVICE):
            raise ValueError("a device credential has a key, and no other")
        return self


def sign(credential: Credential, key: COSEKeyInterface) -> str:
    """The credential as the text of a QR code (Base45: alphanumeric mode)."""
    header = _HEADER + (key.kid or b"")
    return cose.to_text(cose.seal(header, _claims(credential), key))


def verify(session: Session, keyring: PublicKeys, text: str, at: datetime) -> Credential:
    """Read a credential and check signature and times.

    Raises Refused: malformed (a forged signature too), unknown_key, clock_skew, not_yet_valid, expired.
    """
    credential = read(session, keyring, cose.from_text(text), at)
    check_times(credential, at.astimezone(UTC).timestamp())
    return credential


def read(session: Session, keyring: PublicKeys, message: bytes, at: datetime) -> Credential:
    """The credential in a COSE_Sign1 of ours, whatever its times. Raises Refused: malformed, unknown_key."""
    sealed = cose.unseal(message)
    if len(sealed.protected) != len(_HEADER) + 8 or not sealed.protected.startswith(_HEADER):
        raise cose.malformed()
    credential = _read_claims(sealed.payload)
    keys = keyring.public_keys(session, sealed.protected[len(_HEADER) :], at)
    if not keys:
        raise Refused(Reason.UNKNOWN_KEY)
    # The key id is a hint: two keys may share one.
    if not any(sealed.is_signed_by(key) for key in keys):
        raise cose.malformed()
    return credential


def check_times(credential: Credential, seconds: float) -> None:
    """Raises Refused: clock_skew, not_yet_valid, expired; ``seconds`` is POSIX time now."""
    check_not_ahead(credential.iat, seconds, CLOCK_LEEWAY_SECONDS)
    if seconds >= credential.exp:
        raise Refused(Reason.EXPIRED)


def check_not_ahead(claimed: int, seconds: float, leeway: int) -> None:
    """Raises Refused: clock_skew, not_yet_valid when ``claimed`` is more than ``leeway`` s in the future."""
    ahead = claimed - seconds
    if ahead > leeway:
        raise Refused(Reason.CLOCK_SKEW if ahead <= MOST_SKEW_SECONDS else Reason.NOT_YET_VALID)


def _read_claims(payload: bytes) -> Credential:
    claims = cose.decode(payload)
    if not isinstance(claims, dict):
        raise cose.malformed()
    if 8 in claims:
        claims[8] = _read_confirmation(claims[8])
    try:
        credential = Credential.model_validate({str(key): value for key, value in claims.items()})
    except ValidationError:
        raise cose.malformed() from None
    if _claims(credential) != payload:
        raise cose.malformed()
    return credential


def _read_confirmation(confirmation: Any) -> bytes:
    match confirmation:
        case {1: key} if len(confirmation) == 1:
            return cose.point_of(key)
    raise cose.malformed()


def _claims(credential: Credential) -> bytes:
    claims: dict[int, Any] = {
        int(name): value for name, value in credential.model_dump(by_alias=True, exclude_none=True).items()
    }
    if credential.cnf is not None:
        claims[8] = {1: cose.cose_key(credential.cnf)}
    return cose.canonical(claims)
