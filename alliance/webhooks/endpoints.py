"""The life of an endpoint: added, changed, given a new secret, disabled and enabled again."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.store import new_id
from alliance.webhooks.models import EventType, WebhookDelivery, WebhookEndpoint, WebhookSubscription
from alliance.webhooks.signing import Sealer

#: How many live endpoints a merchant may have: each event is sent to all of them.
MOST_ENDPOINTS = 10
#: How long the former secret goes on signing, so that the receiver can change at leisure.
OVERLAP = timedelta(hours=24)
#: A second press of one button comes within this.
SAME_PRESS = timedelta(minutes=1)
#: What an endpoint can ask for; a test is sent without being asked for.
SUBSCRIBABLE = tuple(type_ for type_ in EventType if type_ != EventType.TEST)
#: The worker, which disables an endpoint at which nothing arrives.
THE_WORKER = Actor()


class FormerIsGood(Exception):
    """The last rotation is so recent that another one would end the secret from before it."""


class TooMany(Exception):
    """The merchant has as many live endpoints as it may have."""


def add_endpoint(
    session: Session,
    sealer: Sealer,
    merchant_id: int,
    url: str,
    description: str,
    types: Collection[EventType],
    by: Actor,
    at: datetime,
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is shown once. ``url`` is as ``check_url`` made it.

    Raises TooMany.
    """
    _refuse_too_many(session, merchant_id)
    plain, sealed = sealer.new_secret()
    endpoint = WebhookEndpoint(
        merchant_id=merchant_id,
        id=new_id(),
        url=url,
        description=description,
        secret=sealed,
        created_at=at,
        created_by_id=by.account_id,
    )
    session.add(endpoint)
    session.flush()
    _subscribe(session, endpoint, types)
    _record(session, "webhook.add", endpoint, by, at, events=sorted(types))
    return endpoint, plain


def change_endpoint(
    session: Session,
    endpoint: WebhookEndpoint,
    url: str,
    description: str,
    types: Collection[EventType],
    by: Actor,
    at: datetime,
) -> None:
    """Another address, other words or other events, under the same secret.

    What waits goes to the new address. ``url`` is as ``check_url`` made it. What changes nothing is not
    recorded.
    """
    had = set(types_of(session, endpoint))
    if (endpoint.url, endpoint.description, had) == (url, description, set(types)):
        return
    moved = url != endpoint.url
    endpoint.url, endpoint.description = url, description
    if moved:
        # How the former address fared says nothing of this one.
        endpoint.failing_since = endpoint.resting_until = None
        endpoint.unanswered = 0
    _subscribe(session, endpoint, set(types) - had)
    session.execute(
        delete(WebhookSubscription).where(
            WebhookSubscription.merchant_id == endpoint.merchant_id,
            WebhookSubscription.endpoint_id == endpoint.id,
            WebhookSubscription.type.in_(sorted(had - set(types))),
        )
    )
    _record(session, "webhook.change", endpoint, by, at, new_address=moved, events=sorted(types))


def types_of(session: Session, endpoint: WebhookEndpoint) -> list[EventType]:
    """What an endpoint asks for."""
    wanted = select(WebhookSubscription.type).where(
        WebhookSubscription.merchant_id == endpoint.merchant_id,
        WebhookSubscription.endpoint_id == endpoint.id,
    )
    return [EventType(type_) for type_ in session.scalars(wanted)]


def rotate_secret(
    session: Session,
    sealer: Sealer,
    endpoint: WebhookEndpoint,
    by: Actor,
    at: datetime,
    *,
    seen: str,
    ends_former: bool = False,
) -> str:
    """A new secret, shown once. The one before goes on signing beside it for ``OVERLAP``, then ends.

    ``seen`` is the ``fingerprint`` of the secret that is to be replaced: the same press once more within a
    minute is the same rotation and the same secret. While a former secret is good, another rotation would
    end that one at once: raises FormerIsGood, unless it is asked for (``ends_former``) in sight of the
    present secret.
    """
    if _is_pressed_again(endpoint, seen, at):
        return sealer.shown_again(endpoint.secret)
    if former_is_good(endpoint, at) and not (ends_former and seen == fingerprint(endpoint)):
        raise FormerIsGood
    plain, sealed = sealer.new_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, at + OVERLAP
    endpoint.secret = sealed
    _record(session, "webhook.rotate_secret", endpoint, by, at)
    return plain


def fingerprint(endpoint: WebhookEndpoint) -> str:
    """What stands for the present secret in a form."""
    return _fingerprint(endpoint.secret)


def former_is_good(endpoint: WebhookEndpoint, at: datetime) -> bool:
    """Whether the secret before the present one still signs."""
    return endpoint.previous_until is not None and at < endpoint.previous_until


def _is_pressed_again(endpoint: WebhookEndpoint, seen: str, at: datetime) -> bool:
    if endpoint.previous_secret is None or endpoint.previous_until is None:
        return False
    lately = at < endpoint.previous_until - OVERLAP + SAME_PRESS
    return lately and seen == _fingerprint(endpoint.previous_secret)


def _fingerprint(sealed: bytes) -> str:
    return hashlib.sha256(sealed).hexdigest()[:16]


def disable(session: Session, endpoint: WebhookEndpoint, by: Actor, at: datetime) -> None:
    """Send nothing more there and give up what waits; it can be redelivered once the endpoint is enabled.

    Disabling twice is disabling once.
    """
    if endpoint.disabled_at is not None:
        return
    endpoint.disabled_at, endpoint.disabled_by_id = at, by.account_id
    session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.merchant_id == endpoint.merchant_id,
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.next_attempt_at.is_not(None),
        )
        .values(next_attempt_at=None, given_up_at=at)
    )
    _record(session, "webhook.disable", endpoint, by, at, by_the_worker=by is THE_WORKER)


def enable(session: Session, endpoint: WebhookEndpoint, by: Actor, at: datetime) -> None:
    """Send there again whatever happens from now on. Raises TooMany. Enabling twice is enabling once."""
    if endpoint.disabled_at is None:
        return
    _refuse_too_many(session, endpoint.merchant_id)
    endpoint.disabled_at = endpoint.disabled_by_id = None
    endpoint.failing_since = endpoint.resting_until = None
    endpoint.unanswered = 0
    _record(session, "webhook.enable", endpoint, by, at)


def _subscribe(session: Session, endpoint: WebhookEndpoint, types: Collection[EventType]) -> None:
    key = {"merchant_id": endpoint.merchant_id, "endpoint_id": endpoint.id}
    session.add_all(WebhookSubscription(**key, type=type_) for type_ in dict.fromkeys(types))


def _refuse_too_many(session: Session, merchant_id: int) -> None:
    live = session.scalar(
        select(func.count()).where(
            WebhookEndpoint.merchant_id == merchant_id, WebhookEndpoint.disabled_at.is_(None)
        )
    )
    if (live or 0) >= MOST_ENDPOINTS:
        raise TooMany


def _record(
    session: Session, action: str, endpoint: WebhookEndpoint, by: Actor, at: datetime, **detail: object
) -> None:
    # Not the URL: merchants put keys into it.
    record(session, by, action, f"webhook:{endpoint.id}", at, enterprise_id=endpoint.merchant_id, **detail)
