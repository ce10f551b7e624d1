"""Related parties (关联企业): recording that two enterprises have one owner, and taking that back."""

from datetime import datetime

from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.enterprises.models import Enterprise, RelatedParties
from alliance.store import insert_or_ignore


def relate(session: Session, one: Enterprise, other: Enterprise, by: Actor, at: datetime) -> bool:
    """Record it; false when it was on record. Raises ValueError for an enterprise and itself."""
    if one.id == other.id:
        raise ValueError("an enterprise is no related party of itself")
    pair = _pair(one, other)
    if not insert_or_ignore(
        session,
        RelatedParties,
        ["enterprise_id", "related_id"],
        pair | {"recorded_at": at, "recorded_by_id": by.account_id},
    ):
        return False
    record(session, by, "enterprise.relate", f"enterprise:{one.id}", at, related=other.credit_code)
    return True


def part(session: Session, one: Enterprise, other: Enterprise, by: Actor, at: datetime) -> bool:
    """They are strangers again, for all periods; false when they were."""
    recorded = session.get(RelatedParties, tuple(_pair(one, other).values()))
    if recorded is None:
        return False
    session.delete(recorded)
    session.flush()
    record(session, by, "enterprise.part", f"enterprise:{one.id}", at, related=other.credit_code)
    return True


def _pair(one: Enterprise, other: Enterprise) -> dict[str, int]:
    first, second = sorted((one.id, other.id))
    return {"enterprise_id": first, "related_id": second}
