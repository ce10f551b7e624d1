"""COSE_Sign1 (RFC 9052) with ES256 in one encoding only, and Base45 (RFC 9285) around it.

What differs in anything but its bytes is malformed: CBOR is deterministic (RFC 8949 §4.2.1), the unprotected
header is empty, and of the two signatures (r, s) and (r, n − s) only the one with the low s is taken. So no
code can be altered into a second code of the same meaning.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import base45
import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cwt import COSEKey, CWTError
from cwt.cose_key_interface import COSEKeyInterface

from alliance.refused import Reason, Refused

#: Longer input is not decoded at all; a presentation has some 460 characters.
MAX_TEXT = 1000
ES256_HEADER = b"\xa1\x01\x26"

_ECDSA = ECDSA(SHA256())
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
#: Tag 18 and an array of four, in their shortest form.
_SIGN1 = b"\xd2\x84"


@dataclass(frozen=True)
class Sign1:
    """The parts of a COSE_Sign1; nothing in it is believed before ``is_signed_by``."""

    protected: bytes
    payload: bytes
    signature: bytes

    def is_signed_by(self, key: COSEKeyInterface, external: bytes = b"") -> bool:
        """Whether ``key`` signed this, together with ``external``, which travels another way."""
        # Not ``key.verify``: to read the two numbers, it takes as long again as the verification.
        signature = encode_dss_signature(*_numbers(self.signature))
        try:
            key.key.verify(signature, _to_be_signed(self.protected, external, self.payload), _ECDSA)
        except InvalidSignature:
            return False
        return True


def seal(protected: bytes, payload: bytes, key: COSEKeyInterface, external: bytes = b"") -> bytes:
    """The COSE_Sign1 of ``payload``. ``protected`` is the encoded header, ``external`` is signed only."""
    signature = key.sign(_to_be_signed(protected, external, payload))
    return _message(protected, payload, _with_low_s(signature))


def unseal(message: bytes) -> Sign1:
    """The parts of a COSE_Sign1 with ES256. Raises Refused(malformed) unless this is its one encoding."""
    # The tag is compared, not decoded: no tag ever reaches the decoder's outside.
    match decode(message[1:]) if message[:2] == _SIGN1 else None:
        case [bytes() as protected, dict(), bytes() as payload, bytes() as signature] if (
            _is_low(signature) and _message(protected, payload, signature) == message
        ):
            return Sign1(protected, payload, signature)
    raise malformed()


def public_key(point: bytes) -> COSEKeyInterface:
    """The P-256 key of an uncompressed point (65 bytes). Raises Refused(malformed) off the curve."""
    try:
        return COSEKey.new({1: 2, -1: 1, 3: -7, -2: point[1:33], -3: point[33:]})
    except (CWTError, ValueError):
        raise malformed() from None


def cose_key(point: bytes) -> dict[int, Any]:
    """The COSE_Key (RFC 9052 §7) of an uncompressed point, with what identifies it and nothing else."""
    return {1: 2, -1: 1, -2: point[1:33], -3: point[33:]}


def point_of(key: object) -> bytes:
    """The uncompressed point of a COSE_Key as ``cose_key`` makes it. Raises Refused(malformed)."""
    match key:
        case {1: 2, -1: 1, -2: bytes() as x, -3: bytes() as y, **more} if not more and len(x) == len(y) == 32:
            return b"\x04" + x + y
    raise malformed()


def thumbprint(point: bytes) -> bytes:
    """The COSE Key Thumbprint (RFC 9679) with SHA-256, 32 bytes."""
    return hashlib.sha256(canonical(cose_key(point))).digest()


def to_text(data: bytes) -> str:
    """Base45: a QR code holds it in alphanumeric mode."""
    text: bytes = base45.b45encode(data)
    return text.decode()


def from_text(text: str) -> bytes:
    """The bytes of a Base45 text; each has one text only. Raises Refused(malformed)."""
    # The decoder forgives line breaks at the end; otherwise no two texts mean the same bytes.
    if not 0 < len(text) <= MAX_TEXT or "\n" in text:
        raise malformed()
    try:
        data: bytes = base45.b45decode(text)
    except ValueError:
        raise malformed() from None
    return data


def canonical(item: object) -> bytes:
    """The one encoding of ``item``."""
    return cbor2.dumps(item, canonical=True)


def decode(data: bytes) -> Any:
    """One CBOR item, not yet known to be canonical. Raises Refused(malformed) for what is none."""
    try:
        return cbor2.loads(data)
    except Exception:
        # The decoder interprets tags (dates, fractions, regular expressions …), and each of them fails with
        # errors of its own. None of them is of interest here.
        raise malformed() from None


def malformed() -> Refused:
    """The refusal of whatever is not exactly in the form of a pass."""
    return Refused(Reason.MALFORMED)


def _message(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return canonical(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def _to_be_signed(protected: bytes, external: bytes, payload: bytes) -> bytes:
    return canonical(["Signature1", protected, external, payload])


def _numbers(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def _is_low(signature: bytes) -> bool:
    r, s = _numbers(signature)
    return len(signature) == 64 and 0 < r < _P256_ORDER and 0 < s <= _P256_ORDER // 2


def _with_low_s(signature: bytes) -> bytes:
    _, s = _numbers(signature)
    return signature[:32] + min(s, _P256_ORDER - s).to_bytes(32, "big")
