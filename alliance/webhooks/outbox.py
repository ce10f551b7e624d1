"""The outbox: an event is written in the transaction of its fact, and later fanned out into deliveries."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, exists, insert, literal, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from alliance.store import new_id
from alliance.webhooks.models import (
    EventType,
    OutboxEvent,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSubscription,
)

#: How many events are fanned out in one transaction.
BATCH = 500

_event = cast(Table, OutboxEvent.__table__)
_delivery = cast(Table, WebhookDelivery.__table__)


def wanted(merchant_id: int | ColumnElement[int], type_: str | ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a live endpoint of the merchant wants events of a type."""
    # Named, because the counter's statement has to be short.
    asked, endpoint = aliased(WebhookSubscription, name="asked"), aliased(WebhookEndpoint, name="endpoint")
    return exists().where(
        asked.merchant_id == merchant_id,
        asked.type == type_,
        endpoint.merchant_id == asked.merchant_id,
        endpoint.id == asked.endpoint_id,
        endpoint.disabled_at.is_(None),
    )


_wanted = wanted(bindparam("merchant_id"), bindparam("type"))
_COLUMNS = ("merchant_id", "id", "type", "payload", "at")
#: The columns of a delivery that waits for its first attempt.
_NEW = ("merchant_id", "event_id", "endpoint_id", "attempts", "next_attempt_at")
#: One statement, which writes nothing when nobody listens. Its parameters are what ``event_row`` makes.
EMIT = insert(_event).from_select(
    _COLUMNS, select(*(bindparam(name, type_=_event.c[name].type) for name in _COLUMNS)).where(_wanted)
)


def emit(session: Session, merchant_id: int, type_: EventType, data: Mapping[str, Any], at: datetime) -> None:
    """Write an event into the outbox when a live endpoint of the merchant wants its type. One statement.

    It is sent when the transaction has been committed, and not at all when it is rolled back. ``data`` must
    be plain JSON, and must hold no more of a person than the merchant's API tells.
    """
    session.execute(EMIT, event_row(merchant_id, type_, data, at))


def is_wanted(session: Session, merchant_id: int, type_: EventType) -> bool:
    """Whether a live endpoint of the merchant wants events of a type."""
    return bool(session.scalar(select(wanted(merchant_id, type_))))


def event_row(merchant_id: int, type_: EventType, data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The columns of a new event; its payload names its id, type and moment."""
    id_ = new_id()
    told = {"id": str(id_), "type": str(type_), "at": at.isoformat(timespec="seconds"), "data": data}
    return {
        "merchant_id": merchant_id,
        "id": id_,
        "type": str(type_),
        "payload": json.dumps(told, ensure_ascii=False, separators=(",", ":")),
        "at": at,
    }


def is_waiting(session: Session) -> bool:
    """Whether an event waits to be fanned out."""
    return bool(session.scalar(select(exists().where(OutboxEvent.fanned_out_at.is_(None)))))


def fan_out(session: Session, at: datetime) -> int:
    """Turn waiting events into deliveries, one for each live endpoint that wants them; returns how many.

    An endpoint that was added after the event is not told of it. Two workers never take the same event.
    """
    waiting = session.execute(
        select(OutboxEvent.merchant_id, OutboxEvent.id)
        .where(OutboxEvent.fanned_out_at.is_(None))
        .order_by(OutboxEvent.at, OutboxEvent.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    if not waiting:
        return 0
    these = tuple_(OutboxEvent.merchant_id, OutboxEvent.id).in_([(row[0], row[1]) for row in waiting])
    deliveries = (
        select(
            OutboxEvent.merchant_id,
            OutboxEvent.id,
            WebhookEndpoint.id,
            literal(0),
            literal(at, _event.c.at.type),
        )
        .join(
            WebhookSubscription,
            (WebhookSubscription.merchant_id == OutboxEvent.merchant_id)
            & (WebhookSubscription.type == OutboxEvent.type),
        )
        .join(
            WebhookEndpoint,
            (WebhookEndpoint.merchant_id == OutboxEvent.merchant_id)
            & (WebhookEndpoint.id == WebhookSubscription.endpoint_id),
        )
        .where(these, WebhookEndpoint.disabled_at.is_(None), WebhookEndpoint.created_at <= OutboxEvent.at)
        # Whoever disables one meanwhile gives up what waits for it, and has to see these.
        .with_for_update(read=True, of=WebhookEndpoint)
    )
    session.execute(insert(_delivery).from_select(_NEW, deliveries))
    session.execute(update(OutboxEvent).where(these).values(fanned_out_at=at))
    return len(waiting)
