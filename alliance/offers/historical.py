"""The 历史数据 offer: what redemptions from before the alliance's own records are booked under."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.clock import SINCE_EVER
from alliance.offers.models import Offer, OfferApproval, OfferRevision
from alliance.offers.pricing import Historical
from alliance.store import insert_or_ignore, new_id

CODE = "历史数据"


def historical_revision(session: Session, merchant_id: int, at: datetime) -> OfferRevision:
    """The merchant's 历史数据 revision, made at its first use.

    It is approved, but ended on the first day there is: no counter ever grants it. Who makes it while
    somebody else does waits for him, and gets his.
    """
    found = (
        select(OfferRevision)
        .join(Offer, (Offer.merchant_id == OfferRevision.merchant_id) & (Offer.id == OfferRevision.offer_id))
        .where(Offer.merchant_id == merchant_id, Offer.code == CODE)
    )
    revision = session.scalar(found)
    if revision is not None:
        return revision
    offer = {"merchant_id": merchant_id, "id": new_id(), "code": CODE, "created_at": at}
    if not insert_or_ignore(session, Offer, ["merchant_id", "code"], offer):
        return session.scalars(found).one()
    revision = OfferRevision(
        merchant_id=merchant_id,
        offer_id=offer["id"],
        number=1,
        title=CODE,
        terms=Historical().model_dump(),
        starts_on=SINCE_EVER,
        ends_on=SINCE_EVER,
        submitted_at=at,
    )
    session.add(revision)
    session.flush()
    session.add(OfferApproval(merchant_id=merchant_id, revision_id=revision.id, at=at))
    session.flush()
    return revision
