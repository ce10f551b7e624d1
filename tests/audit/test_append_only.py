"""The database itself refuses to change or lose what the trail says."""

import pytest
import sqlalchemy as sa

from alliance.audit.models import AuditEntry
from alliance.audit.seal import seal
from alliance.audit.trail import COMMAND_LINE, record
from alliance.store import Session, for_writing
from tests.world import NOON, World


@pytest.fixture
def trail(session: Session) -> Session:
    """One sealed entry and one that is not."""
    for_writing(session)
    World(session)
    seal(session, NOON)
    record(session, COMMAND_LINE, "pass.revoke", "pass:1", NOON, reason="丢失")
    session.commit()
    return session


CHANGES = {
    "id": "'018f4f6e-0000-7000-8000-000000000001'",
    "at": "'2026-01-01'",
    "account_id": "1",
    "token_id": "'018f4f6e-0000-7000-8000-000000000002'",
    "action": "'grant.give'",
    "subject": "'pass:2'",
    "enterprise_id": "1",
    "address": "'10.0.0.1'",
    "detail": "'{}'",
}


def test_every_column_is_among_the_changes() -> None:
    assert CHANGES.keys() | {"seal_number"} == {column.name for column in AuditEntry.__table__.columns}


@pytest.mark.parametrize(
    "change",
    [
        *(f"UPDATE audit_entries SET {name} = {value}" for name, value in CHANGES.items()),
        # Together with the sealing that is allowed, too.
        *(
            f"UPDATE audit_entries SET seal_number = 1, {name} = {value} WHERE seal_number IS NULL"
            for name, value in CHANGES.items()
        ),
        "UPDATE audit_entries SET seal_number = NULL WHERE seal_number = 1",
        "UPDATE audit_entries SET seal_number = 2 WHERE seal_number = 1",
        "UPDATE audit_entries SET seal_number = NULL WHERE seal_number IS NULL",
        "DELETE FROM audit_entries WHERE seal_number = 1",
        "DELETE FROM audit_entries WHERE seal_number IS NULL",
        "UPDATE audit_seals SET at = '2026-01-01'",
        "UPDATE audit_seals SET entries = entries",
        "DELETE FROM audit_seals",
    ],
)
def test_it_refuses(trail: Session, change: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        trail.execute(sa.text(change))


COLUMNS = "id, at, account_id, token_id, action, subject, enterprise_id, address, detail, seal_number"
FORGED = "id, at, account_id, token_id, action, 'pass:2', enterprise_id, address, detail, seal_number"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL replaces nothing unasked
@pytest.mark.parametrize(
    "change",
    [
        f"REPLACE INTO audit_entries ({COLUMNS}) SELECT {FORGED} FROM audit_entries WHERE seal_number = 1",
        f"REPLACE INTO audit_entries ({COLUMNS})"
        f" SELECT {FORGED} FROM audit_entries WHERE seal_number IS NULL",
        # The row in the way can be one of another id: that which has the number of the row.
        f"INSERT OR REPLACE INTO audit_entries (rowid, {COLUMNS})"
        f" SELECT rowid, lower(hex(randomblob(16))), {FORGED.removeprefix('id, ')} FROM audit_entries",
        "UPDATE OR REPLACE audit_entries SET seal_number = 1,"
        " rowid = (SELECT rowid FROM audit_entries WHERE seal_number = 1 LIMIT 1) WHERE seal_number IS NULL",
        "REPLACE INTO audit_seals (number, at, entries, previous, digest)"
        " SELECT number, '2026-01-01', entries, previous, digest FROM audit_seals",
        "REPLACE INTO audit_seals (rowid, number, at, entries, previous, digest)"
        " SELECT rowid, number + 1, at, entries, previous, digest FROM audit_seals",
    ],
)
def test_it_refuses_to_be_replaced(trail: Session, change: str) -> None:
    """By whoever opens the file with another tool: foreign keys are off there, unless asked for."""
    trail.rollback()
    with trail.get_bind().connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.rollback()
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            connection.exec_driver_sql(change)
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["audit_entries", "audit_seals CASCADE"])
def test_it_refuses_to_be_emptied_at_once(trail: Session, table: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        trail.execute(sa.text(f"TRUNCATE {table}"))


def test_sealing_is_what_it_allows(trail: Session) -> None:
    assert seal(trail, NOON).entries == 1
    trail.commit()
