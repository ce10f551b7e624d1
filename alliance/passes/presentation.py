"""The presentation: what a phone shows, a credential and the phone's own signature of the moment.

It is a CBOR array of two byte strings: the credential (``credential.py``), and a COSE_Sign1 by the key in its
``cnf`` over {time, counter} with the SHA-256 of the credential as external data. So it can be neither
separated from its credential nor shown a minute later.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cwt.cose_key_interface import COSEKeyInterface
from sqlalchemy.orm import Session

from alliance.passes import cose
from alliance.passes.credential import Credential, CredentialClass, check_not_ahead, check_times, read, verify
from alliance.passes.keys import PublicKeys
from alliance.refused import Reason, Refused

#: An array of two, and the head of a byte string of 24 to 255 bytes: no credential begins so.
_PAIR = b"\x82\x58"
#: What the text of a presentation begins with.
PREFIX = cose.to_text(_PAIR)
_MOST = 2**40
# Claim keys of the payload: iat (RFC 8392), and a private-use key.
_TIME, _COUNTER = 6, -65539


@dataclass(frozen=True)
class Window:
    """How many seconds a presentation may lie behind and ahead of the verifier's clock."""

    behind: int
    ahead: int


#: By the server's clock.
ONLINE = Window(behind=45, ahead=15)
#: By the clock of a scanner without network.
OFFLINE = Window(behind=120, ahead=120)


@dataclass(frozen=True)
class Presentation:
    """A verified presentation; ``time`` is POSIX seconds.

    (key_id, counter) is to be accepted once, ever; that is for the store to say. ``key_id`` is the thumbprint
    of the phone's key. A short-lived credential, good by itself, has its ``cti`` there and the counter 0. So
    has a printed card, which is shown many times: it is not used up.
    """

    credential: Credential
    key_id: bytes
    time: int
    counter: int


def present(credential: str, key: COSEKeyInterface, time: int, counter: int) -> str:
    """What a phone with the private ``key`` shows for its ``credential`` (Base45 text), as QR text.

    Phones do this in ``assets/js/lib/presentation.js``; here it serves tests and test vectors.
    """
    message = cose.from_text(credential)
    payload = cose.canonical({_TIME: time, _COUNTER: counter})
    proof = cose.seal(cose.ES256_HEADER, payload, key, _digest(message))
    return cose.to_text(cose.canonical([message, proof]))


def verify_shown(
    session: Session, keyring: PublicKeys, text: str, at: datetime, window: Window = ONLINE
) -> Presentation:
    """What is shown, verified: signatures and times. A short-lived credential and a printed card stand alone.

    Raises Refused: malformed (a forged signature too), unknown_key, clock_skew, not_yet_valid, expired.
    """
    if not text.startswith(PREFIX):
        credential = verify(session, keyring, text, at)
        if credential.class_ == CredentialClass.DEVICE:
            raise cose.malformed()
        return Presentation(credential, credential.cti, credential.iat, 0)
    shown = _read(session, keyring, text, at)
    seconds = at.astimezone(UTC).timestamp()
    check_times(shown.credential, seconds)
    check_not_ahead(shown.time, seconds, window.ahead)
    if seconds - shown.time > window.behind:
        raise Refused(Reason.EXPIRED)
    return shown


def _read(session: Session, keyring: PublicKeys, text: str, at: datetime) -> Presentation:
    message, proof_message = _open(cose.from_text(text))
    proof = cose.unseal(proof_message)
    time, counter = _read_payload(proof.payload)
    credential = read(session, keyring, message, at)
    if proof.protected != cose.ES256_HEADER or credential.cnf is None:
        raise cose.malformed()
    if not proof.is_signed_by(cose.public_key(credential.cnf), _digest(message)):
        raise cose.malformed()
    return Presentation(credential, cose.thumbprint(credential.cnf), time, counter)


def _open(data: bytes) -> tuple[bytes, bytes]:
    match cose.decode(data) if data.startswith(_PAIR) else None:
        case [bytes() as message, bytes() as proof] if cose.canonical([message, proof]) == data:
            return message, proof
    raise cose.malformed()


def _read_payload(payload: bytes) -> tuple[int, int]:
    match cose.decode(payload):
        case {6: int() as time, -65539: int() as counter} if (
            0 <= time < _MOST
            and 0 <= counter < _MOST
            # To Python, True is the integer 1.
            and cose.canonical({_TIME: int(time), _COUNTER: int(counter)}) == payload
        ):
            return time, counter
    raise cose.malformed()


def _digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()
