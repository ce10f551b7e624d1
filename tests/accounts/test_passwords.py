"""Passwords."""

from types import SimpleNamespace

import pytest

from alliance.accounts import passwords
from alliance.accounts.passwords import hash_password, is_right


def test_it_knows_the_right_password_from_a_wrong_one():
    stored = hash_password("松花江-12345")
    assert is_right(stored, "松花江-12345")
    assert not is_right(stored, "松花江-12346")
    assert not is_right(stored, "")


def test_the_hash_is_argon2id_and_salted():
    assert hash_password("same password").startswith("$argon2id$")
    assert hash_password("same password") != hash_password("same password")


@pytest.mark.parametrize("plain", ["", "short", "x" * 129])
def test_it_refuses_a_password_that_is_too_short_or_too_long(plain):
    with pytest.raises(ValueError, match="8 to 128"):
        hash_password(plain)


def test_without_a_stored_hash_nothing_is_right():
    assert not is_right(None, "nobody's password")
    assert not is_right("", "nobody's password")
    assert not is_right("not a hash", "nobody's password")


def test_an_unknown_account_costs_one_hash_like_a_known_one(monkeypatch):
    hashed = []
    real = passwords._hasher.verify
    spy = SimpleNamespace(verify=lambda stored, plain: hashed.append(stored) or real(stored, plain))
    stored = hash_password("the right one")
    monkeypatch.setattr(passwords, "_hasher", spy)
    for one in (stored, None):
        assert not is_right(one, "a wrong one")
    assert len(hashed) == 2
    parameters = {one.rpartition("p=")[0] for one in hashed}
    assert parameters == {"$argon2id$v=19$m=19456,t=2,"}
