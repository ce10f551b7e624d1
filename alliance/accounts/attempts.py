"""Throttles: how often something guarded (a password, a code) may be tried for one phone.

They live in the database, because every server process has to count the same tries. The caller commits
before it acts on the try, so that a failed try stays counted.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from alliance.accounts.models import Attempt


@dataclass(frozen=True)
class Throttle:
    """At most ``most`` tries of one kind and key within any span of ``within``."""

    kind: str
    most: int
    within: timedelta


PASSWORD = Throttle("password", most=10, within=timedelta(minutes=15))
CODE_SENT = Throttle("code_sent", most=5, within=timedelta(hours=1))
#: By all the links of one household: it makes as many links as it likes, to phones that nobody knows.
CODE_JOINING = Throttle("code_joining", most=15, within=timedelta(hours=1))
CODE_TRIED = Throttle("code_tried", most=5, within=timedelta(minutes=5))


def key_of(secret_key: str, phone: str) -> str:
    """What stands for a phone number in the table: a keyed hash, 64 characters, so that it holds no phone."""
    return hmac.new(secret_key.encode(), f"attempt:{phone}".encode(), hashlib.sha256).hexdigest()


def take(session: Session, throttle: Throttle, key: str, at: datetime) -> bool:
    """Count one more try and say whether it is allowed; a refused one is not counted.

    Two tries of the same key take turns until the transaction ends, so they never both see the last place.
    """
    _take_turns(session, f"{throttle.kind}:{key}")
    mine = (Attempt.kind == throttle.kind, Attempt.key == key)
    session.execute(delete(Attempt).where(*mine, Attempt.at <= at - throttle.within))
    taken = session.scalar(select(func.count()).select_from(Attempt).where(*mine)) or 0
    if taken >= throttle.most:
        return False
    session.add(Attempt(kind=throttle.kind, key=key, at=at))
    return True


def forget(session: Session, throttle: Throttle, key: str) -> None:
    """The right answer was given: the tries before it were its owner's."""
    session.execute(delete(Attempt).where(Attempt.kind == throttle.kind, Attempt.key == key))


def forget_expired(session: Session, at: datetime) -> None:
    """Delete the tries that no throttle looks back to any more."""
    longest = max(throttle.within for throttle in (PASSWORD, CODE_SENT, CODE_JOINING, CODE_TRIED))
    session.execute(delete(Attempt).where(Attempt.at <= at - longest))


def _take_turns(session: Session, name: str) -> None:
    # SQLite needs nothing: a transaction that writes has the whole store to itself.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
