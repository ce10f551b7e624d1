"""Where a revision stands: derived from its rows, its days and its counters at every look, never stored."""

from datetime import date
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, String, and_, case, cast, exists, literal, or_, select
from sqlalchemy.orm import Session, aliased

from alliance.clock import SINCE_EVER
from alliance.offers.limits import Whose, scope_of
from alliance.offers.models import (
    LimitCounter,
    OfferApproval,
    OfferPause,
    OfferReturn,
    OfferRevision,
    OfferWithdrawal,
)


class State(StrEnum):
    """Where a revision stands. DRAFT is what has been saved and not submitted: no revision yet."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    LIVE = "live"
    PAUSED = "paused"
    USED_UP = "used_up"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


#: The states of the revision that is in force on its days, whether or not it is granted just now.
IN_FORCE = frozenset({State.LIVE, State.PAUSED, State.USED_UP})

#: The limits that everybody shares: when nothing is left of one, the offer is used up.
SHARED = ("total", "units", "budget_fen")

# Short names, because the counter's statement has to be short (``redemptions.standing``).
_withdrawal, _pause = aliased(OfferWithdrawal, name="w"), aliased(OfferPause, name="p")


def is_withdrawn() -> ColumnElement[bool]:
    """The condition that the offer of a revision has been withdrawn."""
    return exists().where(
        _withdrawal.merchant_id == OfferRevision.merchant_id,
        _withdrawal.offer_id == OfferRevision.offer_id,
    )


def is_paused() -> ColumnElement[bool]:
    """The condition that the offer of a revision is paused, by either side."""
    return exists().where(
        _pause.merchant_id == OfferRevision.merchant_id,
        _pause.offer_id == OfferRevision.offer_id,
        _pause.resumed_at.is_(None),
    )


def is_spent(tenths: int) -> ColumnElement[bool]:
    """The condition that so many tenths of one of the SHARED limits of a revision are used."""
    since_ever = Whose(business_date=SINCE_EVER)
    of_limits = [
        and_(
            LimitCounter.scope == scope_of(limit, since_ever),
            # Of text, because JSON's own integers are too short for a budget.
            LimitCounter.used * 10 >= cast(OfferRevision.limits[limit].as_string(), BigInteger) * tenths,
        )
        for limit in SHARED
    ]
    return exists().where(
        LimitCounter.merchant_id == OfferRevision.merchant_id,
        LimitCounter.offer_id == OfferRevision.offer_id,
        or_(*of_limits),
    )


def state(day: date) -> ColumnElement[str]:
    """The State of a revision on ``day``, as a column beside OfferRevision; the first that fits."""
    approved, returned = (
        exists().where(table.merchant_id == OfferRevision.merchant_id, table.revision_id == OfferRevision.id)
        for table in (OfferApproval, OfferReturn)
    )
    return case(
        (is_withdrawn(), literal(State.WITHDRAWN.value, String())),
        (returned, State.RETURNED.value),
        (~approved, State.SUBMITTED.value),
        (OfferRevision.ends_on < day, State.ENDED.value),
        (is_paused(), State.PAUSED.value),
        (OfferRevision.starts_on > day, State.APPROVED.value),
        (is_spent(10), State.USED_UP.value),
        else_=State.LIVE.value,
    )


def current_state(session: Session, revision: OfferRevision, today: date) -> State:
    """Where one revision stands on a day."""
    this = (OfferRevision.merchant_id == revision.merchant_id, OfferRevision.id == revision.id)
    return State(session.scalars(select(state(today)).where(*this)).one())
