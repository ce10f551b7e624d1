"""The alliance's signing keys: public halves in the clear, private halves sealed with the secret.

A key is published when it is made, signs from a later moment on, and is retired once no credential under it
can be alive. Which key signs, and which verify, is a matter of these times alone.
"""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSEKey
from cwt.algs.ec2 import EC2Key
from cwt.cose_key_interface import COSEKeyInterface
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from alliance.passes import cose
from alliance.passes.models import SigningKey, SigningKeyRetirement

#: How long a process goes on with the public keys that it has read.
REMEMBERED = timedelta(seconds=60)

_CURVE = ec.SECP256R1()
_ES256 = -7


class PublicKeys(Protocol):
    """Whatever knows public keys by their id."""

    def public_keys(self, session: Session, kid: bytes, at: datetime) -> Sequence[COSEKeyInterface]:
        """The keys with this id that are good at ``at``; none for a key that is not the alliance's."""


class Keyring:
    """Unseals signing keys and remembers them; public keys are read again every minute."""

    def __init__(self, secret: str) -> None:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"alliance signing keys").derive(secret.encode())
        self._sealer = Fernet(base64.urlsafe_b64encode(derived))
        self._private: dict[bytes, COSEKeyInterface] = {}
        self._public: Mapping[bytes, Sequence[COSEKeyInterface]] = {}
        self._read_at: datetime | None = None

    def signing_key(self, session: Session, at: datetime) -> COSEKeyInterface:
        """The key pair that signs now, made at the first use. Two first uses at once make two."""
        return self.existing_key(session, at) or self._unsealed(self.make(session, at, at))

    def existing_key(self, session: Session, at: datetime) -> COSEKeyInterface | None:
        """The newest key pair whose time to sign has come.

        None before the first use, and for one sealed under another secret: its credentials still verify, new
        ones need a new key.
        """
        row = session.scalar(
            in_force()
            .where(SigningKey.signs_from <= at)
            .order_by(SigningKey.signs_from.desc(), SigningKey.id)
            .limit(1)
        )
        try:
            return self._unsealed(row) if row else None
        except InvalidToken:
            return None

    def _unsealed(self, row: SigningKey) -> COSEKeyInterface:
        if row.id not in self._private:
            scalar = self._sealer.decrypt(row.sealed)
            private = ec.derive_private_key(int.from_bytes(scalar, "big"), _CURVE)
            self._private[row.id] = _cose_key(private, row.kid)
        return self._private[row.id]

    def public_keys(self, session: Session, kid: bytes, at: datetime) -> Sequence[COSEKeyInterface]:
        """The keys in force with this id; none for a key that is not the alliance's."""
        is_fresh = self._read_at is not None and abs(at - self._read_at) < REMEMBERED
        # A key that is not known may have been made this moment, by another process.
        if not is_fresh or kid not in self._public:
            self._public, self._read_at = by_kid(session.scalars(in_force()).all()), at
        return self._public.get(kid, ())

    def make(self, session: Session, at: datetime, signs_from: datetime) -> SigningKey:
        """A new key pair, published from ``at`` on."""
        private = ec.generate_private_key(_CURVE)
        point = _point_of(private)
        scalar = private.private_numbers().private_value.to_bytes(32, "big")
        row = SigningKey(
            id=cose.thumbprint(point),
            kid=hashlib.sha256(point).digest()[:8],
            public=point,
            sealed=self._sealer.encrypt(scalar),
            created_at=at,
            signs_from=signs_from,
        )
        session.add(row)
        session.flush()
        return row


def in_force() -> Select[SigningKey]:
    """A SELECT of the keys that are not retired."""
    retired = exists().where(SigningKeyRetirement.key_id == SigningKey.id)
    return select(SigningKey).where(~retired)


def by_kid(rows: Sequence[SigningKey]) -> Mapping[bytes, Sequence[COSEKeyInterface]]:
    """The public halves by key id, which two keys may share."""
    found = defaultdict(list)
    for row in rows:
        public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, row.public)
        found[row.kid].append(_cose_key(public, row.kid))
    return found


def id_of(pair: COSEKeyInterface) -> bytes:
    """The ``SigningKey.id`` of a key pair."""
    return cose.thumbprint(_point_of(pair.key))


def _point_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _cose_key(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey, kid: bytes) -> COSEKeyInterface:
    return COSEKey.new({**EC2Key.to_cose_key(key), 2: kid, 3: _ES256})
