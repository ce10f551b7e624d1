"""Dirty marks: a fact that arrives on a day whose figures may have been derived says so.

A fact of today needs no mark, because today is always read from the facts. A transaction that begins just
before midnight may commit after the worker has derived the day; so the last minutes of a day are marked
too. The margin is far longer than the few statements of a counter's transaction can take, each of which
ends after a minute at the most (``store.STATEMENT_TIMEOUT_SECONDS``); imports mark every day they touch.
"""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from alliance.chain import Link, write
from alliance.clock import start_of
from alliance.redemptions.models import DirtyMark
from alliance.store import new_id

MARGIN = timedelta(minutes=10)


def mark_if_late(session: Session, day: date, at: datetime) -> None:
    """Mark ``day`` in the fact's own transaction when it is past, or about to be, at ``at``."""
    write(session, late_mark(day, at))


def late_mark(day: date, at: datetime) -> list[Link]:
    """The mark as a link of the fact's own chain; none for a fact in good time."""
    late = at >= start_of(day + timedelta(days=1)) - MARGIN
    return [Link(DirtyMark, {"business_date": day, "id": new_id()})] if late else []
