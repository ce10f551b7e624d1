"""when a move or a change of employment was recorded

What is there already was recorded before that was remembered: 1970, as ``clock.BEFORE_RECORDS`` says.

Revision: 0009
Revises: 0008
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BEFORE_RECORDS = datetime(1970, 1, 1, tzinfo=UTC)
#: What names a place and the first day of a stay there.
KEYS = {
    "enterprise_zones": ["enterprise_id", "starts_on"],
    "outlet_zones": ["merchant_id", "outlet_id", "starts_on"],
}


def upgrade() -> None:
    for table, key in KEYS.items():
        _remember(table, [*key, "recorded_at"])
    _remember("employments")
    op.create_table(
        "employment_changes",
        sa.Column("employment_id", IDENTITY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employment_id"],
            ["employments.id"],
            name=op.f("fk_employment_changes_employment_id_employments"),
        ),
        sa.PrimaryKeyConstraint("employment_id", "at", name=op.f("pk_employment_changes")),
    )


def downgrade() -> None:
    op.drop_table("employment_changes")
    with op.batch_alter_table("employments") as batch_op:
        batch_op.drop_column("recorded_at")
    for table, key in KEYS.items():
        same = " AND ".join(f"later.{column} = {table}.{column}" for column in key)
        # Of what was said of one day, the last stays.
        op.execute(
            f"DELETE FROM {table} WHERE EXISTS (SELECT 1 FROM {table} AS later"  # noqa: S608 - no input
            f" WHERE {same} AND later.recorded_at > {table}.recorded_at)"
        )
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(op.f(f"pk_{table}"), type_="primary")
            batch_op.drop_column("recorded_at")
            batch_op.create_primary_key(op.f(f"pk_{table}"), key)


def _remember(table: str, key: list[str] | None = None) -> None:
    """Add ``recorded_at``, and a new primary key that has it."""
    op.add_column(table, sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True))
    recorded = sa.table(table, sa.column("recorded_at", sa.DateTime(timezone=True)))
    op.execute(recorded.update().values(recorded_at=sa.bindparam("then", BEFORE_RECORDS)))
    with op.batch_alter_table(table) as batch_op:
        batch_op.alter_column("recorded_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        if key is not None:
            batch_op.drop_constraint(op.f(f"pk_{table}"), type_="primary")
            batch_op.create_primary_key(op.f(f"pk_{table}"), key)
