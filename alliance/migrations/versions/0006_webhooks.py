"""webhooks

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_events",
        sa.Column("merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fanned_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["enterprises.id"], name=op.f("fk_outbox_events_merchant_id_enterprises")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_outbox_events")),
    )
    op.create_index("ix_outbox_events_fanned_out_at", "outbox_events", ["fanned_out_at"], unique=False)
    op.create_table(
        "webhook_endpoints",
        sa.Column("merchant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("description", sa.String(length=60), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=300), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(length=300), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unanswered", sa.BigInteger(), nullable=False),
        sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["accounts.id"], name=op.f("fk_webhook_endpoints_created_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["disabled_by_id"], ["accounts.id"], name=op.f("fk_webhook_endpoints_disabled_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["enterprises.id"], name=op.f("fk_webhook_endpoints_merchant_id_enterprises")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("tried_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(next_attempt_at IS NULL) = (delivered_at IS NOT NULL OR given_up_at IS NOT NULL)",
            name=op.f("ck_webhook_deliveries_ended_or_pending"),
        ),
        sa.CheckConstraint(
            "delivered_at IS NULL OR given_up_at IS NULL", name=op.f("ck_webhook_deliveries_one_end")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "endpoint_id"],
            ["webhook_endpoints.merchant_id", "webhook_endpoints.id"],
            name="fk_webhook_deliveries_endpoint",
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "event_id"],
            ["outbox_events.merchant_id", "outbox_events.id"],
            name=op.f("fk_webhook_deliveries_merchant_id_event_id_outbox_events"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "event_id", "endpoint_id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(
        "ix_webhook_deliveries_merchant_id_endpoint_id_event_id",
        "webhook_deliveries",
        ["merchant_id", "endpoint_id", "event_id"],
        unique=False,
    )
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["merchant_id", "endpoint_id", "next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_table(
        "webhook_subscriptions",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "endpoint_id"],
            ["webhook_endpoints.merchant_id", "webhook_endpoints.id"],
            name="fk_webhook_subscriptions_endpoint",
        ),
        sa.PrimaryKeyConstraint("merchant_id", "type", "endpoint_id", name=op.f("pk_webhook_subscriptions")),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.String(length=30), nullable=True),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(status IS NULL) <> (failure IS NULL)", name=op.f("ck_webhook_attempts_status_or_failure")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "event_id", "endpoint_id"],
            [
                "webhook_deliveries.merchant_id",
                "webhook_deliveries.event_id",
                "webhook_deliveries.endpoint_id",
            ],
            name="fk_webhook_attempts_delivery",
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_webhook_attempts")),
    )
    op.create_index("ix_webhook_attempts_at", "webhook_attempts", ["at"], unique=False)
    op.create_index(
        "ix_webhook_attempts_delivery",
        "webhook_attempts",
        ["merchant_id", "event_id", "endpoint_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_attempts_delivery", table_name="webhook_attempts")
    op.drop_index("ix_webhook_attempts_at", table_name="webhook_attempts")
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_subscriptions")
    op.drop_index("ix_webhook_deliveries_pending", table_name="webhook_deliveries")
    op.drop_index("ix_webhook_deliveries_merchant_id_endpoint_id_event_id", table_name="webhook_deliveries")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
    op.drop_index("ix_outbox_events_fanned_out_at", table_name="outbox_events")
    op.drop_table("outbox_events")
