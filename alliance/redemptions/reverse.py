"""Reversal: a negative fact that gives a redemption back, whole (void) or in part (refund).

It counts on the redemption's business date, and is posted where the redemption is while that month is open,
else to the current month.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import record
from alliance.clock import month_of
from alliance.redemptions.counter import Counter
from alliance.redemptions.digests import body_digest, reversal_digest
from alliance.redemptions.events import announce_reversal
from alliance.redemptions.marks import mark_if_late
from alliance.redemptions.models import Redemption, Reversal
from alliance.redemptions.months import closed_while_locked, posted_month_for
from alliance.redemptions.redeem import Answer
from alliance.redemptions.uses import give_back_of
from alliance.refused import Reason, Refused
from alliance.store import insert_or_ignore

#: How long a cashier may undo; afterwards it is the merchant's administrator who reverses.
UNDO_WINDOW = timedelta(minutes=10)


def may_be_undone(since: datetime, at: datetime) -> bool:
    """Whether the cashier's minutes, from the redemption on, are not over."""
    return at <= since + UNDO_WINDOW


class Authority(StrEnum):
    """In whose name something is reversed or corrected.

    A cashier may within ``UNDO_WINDOW`` of the redemption; the merchant (its administrator, its POS) until
    the month of its business date is closed, which bounds a cashier too; the organizer always.
    """

    CASHIER = "cashier"
    MERCHANT = "merchant"
    ORGANIZER = "organizer"


@dataclass(frozen=True)
class Left:
    """What is left of a redemption after its reversals; amounts in 分."""

    gross_fen: int
    discount_fen: int
    paid_fen: int
    uses: int


def reverse(
    session: Session,
    counter: Counter,
    reversal_id: UUID,
    redemption_id: UUID,
    reason: str,
    at: datetime,
    *,
    authority: Authority,
    refund_fen: int | None = None,
) -> Answer:
    """Give back ``refund_fen`` of what was paid, or (None) all that is left of the redemption.

    The discount goes back pro rata, and the last refund takes the remainder. Repeating a call with the same
    ``reversal_id`` answers the same, whoever may still do it. Raises Refused: redemption_not_found,
    reversed_already, refund_exceeds_paid, undo_too_late, month_closed, body_mismatch.
    """
    digest = body_digest({"redemption": redemption_id, "refund_fen": refund_fen, "reason": reason})
    redemption = lock(session, counter, redemption_id)
    stored = session.get(Reversal, (counter.merchant_id, reversal_id))
    if stored is not None:
        if stored.body_digest != digest:
            raise Refused(Reason.BODY_MISMATCH)
        return Answer(stored.answer, replayed=True)
    _check_authority(session, redemption, authority, at)
    back = _share(redemption, left_of(session, redemption), refund_fen)
    return _post(session, counter, redemption, reversal_id, back, reason, digest, at)


def left_of(session: Session, redemption: Redemption) -> Left:
    """What the reversals so far have left of a redemption."""
    sums = session.execute(
        select(
            func.coalesce(func.sum(Reversal.gross_fen), 0),
            func.coalesce(func.sum(Reversal.discount_fen), 0),
            func.coalesce(func.sum(Reversal.paid_fen), 0),
            func.coalesce(func.sum(Reversal.uses), 0),
        ).where(Reversal.merchant_id == redemption.merchant_id, Reversal.redemption_id == redemption.id)
    ).one()
    gross, discount, paid, uses = map(int, sums)
    return Left(
        redemption.gross_fen + gross, redemption.discount_fen + discount, redemption.paid_fen + paid, 1 + uses
    )


def lock(session: Session, counter: Counter, redemption_id: UUID) -> Redemption:
    """A redemption of the counter's outlet; whoever else gives it back waits until this transaction ends.

    Raises Refused(redemption_not_found).
    """
    redemption = session.scalar(
        select(Redemption)
        .where(
            Redemption.merchant_id == counter.merchant_id,
            Redemption.id == redemption_id,
            Redemption.outlet_id == counter.outlet_id,
        )
        .with_for_update(key_share=True)
    )
    if redemption is None:
        raise Refused(Reason.REDEMPTION_NOT_FOUND)
    return redemption


def _check_authority(session: Session, redemption: Redemption, authority: Authority, at: datetime) -> None:
    if authority is Authority.CASHIER and not may_be_undone(redemption.occurred_at, at):
        raise Refused(Reason.UNDO_TOO_LATE)
    if authority is Authority.ORGANIZER:
        return
    if closed_while_locked(session, month_of(redemption.business_date)):
        raise Refused(Reason.MONTH_CLOSED)


def _share(redemption: Redemption, left: Left, refund_fen: int | None) -> Left:
    """The part to give back, ``uses`` being 1 when nothing stays."""
    if left.uses == 0:
        raise Refused(Reason.REVERSED_ALREADY)
    if refund_fen is None or refund_fen == left.paid_fen > 0:
        return left
    if not 0 < refund_fen < left.paid_fen:
        raise Refused(Reason.REFUND_EXCEEDS_PAID, left_fen=left.paid_fen)
    # Pro rata of everything refunded so far, rounded down, less what went back before: the remainders of
    # single refunds never add up to more than the discount.
    refunded = redemption.paid_fen - left.paid_fen + refund_fen
    given_back = redemption.discount_fen - left.discount_fen
    discount = redemption.discount_fen * refunded // redemption.paid_fen - given_back
    return Left(refund_fen + discount, discount, refund_fen, 0)


def _post(
    session: Session,
    counter: Counter,
    redemption: Redemption,
    reversal_id: UUID,
    back: Left,
    reason: str,
    digest: bytes,
    at: datetime,
) -> Answer:
    values = _values(redemption, reversal_id, back, at)
    values |= {
        # Where the redemption is posted, not the month of its day: an adjustment is taken back beside itself.
        "posted_month": posted_month_for(session, redemption.posted_month, at),
        "reason": reason,
        "account_id": counter.account_id,
        "token_id": counter.token_id,
        "body_digest": digest,
        "answer": _answer(values, at),
    }
    values["digest"] = reversal_digest(values)
    if not insert_or_ignore(session, Reversal, ["merchant_id", "id"], values):
        # Only another redemption's reversal can have the id: this one's were looked up under its lock.
        raise Refused(Reason.BODY_MISMATCH)
    announce_reversal(session, values, at)
    _settle(session, counter, redemption, back, at)
    return Answer(values["answer"], replayed=False)


def _values(redemption: Redemption, reversal_id: UUID, back: Left, at: datetime) -> dict[str, Any]:
    return {
        "merchant_id": redemption.merchant_id,
        "id": reversal_id,
        "redemption_id": redemption.id,
        "uses": -back.uses,
        "gross_fen": -back.gross_fen,
        "discount_fen": -back.discount_fen,
        "paid_fen": -back.paid_fen,
        "occurred_at": at,
        "business_date": redemption.business_date,
    }


def _settle(session: Session, counter: Counter, redemption: Redemption, back: Left, at: datetime) -> None:
    """What a reversal brings with it: limits given back, the dirty mark, the audit entry."""
    give_back_of(session, redemption, back.paid_fen, back.discount_fen, whole=bool(back.uses))
    mark_if_late(session, redemption.business_date, at)
    record(
        session,
        counter.actor,
        "redemption.reverse",
        f"redemption:{redemption.id}",
        at,
        enterprise_id=counter.merchant_id,
        outlet=str(counter.outlet_id),
        refund_fen=back.paid_fen,
    )


def _answer(values: dict[str, Any], at: datetime) -> str:
    told = {name: values[name] for name in ("gross_fen", "discount_fen", "paid_fen")}
    return json.dumps(
        {
            "id": str(values["id"]),
            "redemption_id": str(values["redemption_id"]),
            "reversed_at": at.isoformat(timespec="seconds"),
            "whole": values["uses"] == -1,
            **told,
        },
        separators=(",", ":"),
    )
