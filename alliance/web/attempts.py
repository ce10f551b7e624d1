"""One attempt at a counter: the verb's transaction, and, when it is refused, the memory of the refusal."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from alliance import store
from alliance.redemptions.counter import Counter
from alliance.redemptions.guesses import UnknownCode
from alliance.redemptions.refusals import remember
from alliance.refused import Reason, Refused
from alliance.web import repeats
from alliance.web.extensions import db

T = TypeVar("T")


def attempt(
    counter: Counter, verb: Callable[[Session], T], at: datetime, request_id: UUID | None = None
) -> T:
    """Run ``verb`` and commit. ``request_id`` is the id that the client minted for what it wants.

    Raises Refused as the verb does, once the refusal is written down. Somebody whose authority has ended
    leaves no trace and gets the guard's answer. Refused(in_flight) leaves none either: the database was busy,
    and the same request may be sent again.
    """
    try:
        return _commit_or_remember(counter, verb, at, request_id)
    except DBAPIError as error:
        db.session.rollback()
        if not store.is_busy(error):
            raise
        raise Refused(Reason.IN_FLIGHT) from error


def _commit_or_remember(
    counter: Counter, verb: Callable[[Session], T], at: datetime, request_id: UUID | None
) -> T:
    session = db.session
    try:
        result = verb(session)
        session.commit()
    except Refused as refused:
        # It has written nothing but that it was a wrong code, and that has to stay.
        if not isinstance(refused, UnknownCode):
            session.rollback()
        if repeats.is_repeat():
            raise repeats.turned_away() from refused
        remember(session, counter, refused, at, request_id)
        session.commit()
        raise
    return result
