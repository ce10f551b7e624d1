"""A phone in software: a key of its own, and what it shows; and issuers that no store knows."""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSEKey
from cwt.algs.ec2 import EC2Key
from cwt.cose_key_interface import COSEKeyInterface

from alliance.passes.credential import Credential, CredentialClass, sign
from alliance.passes.presentation import present

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
WEEK = 7 * 86400


class KeyPair:
    """A P-256 pair as the codec wants it. The same ``scalar`` is the same pair."""

    def __init__(self, scalar: int | None = None, kid: bytes | None = None) -> None:
        private = ec.derive_private_key(scalar or int.from_bytes(token_bytes(31)), ec.SECP256R1())
        self.point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.kid = kid or self.point[1:9]
        self.private = _key(private, self.kid)
        self.public = _key(private.public_key(), self.kid)


class Keys:
    """A keyring of these pairs, without a store."""

    def __init__(self, *pairs: KeyPair) -> None:
        self.pairs = pairs

    def public_keys(self, _session: object, kid: bytes, _at: datetime) -> Sequence[COSEKeyInterface]:
        return [pair.public for pair in self.pairs if pair.kid == kid]


class Phone:
    """A key pair with a credential for it, and a counter."""

    def __init__(self, key: KeyPair | None = None, credential: str = "") -> None:
        self.key, self.credential, self.counter = key or KeyPair(), credential, 0

    def show(self, at: datetime, counter: int | None = None) -> str:
        """The next presentation, or the one with this counter."""
        self.counter += 1
        time = int(at.timestamp())
        return present(self.credential, self.key.private, time, self.counter if counter is None else counter)


def credential(issuer: KeyPair, seconds: int, **claims: object) -> str:
    """A credential of ``issuer``, issued at ``seconds``; short-lived unless ``point`` makes it a phone's."""
    point = claims.pop("point", None)
    class_ = CredentialClass.DEVICE if point else CredentialClass.SHORT_LIVED
    made = {
        "4": seconds + (WEEK if point else 60),
        "6": seconds,
        "7": token_bytes(8),
        "8": point,
        "-65537": int(class_),
        "-65538": 2**31 - 1,
    }
    return sign(Credential.model_validate(made | claims), issuer.private)


def _key(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey, kid: bytes) -> COSEKeyInterface:
    return COSEKey.new({**EC2Key.to_cose_key(key), 2: kid, 3: -7})
