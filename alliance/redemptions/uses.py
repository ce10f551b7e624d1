"""A redemption as a use of its offer's limits, and what a reversal gives back of them."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from alliance.offers.counters import give_back, give_back_discount
from alliance.offers.limits import Use, read_limits
from alliance.offers.models import OfferRevision
from alliance.redemptions import card_ceiling
from alliance.redemptions.models import Redemption, Reversal, Scan

#: The columns of a redemption that its offer's limits look at.
USE_COLUMNS = tuple(field.name for field in fields(Use))


def use_of(fact: Mapping[str, Any]) -> Use:
    """The use that a redemption is, from the columns of its row by name; absent is NULL."""
    columns: dict[str, Any] = {name: fact.get(name) for name in USE_COLUMNS}
    return Use(**columns)


def is_by_card(session: Session, redemption: Redemption) -> bool:
    """Whether a printed card was shown for it."""
    if redemption.scan_id is None:
        return False
    scan = (Scan.merchant_id == redemption.merchant_id, Scan.id == redemption.scan_id)
    return session.scalar(select(Scan.card_id).where(*scan)) is not None


def give_back_of(
    session: Session, redemption: Redemption, paid_fen: int, discount_fen: int, *, whole: bool
) -> None:
    """Give a reversal's share of the limits back; the reversal itself has been written already.

    By a printed card, ``paid_fen`` goes back to the holder's day. A part gives its ``discount_fen`` back to
    the budget. The ``whole`` (a void, or the last refund) gives back the use (on the redemption's own
    business date), its units, what was left of the discount, and the cool-down.
    """
    if is_by_card(session, redemption):
        card_ceiling.give_back(session, (redemption.holder_id, redemption.business_date), paid_fen)
    revision = session.get_one(OfferRevision, (redemption.merchant_id, redemption.revision_id))
    columns = {name: getattr(redemption, name) for name in USE_COLUMNS}
    use = use_of(columns | {"discount_fen": discount_fen})
    if whole:
        give_back(session, revision, use, lambda: _last_use(session, redemption))
    else:
        give_back_discount(session, revision, use)


def _last_use(session: Session, redemption: Redemption) -> datetime | None:
    """The holder's last use of the offer that stands, under a revision that sets a cool-down."""
    here = (OfferRevision.merchant_id, OfferRevision.offer_id)
    revisions = session.execute(
        select(OfferRevision.id, OfferRevision.limits).where(
            here[0] == redemption.merchant_id, here[1] == redemption.offer_id
        )
    )
    with_cool_down = [id_ for id_, limits in revisions if read_limits(limits).cool_down_minutes]
    return session.scalar(
        select(func.max(Redemption.occurred_at)).where(
            Redemption.merchant_id == redemption.merchant_id,
            Redemption.offer_id == redemption.offer_id,
            Redemption.holder_id == redemption.holder_id,
            Redemption.revision_id.in_(with_cool_down),
            ~exists().where(
                Reversal.merchant_id == Redemption.merchant_id,
                Reversal.redemption_id == Redemption.id,
                Reversal.uses == -1,
            ),
        )
    )


def uses_of_offers(session: Session, merchant_id: int, offer_ids: Collection[UUID]) -> dict[UUID, int]:
    """How often each of a merchant's offers was used; what was given back whole does not count."""
    here = (Redemption.merchant_id == merchant_id, Redemption.offer_id.in_(offer_ids))
    given_back = (
        select(Redemption.offer_id, func.sum(Reversal.uses))
        .join(
            Reversal,
            (Reversal.merchant_id == Redemption.merchant_id) & (Reversal.redemption_id == Redemption.id),
        )
        .where(*here)
        .group_by(Redemption.offer_id)
    )
    made = select(Redemption.offer_id, func.count()).where(*here).group_by(Redemption.offer_id)
    found = dict.fromkeys(offer_ids, 0)
    for query in (made, given_back):
        for offer_id, uses in session.execute(query):
            found[offer_id] += int(uses)
    return found
