"""the audit chain

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: SQLite only: a later migration that rebuilds audit_entries (``batch_alter_table``) drops its triggers and
#: has to make them again.
SEALED = ("id", "at", "account_id", "token_id", "action", "subject", "enterprise_id", "address", "detail")


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seals")),
    )
    op.create_index(op.f("ix_audit_seals_at"), "audit_seals", ["at"], unique=False)
    with op.batch_alter_table("audit_entries") as batch_op:
        batch_op.add_column(sa.Column("token_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("seal_number", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_audit_entries_token_id_api_tokens"), "api_tokens", ["token_id"], ["id"]
        )
        batch_op.create_foreign_key(
            op.f("fk_audit_entries_seal_number_audit_seals"),
            "audit_seals",
            ["seal_number"],
            ["number"],
            deferrable=True,
            initially="DEFERRED",
        )
    op.create_index("ix_audit_entries_seal_number_id", "audit_entries", ["seal_number", "id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # With their triggers.
        op.execute("DROP FUNCTION audit_refuse() CASCADE")
        op.execute("DROP FUNCTION audit_only_seal() CASCADE")
    else:
        for table in ("audit_entries", "audit_seals"):
            for deed in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_append_only_{deed}")
    op.drop_index("ix_audit_entries_seal_number_id", table_name="audit_entries")
    with op.batch_alter_table("audit_entries") as batch_op:
        batch_op.drop_constraint(op.f("fk_audit_entries_seal_number_audit_seals"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_audit_entries_token_id_api_tokens"), type_="foreignkey")
        batch_op.drop_column("seal_number")
        batch_op.drop_column("token_id")
    op.drop_index(op.f("ix_audit_seals_at"), table_name="audit_seals")
    op.drop_table("audit_seals")


def _guard_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END $$
        """
    )
    # *= compares the stored bytes: the type json has no equality of its own.
    op.execute(
        """
        CREATE FUNCTION audit_only_seal() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            sealed audit_entries := OLD;
        BEGIN
            sealed.seal_number := NEW.seal_number;
            IF OLD.seal_number IS NULL AND NEW.seal_number IS NOT NULL AND sealed *= NEW THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END $$
        """
    )
    for trigger in (
        "audit_entries_append_only BEFORE UPDATE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_only_seal()",
        "audit_entries_never_deleted BEFORE DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
        "audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
        "audit_entries_never_truncated BEFORE TRUNCATE ON audit_entries EXECUTE FUNCTION audit_refuse()",
        "audit_seals_never_truncated BEFORE TRUNCATE ON audit_seals EXECUTE FUNCTION audit_refuse()",
    ):
        op.execute(f"CREATE TRIGGER {trigger}")


def _guard_sqlite() -> None:
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in SEALED)
    sealing = f"OLD.seal_number IS NULL AND NEW.seal_number IS NOT NULL AND {same}"
    for table, deed, unless in (
        ("audit_entries", "update", f"WHEN NOT ({sealing})"),
        ("audit_entries", "delete", ""),
        ("audit_seals", "update", ""),
        ("audit_seals", "delete", ""),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{deed} BEFORE {deed.upper()} ON {table} {unless}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
