"""Offers with their history: every revision, where it stands, and what was decided about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.offers.models import Offer, OfferApproval, OfferPause, OfferReturn, OfferRevision, Side
from alliance.offers.states import IN_FORCE, State, state
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
        return self.is_replaced and self.state in IN_FORCE | {State.APPROVED, State.SUBMITTED}

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
    """An offer with its history, the newest revision first, and the pauses that hold, the oldest first."""

    offer: Offer
    history: Sequence[RevisionLine]
    pauses: Sequence[OfferPause] = ()

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
        """The revision by which counters go today, though it may be paused or used up."""
        return next((line for line in self.history if line.state in IN_FORCE and not line.is_replaced), None)

    @property
    def counting(self) -> RevisionLine:
        """The revision whose limits and days count: the one in force, or else the newest."""
        return self.in_force or self.newest

    @property
    def states(self) -> set[State]:
        """The states under which somebody looks for it: the newest revision's, and what is in force."""
        return {self.newest.state} | ({self.in_force.state} if self.in_force else set())

    @property
    def can_be_paused(self) -> bool:
        """Whether there is something to pause: a revision that is granted now or will be."""
        waiting = (line.state == State.APPROVED and not line.is_replaced for line in self.history)
        return self.in_force is not None or any(waiting)

    def paused_by(self, side: str) -> OfferPause | None:
        """The pause of a side (``merchant``, ``organizer``) that holds."""
        return next((pause for pause in self.pauses if pause.side == Side(side)), None)

    def approved_before(self, revision: OfferRevision) -> RevisionLine | None:
        """The last approved revision before this one."""
        earlier = (line for line in self.history if line.card.revision.number < revision.number)
        return next((line for line in earlier if line.is_approved), None)


def offer_lines(session: Session, offers: Sequence[Offer], today: date) -> list[OfferLine]:
    """These offers, in their order, as they stand on a day."""
    rows = session.execute(
        select(OfferRevision, state(today))
        .where(
            OfferRevision.merchant_id.in_({offer.merchant_id for offer in offers}),
            OfferRevision.offer_id.in_([offer.id for offer in offers]),
        )
        .order_by(OfferRevision.number.desc())
    ).all()
    revisions = [revision for revision, _state in rows]
    decisions = _decisions(session, revisions)
    history: dict[UUID, list[RevisionLine]] = {offer.id: [] for offer in offers}
    cards = with_showings(session, offer_cards(session, revisions))
    for card, (revision, stands) in zip(cards, rows, strict=True):
        lines = history[revision.offer_id]
        is_replaced = any(line.is_approved for line in lines)
        lines.append(RevisionLine(card, State(stands), decisions.get(revision.id), is_replaced))
    pauses = _pauses(session, offers)
    return [OfferLine(offer, history[offer.id], pauses[offer.id]) for offer in offers]


def _pauses(session: Session, offers: Sequence[Offer]) -> dict[UUID, list[OfferPause]]:
    found: dict[UUID, list[OfferPause]] = {offer.id: [] for offer in offers}
    held = session.scalars(
        select(OfferPause)
        .where(
            OfferPause.merchant_id.in_({offer.merchant_id for offer in offers}),
            OfferPause.offer_id.in_(found),
            OfferPause.resumed_at.is_(None),
        )
        .order_by(OfferPause.at)
    )
    for pause in held:
        found[pause.offer_id].append(pause)
    return found


def _decisions(session: Session, revisions: Sequence[OfferRevision]) -> dict[UUID, Decision]:
    ids = [revision.id for revision in revisions]
    approved = session.scalars(select(OfferApproval).where(OfferApproval.revision_id.in_(ids)))
    returned = session.scalars(select(OfferReturn).where(OfferReturn.revision_id.in_(ids)))
    return {row.revision_id: row for row in (*approved, *returned)}
