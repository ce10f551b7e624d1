"""Which offers are live on a day, and where."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from alliance.offers.models import (
    Offer,
    OfferApproval,
    OfferRevision,
    OfferRevisionOutlet,
    OfferWithdrawal,
)


def newest_approved() -> Select[OfferRevision]:
    """A SELECT of the revision in force of every offer that is not withdrawn, whatever its days."""
    later = aliased(OfferRevision)
    return (
        select(OfferRevision)
        .where(
            _approved(OfferRevision),
            ~exists().where(
                OfferWithdrawal.merchant_id == OfferRevision.merchant_id,
                OfferWithdrawal.offer_id == OfferRevision.offer_id,
            ),
            ~exists().where(
                later.merchant_id == OfferRevision.merchant_id,
                later.offer_id == OfferRevision.offer_id,
                later.number > OfferRevision.number,
                _approved(later),
            ),
        )
        .order_by(OfferRevision.merchant_id, OfferRevision.submitted_at, OfferRevision.id)
    )


def live(day: date) -> Select[OfferRevision]:
    """A SELECT of the revisions that are live on ``day``."""
    return newest_approved().where(
        or_(OfferRevision.starts_on.is_(None), OfferRevision.starts_on <= day),
        or_(OfferRevision.ends_on.is_(None), OfferRevision.ends_on >= day),
    )


def at_outlet(merchant_id: int, outlet_id: UUID) -> ColumnElement[bool]:
    """The condition that a revision holds at an outlet of its merchant."""
    limited = and_(
        OfferRevisionOutlet.merchant_id == OfferRevision.merchant_id,
        OfferRevisionOutlet.revision_id == OfferRevision.id,
    )
    return and_(
        OfferRevision.merchant_id == merchant_id,
        or_(~exists().where(limited), exists().where(limited, OfferRevisionOutlet.outlet_id == outlet_id)),
    )


def named(code_or_id: str) -> ColumnElement[bool]:
    """The condition that an offer has this code (优惠编号) or id."""
    try:
        return or_(Offer.code == code_or_id, Offer.id == UUID(code_or_id))
    except ValueError:
        return Offer.code == code_or_id


def find_offer(session: Session, merchant_id: int, code_or_id: str) -> Offer | None:
    """A merchant's offer by its code or its id."""
    return session.scalar(select(Offer).where(Offer.merchant_id == merchant_id, named(code_or_id)))


def _approved(revision: Any) -> ColumnElement[bool]:
    return exists().where(
        OfferApproval.merchant_id == revision.merchant_id, OfferApproval.revision_id == revision.id
    )
