"""Guessing typed codes: so many wrong ones within any ten minutes at one outlet, and no more.

Whoever types a code at an outlet locks the outlet's row of wrong codes, looks how many there were lately, and
keeps the lock until the transaction ends: with the scan, or with the moment of the wrong code added to the
row. So however many try at once, each is judged by all who were wrong before. A QR code has nothing to do
with it, and takes neither the lock nor a statement for it.
"""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from alliance.redemptions.counter import Counter
from alliance.redemptions.models import WrongCodes
from alliance.refused import Reason, Refused
from alliance.store import dialect_insert

#: More than slips of the finger make, and far fewer than guessing needs.
GUESSES, GUESS_WINDOW = 20, timedelta(minutes=10)


class UnknownCode(Refused):
    """A typed code that names nothing. It is counted in this transaction: commit it, do not roll it back."""

    def __init__(self) -> None:
        super().__init__(Reason.UNKNOWN_CODE)


def take_turn(session: Session, counter: Counter, at: datetime) -> list[int]:
    """The moments of the outlet's wrong codes within the window; others who type there wait for us.

    Raises Refused(too_many_attempts).
    """
    here = {"merchant_id": counter.merchant_id, "outlet_id": counter.outlet_id}
    made = dialect_insert(session, WrongCodes).values(here | {"moments": []})
    # It writes what is there, only to lock the row and to make it where it is missing.
    kept = made.on_conflict_do_update(index_elements=list(here), set_={"moments": WrongCodes.moments})
    moments: list[int] = session.execute(kept.returning(WrongCodes.__table__.c.moments)).scalar_one()
    lately = [moment for moment in moments if moment > _milliseconds(at - GUESS_WINDOW)]
    if len(lately) >= GUESSES:
        raise Refused(Reason.TOO_MANY_ATTEMPTS)
    return lately


def wrong(session: Session, counter: Counter, lately: list[int], at: datetime) -> UnknownCode:
    """Count a wrong code after ``take_turn``; the refusal to be raised."""
    session.execute(
        update(WrongCodes)
        .where(WrongCodes.merchant_id == counter.merchant_id, WrongCodes.outlet_id == counter.outlet_id)
        .values(moments=[*lately, _milliseconds(at)])
    )
    return UnknownCode()


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
