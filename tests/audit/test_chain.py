"""Checking the chain: each corruption is found, and where it is."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from alliance import clock
from alliance.audit.heads import Head, head_of
from alliance.audit.models import AuditEntry
from alliance.audit.seal import seal
from alliance.audit.trail import COMMAND_LINE, record
from alliance.circulation.verify import INVARIANTS
from alliance.circulation.verify_audit import audit_chain, audit_unsealed
from alliance.store import Session, for_writing
from tests.audit.trail import unguard
from tests.world import NOON, World


@pytest.fixture
def trail(session: Session) -> Session:
    """Three seals of two entries each, without their guards."""
    for_writing(session)
    World(session)
    for number in range(2):
        record(session, COMMAND_LINE, "pass.revoke", f"pass:{number}", NOON, reason="丢失")
    session.commit()
    while seal(session, NOON, batch=2):
        session.commit()
    unguard(session)
    return session


def found(session: Session, heads: tuple[Head, ...] = ()) -> list[tuple[str, str]]:
    findings = [
        *(
            finding
            for name, invariant in INVARIANTS.items()
            if name != "audit_chain"
            for finding in invariant(session)
        ),
        *audit_chain(session, heads),
    ]
    session.rollback()
    return [(finding.invariant, finding.subject) for finding in findings]


def the_head(session: Session) -> Head:
    head = head_of(session, clock.business_date(NOON))
    session.rollback()
    assert head is not None
    return head


def test_a_chain_in_order_has_no_findings(trail) -> None:
    assert INVARIANTS["audit_chain"] is audit_chain
    assert found(trail, (the_head(trail),)) == []


@pytest.mark.parametrize(
    ("corruption", "subjects"),
    [
        ("UPDATE audit_entries SET detail = '{\"a\": 1}' WHERE seal_number = 2", ["seal 2 digest"]),
        ("UPDATE audit_entries SET address = '10.9.9.9' WHERE seal_number = 1", ["seal 1 digest"]),
        (
            "UPDATE audit_entries SET at = '2026-03-04 04:00:00.000001' WHERE seal_number = 1",
            ["seal 1 digest"],
        ),
        ("UPDATE audit_seals SET at = '2026-03-04 05:00:00' WHERE number = 2", ["seal 2 digest"]),
        ("UPDATE audit_seals SET entries = 3 WHERE number = 2", ["seal 2 entries"]),
        ("UPDATE audit_seals SET previous = digest WHERE number = 2", ["seal 2 previous", "seal 2 digest"]),
    ],
)
def test_a_changed_row_is_named(trail, corruption, subjects) -> None:
    trail.execute(sa.text(corruption))
    trail.commit()
    assert found(trail) == [("audit_chain", subject) for subject in subjects]


def test_a_deleted_entry_is_missed(trail) -> None:
    trail.delete(trail.scalars(sa.select(AuditEntry).where(AuditEntry.seal_number == 2).limit(1)).one())
    trail.commit()
    assert found(trail) == [("audit_chain", "seal 2 entries"), ("audit_chain", "seal 2 digest")]


def test_a_seal_in_the_middle_is_missed(trail) -> None:
    for table, column in (("audit_entries", "seal_number"), ("audit_seals", "number")):
        trail.execute(sa.text(f"DELETE FROM {table} WHERE {column} = 2"))
    trail.commit()
    assert found(trail) == [("audit_chain", "seal 3 number"), ("audit_chain", "seal 3 previous")]


def test_an_entry_slipped_into_a_seal_is_found(trail) -> None:
    record(trail, COMMAND_LINE, "pass.revoke", "pass:1", NOON)
    trail.execute(sa.text("UPDATE audit_entries SET seal_number = 1 WHERE seal_number IS NULL"))
    trail.commit()
    assert found(trail) == [("audit_chain", "seal 1 entries"), ("audit_chain", "seal 1 digest")]


def test_last_seals_gone_with_their_entries_are_missed_by_an_exported_head(trail) -> None:
    head = the_head(trail)
    for table, column in (("audit_entries", "seal_number"), ("audit_seals", "number")):
        trail.execute(sa.text(f"DELETE FROM {table} WHERE {column} = {head.number}"))
    trail.commit()
    # Nothing that is left speaks of them …
    assert found(trail) == []
    # … but what was sent away does, also when other seals were made in their place.
    expected = [("audit_chain", f"head of 2026-03-04, seal {head.number}")]
    assert found(trail, (head,)) == expected
    record(trail, COMMAND_LINE, "pass.revoke", "pass:1", NOON)
    seal(trail, NOON)
    trail.commit()
    assert found(trail, (head,)) == expected
    assert found(trail, (the_head(trail),)) == []


def test_entries_of_a_seal_that_is_gone_are_found(trail) -> None:
    if trail.get_bind().dialect.name == "postgresql":
        trail.execute(
            sa.text("ALTER TABLE audit_entries DROP CONSTRAINT fk_audit_entries_seal_number_audit_seals")
        )
        trail.commit()
    else:
        trail.connection().exec_driver_sql("COMMIT")
        trail.connection().exec_driver_sql("PRAGMA foreign_keys=OFF")
        trail.connection().exec_driver_sql("BEGIN IMMEDIATE")
    trail.execute(sa.text("DELETE FROM audit_seals WHERE number = (SELECT MAX(number) FROM audit_seals)"))
    assert [finding.stored for finding in audit_chain(trail)] == [None]
    trail.commit()


def test_what_was_written_five_minutes_ago_and_is_in_no_seal_is_found(session) -> None:
    for_writing(session)
    old, new = (clock.now() - timedelta(minutes=minutes) for minutes in (6, 4))
    for at in (old, new):
        id_ = UUID(int=(int(at.timestamp() * 1000) << 80) | 7)
        session.add(AuditEntry(id=id_, at=NOON, action="pass.revoke", subject=str(id_), detail={}))
    session.commit()
    assert [finding.invariant for finding in audit_unsealed(session)] == ["audit_unsealed"]
    session.rollback()
    assert {name for name, _ in found(session)} == {"audit_unsealed"}
    seal(session, clock.now())
    session.commit()
    assert found(session) == []
