"""months are closed

Revision: 0004
Revises: 0003
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    months = op.create_table(
        "ledger_months",
        sa.Column("month", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_ledger_months")),
    )
    # A transaction that has to insert a month's row first keeps all others of that month waiting until it
    # ends; an import may take minutes. So the rows of this century are there from the start.
    op.bulk_insert(
        months, [{"month": date(year, month, 1)} for year in range(2000, 2100) for month in range(1, 13)]
    )
    op.create_table(
        "month_closings",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by_id", IDENTITY, nullable=True),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["accounts.id"], name=op.f("fk_month_closings_closed_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["month"], ["ledger_months.month"], name=op.f("fk_month_closings_month_ledger_months")
        ),
        sa.PrimaryKeyConstraint("month", "revision", name=op.f("pk_month_closings")),
    )
    op.create_table(
        "month_reopenings",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", IDENTITY, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_month_reopenings_by_id_accounts")),
        sa.ForeignKeyConstraint(
            ["month", "revision"],
            ["month_closings.month", "month_closings.revision"],
            name=op.f("fk_month_reopenings_month_revision_month_closings"),
        ),
        sa.PrimaryKeyConstraint("month", "revision", name=op.f("pk_month_reopenings")),
    )
    for table in ("redemptions", "reversals"):
        _index(f"ix_{table}_adjustments", table, ["posted_month"], "posted_month > business_date")
    _index(
        "uq_redemptions_merchant_id_corrects_id",
        "redemptions",
        ["merchant_id", "corrects_id"],
        "corrects_id IS NOT NULL",
        unique=True,
    )


def downgrade() -> None:
    op.drop_index("uq_redemptions_merchant_id_corrects_id", table_name="redemptions")
    for table in ("reversals", "redemptions"):
        op.drop_index(f"ix_{table}_adjustments", table_name=table)
    op.drop_table("month_reopenings")
    op.drop_table("month_closings")
    op.drop_table("ledger_months")


def _index(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(
        name, table, columns, unique=unique, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
    )
