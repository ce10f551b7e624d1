"""What the API reads, always within the reach of a token: what is beyond it is not there."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from alliance.enterprises.models import Outlet
from alliance.offers.models import Offer, OfferRevision
from alliance.redemptions.models import Redemption, RefusedAttempt, Reversal
from alliance.redemptions.refusals import refusals
from alliance.refused import Reason, Refused
from alliance.web.api.schemas import (
    Amounts,
    MaskedHolder,
    NamedCode,
    PageQuery,
    RedeemedOffer,
    RedemptionState,
    ReversalState,
)
from alliance.web.entries import Entry, entries
from alliance.web.paging import cut, older_than


@dataclass(frozen=True)
class Reach:
    """A merchant's outlet, or (None) all its outlets."""

    merchant_id: int
    outlet_id: UUID | None

    @property
    def redemptions(self) -> list[ColumnElement[bool]]:
        """The conditions on a redemption."""
        conditions: list[ColumnElement[bool]] = [Redemption.merchant_id == self.merchant_id]
        if self.outlet_id is not None:
            conditions.append(Redemption.outlet_id == self.outlet_id)
        return conditions


def redemption(session: Session, where: Reach, redemption_id: UUID) -> RedemptionState:
    """One redemption. Raises Refused(redemption_not_found)."""
    found = _states(session, entries(session, *where.redemptions, Redemption.id == redemption_id))
    if not found:
        raise Refused(Reason.REDEMPTION_NOT_FOUND)
    return found[0]


def redemptions(session: Session, where: Reach, query: PageQuery) -> tuple[list[RedemptionState], str | None]:
    """A page of redemptions, and the cursor of the next."""
    wanted = [*where.redemptions, *_days(Redemption.business_date, query)]
    wanted += older_than(query.cursor, Redemption.occurred_at, Redemption.id)
    rows = entries(session, *wanted, limit=query.limit + 1)
    page, cursor = cut(rows, query.limit, lambda entry: (entry.fact.occurred_at, entry.fact.id))
    return _states(session, page), cursor


def reversals(session: Session, where: Reach, query: PageQuery) -> tuple[list[ReversalState], str | None]:
    """A page of reversals, and the cursor of the next."""
    wanted = [*where.redemptions, *_days(Reversal.business_date, query)]
    wanted += older_than(query.cursor, Reversal.occurred_at, Reversal.id)
    rows = session.execute(
        _reversals(*wanted).order_by(Reversal.occurred_at.desc(), Reversal.id.desc()).limit(query.limit + 1)
    ).all()
    page, cursor = cut(rows, query.limit, lambda row: (row[0].occurred_at, row[0].id))
    return [_reversal(*row) for row in page], cursor


def refused_attempts(session: Session, where: Reach, query: PageQuery) -> tuple[Sequence[Any], str | None]:
    """A page of (attempt, outlet's code, outlet's name), and the cursor of the next."""
    wanted = refusals(where.merchant_id, where.outlet_id, query.from_, query.to)
    wanted = wanted.where(*older_than(query.cursor, RefusedAttempt.at, RefusedAttempt.id))
    rows = session.execute(wanted.limit(query.limit + 1)).all()
    return cut(rows, query.limit, lambda row: (row[0].at, row[0].id))


def offer_codes(session: Session, revisions: Sequence[OfferRevision]) -> dict[UUID, str]:
    """The codes of the offers of these revisions, by the offer's id."""
    keys = [revision.offer_id for revision in revisions]
    merchants = {revision.merchant_id for revision in revisions}
    rows = session.execute(
        select(Offer.id, Offer.code).where(Offer.merchant_id.in_(merchants), Offer.id.in_(keys))
    )
    return dict(rows.all())


def _days(column: Any, query: PageQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.from_ is not None:
        conditions.append(column >= query.from_)
    if query.to is not None:
        conditions.append(column <= query.to)
    return conditions


def _states(session: Session, found: Sequence[Entry]) -> list[RedemptionState]:
    """The redemptions with their reversals, which are read for all of them at once."""
    if not found:
        return []
    merchant_id, ids = found[0].fact.merchant_id, [entry.fact.id for entry in found]
    back: defaultdict[UUID, list[ReversalState]] = defaultdict(list)
    own = (Reversal.merchant_id == merchant_id, Reversal.redemption_id.in_(ids))
    for row in session.execute(_reversals(*own).order_by(Reversal.occurred_at, Reversal.id)):
        back[row[0].redemption_id].append(_reversal(*row))
    return [_state(entry, back[entry.fact.id]) for entry in found]


def _state(entry: Entry, back: list[ReversalState]) -> RedemptionState:
    fact = entry.fact
    return RedemptionState(
        id=fact.id,
        redeemed_at=fact.occurred_at.isoformat(timespec="seconds"),
        outlet=NamedCode(code=entry.outlet_code, name=entry.outlet),
        offer=RedeemedOffer(
            id=fact.offer_id, code=entry.offer_code, title=entry.offer, revision=entry.revision
        ),
        holder=MaskedHolder(name=entry.holder, employer=entry.employer),
        gross_fen=fact.gross_fen,
        discount_fen=fact.discount_fen,
        paid_fen=fact.paid_fen,
        quantity=fact.quantity,
        receipt_no=fact.receipt_no,
        state=_word(entry, back),
        left=Amounts(gross_fen=entry.gross_fen, discount_fen=entry.discount_fen, paid_fen=entry.paid_fen),
        reversals=back,
        business_date=fact.business_date,
        posted_month=f"{fact.posted_month:%Y-%m}",
        received_at=fact.received_at.isoformat(timespec="seconds"),
        channel=fact.channel,
        corrects_id=fact.corrects_id,
        corrected_by_id=entry.corrected_by_id,
        pos=fact.pos,
        terminal=fact.terminal,
        cashier=fact.cashier,
    )


def _word(entry: Entry, back: list[ReversalState]) -> Literal["posted", "partially_refunded", "reversed"]:
    if not entry.stands:
        return "reversed"
    return "partially_refunded" if back else "posted"


def _reversals(*which: ColumnElement[bool]) -> Any:
    return (
        select(Reversal, Outlet.code, Outlet.name)
        .join(
            Redemption,
            and_(Redemption.merchant_id == Reversal.merchant_id, Redemption.id == Reversal.redemption_id),
        )
        .join(Outlet, and_(Outlet.merchant_id == Redemption.merchant_id, Outlet.id == Redemption.outlet_id))
        .where(*which)
    )


def _reversal(fact: Reversal, outlet_code: str, outlet: str) -> ReversalState:
    return ReversalState(
        id=fact.id,
        redemption_id=fact.redemption_id,
        reversed_at=fact.occurred_at.isoformat(timespec="seconds"),
        whole=fact.uses == -1,
        gross_fen=fact.gross_fen,
        discount_fen=fact.discount_fen,
        paid_fen=fact.paid_fen,
        outlet=NamedCode(code=outlet_code, name=outlet),
        reason=fact.reason,
        business_date=fact.business_date,
        posted_month=f"{fact.posted_month:%Y-%m}",
    )
