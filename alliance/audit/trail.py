"""Writing the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry


@dataclass(frozen=True)
class Actor:
    """Who does a deed: an account, from a network address. The command line is neither."""

    account_id: int | None = None
    address: str = ""


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
    """Add one entry in the transaction of the deed itself: both happen or neither."""
    session.add(
        AuditEntry(
            at=at,
            account_id=by.account_id,
            action=action,
            subject=subject,
            enterprise_id=enterprise_id,
            address=by.address,
            detail=detail,
        )
    )
