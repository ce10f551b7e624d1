"""Which offers are live on a day, and what is left of them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from alliance.offers.models import (
    LimitCounter,
    Offer,
    OfferApproval,
    OfferRevision,
    OfferRevisionOutlet,
    OfferWithdrawal,
)

TOTAL = "total"
#: The condition that an offer has the code or the id of ``naming``.
NAMED = or_(Offer.code == bindparam("offer_code"), Offer.id == bindparam("offer_id"))


def holder_scope(holder_id: int) -> str:
    """The counter of one holder's uses."""
    return f"holder:{holder_id}"


def newest_approved() -> Select[OfferRevision]:
    """A SELECT of the revision in force of every offer that is not withdrawn, whatever its days."""
    later = aliased(OfferRevision, name="later")
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


def live(day: date | ColumnElement[date]) -> Select[OfferRevision]:
    """A SELECT of the revisions that are live on ``day``."""
    return newest_approved().where(
        or_(OfferRevision.starts_on.is_(None), OfferRevision.starts_on <= day),
        or_(OfferRevision.ends_on.is_(None), OfferRevision.ends_on >= day),
    )


def at_outlet(
    merchant_id: int | ColumnElement[int], outlet_id: UUID | ColumnElement[UUID]
) -> ColumnElement[bool]:
    """The condition that a revision holds at an outlet of its merchant."""
    limited = and_(
        OfferRevisionOutlet.merchant_id == OfferRevision.merchant_id,
        OfferRevisionOutlet.revision_id == OfferRevision.id,
    )
    return and_(
        OfferRevision.merchant_id == merchant_id,
        or_(~exists().where(limited), exists().where(limited, OfferRevisionOutlet.outlet_id == outlet_id)),
    )


def remaining(session: Session, revision: OfferRevision, holder_id: int | None = None) -> dict[str, int]:
    """Uses left per limit (``total``, ``holder``); a limit that the revision does not set is absent."""
    scopes = {TOTAL: revision.limit_total}
    if holder_id is not None:
        scopes[holder_scope(holder_id)] = revision.limit_holder
    used: dict[str, int] = dict(
        session.execute(
            select(LimitCounter.scope, LimitCounter.used).where(
                LimitCounter.merchant_id == revision.merchant_id,
                LimitCounter.offer_id == revision.offer_id,
                LimitCounter.scope.in_(scopes),
            )
        ).all()
    )
    return {
        scope.partition(":")[0]: max(0, limit - used.get(scope, 0))
        for scope, limit in scopes.items()
        if limit is not None
    }


def naming(code_or_id: str | None) -> dict[str, object]:
    """The values of the condition NAMED for an offer's code (优惠编号) or id; None names no offer."""
    try:
        return {"offer_code": code_or_id, "offer_id": UUID(code_or_id or "")}
    except ValueError:
        return {"offer_code": code_or_id, "offer_id": None}


def find_offer(session: Session, merchant_id: int, code_or_id: str) -> Offer | None:
    """A merchant's offer by its code or its id."""
    return session.scalar(select(Offer).where(Offer.merchant_id == merchant_id, NAMED), naming(code_or_id))


def _approved(revision: Any) -> ColumnElement[bool]:
    return exists().where(
        OfferApproval.merchant_id == revision.merchant_id, OfferApproval.revision_id == revision.id
    )
