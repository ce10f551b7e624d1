"""pictures, evidence of the market price, and reports of a lower one

Revision: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def of_merchant(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["merchant_id", column],
        [f"{target}.merchant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_merchant_id_{column}_{target}"),
    )


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("merchant_id", IDENTITY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["enterprises.id"], name=op.f("fk_pictures_merchant_id_enterprises")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_pictures_by_id_accounts")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_pictures")),
    )
    op.create_index(op.f("ix_pictures_by_id_at"), "pictures", ["by_id", "at"])
    op.create_table(
        "offer_pictures",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("picture_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("position >= 0 AND position <= 3", name=op.f("ck_offer_pictures_position_known")),
        of_merchant("offer_pictures", "revision_id", "offer_revisions"),
        of_merchant("offer_pictures", "picture_id", "pictures"),
        sa.PrimaryKeyConstraint("merchant_id", "revision_id", "position", name=op.f("pk_offer_pictures")),
    )
    op.create_index(
        op.f("ix_offer_pictures_merchant_id_picture_id"), "offer_pictures", ["merchant_id", "picture_id"]
    )
    op.create_table(
        "offer_evidence",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("market_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        of_merchant("offer_evidence", "revision_id", "offer_revisions"),
        sa.PrimaryKeyConstraint("merchant_id", "revision_id", name=op.f("pk_offer_evidence")),
    )
    op.create_table(
        "cheaper_reports",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", IDENTITY, nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("picture_id", sa.Uuid(), nullable=True),
        of_merchant("cheaper_reports", "offer_id", "offers"),
        of_merchant("cheaper_reports", "revision_id", "offer_revisions"),
        of_merchant("cheaper_reports", "picture_id", "pictures"),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holders.id"], name=op.f("fk_cheaper_reports_holder_id_holders")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_cheaper_reports")),
    )
    for columns in (["holder_id", "business_date"], ["merchant_id", "picture_id"]):
        op.create_index(op.f(f"ix_cheaper_reports_{'_'.join(columns)}"), "cheaper_reports", columns)
    op.create_table(
        "cheaper_steps",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("picture_id", sa.Uuid(), nullable=True),
        sa.Column("revision_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        of_merchant("cheaper_steps", "report_id", "cheaper_reports"),
        of_merchant("cheaper_steps", "revision_id", "offer_revisions"),
        of_merchant("cheaper_steps", "picture_id", "pictures"),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_cheaper_steps_by_id_accounts")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_cheaper_steps")),
    )
    for columns in (["merchant_id", "report_id"], ["merchant_id", "picture_id"]):
        op.create_index(op.f(f"ix_cheaper_steps_{'_'.join(columns)}"), "cheaper_steps", columns)


def downgrade() -> None:
    for table in ("cheaper_steps", "cheaper_reports", "offer_evidence", "offer_pictures", "pictures"):
        op.drop_table(table)
