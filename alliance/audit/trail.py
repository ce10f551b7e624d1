"""Writing the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.store import new_id

_ENTRIES = cast(Table, AuditEntry.__table__)


@dataclass(frozen=True)
class Actor:
    """Who does a deed: an account or an API token, from a network address. The command line is neither."""

    account_id: int | None = None
    address: str = ""
    token_id: UUID | None = None


#: The operator at the command line.
COMMAND_LINE = Actor()


def record(
    session: Session,
    by: Actor,
    action: str,
    subject: str,
    at: datetime,
    enterprise_id: int | None = None,
    **detail: Any,
) -> None:
    """Add one entry in the transaction of the deed itself: both happen or neither.

    One INSERT at once, not an object to be flushed: a reversal at the counter pays for nothing else.
    """
    session.execute(insert(_ENTRIES).values(recorded(by, action, subject, at, enterprise_id, **detail)))


def recorded(
    by: Actor, action: str, subject: str, at: datetime, enterprise_id: int | None = None, **detail: Any
) -> dict[str, Any]:
    """The columns of the entry, for a deed that writes it in a statement of its own (``chain``)."""
    return {
        "id": new_id(),
        "at": at,
        "account_id": by.account_id,
        "token_id": by.token_id,
        "action": action,
        "subject": subject,
        "enterprise_id": enterprise_id,
        "address": by.address,
        "detail": detail,
    }
