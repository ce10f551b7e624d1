"""The delivery log: how long it is kept, and whether what waits is overdue."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from alliance.webhooks.models import OutboxEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint

#: How long events, deliveries and attempts are kept; until then a delivery can be sent again.
KEPT = timedelta(days=30)
#: Nothing waits longer than this for the courier while it runs.
OVERDUE = timedelta(minutes=5)


def forget_expired(session: Session, at: datetime) -> None:
    """Delete what is older than ``KEPT`` and no longer on its way."""
    old = at - KEPT
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.at < old))
    event = and_(
        OutboxEvent.merchant_id == WebhookDelivery.merchant_id, OutboxEvent.id == WebhookDelivery.event_id
    )
    tried = and_(
        WebhookAttempt.merchant_id == WebhookDelivery.merchant_id,
        WebhookAttempt.event_id == WebhookDelivery.event_id,
        WebhookAttempt.endpoint_id == WebhookDelivery.endpoint_id,
    )
    session.execute(
        delete(WebhookDelivery)
        .where(
            WebhookDelivery.next_attempt_at.is_(None),
            exists().where(event, OutboxEvent.fanned_out_at < old),
            ~exists().where(tried),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(OutboxEvent)
        .where(OutboxEvent.fanned_out_at < old, ~exists().where(event))
        .execution_options(synchronize_session=False)
    )


def overdue(session: Session, at: datetime) -> Iterator[tuple[str, datetime]]:
    """What waits for the courier since before ``at`` − ``OVERDUE``: which, and since when.

    That is an event without its deliveries, or a due delivery at a live endpoint where nothing has been
    tried meanwhile. One that waits because its endpoint does not answer, or answers slowly, is not overdue.
    """
    limit = at - OVERDUE
    events = select(OutboxEvent.id, OutboxEvent.at).where(
        OutboxEvent.fanned_out_at.is_(None), OutboxEvent.at < limit
    )
    for id_, since in session.execute(events):
        yield f"event {id_}", since
    tried = exists().where(
        WebhookAttempt.merchant_id == WebhookEndpoint.merchant_id,
        WebhookAttempt.endpoint_id == WebhookEndpoint.id,
        WebhookAttempt.at >= limit,
    )
    deliveries = (
        select(WebhookDelivery.event_id, WebhookDelivery.endpoint_id, WebhookDelivery.next_attempt_at)
        .join(
            WebhookEndpoint,
            and_(
                WebhookEndpoint.merchant_id == WebhookDelivery.merchant_id,
                WebhookEndpoint.id == WebhookDelivery.endpoint_id,
            ),
        )
        .where(
            WebhookDelivery.next_attempt_at < limit,
            WebhookEndpoint.disabled_at.is_(None),
            or_(WebhookEndpoint.resting_until.is_(None), WebhookEndpoint.resting_until < limit),
            ~tried,
        )
    )
    for event_id, endpoint_id, due_at in session.execute(deliveries):
        assert due_at is not None
        yield f"delivery of event {event_id} to {endpoint_id}", due_at
