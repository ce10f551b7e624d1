"""nothing replaces an entry of the trail, wrong codes are counted, and a cashier has an outlet since a day

Revision: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: The tables of the trail and their keys. On SQLite, INSERT OR REPLACE and UPDATE OR REPLACE delete the row that is
#: in their way without firing a DELETE trigger (unless recursive_triggers is on, which is the other side's to
#: say), so the key and the rowid of a row that is there must not be given again.
KEYS = {"audit_entries": "id", "audit_seals": "number"}


def upgrade() -> None:
    op.create_table(
        "wrong_codes",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("outlet_id", sa.Uuid(), nullable=False),
        sa.Column("moments", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "outlet_id"],
            ["outlets.merchant_id", "outlets.id"],
            name=op.f("fk_wrong_codes_merchant_id_outlet_id_outlets"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "outlet_id", name=op.f("pk_wrong_codes")),
    )
    op.add_column("grant_outlets", sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True))
    # When an outlet was added to a grant was not remembered: it is as old as the grant.
    op.execute(
        "UPDATE grant_outlets SET granted_at ="
        " (SELECT granted_at FROM grants WHERE grants.id = grant_outlets.grant_id)"
    )
    with op.batch_alter_table("grant_outlets") as batch_op:
        batch_op.alter_column("granted_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    if op.get_bind().dialect.name == "sqlite":
        for table, key in KEYS.items():
            # A rowid that is not given is -1 here, which no row has.
            there = f"SELECT 1 FROM {table} WHERE {key} = NEW.{key} OR rowid = NEW.rowid"  # noqa: S608 - no input
            op.execute(
                f"CREATE TRIGGER {table}_append_only_insert BEFORE INSERT ON {table} WHEN EXISTS ({there})"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        op.execute(
            "CREATE TRIGGER audit_entries_append_only_rowid BEFORE UPDATE ON audit_entries"
            " WHEN NEW.rowid IS NOT OLD.rowid"
            " BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_entries_append_only_rowid")
        for table in KEYS:
            op.execute(f"DROP TRIGGER {table}_append_only_insert")
    with op.batch_alter_table("grant_outlets") as batch_op:
        batch_op.drop_column("granted_at")
    op.drop_table("wrong_codes")
