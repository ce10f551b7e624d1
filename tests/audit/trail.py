"""Taking the guards away: only a test, or somebody with the database's password, does that."""

import sqlalchemy as sa

from alliance.store import Session

TRIGGERS = {
    "postgresql": {
        "audit_entries": ("audit_entries_append_only", "audit_entries_never_deleted"),
        "audit_seals": ("audit_seals_append_only",),
    },
    "sqlite": {
        table: tuple(f"{table}_append_only_{deed}" for deed in ("insert", "update", "delete"))
        for table in ("audit_entries", "audit_seals")
    },
}


def unguard(session: Session) -> None:
    """Drop the triggers that refuse changes of rows, in a transaction of its own."""
    dialect = session.get_bind().dialect.name
    for table, names in TRIGGERS[dialect].items():
        for name in names:
            on = f" ON {table}" if dialect == "postgresql" else ""
            session.execute(sa.text(f"DROP TRIGGER {name}{on}"))
    session.commit()
