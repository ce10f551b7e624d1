"""Pausing and resuming an offer. Both hold at once for every new scan.

A scan that was made before a pause has frozen the offer and may still be redeemed: the customer stands at the
counter and has been shown the price (docs/offers.md). It is over in ten minutes at most.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.offers.life import lock_offer
from alliance.offers.models import NoticeKind, Offer, OfferPause, Side
from alliance.offers.notices import tell


def pause(session: Session, offer: Offer, side: Side, reason: str, by: Actor, at: datetime) -> bool:
    """Stop granting an offer to new scans, until the same side resumes it. False when it had done so already.

    ``reason`` may be empty for the merchant; the organizer's is shown to the merchant.
    """
    lock_offer(session, offer.merchant_id, offer.id)
    if open_pause(session, offer, side):
        return False
    made = OfferPause(
        merchant_id=offer.merchant_id, offer_id=offer.id, side=side, reason=reason, at=at, by_id=by.account_id
    )
    session.add(made)
    session.flush()
    _record(session, offer, "offer.pause", side, by, at, reason)
    if side is Side.ORGANIZER:
        tell(session, offer.merchant_id, offer.id, NoticeKind.PAUSED, made.id, at)
    return True


def resume(session: Session, offer: Offer, side: Side, by: Actor, at: datetime) -> bool:
    """End a side's own pause; the other side's stays. False when there was none."""
    lock_offer(session, offer.merchant_id, offer.id)
    ended = open_pause(session, offer, side)
    if ended is None:
        return False
    # Somebody else's clock may have been ahead when it began.
    ended.resumed_at, ended.resumed_by_id = max(at, ended.at), by.account_id
    _record(session, offer, "offer.resume", side, by, at)
    if side is Side.ORGANIZER:
        tell(session, offer.merchant_id, offer.id, NoticeKind.RESUMED, ended.id, at)
    return True


def open_pause(session: Session, offer: Offer, side: Side) -> OfferPause | None:
    """The pause of a side that nobody has ended."""
    return session.scalar(
        select(OfferPause).where(
            OfferPause.merchant_id == offer.merchant_id,
            OfferPause.offer_id == offer.id,
            OfferPause.side == side,
            OfferPause.resumed_at.is_(None),
        )
    )


def _record(
    session: Session, offer: Offer, action: str, side: Side, by: Actor, at: datetime, reason: str = ""
) -> None:
    detail = {"side": side.value} | ({"reason": reason} if reason else {})
    record(session, by, action, f"offer:{offer.id}", at, enterprise_id=offer.merchant_id, **detail)
