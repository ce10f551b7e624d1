"""past redemptions may be restated: counted with another employer, in other zones, by somebody who says why

A downgrade forgets that; the redemptions themselves were never changed.

Revision: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "restatements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("redemptions", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_restatements_by_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restatements")),
    )
    op.create_table(
        "restated_facts",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("redemption_id", sa.Uuid(), nullable=False),
        sa.Column("restatement_id", sa.Uuid(), nullable=False),
        sa.Column("employer_id", IDENTITY, nullable=False),
        sa.Column("employer_zone_id", IDENTITY, nullable=False),
        sa.Column("outlet_zone_id", IDENTITY, nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "redemption_id"],
            ["redemptions.merchant_id", "redemptions.id"],
            name=op.f("fk_restated_facts_merchant_id_redemption_id_redemptions"),
        ),
        sa.ForeignKeyConstraint(
            ["restatement_id"],
            ["restatements.id"],
            name=op.f("fk_restated_facts_restatement_id_restatements"),
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["enterprises.id"], name=op.f("fk_restated_facts_employer_id_enterprises")
        ),
        sa.ForeignKeyConstraint(
            ["employer_zone_id"], ["zones.id"], name=op.f("fk_restated_facts_employer_zone_id_zones")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_zone_id"], ["zones.id"], name=op.f("fk_restated_facts_outlet_zone_id_zones")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "redemption_id", name=op.f("pk_restated_facts")),
    )
    op.create_index(op.f("ix_restated_facts_restatement_id"), "restated_facts", ["restatement_id"])


def downgrade() -> None:
    op.drop_table("restated_facts")
    op.drop_table("restatements")
