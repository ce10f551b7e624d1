"""What the proofs of a phone share: the secret, the key under which tries are counted, and typed digits."""

import unicodedata

from flask import current_app

from alliance.accounts import attempts


def secret_key() -> str:
    """The installation's secret."""
    return str(current_app.config["SECRET_KEY"])


def key_of(what: str) -> str:
    """What stands for a phone (or a link) where tries are counted."""
    return attempts.key_of(secret_key(), what)


def digits(typed: str) -> str:
    """A code as it was typed, full-width digits and spaces included."""
    return "".join(unicodedata.normalize("NFKC", typed).split())
