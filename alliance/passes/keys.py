"""The alliance's signing keys: public halves in the clear, private halves sealed with the secret."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSEKey
from cwt.algs.ec2 import EC2Key
from cwt.cose_key_interface import COSEKeyInterface
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.passes.models import SigningKey

_CURVE = ec.SECP256R1()
_ES256 = -7


class Keyring:
    """Unseals signing keys and remembers them: a key never changes, so one look at the store is enough."""

    def __init__(self, secret: str) -> None:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"alliance signing keys").derive(secret.encode())
        self._sealer = Fernet(base64.urlsafe_b64encode(derived))
        self._public: dict[bytes, Sequence[COSEKeyInterface]] = {}
        self._private: dict[bytes, COSEKeyInterface] = {}

    def signing_key(self, session: Session, at: datetime) -> COSEKeyInterface:
        """The newest key pair, made at the first use. Two first uses at once make two keys; both verify."""
        newest = session.scalar(
            select(SigningKey).order_by(SigningKey.created_at.desc(), SigningKey.kid).limit(1)
        )
        row = newest or self._make(session, at)
        if row.kid not in self._private:
            try:
                scalar = self._sealer.decrypt(row.sealed)
            except InvalidToken:
                # Sealed under another secret: its credentials still verify, new ones need a new key.
                row = self._make(session, at)
                scalar = self._sealer.decrypt(row.sealed)
            private = ec.derive_private_key(int.from_bytes(scalar, "big"), _CURVE)
            self._private[row.kid] = _cose_key(private, row.kid)
        return self._private[row.kid]

    def public_keys(self, session: Session, kid: bytes) -> Sequence[COSEKeyInterface]:
        """The public halves with this key id; none for a key that is not the alliance's."""
        if kid not in self._public:
            row = session.get(SigningKey, kid)
            if row is None:
                return ()
            public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, row.public)
            self._public[kid] = (_cose_key(public, kid),)
        return self._public[kid]

    def _make(self, session: Session, at: datetime) -> SigningKey:
        private = ec.generate_private_key(_CURVE)
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        scalar = private.private_numbers().private_value.to_bytes(32, "big")
        row = SigningKey(
            kid=hashlib.sha256(point).digest()[:8],
            public=point,
            sealed=self._sealer.encrypt(scalar),
            created_at=at,
        )
        session.add(row)
        session.flush()
        return row


def _cose_key(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey, kid: bytes) -> COSEKeyInterface:
    return COSEKey.new({**EC2Key.to_cose_key(key), 2: kid, 3: _ES256})
