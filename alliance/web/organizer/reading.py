"""How the pages of circulation read, and what they are called."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from alliance.store import one_snapshot
from alliance.web.extensions import db
from alliance.web.organizer.asked import Asked
from alliance.web.period_words import period_words

Found = TypeVar("Found")


def in_snapshot(read: Callable[[Session], Found]) -> Found:
    """What ``read`` finds in one state of the store."""
    # The guard has read who is asking; the snapshot begins with a transaction of its own.
    db.session.rollback()
    with one_snapshot(db.session):
        return read(db.session)


def title_of(name: str, what: Asked) -> str:
    """``name`` with zone and period, for a file."""
    zone = what.scope.zone.name if what.scope.zone else ""
    return " ".join(filter(None, (name, zone, period_words(what.period))))
