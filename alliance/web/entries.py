"""Redemptions as lists and receipts show them: with names, and what reversals have left of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, func, select
from sqlalchemy.orm import Session, aliased

from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.models import Offer, OfferRevision
from alliance.people.models import Holder
from alliance.redemptions.models import Redemption, Reversal
from alliance.redemptions.reverse import may_be_undone
from alliance.web.filters import shown_name


@dataclass(frozen=True)
class Entry:
    """A redemption; the amounts are what its reversals have left of it, in 分.

    ``corrected_by_id`` is the redemption that took its place (改金额).
    """

    fact: Redemption
    offer: str
    holder: str
    employer: str
    merchant: str
    outlet: str
    gross_fen: int
    discount_fen: int
    paid_fen: int
    stands: bool
    corrected_by_id: UUID | None
    offer_code: str
    revision: int
    outlet_code: str

    @property
    def is_reduced(self) -> bool:
        """Part of it was given back."""
        return self.stands and self.gross_fen != self.fact.gross_fen

    def is_undoable(self, at: datetime, bounded: bool) -> bool:
        """Whether it may still be reversed at the counter, within the cashier's minutes when ``bounded``."""
        return self.stands and (not bounded or may_be_undone(self.fact.occurred_at, at))


def entries(session: Session, *which: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
    """The redemptions that ``which`` (conditions on Redemption) selects, the newest first."""
    employer, merchant, back = aliased(Enterprise), aliased(Enterprise), _given_back(*which)
    new = aliased(Redemption)
    rows = session.execute(
        select(
            Redemption,
            OfferRevision.title,
            Holder.name,
            employer.name,
            merchant.name,
            Outlet.name,
            Offer.code,
            OfferRevision.number,
            Outlet.code,
            func.coalesce(back.c.gross_fen, 0),
            func.coalesce(back.c.discount_fen, 0),
            func.coalesce(back.c.uses, 0),
            new.id,
        )
        .join(OfferRevision, _same_merchant(OfferRevision, Redemption.revision_id))
        .join(Offer, _same_merchant(Offer, Redemption.offer_id))
        .join(Outlet, _same_merchant(Outlet, Redemption.outlet_id))
        .join(Holder, Holder.id == Redemption.holder_id)
        .join(employer, employer.id == Redemption.employer_id)
        .join(merchant, merchant.id == Redemption.merchant_id)
        .outerjoin(
            back, and_(back.c.merchant_id == Redemption.merchant_id, back.c.redemption_id == Redemption.id)
        )
        .outerjoin(new, and_(new.merchant_id == Redemption.merchant_id, new.corrects_id == Redemption.id))
        .where(*which)
        .order_by(Redemption.occurred_at.desc(), Redemption.id.desc())
        .limit(limit)
    )
    return [_entry(*row) for row in rows]


def _entry(
    fact: Redemption, offer: str, holder: str, employer: str, merchant: str, outlet: str, *more: Any
) -> Entry:
    offer_code, revision, outlet_code, *sums, corrected_by_id = more
    # PostgreSQL sums BIGINT as NUMERIC.
    gross, discount, uses = map(int, sums)
    left = (fact.gross_fen + gross, fact.discount_fen + discount)
    return Entry(
        fact=fact,
        offer=offer,
        holder=shown_name(holder),
        employer=employer,
        merchant=merchant,
        outlet=outlet,
        gross_fen=left[0],
        discount_fen=left[1],
        paid_fen=left[0] - left[1],
        stands=uses == 0,
        corrected_by_id=corrected_by_id,
        offer_code=offer_code,
        revision=revision,
        outlet_code=outlet_code,
    )


def _same_merchant(
    entity: type[Offer] | type[OfferRevision] | type[Outlet], id_: object
) -> ColumnElement[bool]:
    return and_(entity.merchant_id == Redemption.merchant_id, entity.id == id_)


def _given_back(*which: ColumnElement[bool]) -> Subquery:
    """The sums of the reversals of these redemptions only."""
    own = and_(Reversal.merchant_id == Redemption.merchant_id, Reversal.redemption_id == Redemption.id)
    return (
        select(
            Reversal.merchant_id,
            Reversal.redemption_id,
            func.sum(Reversal.gross_fen).label("gross_fen"),
            func.sum(Reversal.discount_fen).label("discount_fen"),
            func.sum(Reversal.uses).label("uses"),
        )
        .join(Redemption, own)
        .where(*which)
        .group_by(Reversal.merchant_id, Reversal.redemption_id)
        .subquery()
    )
