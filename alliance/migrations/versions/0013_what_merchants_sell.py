"""what a merchant sells, and which enterprises are related parties

Revision: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("enterprises", sa.Column("category", sa.String(length=20), nullable=True))
    op.create_table(
        "related_parties",
        sa.Column("enterprise_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("related_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", IDENTITY, nullable=True),
        sa.CheckConstraint("enterprise_id < related_id", name=op.f("ck_related_parties_smaller_first")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprises.id"], name=op.f("fk_related_parties_enterprise_id_enterprises")
        ),
        sa.ForeignKeyConstraint(
            ["related_id"], ["enterprises.id"], name=op.f("fk_related_parties_related_id_enterprises")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["accounts.id"], name=op.f("fk_related_parties_recorded_by_id_accounts")
        ),
        sa.PrimaryKeyConstraint("enterprise_id", "related_id", name=op.f("pk_related_parties")),
    )
    op.create_index(op.f("ix_related_parties_related_id"), "related_parties", ["related_id"])


def downgrade() -> None:
    op.drop_table("related_parties")
    op.drop_column("enterprises", "category")
