"""Which offers are live on a day, and where."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from alliance.offers.models import (
    Audience,
    Offer,
    OfferApproval,
    OfferRevision,
    OfferRevisionOutlet,
)
from alliance.offers.states import is_paused, is_withdrawn
from alliance.people.models import Holder, HolderKind
from alliance.store import ONE

_ZERO: ColumnElement[int] = literal_column("0", Integer)
#: The condition that an offer has the code or the id of ``naming``.
NAMED = or_(Offer.code == bindparam("offer_code"), Offer.id == bindparam("offer_id"))


def newest_approved() -> Select[OfferRevision]:
    """A SELECT of the revision in force of every offer that is not withdrawn, whatever its days."""
    # Short names, because the counter's statement has to be short (``redemptions.standing``).
    approved, approval = aliased(OfferRevision, name="r"), aliased(OfferApproval, name="a")
    newest = (
        select(func.max(approved.number))
        .join(
            approval,
            and_(approval.merchant_id == approved.merchant_id, approval.revision_id == approved.id),
        )
        .where(
            approved.merchant_id == OfferRevision.merchant_id,
            approved.offer_id == OfferRevision.offer_id,
        )
        .scalar_subquery()
    )
    return (
        select(OfferRevision)
        .where(OfferRevision.number == newest, ~is_withdrawn())
        .order_by(OfferRevision.merchant_id, OfferRevision.submitted_at, OfferRevision.id)
    )


def live(day: date | ColumnElement[date]) -> Select[OfferRevision]:
    """A SELECT of the revisions that are live on ``day``: on one of their days, and not paused.

    What is used up is among them: only the limits themselves, in the redemption, say so for certain.
    """
    return newest_approved().where(
        ~is_paused(),
        or_(OfferRevision.starts_on.is_(None), OfferRevision.starts_on <= day),
        or_(OfferRevision.ends_on.is_(None), OfferRevision.ends_on >= day),
    )


def at_outlet(
    merchant_id: int | ColumnElement[int], outlet_id: UUID | ColumnElement[UUID]
) -> ColumnElement[bool]:
    """The condition that a revision holds at an outlet of its merchant."""
    place = aliased(OfferRevisionOutlet, name="place")
    # One look, not two, because the counter's statement has to be short: is it among them, if there are any?
    is_there = func.max(case((place.outlet_id == outlet_id, ONE), else_=_ZERO))
    limited = select(is_there).where(
        place.merchant_id == OfferRevision.merchant_id, place.revision_id == OfferRevision.id
    )
    return and_(
        OfferRevision.merchant_id == merchant_id, func.coalesce(limited.scalar_subquery(), ONE) == ONE
    )


def open_to(holder_kind: str | ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a holder of this kind (``people.HolderKind``) may use a revision."""
    return OfferRevision.audience.in_([Audience.EVERYONE, holder_kind])


def shown_to(holder: Holder, day: date) -> Select[OfferRevision]:
    """A SELECT of what a holder's phone shows on ``day``."""
    if holder.kind == HolderKind.DEPENDANT:
        return live(day).where(open_to(holder.kind))
    # An employee sees the family's too: the children's cards are on that phone.
    return live(day)


def was_approved(session: Session, merchant_id: int, offer_id: UUID) -> bool:
    """Whether an offer was ever approved: from then on it is known to everybody, withdrawn or not."""
    approved = (
        select(OfferApproval.revision_id)
        .join(
            OfferRevision,
            and_(
                OfferRevision.merchant_id == OfferApproval.merchant_id,
                OfferRevision.id == OfferApproval.revision_id,
            ),
        )
        .where(OfferRevision.merchant_id == merchant_id, OfferRevision.offer_id == offer_id)
    )
    return session.scalar(approved.limit(1)) is not None


def naming(code_or_id: str | None) -> dict[str, object]:
    """The values of the condition NAMED for an offer's code (优惠编号) or id; None names no offer."""
    try:
        return {"offer_code": code_or_id, "offer_id": UUID(code_or_id or "")}
    except ValueError:
        return {"offer_code": code_or_id, "offer_id": None}


def find_offer(session: Session, merchant_id: int, code_or_id: str) -> Offer | None:
    """A merchant's offer by its code or its id."""
    return session.scalar(select(Offer).where(Offer.merchant_id == merchant_id, NAMED), naming(code_or_id))
