"""Deliveries: who works on which endpoint, what is sent there, and what follows from the answer.

One courier at a time works on an endpoint, by a claim that ends by itself when the courier dies. So nothing
is sent twice at once, an endpoint is sent its events one after the other in the order in which they happened,
and none is held up by another endpoint. What was sent but not recorded is sent again, under the same id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_, update
from sqlalchemy.orm import QueryableAttribute, Session

from alliance.audit.trail import Actor, record
from alliance.webhooks.endpoints import THE_WORKER, disable
from alliance.webhooks.models import (
    EventType,
    Failure,
    OutboxEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from alliance.webhooks.outbox import event_row

#: How long after the first, second … failure the next attempt is made; the last one repeats.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
)
#: After so long since the first attempt, the last one is made; an endpoint that answers none is disabled.
GIVE_UP_AFTER = timedelta(days=3)
#: An endpoint that does not answer at all is left alone as long as WAITS says, but no longer than this.
LONGEST_REST = timedelta(minutes=10)
#: How long a claim holds, and for how long of it new attempts are begun.
CLAIM, VISIT = timedelta(seconds=60), timedelta(seconds=30)
#: How many deliveries are looked up at a time.
BATCH = 50

#: A factor around 1, so that what failed together does not come back together.
Jitter = Callable[[], float]


class Disabled(Exception):
    """Nothing is sent to a disabled endpoint."""


@dataclass(frozen=True)
class Claim:
    """The right to work on one endpoint until a moment, which tells this claim from any other."""

    merchant_id: int
    endpoint_id: UUID
    until: datetime


@dataclass(frozen=True)
class Parcel:
    """All that sending takes. ``secrets`` are sealed; the first is the present one."""

    merchant_id: int
    endpoint_id: UUID
    event_id: UUID
    url: str
    secrets: tuple[bytes, ...]
    payload: str


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt: the status that was answered, or why there was no answer."""

    milliseconds: int
    status: int | None = None
    failure: Failure | None = None

    @property
    def arrived(self) -> bool:
        """Answered with 2xx. A redirect has not arrived: it is not followed."""
        return self.status is not None and 200 <= self.status < 300


def is_due(session: Session, at: datetime) -> bool:
    """Whether there is an endpoint to work on."""
    return session.execute(_workable(at).limit(1)).first() is not None


def claim(session: Session, at: datetime, most: int) -> list[Claim]:
    """Claim up to ``most`` endpoints that have something due, those first that have waited longest."""
    query = (
        _workable(at)
        .order_by(WebhookEndpoint.claimed_until.nulls_first())
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
    )
    claims = [Claim(merchant_id, id_, at + CLAIM) for merchant_id, id_ in session.execute(query)]
    if claims:
        keys = [(claim.merchant_id, claim.endpoint_id) for claim in claims]
        session.execute(
            update(WebhookEndpoint)
            .where(tuple_(WebhookEndpoint.merchant_id, WebhookEndpoint.id).in_(keys))
            .values(claimed_until=at + CLAIM)
        )
    return claims


def release(session: Session, claim: Claim, at: datetime) -> None:
    """Let others have the endpoint, unless they have it already because the claim ran out."""
    session.execute(
        update(WebhookEndpoint)
        .where(
            WebhookEndpoint.merchant_id == claim.merchant_id,
            WebhookEndpoint.id == claim.endpoint_id,
            WebhookEndpoint.claimed_until == claim.until,
        )
        .values(claimed_until=at)
    )


def parcels(session: Session, claim: Claim, at: datetime) -> list[Parcel]:
    """The next deliveries that are due at the endpoint, in the order of their events."""
    rows = session.execute(
        select(WebhookEndpoint, OutboxEvent.id, OutboxEvent.payload)
        .join(
            WebhookDelivery,
            and_(
                WebhookDelivery.merchant_id == WebhookEndpoint.merchant_id,
                WebhookDelivery.endpoint_id == WebhookEndpoint.id,
            ),
        )
        .join(
            OutboxEvent,
            and_(
                OutboxEvent.merchant_id == WebhookDelivery.merchant_id,
                OutboxEvent.id == WebhookDelivery.event_id,
            ),
        )
        .where(
            WebhookEndpoint.merchant_id == claim.merchant_id,
            WebhookEndpoint.id == claim.endpoint_id,
            WebhookEndpoint.disabled_at.is_(None),
            WebhookDelivery.next_attempt_at <= at,
        )
        .order_by(OutboxEvent.at, OutboxEvent.id)
        .limit(BATCH)
    )
    return [
        Parcel(endpoint.merchant_id, endpoint.id, event_id, endpoint.url, _secrets(endpoint, at), payload)
        for endpoint, event_id, payload in rows
    ]


def settle(session: Session, parcel: Parcel, outcome: Outcome, at: datetime, jitter: Jitter) -> bool:
    """Write down an attempt that ended at ``at``, and what follows from it.

    False when the endpoint should be left alone now.
    """
    key = (parcel.merchant_id, parcel.endpoint_id)
    # The endpoint before the delivery, as everybody locks them.
    endpoint = session.get_one(WebhookEndpoint, key, with_for_update={"key_share": True})
    delivery = session.get_one(
        WebhookDelivery, (parcel.merchant_id, parcel.event_id, parcel.endpoint_id), with_for_update=True
    )
    session.add(
        WebhookAttempt(
            merchant_id=parcel.merchant_id,
            event_id=parcel.event_id,
            endpoint_id=parcel.endpoint_id,
            at=at,
            status=outcome.status,
            failure=outcome.failure,
            milliseconds=outcome.milliseconds,
        )
    )
    delivery.attempts += 1
    delivery.tried_since = delivery.tried_since or at
    if outcome.arrived:
        delivery.delivered_at, delivery.given_up_at, delivery.next_attempt_at = at, None, None
        endpoint.failing_since, endpoint.unanswered, endpoint.resting_until = None, 0, None
    else:
        _try_again(delivery, delivery.tried_since, at, jitter)
        _note_failure(session, endpoint, outcome, at, jitter)
    return endpoint.disabled_at is None and endpoint.resting_until is None


def redeliver(
    session: Session, endpoint: WebhookEndpoint, delivery: WebhookDelivery, by: Actor, at: datetime
) -> None:
    """Send a delivery again, now, whatever became of it, and count its attempts anew. Raises Disabled."""
    if endpoint.disabled_at is not None:
        raise Disabled
    delivery.attempts, delivery.tried_since = 0, None
    delivery.delivered_at, delivery.given_up_at, delivery.next_attempt_at = None, None, at
    # Somebody waits for it: an endpoint that was left alone is tried at once.
    endpoint.resting_until = None
    record(
        session,
        by,
        "webhook.redeliver",
        f"webhook:{endpoint.id}",
        at,
        enterprise_id=endpoint.merchant_id,
        event=str(delivery.event_id),
    )


def send_test(session: Session, endpoint: WebhookEndpoint, by: Actor, at: datetime) -> UUID:
    """Send a ``webhook.test`` event to this endpoint alone; returns the event's id. Raises Disabled."""
    if endpoint.disabled_at is not None:
        raise Disabled
    row = event_row(endpoint.merchant_id, EventType.TEST, {"endpoint_id": str(endpoint.id)}, at)
    session.add(OutboxEvent(**row, fanned_out_at=at))
    session.flush()
    session.add(
        WebhookDelivery(
            merchant_id=endpoint.merchant_id,
            event_id=row["id"],
            endpoint_id=endpoint.id,
            next_attempt_at=at,
        )
    )
    endpoint.resting_until = None
    subject = f"webhook:{endpoint.id}"
    record(session, by, "webhook.test", subject, at, enterprise_id=endpoint.merchant_id)
    return UUID(str(row["id"]))


def _workable(at: datetime) -> Select[int, UUID]:
    """The endpoints that nobody works on and that have something due, by their keys."""
    due = exists().where(
        WebhookDelivery.merchant_id == WebhookEndpoint.merchant_id,
        WebhookDelivery.endpoint_id == WebhookEndpoint.id,
        WebhookDelivery.next_attempt_at <= at,
    )
    return select(WebhookEndpoint.merchant_id, WebhookEndpoint.id).where(
        WebhookEndpoint.disabled_at.is_(None),
        _is_past(WebhookEndpoint.claimed_until, at),
        _is_past(WebhookEndpoint.resting_until, at),
        due,
    )


def _is_past(column: QueryableAttribute[datetime | None], at: datetime) -> ColumnElement[bool]:
    return or_(column.is_(None), column <= at)


def _secrets(endpoint: WebhookEndpoint, at: datetime) -> tuple[bytes, ...]:
    previous, until = endpoint.previous_secret, endpoint.previous_until
    overlaps = previous is not None and until is not None and at < until
    return (endpoint.secret, previous) if overlaps and previous else (endpoint.secret,)


def _try_again(delivery: WebhookDelivery, since: datetime, at: datetime, jitter: Jitter) -> None:
    if delivery.next_attempt_at is None:
        return  # Given up meanwhile, by whoever disabled the endpoint.
    last = since + GIVE_UP_AFTER
    if at >= last:
        delivery.given_up_at, delivery.next_attempt_at = at, None
    else:
        wait = WAITS[min(delivery.attempts, len(WAITS)) - 1] * jitter()
        delivery.next_attempt_at = min(at + wait, last)


def _note_failure(
    session: Session, endpoint: WebhookEndpoint, outcome: Outcome, at: datetime, jitter: Jitter
) -> None:
    """An endpoint that does not answer is left alone for a while; one where nothing arrives is disabled."""
    endpoint.failing_since = endpoint.failing_since or at
    if outcome.failure is None:
        endpoint.unanswered, endpoint.resting_until = 0, None
    else:
        endpoint.unanswered += 1
        rest = min(WAITS[min(endpoint.unanswered, len(WAITS)) - 1], LONGEST_REST)
        endpoint.resting_until = at + rest * jitter()
    if at >= endpoint.failing_since + GIVE_UP_AFTER:
        disable(session, endpoint, THE_WORKER, at)
