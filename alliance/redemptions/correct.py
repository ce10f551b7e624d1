"""改金额: the old redemption is reversed and a new one takes its place, in one transaction.

The new one is the same purchase with another amount: what was frozen then stays frozen, and the price is
that of the old revision. Nobody is scanned again, so it does not matter what has become of the offer or of
the holder.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.counters import hold
from alliance.offers.models import Offer, OfferRevision
from alliance.offers.pricing import price, read_terms
from alliance.people.models import Holder
from alliance.redemptions import card_ceiling
from alliance.redemptions.answers import answer_of
from alliance.redemptions.counter import Counter
from alliance.redemptions.digests import REDEMPTION_COLUMNS, body_digest
from alliance.redemptions.facts import amounts, through
from alliance.redemptions.models import Channel, Redemption
from alliance.redemptions.months import posted_month_for
from alliance.redemptions.redeem import Answer, post, stored_answer
from alliance.redemptions.reverse import Authority, lock, reverse
from alliance.redemptions.standing import Granted, Place, granted_by
from alliance.redemptions.uses import is_by_card, use_of
from alliance.refused import Reason, Refused
from alliance.webhooks.models import EventType
from alliance.webhooks.outbox import is_wanted

#: What the new redemption has anew; everything else stays as it is in the old one.
ANEW = frozenset({
    "id", "gross_fen", "discount_fen", "paid_fen", "quantity", "received_at", "posted_month", "channel",
    "account_id", "token_id", "corrects_id", "body_digest", "answer",
})  # fmt: skip
KEPT = tuple(column for column in REDEMPTION_COLUMNS if column not in ANEW)


@dataclass(frozen=True)
class Correction:
    """What a redemption should have been; ``quantity`` None is as many as it was, ``gross_fen`` None is what
    the terms come to.

    The client mints ``id`` (the new redemption's) and ``reversal_id`` (the old one's) before its first send.
    """

    id: UUID
    reversal_id: UUID
    redemption_id: UUID
    gross_fen: int | None
    quantity: int | None
    reason: str


def correct(
    session: Session, counter: Counter, authority: Authority, correction: Correction, at: datetime
) -> Answer:
    """Reverse all that is left of a redemption and redeem it anew with another amount, idempotent on ``id``.

    The answer is a redemption's, with ``corrects_id`` and the ``reversal``. Limits are given back and taken
    anew: what takes no more than it gives back is refused by none. Raises Refused: redemption_not_found,
    not_correctable (it was imported), reversed_already (or corrected), undo_too_late, month_closed,
    what ``pricing.price`` refuses, body_mismatch, card_ceiling, what a limit refuses. After a refusal
    the transaction must be rolled back.
    """
    digest = body_digest(
        {
            "outlet": counter.outlet_id,
            "corrects": correction.redemption_id,
            "reversal": correction.reversal_id,
            "gross_fen": correction.gross_fen,
            "quantity": correction.quantity,
            "reason": correction.reason,
        }
    )
    old = lock(session, counter, correction.redemption_id)
    stored = stored_answer(session, counter, correction.id, digest)
    if stored is not None:
        return stored
    if old.channel == Channel.IMPORT:
        raise Refused(Reason.NOT_CORRECTABLE)
    granted, place, holder, employer = _named(session, old)
    try:
        values = _new_fact(session, counter, old, correction, granted, at)
    except Refused:
        # Whether it may be corrected at all is told first.
        _reversed(session, counter, old, correction, authority, at)
        raise
    # Locked in the order in which a redemption does.
    card_held_fen = None
    if is_by_card(session, old):
        card_held_fen = card_ceiling.hold(session, (old.holder_id, old.business_date))
    held = hold(session, granted.limits, use_of(vars(old)), use_of(values))
    reversed_ = _reversed(session, counter, old, correction, authority, at)
    answer = answer_of(values, granted, place, holder, employer, json.loads(reversed_.body))
    values |= {"body_digest": digest, "answer": answer}
    announced = is_wanted(session, old.merchant_id, EventType.REDEMPTION_CORRECTED)
    return post(
        session, counter, granted, values, at, announced=announced, held=held, card_held_fen=card_held_fen
    )


def _reversed(
    session: Session,
    counter: Counter,
    old: Redemption,
    correction: Correction,
    authority: Authority,
    at: datetime,
) -> Answer:
    told = reverse(
        session, counter, correction.reversal_id, old.id, correction.reason, at, authority=authority
    )
    if told.replayed:
        # It was a void of its own before: the redemption is gone, and does not come back by this.
        raise Refused(Reason.REVERSED_ALREADY)
    return told


def _new_fact(
    session: Session,
    counter: Counter,
    old: Redemption,
    correction: Correction,
    granted: Granted,
    at: datetime,
) -> dict[str, Any]:
    """The columns of the redemption that takes the old one's place, but for digest and answer."""
    quantity = old.quantity if correction.quantity is None else correction.quantity
    charged = price(read_terms(granted.terms), correction.gross_fen, quantity)
    return {name: getattr(old, name) for name in KEPT} | {
        "id": correction.id,
        "corrects_id": old.id,
        **amounts(charged),
        "quantity": quantity,
        "received_at": at,
        # As the reversal: the two stand in one month.
        "posted_month": posted_month_for(session, old.posted_month, at),
        **through(counter),
    }


def _named(session: Session, old: Redemption) -> tuple[Granted, Place, str, str]:
    """What the answer speaks of, as it is called now; one statement."""
    mine = Redemption.merchant_id
    code, revision, outlet, holder, employer = session.execute(
        select(Offer.code, OfferRevision, Outlet, Holder.name, Enterprise.name)
        .select_from(Redemption)
        .join(Offer, (Offer.merchant_id == mine) & (Offer.id == Redemption.offer_id))
        .join(
            OfferRevision, (OfferRevision.merchant_id == mine) & (OfferRevision.id == Redemption.revision_id)
        )
        .join(Outlet, (Outlet.merchant_id == mine) & (Outlet.id == Redemption.outlet_id))
        .join(Holder, Holder.id == Redemption.holder_id)
        .join(Enterprise, Enterprise.id == Redemption.employer_id)
        .where(mine == old.merchant_id, Redemption.id == old.id)
    ).one()
    return (
        granted_by(code, revision),
        Place(outlet.code, outlet.name, old.outlet_zone_id),
        holder,
        employer,
    )
