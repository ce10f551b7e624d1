"""Passwords, kept as argon2id hashes."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: Longer ones are refused before hashing: the work grows with the length.
MAX_LENGTH = 128
MIN_LENGTH = 8

# The second of OWASP's recommended parameters: 19 MiB, because many threads may hash at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: The hash of a password nobody has. Trying against it takes as long as against a real one.
_NOBODYS = _hasher.hash(secrets.token_hex())


def hash_password(plain: str) -> str:
    """The hash to store. Raises ValueError for a password that is too short or too long."""
    if not MIN_LENGTH <= len(plain) <= MAX_LENGTH:
        raise ValueError(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    return _hasher.hash(plain)


def is_right(stored: str | None, plain: str) -> bool:
    """Whether ``plain`` is the password; with no stored hash the same time passes and the answer is no."""
    try:
        _hasher.verify(_NOBODYS if stored is None else stored, plain)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
