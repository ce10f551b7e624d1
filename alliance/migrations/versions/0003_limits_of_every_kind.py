"""limits of every kind: one JSON of those that are set takes the place of two columns

Revision: 0003
Revises: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: The limits there were: the column, and the name in the JSON.
NAMES = {"limit_total": "total", "limit_holder": "holder_ever"}
REVISIONS = sa.table(
    "offer_revisions",
    sa.column("merchant_id", sa.BigInteger()),
    sa.column("id", sa.Uuid()),
    sa.column("limit_total", sa.BigInteger()),
    sa.column("limit_holder", sa.BigInteger()),
    sa.column("limits", sa.JSON()),
)
COUNTERS = sa.table("limit_counters", sa.column("scope", sa.String()))
OF_ROW = (
    REVISIONS.c.merchant_id == sa.bindparam("of_merchant"),
    REVISIONS.c.id == sa.bindparam("of_id"),
)


def upgrade() -> None:
    with op.batch_alter_table("offer_revisions") as batch_op:
        batch_op.add_column(sa.Column("limits", sa.JSON(), nullable=True))
    op.execute(sa.update(REVISIONS).values(limits={}))
    connection = op.get_bind()
    rows = connection.execute(sa.select(REVISIONS)).mappings().all()
    changes = [
        {
            "of_merchant": row["merchant_id"],
            "of_id": row["id"],
            "given": {name: row[column] for column, name in NAMES.items() if row[column] is not None},
        }
        for row in rows
        if any(row[column] is not None for column in NAMES)
    ]
    if changes:
        given = sa.bindparam("given", type_=sa.JSON())
        connection.execute(sa.update(REVISIONS).where(*OF_ROW).values(limits=given), changes)
    with op.batch_alter_table("offer_revisions") as batch_op:
        batch_op.alter_column("limits", existing_type=sa.JSON(), nullable=False)
        for column in NAMES:
            batch_op.drop_constraint(op.f(f"ck_offer_revisions_{column}_positive"), type_="check")
            batch_op.drop_column(column)
    with op.batch_alter_table("limit_counters") as batch_op:
        batch_op.alter_column("scope", existing_type=sa.String(40), type_=sa.String(80))


def downgrade() -> None:
    # The limits that are new are forgotten, and so are their counters.
    holders = COUNTERS.c.scope.like("holder:%") & COUNTERS.c.scope.not_like("holder:%:%")
    op.execute(sa.delete(COUNTERS).where(COUNTERS.c.scope != "total", sa.not_(holders)))
    with op.batch_alter_table("limit_counters") as batch_op:
        batch_op.alter_column("scope", existing_type=sa.String(80), type_=sa.String(40))
    with op.batch_alter_table("offer_revisions") as batch_op:
        for column in NAMES:
            batch_op.add_column(sa.Column(column, sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    rows = connection.execute(sa.select(REVISIONS)).mappings().all()
    changes = [
        {"of_merchant": row["merchant_id"], "of_id": row["id"]}
        | {f"given_{column}": row["limits"].get(name) for column, name in NAMES.items()}
        for row in rows
        if row["limits"]
    ]
    if changes:
        columns: dict[str, Any] = {column: sa.bindparam(f"given_{column}") for column in NAMES}
        connection.execute(sa.update(REVISIONS).where(*OF_ROW).values(columns), changes)
    with op.batch_alter_table("offer_revisions") as batch_op:
        for column in NAMES:
            batch_op.create_check_constraint(
                op.f(f"ck_offer_revisions_{column}_positive"), f"{column} IS NULL OR {column} > 0"
            )
        batch_op.drop_column("limits")
