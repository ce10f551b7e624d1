"""Names for rows that leave the installation: the same person has the same one, and nobody can get back.

A digest of a small number is no secret, since all small numbers can be tried. So it is keyed (HMAC), with a
key derived from the secret of the installation: whoever has the export but not the secret can try nothing.
"""

import hashlib
import hmac
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: Of the 32 bytes of a digest half are kept: enough for no two of a trillion to be alike.
_BYTES = 16


class Pseudonyms:
    """Hexadecimal names, 32 digits. Another ``salt`` gives others, which lead to none of the former."""

    def __init__(self, installation_secret: str, salt: str = "") -> None:
        self._salted = bool(salt)
        self._key = HKDF(
            hashes.SHA256(), 32, salt=salt.encode() or None, info=b"alliance export pseudonyms"
        ).derive(installation_secret.encode())

    def holder(self, holder_id: int) -> str:
        """Of a person."""
        return self._digest(b"holder %d" % holder_id)

    def fact(self, fact_id: UUID) -> str:
        """Of a redemption or reversal: its own id, so that it can be looked up. With a salt no more.

        Two exports with different salts would otherwise be put together by it, and the persons with it.
        """
        return self._digest(b"fact " + fact_id.bytes) if self._salted else str(fact_id)

    def _digest(self, message: bytes) -> str:
        return hmac.new(self._key, message, hashlib.sha256).digest()[:_BYTES].hex()
