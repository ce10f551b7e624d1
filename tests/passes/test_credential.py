"""The credential: what verifies, and that nothing else does."""

from datetime import timedelta

import base45
import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.passes import cose
from alliance.passes import credential as codec
from alliance.passes.credential import verify
from alliance.passes.issue import LIFETIME, mint, pass_of
from alliance.passes.keys import Keyring
from alliance.passes.models import SigningKey
from alliance.refused import Reason, Refused
from tests.world import World

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def reason(world: World, text: str, **delta: float) -> Reason | None:
    """Why it is refused; None when it verifies."""
    try:
        verify(world.session, world.keyring, text, world.later(**delta))
    except Refused as refused:
        return refused.reason
    return None


def repacked(text: str, change) -> str:
    """The code with its four parts changed, in valid Base45."""
    tag = cbor2.loads(base45.b45decode(text))
    return base45.b45encode(cbor2.dumps(change(tag), canonical=True)).decode()


def test_it_names_nobody(world: World) -> None:
    shown = world.shown()
    found = verify(world.session, world.keyring, shown.text, world.at)
    assert found.status_index == pass_of(world.session, world.mechanic.id, world.at).status_index
    assert set(found.model_dump()) == {"iss", "exp", "iat", "cti", "cnf", "class_", "status_index"}
    assert found.cnf is None
    raw = base45.b45decode(shown.text)
    for personal in (world.mechanic.name, world.mechanic.phone, world.garage.name, world.garage.credit_code):
        assert personal.encode() not in raw


def test_it_fits_a_small_code(world: World) -> None:
    """Alphanumeric mode holds 224 characters in version 8 at level M: large modules, quick to scan."""
    assert len(world.shown().text) <= 224


def test_it_lives_sixty_seconds(world: World) -> None:
    text = world.shown().text
    assert timedelta(seconds=60) == LIFETIME
    assert reason(world, text, seconds=59) is None
    assert reason(world, text, seconds=60) is Reason.EXPIRED
    assert reason(world, text, seconds=-15) is None
    assert reason(world, text, seconds=-17) is Reason.CLOCK_SKEW
    assert reason(world, text, seconds=-300) is Reason.CLOCK_SKEW
    assert reason(world, text, seconds=-302) is Reason.NOT_YET_VALID


@pytest.mark.parametrize(
    "text", ["", " ", "%%%", "hello", "A", "HTTPS://EXAMPLE.CN/?A=1", "0" * 1001, "张", "::::::", "\x00"]
)
def test_a_foreign_code_is_malformed(world: World, text: str) -> None:
    assert reason(world, text) is Reason.MALFORMED


def test_every_flipped_bit_is_refused(world: World) -> None:
    raw = base45.b45decode(world.shown().text)
    for position in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[position // 8] ^= 1 << position % 8
        text = base45.b45encode(bytes(flipped)).decode()
        assert reason(world, text) in {Reason.MALFORMED, Reason.UNKNOWN_KEY}, position


def test_the_twin_signature_is_refused(world: World) -> None:
    """(r, n−s) verifies mathematically; accepting it would make two codes of one."""

    def high_s(tag: cbor2.CBORTag) -> cbor2.CBORTag:
        signature = tag.value[3]
        twin = ORDER - int.from_bytes(signature[32:], "big")
        return cbor2.CBORTag(18, [*tag.value[:3], signature[:32] + twin.to_bytes(32, "big")])

    assert reason(world, repacked(world.shown().text, high_s)) is Reason.MALFORMED


def test_other_encodings_of_the_same_meaning_are_refused(world: World) -> None:
    text = world.shown().text
    protected, _, payload, signature = cbor2.loads(base45.b45decode(text)).value
    variants = [
        cbor2.CBORTag(18, [protected, {1: -7}, payload, signature]),
        cbor2.CBORTag(18, [protected, {}, payload, signature, 0]),
        cbor2.CBORTag(17, [protected, {}, payload, signature]),
        [protected, {}, payload, signature],
        cbor2.CBORTag(61, cbor2.CBORTag(18, [protected, {}, payload, signature])),
    ]
    for variant in variants:
        assert reason(world, repacked(text, lambda _, v=variant: v)) is Reason.MALFORMED
    raw = base45.b45decode(text)
    assert reason(world, base45.b45encode(raw + b"\x00").decode()) is Reason.MALFORMED
    # An array of indefinite length, and the tag's number in two bytes.
    assert raw[:2] == b"\xd2\x84"
    assert reason(world, base45.b45encode(b"\xd2\x9f" + raw[2:] + b"\xff").decode()) is Reason.MALFORMED
    assert reason(world, base45.b45encode(b"\xd8\x12" + raw[1:]).decode()) is Reason.MALFORMED
    assert reason(world, text.lower()) is Reason.MALFORMED


@pytest.mark.parametrize("header", [{1: -7}, {1: 0, 4: b"k"}, {1: 5, 4: b"k"}, {1: -7, 4: b"k", 3: 0}, {}])
def test_other_algorithms_are_refused(world: World, header: dict) -> None:
    def change(tag: cbor2.CBORTag) -> cbor2.CBORTag:
        kid = cbor2.loads(tag.value[0])[4]
        replaced = {key: kid if value == b"k" else value for key, value in header.items()}
        return cbor2.CBORTag(18, [cbor2.dumps(replaced, canonical=True), *tag.value[1:]])

    assert reason(world, repacked(world.shown().text, change)) is Reason.MALFORMED


def test_another_alliance_is_an_unknown_key(world: World) -> None:
    stranger = Keyring("another secret")
    foreign = stranger.make(world.session, world.at, world.at)
    world.session.delete(foreign)
    world.session.flush()
    assert reason(world, _signed(world, stranger, foreign)) is Reason.UNKNOWN_KEY


def test_another_key_under_our_kid_is_malformed(world: World) -> None:
    ours = world.session.scalars(select(SigningKey).where(SigningKey.kid == _kid(world.shown().text))).one()
    other = Keyring("another secret")
    foreign = other.make(world.session, world.at, world.at)
    text = _signed(world, other, foreign)

    def under_our_kid(tag: cbor2.CBORTag) -> cbor2.CBORTag:
        return cbor2.CBORTag(18, [cbor2.dumps({1: -7, 4: ours.kid}, canonical=True), *tag.value[1:]])

    assert reason(world, repacked(text, under_our_kid)) is Reason.MALFORMED


def test_a_changed_secret_makes_a_new_key_and_old_codes_verify(world: World) -> None:
    old = world.shown().text
    changed = Keyring("the secret after a change")
    pass_ = pass_of(world.session, world.mechanic.id, world.at)
    new = mint(world.session, changed, pass_, world.later(seconds=1)).text
    assert _kid(new) != _kid(old)
    for text in (old, new):
        verify(world.session, changed, text, world.later(seconds=2))


@pytest.mark.parametrize(
    "signature",
    [b"\xff" * 64, b"\x00" * 64, b"\x00" * 32 + b"\x01" * 32, b"\x01" * 32 + b"\x00" * 32, b"", b"\x01" * 63],
)
def test_numbers_that_are_no_signature(world: World, signature: bytes) -> None:
    def change(tag: cbor2.CBORTag) -> cbor2.CBORTag:
        return cbor2.CBORTag(18, [*tag.value[:3], signature])

    assert reason(world, repacked(world.shown().text, change)) is Reason.MALFORMED


#: Tags that the decoder interprets, around what they cannot digest.
TAGGED = [
    "c482391a2bffffff1affffffff", "c4820061", "c58219ffff3903e7", "c0633132", "c1fb7ff0000000000000",
    "d8236128", "d82461ff", "d81e820100", "d8648201", "d864391fffffffffffff", "d81c80", "d9010080",
    "d9d9f7a0",
    "d81d00", "d8256101", "d9010c43ffffff",
]  # fmt: skip


@pytest.mark.parametrize("tagged", TAGGED)
@pytest.mark.parametrize("place", range(4))
def test_tags_inside_are_refused(world: World, tagged: str, place: int) -> None:
    """Each part of the message in turn is something that the CBOR decoder interprets, and fails on."""
    parts = [cbor2.dumps(part) for part in cbor2.loads(base45.b45decode(world.shown().text)).value]
    parts[place] = bytes.fromhex(tagged)
    raw = b"\xd2\x84" + b"".join(parts)
    assert reason(world, base45.b45encode(raw).decode()) is Reason.MALFORMED
    assert reason(world, base45.b45encode(bytes.fromhex(tagged)).decode()) is Reason.MALFORMED


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_a_valid_code_cut_and_patched_is_refused(world: World, data: st.DataObject) -> None:
    raw = base45.b45decode(world.shown().text)
    at = data.draw(st.integers(0, len(raw)))
    patch = data.draw(st.sampled_from([bytes.fromhex(tagged) for tagged in TAGGED]) | st.binary(max_size=8))
    cut = data.draw(st.integers(0, 12))
    patched = raw[:at] + patch + raw[at + cut :]
    if patched != raw:
        text = base45.b45encode(patched).decode()
        assert reason(world, text) in {Reason.MALFORMED, Reason.UNKNOWN_KEY}


@given(data=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_noise_is_refused_by_name(world: World, data: bytes) -> None:
    for text in (base45.b45encode(data).decode(), data.decode("latin-1")):
        assert reason(world, text) in {Reason.MALFORMED, Reason.UNKNOWN_KEY}


@given(
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.binary(max_size=9) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(), inner, max_size=4),
        max_leaves=12,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_other_claims_are_refused_even_when_signed(world: World, payload: object) -> None:
    from cwt import COSE

    key = world.keyring.signing_key(world.session, world.at)
    message = COSE.new(deterministic_header=True).encode(
        cbor2.dumps(payload, canonical=True), key, protected={1: -7, 4: key.kid}, unprotected={}
    )
    protected, unprotected, body, signature = cbor2.loads(message).value
    low = cbor2.CBORTag(18, [protected, unprotected, body, cose._with_low_s(signature)])
    text = base45.b45encode(cbor2.dumps(low, canonical=True)).decode()
    assert reason(world, text) is Reason.MALFORMED


def _kid(text: str) -> bytes:
    return cbor2.loads(cbor2.loads(base45.b45decode(text)).value[0])[4]


def _signed(world: World, keyring: Keyring, row: SigningKey) -> str:
    """A credential under ``row``, which the store no longer or not yet trusts."""
    found = verify(world.session, world.keyring, world.shown().text, world.at)
    keyring._private.clear()
    scalar = int.from_bytes(keyring._sealer.decrypt(row.sealed), "big")
    from cryptography.hazmat.primitives.asymmetric import ec

    from alliance.passes import keys

    return codec.sign(found, keys._cose_key(ec.derive_private_key(scalar, ec.SECP256R1()), row.kid))
