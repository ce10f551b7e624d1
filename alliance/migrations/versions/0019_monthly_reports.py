"""what was reported of a month is kept as it was

Revision: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "monthly_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("zone_id", IDENTITY, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", IDENTITY, nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("workbook", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_monthly_reports_zone_id_zones")),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["accounts.id"], name=op.f("fk_monthly_reports_made_by_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_reports")),
    )
    op.create_index("ix_monthly_reports_month_zone_id", "monthly_reports", ["month", "zone_id"])
    op.create_index(
        "uq_monthly_reports_by_worker",
        "monthly_reports",
        ["month"],
        unique=True,
        postgresql_where=sa.text("made_by_id IS NULL"),
        sqlite_where=sa.text("made_by_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("monthly_reports")
