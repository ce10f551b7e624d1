"""Codes for the two codecs to judge: valid ones, and each way of being nearly so.

The seed says which; signatures differ from run to run, so whoever finds a difference has to keep the text.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import base45
import cbor2

from alliance.passes import cose
from alliance.passes.presentation import present
from tests.phones import ORDER, WEEK, KeyPair, credential

NOW = 1_772_596_800
ISSUER, SECOND, STRANGER = KeyPair(101), KeyPair(102), KeyPair(103)
#: Another pair under the issuer's key id: a namesake that is trusted, and one that is not.
NAMESAKE, IMPOSTOR = KeyPair(104, ISSUER.kid), KeyPair(105, ISSUER.kid)
TRUSTED = (ISSUER, SECOND, NAMESAKE)
PHONE, OTHER_PHONE = KeyPair(201), KeyPair(202)

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:abcäÄ张\n\t\x00,"
#: CBOR of numbers and texts in other forms than the shortest, of tags, and of what is barely CBOR.
# ruff: noqa: SIM905 - a list of bytes reads better as words
ODD = [
    bytes.fromhex(item)
    for item in (
        "00 01 1801 190001 1a00000001 1b0000000000000001 20 f4 f5 f6 f7 f93c00 fa3f800000 fb3ff0000000000000 "
        "c24101 c348ffffffffffffffff c482391a2bffffff1affffff c11a69a7ac80 d81c80 d81d00 d9d9f7a0 "
        "d818412a 5f4101ff 7f6161ff 9f01ff bf0101ff a20101 a2010101 a201010102 61ff 60 40 80 a0 ff 1c "
        "9b7fffffffffffffff 5b7fffffffffffffff f97e00 f97c00 f0 f818 1b001fffffffffffff "
        "1b0020000000000000 3b7fffffffffffffff 686d79636f756e74 68616c6c69616e6365 780861 6c6c69616e6365"
    ).split()
] + [b"\x81" * 60, b"\xc6" * 60]


@dataclass(frozen=True)
class Case:
    """A text, the verifier's clock in POSIX seconds, and its window (behind, ahead) in seconds."""

    text: str
    seconds: float
    behind: int
    ahead: int


def cases(number: int, seed: int) -> Iterator[Case]:
    """So many cases. A third is wrong in times and issuers only; one in twenty verifies."""
    random = Random(seed)
    for _ in range(number):
        window = random.choice([(45, 15), (120, 120)])
        kind = random.choice([_valid, _valid, _byte_mutated, _repacked, _resigned, _retyped])
        yield Case(kind(random), NOW + _moment(random), *window)


def _valid(random: Random) -> str:
    """Of any issuer, class and time; most often of a trusted one and now."""
    issuer = random.choice([ISSUER, ISSUER, SECOND, NAMESAKE, STRANGER, IMPOSTOR])
    issued = NOW - random.choice([0, 0, 0, 0, 30, 60, WEEK - 1, WEEK, -15, -16, -300, -301])
    claims: dict[str, Any] = {"-65538": random.choice([0, 23, 24, 255, 65535, 2**31, 2**40 - 1])}
    if random.random() < 0.25:
        claims["-65537"] = random.choice([2, 3])
        return credential(issuer, issued, **claims)
    text = credential(issuer, issued, point=PHONE.point, **claims)
    if random.random() < 0.1:
        return text
    shower = PHONE if random.random() < 0.9 else OTHER_PHONE
    time = NOW + random.choice([0, 0, 0, -45, -46, 15, 16, -120, -121, 120, 121, 300, 315, 316, 86400])
    return present(text, shower.private, time, random.choice([0, 1, 23, 24, 2**32, 2**40 - 1]))


def _moment(random: Random) -> float:
    return random.choice([0, 0, 0, 0, 0, 0, 0, 0.5, -0.5, 1, 14, -14, 59, 60, WEEK - 1, -86400, 86400])


def _byte_mutated(random: Random) -> str:
    raw = bytearray(base45.b45decode(_valid(random)))
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        at = random.randrange(len(raw))
        match random.randrange(6):
            case 0 | 1:
                raw[at] ^= 1 << random.randrange(8)
            case 2:
                raw[at] = random.randrange(256)
            case 3:
                del raw[at : at + random.randrange(1, 40)]
            case 4:
                raw[at:at] = random.choice([random.randbytes(random.randrange(1, 9)), *ODD])
            case 5:
                raw[at : at + random.randrange(1, 6)] = random.choice(ODD)
        if not raw:
            break
    return base45.b45encode(bytes(raw)).decode()


def _retyped(random: Random) -> str:
    """The text itself altered."""
    text = _valid(random)
    at = random.randrange(len(text))
    match random.randrange(6):
        case 0:
            return text.lower()
        case 1:
            return text[:at]
        case 2:
            return text[:at] + random.choice(CHARACTERS) + text[at:]
        case 3:
            return text[:at] + random.choice(CHARACTERS) + text[at + 1 :]
        case 4:
            return text + random.choice(["\n", " ", "0", "000", text])
        case _:
            return random.choice(["", " ", "HTTPS://EXAMPLE.CN/?A=1", "0" * 1001, "A" * 4096, "12345678"])


def _repacked(random: Random) -> str:
    """The parts put together in another way, not signed again."""
    text = _valid(random)
    raw = base45.b45decode(text)
    pair = cbor2.loads(raw) if raw[0] == 0x82 else [raw]
    which = random.randrange(len(pair))
    match random.randrange(8):
        case 0:
            pair[which] = _high_s(pair[which])
        case 1:
            pair[which] = _longer_heads(random, pair[which])
        case 2:
            # A credential as a presentation of itself, and a presentation as a credential.
            pair = [pair[which], pair[which]]
        case 3:
            pair.reverse()
        case 4:
            pair.append(random.choice([b"", pair[0]]))
        case 5:
            foreign = cbor2.loads(base45.b45decode(_valid(random)))
            pair = [pair[0], foreign[-1] if isinstance(foreign, list) else pair[0]]
        case 6:
            pair = [cbor2.loads(part) for part in pair]
        case 7:
            part = cbor2.loads(pair[which])
            part.value[random.randrange(4)] = random.choice([{}, {1: -7}, b"", 0, None, "", b"\xa0", []])
            pair[which] = cbor2.dumps(part, canonical=True)
    whole = pair if len(pair) > 1 or random.random() < 0.3 else pair[0]
    encoded = whole if isinstance(whole, bytes) else cbor2.dumps(whole)
    return base45.b45encode(encoded).decode()


def _high_s(message: bytes) -> bytes:
    part = cbor2.loads(message)
    signature = part.value[3]
    twin = ORDER - int.from_bytes(signature[32:], "big")
    part.value[3] = signature[:32] + twin.to_bytes(32, "big")
    return cbor2.dumps(part, canonical=True)


def _longer_heads(random: Random, message: bytes) -> bytes:
    """The same parts, one of their lengths told in more bytes than needed."""
    tag = cbor2.loads(message)
    parts = [cbor2.dumps(part) for part in tag.value]
    which = random.choice([0, 2, 3])
    length = len(tag.value[which])
    parts[which] = b"\x59" + length.to_bytes(2, "big") + tag.value[which]
    return b"\xd2\x84" + b"".join(parts)


def _resigned(random: Random) -> str:
    """Rightly signed by a trusted issuer and the right phone, over something else."""
    message = base45.b45decode(credential(ISSUER, NOW, point=PHONE.point))
    part = cose.unseal(message)
    if random.random() < 0.5:
        header = random.choice([part.protected, *_headers(part.protected)])
        message = cose.seal(header, _claims(random, part.payload), ISSUER.private)
        if random.random() < 0.3:
            return cose.to_text(message)
    payload = _payload(random)
    header = random.choice([cose.ES256_HEADER, cose.ES256_HEADER, *_headers(part.protected), part.protected])
    external = random.choice([_digest(message), _digest(message), b"", message])
    proof = cose.seal(header, payload, PHONE.private, external)
    return cose.to_text(cose.canonical([message, proof]))


def _digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def _headers(protected: bytes) -> list[bytes]:
    kid = protected[-8:]
    headers: list[object] = [{1: -7}, {1: 0, 4: kid}, {1: 5, 4: kid}, {1: -7, 4: kid, 3: 0}, {}, {4: kid}]
    return [cbor2.dumps(header, canonical=True) for header in headers] + [b"", b"\xa1\x01\x38\x06"]


def _claims(random: Random, payload: bytes) -> bytes:
    claims = cbor2.loads(payload)
    match random.randrange(6):
        case 0:
            claims[random.choice([1, 4, 6, 7, 8, -65537, -65538, 2, -65539, "1", 4.0])] = _anything(random)
        case 1:
            claims.pop(random.choice(list(claims)))
        case 2:
            claims[8][1][random.choice([1, -1, -2, -3, 2, 3])] = _anything(random)
        case 3:
            # Off the curve, or the y of the other half: still on it.
            key = claims[8][1]
            key[-3] = random.choice([bytes(32), key[-2], _other_y(key[-3])])
        case 4:
            at = random.randrange(len(payload))
            return payload[:at] + random.choice(ODD) + payload[at + random.randrange(4) :]
        case _:
            return random.choice([payload, random.choice(ODD), cbor2.dumps(list(claims.items()))])
    return cbor2.dumps(claims, canonical=random.random() < 0.8)


def _other_y(y: bytes) -> bytes:
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    return (prime - int.from_bytes(y, "big")).to_bytes(32, "big")


def _payload(random: Random) -> bytes:
    good = cose.canonical({6: NOW, -65539: 7})
    match random.randrange(4):
        case 0:
            return good
        case 1:
            claims: dict[Any, Any] = {6: NOW, -65539: 7}
            claims[random.choice([6, -65539, 7, "6", 6.0])] = _anything(random)
            return cbor2.dumps(claims, canonical=random.random() < 0.8)
        case 2:
            return random.choice([*ODD, good + b"\x00", good[:-1]])
        case _:
            at = random.randrange(len(good))
            return good[:at] + random.choice(ODD) + good[at + random.randrange(4) :]


def _anything(random: Random) -> object:
    return random.choice(
        [
            0, 1, 2, 3, 4, -1, NOW, 2**40 - 1, 2**40, 2**53 - 1, 2**53, 2**64, -(2**64), True, False, None,
            1.0, float(NOW), float("nan"), float("inf"), 0.5, b"", bytes(8), bytes(9), bytes(32), bytes(33),
            "", "alliance", "alliance\n", "Alliance", "\u0000", "会员码", [], [1], {}, {1: 2},
            cbor2.CBORTag(1, NOW), cbor2.undefined,
        ]
    )  # fmt: skip
