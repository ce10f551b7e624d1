"""Signatures, checked by the specification's own library."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from alliance.store import new_id
from alliance.webhooks.signing import Sealer, Unreadable, signed_headers

BODY = '{"id":"1","data":{"outlet":"乳业直营店"}}'.encode()


def test_the_specifications_library_accepts_what_we_sign():
    sealer = Sealer("installation")
    plain, sealed = sealer.new_secret()
    headers = signed_headers([sealer.unseal(sealed)], new_id(), BODY, datetime.now(UTC))
    assert plain.startswith("whsec_")
    assert Webhook(plain).verify(BODY, headers) == json.loads(BODY)


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "webhook-signature"])
def test_it_refuses_whatever_was_altered(change):
    sealer, at = Sealer("installation"), datetime.now(UTC)
    plain, sealed = sealer.new_secret()
    headers, body = signed_headers([sealer.unseal(sealed)], new_id(), BODY, at), BODY
    if change == "body":
        body = BODY.replace(b"1", b"2")
    else:
        other = signed_headers([b"x" * 32], new_id(), BODY, at - timedelta(seconds=1))
        headers[change] = other[change]
    with pytest.raises(WebhookVerificationError):
        Webhook(plain).verify(body, headers)


def test_two_keys_sign_side_by_side():
    sealer, at = Sealer("installation"), datetime.now(UTC)
    made = [sealer.new_secret() for _ in range(2)]
    headers = signed_headers([sealer.unseal(sealed) for _, sealed in made], new_id(), BODY, at)
    for plain, _ in made:
        Webhook(plain).verify(BODY, headers)


def test_what_another_installation_sealed_is_unreadable():
    _, sealed = Sealer("installation").new_secret()
    with pytest.raises(Unreadable):
        Sealer("another").unseal(sealed)
    assert b"whsec" not in sealed
