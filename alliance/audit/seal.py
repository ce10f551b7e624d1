"""Sealing the trail: once a minute the new entries become one link of a hash chain.

A deed writes its entry and is done. The worker comes later and seals what has been committed until then, so
nobody at a counter waits for the link before.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry, AuditSeal

#: Entries in one seal at most: SQLite's write lock is held for one batch only.
BATCH = 1000
#: What the first seal is chained to.
GENESIS = bytes(32)

#: The columns of an entry that are sealed.
SEALED = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.account_id,
    AuditEntry.token_id,
    AuditEntry.action,
    AuditEntry.subject,
    AuditEntry.enterprise_id,
    AuditEntry.address,
    AuditEntry.detail,
)


def seal(session: Session, at: datetime, batch: int = BATCH) -> AuditSeal | None:
    """Seal what is committed and unsealed, the oldest ``batch`` entries at most; None when there is nothing.

    The session must be ``for_writing``. An entry that commits meanwhile is left to the next seal. Whoever
    seals at the same time waits for our commit.
    """
    _wait_for_other_seals(session)
    last = session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))
    number, previous = (last.number + 1, last.digest) if last else (1, GENESIS)
    waiting = select(AuditEntry.id).where(AuditEntry.seal_number.is_(None))
    claimed = session.execute(
        update(AuditEntry)
        .where(AuditEntry.id.in_(waiting.order_by(AuditEntry.id).limit(batch)))
        .values(seal_number=number)
        .returning(*SEALED)
        .execution_options(synchronize_session=False)
    ).all()
    if not claimed:
        return None
    lines = [line(row) for row in sorted(claimed, key=lambda row: row.id)]
    made = AuditSeal(number=number, at=at, entries=len(lines), previous=previous)
    made.digest = digest_of(previous, number, at, lines)
    session.add(made)
    session.flush()
    return made


def line(entry: Row[Any] | AuditEntry) -> str:
    """An entry as one line of canonical JSON: sorted keys, no spaces, moments in UTC to the microsecond.

    What is NULL is left out, so that a column that is added later leaves earlier seals as they are.
    """
    said: dict[str, Any] = {column.key: getattr(entry, column.key) for column in SEALED}
    said |= {"id": str(entry.id), "at": _moment(entry.at)}
    if entry.token_id is not None:
        said["token_id"] = str(entry.token_id)
    return _canonical({name: value for name, value in said.items() if value is not None})


def digest_of(previous: bytes, number: int, at: datetime, lines: Iterable[str]) -> bytes:
    """SHA-256 over the seal's own line and the lines of its entries, ordered by id, each ended by LF."""
    lines = list(lines)
    head = {"at": _moment(at), "entries": len(lines), "number": number, "previous": previous.hex()}
    return hashlib.sha256("".join(f"{each}\n" for each in (_canonical(head), *lines)).encode()).digest()


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _wait_for_other_seals(session: Session) -> None:
    # SQLite has one writer at a time in any case. On PostgreSQL this mode keeps out others that seal, but
    # neither readers nor those who add entries.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE audit_seals IN SHARE ROW EXCLUSIVE MODE"))
