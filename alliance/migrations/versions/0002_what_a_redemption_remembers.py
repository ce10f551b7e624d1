"""what a redemption remembers: its household, what it corrects, the till's own words, the scan's evidence

Revision: 0002
Revises: 0001
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# ruff: noqa: SIM905 - a list of names reads better as words
BATCH = 2000
IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: The columns of the digests, as they were before and as they are from here on.
REDEMPTION_BEFORE = (
    "merchant_id id scan_id outlet_id offer_id revision_id holder_id holder_kind employer_id employer_zone_id "
    "outlet_zone_id gross_fen discount_fen paid_fen quantity occurred_at received_at business_date posted_month "
    "channel account_id token_id receipt_no body_digest answer"
).split()
REDEMPTION_AFTER = [*REDEMPTION_BEFORE, "household_id"]
REVERSAL = (
    "merchant_id id redemption_id uses gross_fen discount_fen paid_fen occurred_at business_date posted_month "
    "reason account_id token_id body_digest answer"
).split()
#: Everything that has to be read as more than text or number on SQLite.
TYPES: dict[str, Any] = {
    **dict.fromkeys(
        ["id", "scan_id", "outlet_id", "offer_id", "revision_id", "redemption_id", "token_id"], sa.Uuid()
    ),
    **dict.fromkeys(["occurred_at", "received_at"], sa.DateTime(timezone=True)),
    **dict.fromkeys(["business_date", "posted_month"], sa.Date()),
    **dict.fromkeys(["body_digest", "digest"], sa.LargeBinary()),
}


def upgrade() -> None:
    with op.batch_alter_table("scans") as batch_op:
        batch_op.add_column(sa.Column("evidence", sa.Text(), nullable=True))
    with op.batch_alter_table("redemptions") as batch_op:
        batch_op.add_column(sa.Column("household_id", IDENTITY, nullable=True))
        batch_op.add_column(sa.Column("corrects_id", sa.Uuid(), nullable=True))
        for name in ("pos", "terminal", "cashier"):
            batch_op.add_column(sa.Column(name, sa.String(length=64), nullable=True))
    op.execute(
        "UPDATE redemptions SET household_id ="
        " (SELECT COALESCE(sponsor_id, id) FROM holders WHERE holders.id = redemptions.holder_id)"
    )
    with op.batch_alter_table("redemptions") as batch_op:
        batch_op.alter_column("household_id", existing_type=IDENTITY, nullable=False)
        batch_op.create_foreign_key(
            op.f("fk_redemptions_household_id_holders"), "holders", ["household_id"], ["id"]
        )
        batch_op.create_foreign_key(
            op.f("fk_redemptions_merchant_id_corrects_id_redemptions"),
            "redemptions",
            ["merchant_id", "corrects_id"],
            ["merchant_id", "id"],
        )
    # From here on a digest leaves out what is NULL, so that a later column changes no earlier digest.
    _digest_again("redemptions", REDEMPTION_AFTER, leave_out_null=True)
    _digest_again("reversals", REVERSAL, leave_out_null=True)


def downgrade() -> None:
    with op.batch_alter_table("redemptions") as batch_op:
        batch_op.drop_constraint(
            op.f("fk_redemptions_merchant_id_corrects_id_redemptions"), type_="foreignkey"
        )
        batch_op.drop_constraint(op.f("fk_redemptions_household_id_holders"), type_="foreignkey")
        for name in ("cashier", "terminal", "pos", "corrects_id", "household_id"):
            batch_op.drop_column(name)
    with op.batch_alter_table("scans") as batch_op:
        batch_op.drop_column("evidence")
    _digest_again("redemptions", REDEMPTION_BEFORE, leave_out_null=False)
    _digest_again("reversals", REVERSAL, leave_out_null=False)


def _digest_again(name: str, columns: Iterable[str], leave_out_null: bool) -> None:
    table = sa.table(name, *(sa.column(column, TYPES.get(column)) for column in (*columns, "digest")))
    connection = op.get_bind()
    change = (
        sa.update(table)
        .where(table.c.merchant_id == sa.bindparam("of_merchant"), table.c.id == sa.bindparam("of_id"))
        .values(digest=sa.bindparam("new_digest"))
    )
    rows = connection.execute(sa.select(table)).mappings().all()
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        connection.execute(
            change,
            [
                {
                    "of_merchant": row["merchant_id"],
                    "of_id": row["id"],
                    "new_digest": _digest(row, columns, leave_out_null),
                }
                for row in batch
            ],
        )


def _digest(row: sa.RowMapping, columns: Iterable[str], leave_out_null: bool) -> bytes:
    kept = {name: row[name] for name in columns if not (leave_out_null and row[name] is None)}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), default=_plain, ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date) else str(value)
