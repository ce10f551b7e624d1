"""Pseudonyms: the same for the same person, of no use without the secret, unlinkable with a salt."""

import hashlib
import hmac
from uuid import UUID

from alliance.circulation.pseudonyms import Pseudonyms

FACT = UUID("018f0000-0000-7000-8000-000000000001")


def test_a_person_has_the_same_name_in_every_export() -> None:
    assert Pseudonyms("secret").holder(7) == Pseudonyms("secret").holder(7)
    names = {Pseudonyms("secret").holder(number) for number in range(1000)}
    assert len(names) == 1000
    assert {len(name) for name in names} == {32}


def test_another_secret_and_another_salt_give_other_names() -> None:
    names = [
        Pseudonyms("secret"),
        Pseudonyms("secreT"),
        Pseudonyms("secret", "a"),
        Pseudonyms("secret", "b"),
        Pseudonyms("secreT", "a"),
    ]
    assert len({one.holder(7) for one in names}) == len(names)


def test_nobody_gets_back_by_trying_numbers() -> None:
    """Not by the digests that a number has without the secret, nor with the salt taken for it."""
    name = Pseudonyms("secret", "salt").holder(7)
    for text in (b"7", b"holder 7"):
        for key in (b"", b"salt", b"alliance export pseudonyms"):
            assert not hmac.new(key, text, hashlib.sha256).hexdigest().startswith(name)
        assert not hashlib.sha256(text).hexdigest().startswith(name)


def test_a_fact_keeps_its_id_unless_there_is_a_salt() -> None:
    assert Pseudonyms("secret").fact(FACT) == str(FACT)
    salted = Pseudonyms("secret", "a").fact(FACT)
    assert salted != Pseudonyms("secret", "b").fact(FACT)
    assert FACT.hex not in salted
