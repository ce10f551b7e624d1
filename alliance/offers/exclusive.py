"""不与其他优惠同享: two such offers of one merchant are not to be had at the same time and place."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from alliance.offers.conditions import Conditions, read_conditions
from alliance.offers.models import (
    Audience,
    OfferApproval,
    OfferReturn,
    OfferRevision,
    OfferRevisionOutlet,
    OfferWithdrawal,
)


class Promised(Protocol):
    """As much of a draft as is compared."""

    @property
    def starts_on(self) -> date | None: ...

    @property
    def ends_on(self) -> date | None: ...

    @property
    def audience(self) -> Audience: ...

    @property
    def conditions(self) -> Conditions: ...

    @property
    def outlet_ids(self) -> Sequence[UUID]: ...


def beside(session: Session, merchant_id: int, offer_id: UUID, draft: Promised) -> str | None:
    """The title of another exclusive offer of the merchant that could be used where and when this one is.

    What counts is what is approved or waits, of each offer the newest; what was returned or withdrawn does
    not.
    """
    for revision in _others(session, merchant_id, offer_id):
        conditions = read_conditions(revision.conditions)
        if (
            conditions.exclusive
            and _days_meet(draft, revision)
            and (
                Audience.EVERYONE in (draft.audience, revision.audience)
                or draft.audience == revision.audience
            )
            and draft.conditions.may_meet(conditions)
            and _outlets_meet(session, draft, revision)
        ):
            return revision.title
    return None


def _others(session: Session, merchant_id: int, offer_id: UUID) -> Sequence[OfferRevision]:
    """The newest revision that was not returned, and the newest approved one, of the other offers."""
    newer, key = aliased(OfferRevision), (OfferRevision.merchant_id, OfferRevision.offer_id)
    approved = exists().where(
        OfferApproval.merchant_id == newer.merchant_id, OfferApproval.revision_id == newer.id
    )
    is_over = exists().where(
        newer.merchant_id == key[0], newer.offer_id == key[1], newer.number > OfferRevision.number, approved
    )
    returned = exists().where(OfferReturn.merchant_id == key[0], OfferReturn.revision_id == OfferRevision.id)
    withdrawn = exists().where(OfferWithdrawal.merchant_id == key[0], OfferWithdrawal.offer_id == key[1])
    return session.scalars(
        select(OfferRevision)
        .where(key[0] == merchant_id, key[1] != offer_id, ~is_over, ~returned, ~withdrawn)
        .order_by(OfferRevision.submitted_at, OfferRevision.id)
    ).all()


def _days_meet(one: Promised, other: OfferRevision) -> bool:
    first = max(one.starts_on or date.min, other.starts_on or date.min)
    return first <= min(one.ends_on or date.max, other.ends_on or date.max)


def _outlets_meet(session: Session, one: Promised, other: OfferRevision) -> bool:
    held = OfferRevisionOutlet
    outlets = select(held.outlet_id).where(
        held.merchant_id == other.merchant_id, held.revision_id == other.id
    )
    there = set(session.scalars(outlets))
    return not there or not one.outlet_ids or bool(there & set(one.outlet_ids))
