"""Verification of the audit trail: the chain holds, and the worker keeps up with it."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.audit.chain import breaks, links
from alliance.audit.heads import Head
from alliance.audit.models import AuditEntry
from alliance.circulation.findings import Finding, counted, walk

#: The worker seals every minute; who has not been sealed for so long has been forgotten.
SEALED_WITHIN = timedelta(minutes=5)


def audit_unsealed(session: Session) -> Iterator[Finding]:
    """No entry was written more than five minutes ago and is in no seal.

    The moment of writing stands in the entry's id (UUIDv7); what it says happened may be long past.
    """
    oldest = clock.now() - SEALED_WITHIN
    waiting = select(AuditEntry.id).where(
        AuditEntry.seal_number.is_(None), AuditEntry.id < UUID(int=int(oldest.timestamp() * 1000) << 80)
    )
    for row in walk(session, waiting.order_by(AuditEntry.id)):
        yield Finding("audit_unsealed", f"entry {row.id}", None, "a seal")


def audit_chain(session: Session, heads: Iterable[Head] = ()) -> Iterator[Finding]:
    """Numbers, counts and digests of the seals follow from each other and from their entries."""
    for found in breaks(session, counted(session, links(session)), heads):
        yield Finding("audit_chain", found.subject, found.stored, found.expected)
