"""The tables of endpoints, the outbox, deliveries and their attempts."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base, new_id, of_merchant

#: The deliveries that are still to be made: few, however long the table.
_PENDING = text("next_attempt_at IS NOT NULL")

#: The longest address an endpoint may have, as ASCII.
LONGEST_URL = 500


def _of_endpoint(table: str) -> ForeignKeyConstraint:
    """The foreign key to the endpoint; by the convention its name would be too long for PostgreSQL."""
    return ForeignKeyConstraint(
        ["merchant_id", "endpoint_id"],
        ["webhook_endpoints.merchant_id", "webhook_endpoints.id"],
        name=f"fk_{table}_endpoint",
    )


class EventType(StrEnum):
    """What an event tells of. Part of the interface to merchants: never renamed."""

    REDEMPTION_CREATED = "redemption.created"
    REDEMPTION_REVERSED = "redemption.reversed"
    REDEMPTION_REFUNDED = "redemption.refunded"
    REDEMPTION_CORRECTED = "redemption.corrected"
    TEST = "webhook.test"


class Failure(StrEnum):
    """Why an attempt got no answer at all. An answer has a status instead."""

    DNS = "dns"
    ADDRESS_REFUSED = "address_refused"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - a word for the log


class WebhookEndpoint(Base):
    """Where a merchant wants to be told. The secrets are sealed; nothing but the courier unseals them.

    The former secret signs beside the present one until ``previous_until``. A disabled endpoint without
    ``disabled_by_id`` was disabled by the worker, because nothing had arrived there for three days. The
    columns from ``claimed_until`` on are the courier's: until when one works (or worked) on the endpoint,
    since when nothing has arrived, how many attempts in a row got no answer, and until when it is therefore
    left alone.
    """

    __tablename__ = "webhook_endpoints"

    merchant_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    url: Mapped[str] = mapped_column(String(LONGEST_URL))
    description: Mapped[str] = mapped_column(String(60))
    secret: Mapped[bytes] = mapped_column(LargeBinary(300))
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary(300))
    previous_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    disabled_at: Mapped[datetime | None]
    disabled_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    claimed_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    unanswered: Mapped[int] = mapped_column(default=0)
    resting_until: Mapped[datetime | None]


class WebhookSubscription(Base):
    """An endpoint wants events of a type."""

    __tablename__ = "webhook_subscriptions"
    __table_args__ = (_of_endpoint("webhook_subscriptions"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[EventType] = mapped_column(String(40), primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)


class OutboxEvent(Base):
    """Something happened. ``payload`` is JSON text, byte for byte as it is sent.

    ``fanned_out_at`` is when it was turned into deliveries; until then it waits for the courier.
    """

    __tablename__ = "outbox_events"
    # One index for what waits (NULL) and for what is old, since the counter pays for each.
    __table_args__ = (Index("ix_outbox_events_fanned_out_at", "fanned_out_at"),)

    merchant_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[EventType] = mapped_column(String(40))
    payload: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    fanned_out_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """An event on its way to an endpoint: the entry of the queue, and afterwards how it ended.

    ``tried_since`` is the first of ``attempts``, from which the three days count; a redelivery counts anew.
    Nothing more is tried once ``next_attempt_at`` is NULL: then it was delivered or given up.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        of_merchant("outbox_events", "event_id"),
        _of_endpoint("webhook_deliveries"),
        CheckConstraint(
            "(next_attempt_at IS NULL) = (delivered_at IS NOT NULL OR given_up_at IS NOT NULL)",
            name="ended_or_pending",
        ),
        CheckConstraint("delivered_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index(
            "ix_webhook_deliveries_pending",
            "merchant_id",
            "endpoint_id",
            "next_attempt_at",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index(
            "ix_webhook_deliveries_merchant_id_endpoint_id_event_id",
            "merchant_id",
            "endpoint_id",
            "event_id",
        ),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    tried_since: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]


class WebhookAttempt(Base):
    """One try: the status that was answered, or why there was no answer; nothing else of it is kept."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "event_id", "endpoint_id"],
            [
                "webhook_deliveries.merchant_id",
                "webhook_deliveries.event_id",
                "webhook_deliveries.endpoint_id",
            ],
            name="fk_webhook_attempts_delivery",
        ),
        CheckConstraint("(status IS NULL) <> (failure IS NULL)", name="status_or_failure"),
        Index("ix_webhook_attempts_delivery", "merchant_id", "event_id", "endpoint_id"),
        Index("ix_webhook_attempts_at", "at"),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    event_id: Mapped[UUID]
    endpoint_id: Mapped[UUID]
    at: Mapped[datetime]
    status: Mapped[int | None]
    failure: Mapped[Failure | None] = mapped_column(String(30))
    milliseconds: Mapped[int]
