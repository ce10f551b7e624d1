"""The life of an endpoint, and what is written down about it."""

import pytest
from sqlalchemy import select

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.webhooks.endpoints import (
    MOST_ENDPOINTS,
    OVERLAP,
    SUBSCRIBABLE,
    FormerIsGood,
    TooMany,
    change_endpoint,
    disable,
    enable,
    fingerprint,
    rotate_secret,
    types_of,
)
from alliance.webhooks.models import EventType, WebhookEndpoint, WebhookSubscription
from tests.webhooks.conftest import SEALER

BY = COMMAND_LINE


def test_the_store_holds_no_secret_in_the_clear(scene):
    endpoint = scene.endpoint()
    assert scene.secret.startswith("whsec_")
    assert scene.secret.removeprefix("whsec_").encode() not in endpoint.secret
    assert len(SEALER.unseal(endpoint.secret)) == 32


def rotate(scene, seen=None, **how) -> str:
    endpoint = scene.endpoint(afresh=False)
    seen = seen or fingerprint(endpoint)
    new = rotate_secret(scene.session, SEALER, endpoint, COMMAND_LINE, scene.at, seen=seen, **how)
    scene.session.commit()
    return new


def good(scene) -> list[bytes]:
    """The secrets that sign, the newest first."""
    endpoint = scene.endpoint()
    return [SEALER.unseal(sealed) for sealed in (endpoint.secret, endpoint.previous_secret)]


@pytest.mark.parametrize("how", [{}, {"ends_former": True}])
def test_a_double_press_is_one_rotation_and_shows_one_secret(scene, how):
    if how:
        rotate(scene)
    seen, before = fingerprint(scene.endpoint()), SEALER.unseal(scene.endpoint().secret)
    first = rotate(scene, seen, **how)
    scene.later(seconds=2)
    assert rotate(scene, seen, **how) == first
    assert good(scene)[1] == before
    rotations = select(AuditEntry).where(AuditEntry.action == "webhook.rotate_secret")
    assert len(scene.session.scalars(rotations).all()) == 1 + len(how)


def test_a_second_rotation_within_the_day_has_to_be_asked_for(scene):
    seen, first = fingerprint(scene.endpoint()), SEALER.unseal(scene.endpoint().secret)
    rotate(scene)
    scene.later(hours=23)
    # Not by default, nor by a page that was loaded before the first one, whatever it says.
    for how in ({}, {"seen": seen}, {"seen": seen, "ends_former": True}):
        with pytest.raises(FormerIsGood):
            rotate(scene, **how)
    assert good(scene)[1] == first
    rotate(scene, ends_former=True)
    assert first not in good(scene)
    assert scene.endpoint().previous_until == scene.at + OVERLAP
    # A day later there is nothing to ask.
    scene.later(hours=24)
    rotate(scene)


def test_a_merchant_has_so_many_live_endpoints_and_no_more(scene):
    ids = [scene.add(f"https://pos{number}.example.com/")[0] for number in range(MOST_ENDPOINTS - 1)]
    with pytest.raises(TooMany):
        scene.add("https://one.too.many.example.com/")
    disable(scene.session, scene.endpoint(ids[0]), COMMAND_LINE, scene.at)
    scene.session.commit()
    scene.add("https://now.there.is.room.example.com/")
    with pytest.raises(TooMany):
        enable(scene.session, scene.endpoint(ids[0]), COMMAND_LINE, scene.at)
    scene.add("https://garage.example.com/", scene.world.garage)


def test_what_is_done_twice_is_written_down_once(scene):
    for _ in range(2):
        disable(scene.session, scene.endpoint(afresh=False), COMMAND_LINE, scene.at)
    scene.later(hours=1)
    for _ in range(2):
        enable(scene.session, scene.endpoint(afresh=False), COMMAND_LINE, scene.at)
    scene.session.commit()
    actions = scene.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.startswith("webhook.")).order_by(AuditEntry.id)
    )
    assert actions.all() == ["webhook.add", "webhook.disable", "webhook.enable"]


def test_the_audit_trail_holds_neither_secret_nor_address(scene):
    rotate(scene)
    for entry in scene.session.scalars(select(AuditEntry)):
        assert "whsec" not in str(entry.detail)
        assert "127.0.0.1" not in str(entry.detail)


def test_it_is_changed_and_keeps_its_secret(scene):
    before = scene.endpoint()
    secret, before.unanswered = before.secret, 3
    before.failing_since = before.resting_until = scene.at
    scene.session.commit()
    change_endpoint(
        scene.session, before, "https://new.example.com/", "新", [EventType.REDEMPTION_REVERSED], BY, scene.at
    )
    scene.session.commit()
    endpoint = scene.endpoint()
    assert (endpoint.url, endpoint.description, endpoint.secret) == ("https://new.example.com/", "新", secret)
    assert types_of(scene.session, endpoint) == [EventType.REDEMPTION_REVERSED]
    assert (endpoint.failing_since, endpoint.unanswered, endpoint.resting_until) == (None, 0, None)
    entry = scene.session.scalars(select(AuditEntry).where(AuditEntry.action == "webhook.change")).one()
    assert entry.detail == {"new_address": True, "events": ["redemption.reversed"]}


def test_under_its_old_address_it_goes_on_failing(scene):
    endpoint = scene.endpoint()
    endpoint.failing_since, endpoint.unanswered = scene.at, 3
    change_endpoint(scene.session, endpoint, endpoint.url, "新", SUBSCRIBABLE, BY, scene.at)
    assert (endpoint.failing_since, endpoint.unanswered) == (scene.at, 3)


def test_what_changes_nothing_is_not_written_down(scene):
    endpoint = scene.endpoint()
    had = types_of(scene.session, endpoint)
    change_endpoint(scene.session, endpoint, endpoint.url, endpoint.description, had, BY, scene.at)
    scene.session.commit()
    assert "webhook.change" not in scene.session.scalars(select(AuditEntry.action)).all()


def test_endpoints_of_two_merchants_may_share_an_address(scene):
    scene.add(scene.receiver.url, scene.world.garage)
    assert len(scene.session.scalars(select(WebhookEndpoint)).all()) == 2
    assert len(scene.session.scalars(select(WebhookSubscription)).all()) == 8
