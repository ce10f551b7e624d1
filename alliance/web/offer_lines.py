"""Offers with their history: every revision, where it stands, and what was decided about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.offers.life import State, current_state
from alliance.offers.models import Offer, OfferApproval, OfferReturn, OfferRevision
from alliance.web import plain
from alliance.web.offer_cards import OfferCard, offer_cards, with_showings

Decision = OfferApproval | OfferReturn


@dataclass(frozen=True)
class RevisionLine:
    """One revision in an offer's history. ``is_replaced``: a later one has been approved."""

    card: OfferCard
    state: State
    decision: Decision | None
    is_replaced: bool

    @property
    def is_approved(self) -> bool:
        """The organizer said yes, whatever came later."""
        return isinstance(self.decision, OfferApproval)

    @property
    def state_words(self) -> str:
        """``生效中``."""
        return _("已被新版本替换") if self._is_overtaken else plain.state_words(self.state)

    @property
    def mark(self) -> str:
        """The name of the state for the style sheet."""
        return "replaced" if self._is_overtaken else self.state

    @property
    def _is_overtaken(self) -> bool:
        return self.is_replaced and self.state in (State.LIVE, State.APPROVED, State.SUBMITTED)

    @property
    def decided_at(self) -> datetime | None:
        """When it was approved or returned."""
        return self.decision.at if self.decision else None

    @property
    def return_reason(self) -> str:
        """What to change; empty unless it was returned."""
        return self.decision.reason if isinstance(self.decision, OfferReturn) else ""


@dataclass(frozen=True)
class OfferLine:
    """An offer with its history, the newest revision first."""

    offer: Offer
    history: Sequence[RevisionLine]

    @property
    def newest(self) -> RevisionLine:
        """The revision that was submitted last."""
        return self.history[0]

    @property
    def is_withdrawn(self) -> bool:
        """Taken back for good."""
        return self.newest.state == State.WITHDRAWN

    @property
    def in_force(self) -> RevisionLine | None:
        """The revision that counters grant today."""
        return next(
            (line for line in self.history if line.state == State.LIVE and not line.is_replaced), None
        )

    def approved_before(self, revision: OfferRevision) -> RevisionLine | None:
        """The last approved revision before this one."""
        earlier = (line for line in self.history if line.card.revision.number < revision.number)
        return next((line for line in earlier if line.is_approved), None)


def offer_lines(session: Session, offers: Sequence[Offer], today: date) -> list[OfferLine]:
    """These offers, in their order, as they stand on a day."""
    revisions = session.scalars(
        select(OfferRevision)
        .where(
            OfferRevision.merchant_id.in_({offer.merchant_id for offer in offers}),
            OfferRevision.offer_id.in_([offer.id for offer in offers]),
        )
        .order_by(OfferRevision.number.desc())
    ).all()
    decisions = _decisions(session, revisions)
    history: dict[UUID, list[RevisionLine]] = {offer.id: [] for offer in offers}
    for card in with_showings(session, offer_cards(session, revisions)):
        lines = history[card.revision.offer_id]
        is_replaced = any(line.is_approved for line in lines)
        state = current_state(session, card.revision, today)
        lines.append(RevisionLine(card, state, decisions.get(card.revision.id), is_replaced))
    return [OfferLine(offer, history[offer.id]) for offer in offers]


def _decisions(session: Session, revisions: Sequence[OfferRevision]) -> dict[UUID, Decision]:
    ids = [revision.id for revision in revisions]
    approved = session.scalars(select(OfferApproval).where(OfferApproval.revision_id.in_(ids)))
    returned = session.scalars(select(OfferReturn).where(OfferReturn.revision_id.in_(ids)))
    return {row.revision_id: row for row in (*approved, *returned)}
