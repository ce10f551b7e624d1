"""pauses and drafts of offers, and what merchants are told about them

Revision: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("resumed_at IS NULL")


def upgrade() -> None:
    _pauses()
    _drafts()
    _notices()


def downgrade() -> None:
    for table in ("offer_notice_reads", "offer_notices", "saved_drafts", "offer_pauses"):
        op.drop_table(table)


def _pauses() -> None:
    op.create_table(
        "offer_pauses",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_by_id", IDENTITY, nullable=True),
        sa.CheckConstraint(
            "resumed_at IS NULL OR resumed_at >= at", name=op.f("ck_offer_pauses_times_in_order")
        ),
        _of_offer("offer_pauses"),
        _of_account("offer_pauses", "by_id"),
        _of_account("offer_pauses", "resumed_by_id"),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_offer_pauses")),
    )
    op.create_index(
        "uq_offer_pauses_open",
        "offer_pauses",
        ["merchant_id", "offer_id", "side"],
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )


def _drafts() -> None:
    op.create_table(
        "saved_drafts",
        sa.Column("merchant_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", IDENTITY, nullable=True),
        _of_offer("saved_drafts"),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["enterprises.id"], name=op.f("fk_saved_drafts_merchant_id_enterprises")
        ),
        _of_account("saved_drafts", "saved_by_id"),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_saved_drafts")),
        sa.UniqueConstraint("merchant_id", "offer_id", name=op.f("uq_saved_drafts_merchant_id_offer_id")),
    )


def _notices() -> None:
    op.create_table(
        "offer_notices",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of_offer("offer_notices"),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_offer_notices")),
        sa.UniqueConstraint(
            "merchant_id",
            "offer_id",
            "kind",
            "about_id",
            name=op.f("uq_offer_notices_merchant_id_offer_id_kind_about_id"),
        ),
    )
    op.create_index("ix_offer_notices_merchant_id_at_id", "offer_notices", ["merchant_id", "at", "id"])
    op.create_table(
        "offer_notice_reads",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "notice_id"],
            ["offer_notices.merchant_id", "offer_notices.id"],
            name=op.f("fk_offer_notice_reads_merchant_id_notice_id_offer_notices"),
        ),
        _of_account("offer_notice_reads", "account_id"),
        sa.PrimaryKeyConstraint("merchant_id", "notice_id", "account_id", name=op.f("pk_offer_notice_reads")),
    )


def _of_offer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["merchant_id", "offer_id"],
        ["offers.merchant_id", "offers.id"],
        name=op.f(f"fk_{table}_merchant_id_offer_id_offers"),
    )


def _of_account(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["accounts.id"], name=op.f(f"fk_{table}_{column}_accounts"))
