"""The presentation: what verifies, that nothing else does, and that the document tells it byte by byte."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import base45
import cbor2
import pytest
from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from alliance.passes import cose
from alliance.passes.presentation import OFFLINE, ONLINE, Presentation, Window, present, verify_shown
from alliance.refused import Reason, Refused
from tests.cluster import ROOT
from tests.passes.test_credential import TAGGED
from tests.phones import ORDER, WEEK, KeyPair, Keys, Phone, credential

NOW = 1_772_596_800
ISSUER = KeyPair(101)


@pytest.fixture
def phone() -> Phone:
    key = KeyPair(201)
    return Phone(key, credential(ISSUER, NOW, point=key.point))


def at(seconds: float = 0) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def verify(text: str, seconds: float = 0, window: Window = ONLINE, keys: Keys | None = None) -> Presentation:
    return verify_shown(None, keys or Keys(ISSUER), text, at(seconds), window)  # type: ignore[arg-type]


def reason(text: str, seconds: float = 0, window: Window = ONLINE, keys: Keys | None = None) -> Reason | None:
    """Why it is refused; None when it verifies."""
    try:
        verify(text, seconds, window, keys)
    except Refused as refused:
        return refused.reason
    return None


def parts(text: str) -> list[Any]:
    """The credential's message, and the proof's four parts."""
    message, proof = cbor2.loads(base45.b45decode(text))
    return [message, *cbor2.loads(proof).value]


def packed(message: bytes, *proof: object) -> str:
    return cose.to_text(cose.canonical([message, cose.canonical(cbor2.CBORTag(18, list(proof)))]))


def test_it_says_which_phone_when_and_the_how_manieth(phone: Phone) -> None:
    shown = verify(phone.show(at(3), counter=17), 5)
    assert (shown.time, shown.counter) == (NOW + 3, 17)
    assert shown.key_id == cose.thumbprint(phone.key.point)
    assert shown.credential.status_index == 2**31 - 1


def test_the_size_that_the_document_states(phone: Phone) -> None:
    """The largest status index and counter that are used; alphanumeric mode."""
    text = phone.show(at(), counter=2**32 - 1)
    code = QRCode(error_correction=ERROR_CORRECT_L, border=4)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    code.make(fit=True)
    assert (len(base45.b45decode(text)), len(text), code.version) == (308, 462, 11)
    assert len(base45.b45decode(phone.credential)) == 212


@pytest.mark.parametrize(
    ("window", "behind", "ahead"), [(ONLINE, 45, 15), (OFFLINE, 120, 120)], ids=["online", "offline"]
)
def test_its_window(window: Window, behind: int, ahead: int) -> None:
    phone = Phone()
    phone.credential = credential(ISSUER, NOW - 600, point=phone.key.point)
    text = phone.show(at())
    assert reason(text, behind, window) is None
    assert reason(text, behind + 0.5, window) is Reason.EXPIRED
    assert reason(text, -ahead, window) is None
    assert reason(text, -ahead - 1, window) is Reason.CLOCK_SKEW
    assert reason(text, -300, window) is Reason.CLOCK_SKEW
    assert reason(text, -301, window) is Reason.NOT_YET_VALID


@pytest.mark.parametrize(("wrong", "expected"), [(-86400, "expired"), (86400, "not_yet_valid")])
def test_a_phone_clock_a_day_off(phone: Phone, wrong: int, expected: str) -> None:
    assert reason(phone.show(at(wrong))) == expected


def test_it_ends_with_its_credential(phone: Phone) -> None:
    assert reason(phone.show(at(WEEK - 1)), WEEK - 1) is None
    assert reason(phone.show(at(WEEK)), WEEK) is Reason.EXPIRED


def test_every_flipped_bit_is_refused(phone: Phone) -> None:
    raw = base45.b45decode(phone.show(at()))
    for position in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[position // 8] ^= 1 << position % 8
        refused = reason(cose.to_text(bytes(flipped)))
        assert refused in {Reason.MALFORMED, Reason.UNKNOWN_KEY}, position


def test_every_cut_is_refused(phone: Phone) -> None:
    text = phone.show(at())
    for length in range(len(text)):
        assert reason(text[:length]) is Reason.MALFORMED
        assert reason(text[length + 1 :]) is Reason.MALFORMED


@pytest.mark.parametrize("which", [0, 1])
def test_the_twin_signatures_are_refused(phone: Phone, which: int) -> None:
    pair = cbor2.loads(base45.b45decode(phone.show(at())))
    tag = cbor2.loads(pair[which])
    signature = tag.value[3]
    tag.value[3] = signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    pair[which] = cose.canonical(tag)
    assert reason(cose.to_text(cose.canonical(pair))) is Reason.MALFORMED


def test_other_encodings_of_the_same_meaning_are_refused(phone: Phone) -> None:
    text = phone.show(at())
    raw = base45.b45decode(text)
    message, proof = cbor2.loads(raw)
    long_head = b"\x59" + len(proof).to_bytes(2, "big")
    variants = [
        raw + b"\x00",
        b"\x9f" + raw[1:] + b"\xff",
        b"\x98\x02" + raw[1:],
        cbor2.dumps([message, proof, b""]),
        cbor2.dumps([message]),
        cbor2.dumps([proof, message]),
        cbor2.dumps([cbor2.loads(message), cbor2.loads(proof)]),
        cbor2.dumps(cbor2.CBORTag(61, [message, proof])),
        b"\x82" + cbor2.dumps(message) + long_head + proof,
        message + proof,
        b"\x82" + message + proof,
    ]
    for variant in variants:
        assert reason(cose.to_text(variant)) is Reason.MALFORMED
    for other in (text.lower(), text + "\n", " " + text, text + text, "0" * 1001, "A" * 4096):
        assert reason(other) is Reason.MALFORMED


@pytest.mark.parametrize(
    "header", [{}, {1: 0}, {1: 5}, {1: -7, 4: b"12345678"}, {1: -7, 3: 0}, {1: -8}, {1: -35}]
)
def test_other_algorithms_are_refused(phone: Phone, header: dict) -> None:
    message, _, *rest = parts(phone.show(at()))
    assert reason(packed(message, cose.canonical(header), *rest)) is Reason.MALFORMED


def test_it_holds_together_with_its_own_credential_only(phone: Phone) -> None:
    """Not even with another credential for the same key."""
    _, *proof = parts(phone.show(at()))
    other = cose.from_text(credential(ISSUER, NOW, point=phone.key.point))
    assert reason(packed(other, *proof)) is Reason.MALFORMED


def test_another_phone_cannot_show_it(phone: Phone) -> None:
    thief = Phone(KeyPair(202), phone.credential)
    assert reason(thief.show(at())) is Reason.MALFORMED


def test_a_credential_is_no_presentation(phone: Phone) -> None:
    message = cose.from_text(phone.credential)
    assert reason(phone.credential) is Reason.MALFORMED
    assert reason(cose.to_text(cose.canonical([message, message]))) is Reason.MALFORMED
    pair = cbor2.loads(base45.b45decode(phone.show(at())))
    assert reason(cose.to_text(pair[1])) is Reason.MALFORMED


@pytest.mark.parametrize("class_", [2, 3])
def test_what_has_no_key_cannot_be_presented(phone: Phone, class_: int) -> None:
    """A phone cannot lend its signature to a printed card."""
    phone.credential = credential(ISSUER, NOW, **{"-65537": class_})
    assert reason(phone.show(at())) is Reason.MALFORMED


@pytest.mark.parametrize("issued", [-WEEK, 16, 301])
def test_a_credential_out_of_its_time(phone: Phone, issued: int) -> None:
    phone.credential = credential(ISSUER, NOW + issued, point=phone.key.point)
    expected = {-WEEK: Reason.EXPIRED, 16: Reason.CLOCK_SKEW, 301: Reason.NOT_YET_VALID}
    assert reason(phone.show(at())) is expected[issued]


def test_other_issuers(phone: Phone) -> None:
    stranger, impostor = KeyPair(103), KeyPair(105, ISSUER.kid)
    for issuer, expected in ((stranger, Reason.UNKNOWN_KEY), (impostor, Reason.MALFORMED)):
        phone.credential = credential(issuer, NOW, point=phone.key.point)
        assert reason(phone.show(at())) is expected
    # Two trusted keys under one id: each is tried.
    assert reason(phone.show(at()), keys=Keys(ISSUER, impostor)) is None


def test_a_key_off_the_curve(phone: Phone) -> None:
    message = cose.from_text(phone.credential)
    sealed = cose.unseal(message)
    claims = cbor2.loads(sealed.payload)
    claims[8][1][-3] = claims[8][1][-2]
    wrong = cose.seal(sealed.protected, cose.canonical(claims), ISSUER.private)
    shown = present(cose.to_text(wrong), phone.key.private, NOW, 1)
    assert reason(shown) is Reason.MALFORMED


@pytest.mark.parametrize(
    "payload",
    [
        {6: NOW}, {-65539: 1}, {6: NOW, -65539: 1, 7: 0}, {6: float(NOW), -65539: 1}, {6: NOW, -65539: True},
        {6: NOW, -65539: -1}, {6: NOW, -65539: 2**40}, {6: 2**40, -65539: 1}, [NOW, 1], NOW, {"6": NOW},
    ],
)  # fmt: skip
def test_other_claims_are_refused_even_when_signed(phone: Phone, payload: object) -> None:
    message = cose.from_text(phone.credential)
    digest = hashlib.sha256(message).digest()
    proof = cose.seal(cose.ES256_HEADER, cbor2.dumps(payload), phone.key.private, digest)
    assert reason(cose.to_text(cose.canonical([message, proof]))) is Reason.MALFORMED


@pytest.mark.parametrize("tagged", TAGGED)
@pytest.mark.parametrize("place", range(5))
def test_tags_inside_are_refused(phone: Phone, tagged: str, place: int) -> None:
    message, *proof = parts(phone.show(at()))
    encoded = [cbor2.dumps(part) for part in proof]
    inside = b"\xd2\x84" + b"".join(
        bytes.fromhex(tagged) if place == number else part for number, part in enumerate(encoded, 1)
    )
    first = bytes.fromhex(tagged) if place == 0 else cbor2.dumps(message)
    assert reason(cose.to_text(b"\x82" + first + cbor2.dumps(inside))) is Reason.MALFORMED


# --- the document ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vectors() -> dict[str, str]:
    """Name → value of the test vectors."""
    document = (ROOT / "docs" / "pass-format.md").read_text()
    section = document.split("## Test vectors")[1].split("\n## ")[0]
    found = re.findall(r"^    (\w[\w ]*):((?:\n {8}\S.*)+|.*)$", section, re.M)
    return {name: re.sub(r"\n {8}", "", value).strip() for name, value in found}


def test_the_vectors_are_made_of_what_they_say(vectors: dict[str, str]) -> None:
    issuer, phone = (KeyPair(int(vectors[f"{who} private key"], 16)) for who in ("alliance", "phone"))
    assert issuer.point.hex() == vectors["alliance public key"]
    assert hashlib.sha256(issuer.point).digest()[:8].hex() == vectors["key id"]
    assert cose.thumbprint(phone.point).hex() == vectors["phone thumbprint"]
    message, *proof = parts(vectors["presentation text"])
    assert message.hex() == vectors["credential"]
    assert hashlib.sha256(message).hexdigest() == vectors["credential hash"]
    assert cose.unseal(message).payload.hex() == vectors["credential claims"]
    assert cbor2.loads(cose.unseal(message).payload)[8] == {1: cose.cose_key(phone.point)}
    assert proof[2].hex() == vectors["presentation claims"]
    signed = cose.canonical(["Signature1", proof[0], hashlib.sha256(message).digest(), proof[2]])
    assert signed.hex() == vectors["signed by the phone"]
    assert (
        cose.to_text(cose.canonical([message, cose.canonical(cbor2.CBORTag(18, proof))]))
        == (vectors["presentation text"])
    )


def test_the_vectors_have_the_verdicts_they_say(vectors: dict[str, str]) -> None:
    issuer = KeyPair(int(vectors["alliance private key"], 16), bytes.fromhex(vectors["key id"]))
    seconds = float(vectors["verified at"]) - NOW
    shown = verify(vectors["presentation text"], seconds, keys=Keys(issuer))
    assert (shown.time, shown.counter) == (int(vectors["time"]), int(vectors["counter"]))
    verify(vectors["short lived text"], seconds, keys=Keys(issuer))
    card = verify(vectors["printed text"], seconds, keys=Keys(issuer))
    assert (card.credential.class_, card.credential.status_index) == (2, 5_000_000)
    payload = cose.unseal(cose.from_text(vectors["printed text"])).payload
    assert payload.hex() == vectors["printed claims"]
    for name, text in vectors.items():
        if name.startswith("refused"):
            assert reason(text, seconds, keys=Keys(issuer)) is Reason.MALFORMED, name
    assert len([name for name in vectors if name.startswith("refused")]) == 3
