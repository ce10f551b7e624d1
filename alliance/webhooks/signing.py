"""Secrets of endpoints and signatures of messages, after the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: So that a secret that leaks into a repository or a log is recognised for what it is.
PREFIX = "whsec_"
_BYTES = 32


class Unreadable(Exception):
    """Sealed under another secret of the installation: the endpoint needs a new secret."""


class Sealer:
    """Seals the endpoints' secrets with the secret of the installation."""

    def __init__(self, installation_secret: str) -> None:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"alliance webhook secrets").derive(
            installation_secret.encode()
        )
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def new_secret(self) -> tuple[str, bytes]:
        """A secret as the merchant is shown it, once, and as the store keeps it."""
        raw = secrets.token_bytes(_BYTES)
        return _as_shown(raw), self._fernet.encrypt(raw)

    def shown_again(self, sealed: bytes) -> str:
        """A secret as the merchant was shown it. Raises Unreadable."""
        return _as_shown(self.unseal(sealed))

    def unseal(self, sealed: bytes) -> bytes:
        """The key that signs. Raises Unreadable."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise Unreadable from None


def signed_headers(keys: Sequence[bytes], event_id: UUID, payload: bytes, at: datetime) -> dict[str, str]:
    """The headers of a message; ``webhook-signature`` holds one signature for each key."""
    seconds = str(int(at.timestamp()))
    message = b".".join((str(event_id).encode(), seconds.encode(), payload))
    return {
        "webhook-id": str(event_id),
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{_hmac(key, message)}" for key in keys),
    }


def _as_shown(raw: bytes) -> str:
    return PREFIX + base64.b64encode(raw).decode()


def _hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
