"""An enterprise's endpoints, their deliveries and attempts, with words; another's are not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from alliance.web.enterprise.webhook_words import result_words
from alliance.web.event_words import EVENTS, events_words
from alliance.webhooks.models import (
    EventType,
    OutboxEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSubscription,
)

#: How many deliveries a page shows.
PAGE = 50


@dataclass(frozen=True)
class EndpointLine:
    """An endpoint and what it wants."""

    endpoint: WebhookEndpoint
    types: Sequence[EventType]

    @property
    def is_given_up(self) -> bool:
        """The worker disabled it, because nothing had arrived there for three days."""
        return self.endpoint.disabled_at is not None and self.endpoint.disabled_by_id is None

    @property
    def mark(self) -> str:
        """The name of its state for the style sheet."""
        if self.endpoint.disabled_at is not None:
            return "returned" if self.is_given_up else "ended"
        return "submitted" if self.endpoint.failing_since else "live"

    @property
    def state_words(self) -> str:
        """``正常``."""
        if self.endpoint.disabled_at is not None:
            return str(_("已自动停用") if self.is_given_up else _("已停用"))
        return str(_("送不到，重试中") if self.endpoint.failing_since else _("正常"))

    @property
    def events_words(self) -> str:
        """``核销、冲正``."""
        return events_words(self.types)


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery, its event and its attempts, the last one first."""

    delivery: WebhookDelivery
    event: OutboxEvent
    attempts: Sequence[WebhookAttempt]

    @property
    def mark(self) -> str:
        """The name of its state for the style sheet."""
        if self.delivery.delivered_at is not None:
            return "live"
        return "returned" if self.delivery.given_up_at is not None else "submitted"

    @property
    def state_words(self) -> str:
        """``已送达``."""
        if self.delivery.delivered_at is not None:
            return str(_("已送达"))
        if self.delivery.given_up_at is not None:
            return str(_("未送达，已停止"))
        return str(_("等待重试") if self.delivery.attempts else _("等待发送"))

    @property
    def event_words(self) -> str:
        """``核销``."""
        return str(EVENTS[EventType(self.event.type)])

    @property
    def result_words(self) -> str:
        """What the last attempt came to; empty before the first."""
        return result_words(self.attempts[0]) if self.attempts else ""


def endpoints_of(session: Session, merchant_id: int) -> list[EndpointLine]:
    """The merchant's endpoints, the live ones first, each group by age."""
    endpoints = session.scalars(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.merchant_id == merchant_id)
        .order_by(WebhookEndpoint.disabled_at.is_not(None), WebhookEndpoint.id)
    ).all()
    wanted = session.scalars(
        select(WebhookSubscription).where(WebhookSubscription.merchant_id == merchant_id)
    ).all()
    return [
        EndpointLine(endpoint, [EventType(each.type) for each in wanted if each.endpoint_id == endpoint.id])
        for endpoint in endpoints
    ]


def endpoint_or_404(session: Session, merchant_id: int, endpoint_id: UUID) -> WebhookEndpoint:
    """One of the merchant's endpoints, locked for a change by whoever writes."""
    endpoint = session.get(WebhookEndpoint, (merchant_id, endpoint_id), with_for_update={"key_share": True})
    return endpoint or abort(404)


def line_or_404(session: Session, merchant_id: int, endpoint_id: UUID) -> EndpointLine:
    """One of the merchant's endpoints, to be shown."""
    lines = endpoints_of(session, merchant_id)
    return next((line for line in lines if line.endpoint.id == endpoint_id), None) or abort(404)


def deliveries_of(
    session: Session, endpoint: WebhookEndpoint, before: UUID | None = None
) -> list[DeliveryLine]:
    """A page of what was sent to an endpoint, the newest first, from the event ``before`` on back.

    One more than ``PAGE`` when there are older ones.
    """
    query = (
        select(WebhookDelivery, OutboxEvent)
        .join(OutboxEvent, _event_of_delivery)
        .where(
            WebhookDelivery.merchant_id == endpoint.merchant_id, WebhookDelivery.endpoint_id == endpoint.id
        )
        .order_by(WebhookDelivery.event_id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(WebhookDelivery.event_id < before)
    rows = session.execute(query).all()
    attempts = session.scalars(
        select(WebhookAttempt)
        .where(
            WebhookAttempt.merchant_id == endpoint.merchant_id,
            WebhookAttempt.endpoint_id == endpoint.id,
            WebhookAttempt.event_id.in_([event.id for _, event in rows]),
        )
        .order_by(WebhookAttempt.id.desc())
    ).all()
    return [
        DeliveryLine(delivery, event, [each for each in attempts if each.event_id == event.id])
        for delivery, event in rows
    ]


def delivery_or_404(session: Session, merchant_id: int, endpoint_id: UUID, event_id: UUID) -> WebhookDelivery:
    """One delivery to one of the merchant's endpoints."""
    return session.get(WebhookDelivery, (merchant_id, event_id, endpoint_id)) or abort(404)


def delivery_line_or_404(
    session: Session, merchant_id: int, endpoint_id: UUID, event_id: UUID
) -> DeliveryLine:
    """One delivery with all its attempts."""
    delivery = delivery_or_404(session, merchant_id, endpoint_id, event_id)
    attempts = session.scalars(
        select(WebhookAttempt)
        .where(
            WebhookAttempt.merchant_id == merchant_id,
            WebhookAttempt.event_id == event_id,
            WebhookAttempt.endpoint_id == endpoint_id,
        )
        .order_by(WebhookAttempt.id.desc())
    ).all()
    return DeliveryLine(delivery, session.get_one(OutboxEvent, (merchant_id, event_id)), attempts)


_event_of_delivery = and_(
    OutboxEvent.merchant_id == WebhookDelivery.merchant_id, OutboxEvent.id == WebhookDelivery.event_id
)
