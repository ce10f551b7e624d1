"""nothing replaces an entry of the trail

Revision: 0010
Revises: 0009
"""

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
