"""The life of an offer: submitted, approved or returned, withdrawn. ``states`` says where it stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.clock import business_date
from alliance.offers import historical
from alliance.offers.conditions import ANYBODY, Conditions
from alliance.offers.counters import overspent
from alliance.offers.evidence import BARE, Showing, attach, fault_of
from alliance.offers.exclusive import beside
from alliance.offers.limits import UNLIMITED, Limits
from alliance.offers.models import (
    Audience,
    NoticeKind,
    Offer,
    OfferApproval,
    OfferReturn,
    OfferRevision,
    OfferRevisionOutlet,
    OfferWithdrawal,
    SavedDraft,
)
from alliance.offers.notices import tell
from alliance.offers.pricing import Terms
from alliance.offers.states import State, current_state
from alliance.pictures.keep import are_there
from alliance.store import insert_or_ignore, new_id


class OfferInvalid(Exception):
    """A draft that cannot stand: the field at fault and a code for the words."""

    def __init__(self, field: str, problem: str, than: str = "", word: str = "") -> None:
        """What is at fault. ``word`` is what may not be said.

        ``than`` is the other field where two contradict each other, or the offer that is in the way.
        """
        super().__init__(f"{field}: {problem} {than}".rstrip())
        self.field = field
        self.problem = problem
        self.than = than
        self.word = word


class AlreadyDecided(Exception):
    """The revision was approved or returned before; it stays as it was decided."""


@dataclass(frozen=True)
class Draft:
    """What a merchant submits. Days are inclusive; empty outlets mean all of the merchant's."""

    code: str
    title: str
    terms: Terms
    starts_on: date | None = None
    ends_on: date | None = None
    limits: Limits = UNLIMITED
    conditions: Conditions = ANYBODY
    outlet_ids: Sequence[UUID] = ()
    audience: Audience = Audience.EVERYONE
    showing: Showing = BARE


def submit(session: Session, merchant_id: int, draft: Draft, by: Actor, at: datetime) -> OfferRevision:
    """Submit an offer, or a new revision of the one that has the draft's code.

    Raises OfferInvalid for terms that cannot be meant.
    """
    _check(draft, business_date(at))
    if not are_there(session, merchant_id, draft.showing.picture_ids):
        raise OfferInvalid("picture", "not_there")
    offer_id = _named(session, merchant_id, draft.code, at)
    if spent := overspent(session, (merchant_id, offer_id), draft.limits):
        raise OfferInvalid(spent, "below_used")
    if draft.conditions.exclusive and (other := beside(session, merchant_id, offer_id, draft)):
        raise OfferInvalid("exclusive", "overlaps", other)
    latest = session.scalar(
        select(func.max(OfferRevision.number)).where(
            OfferRevision.merchant_id == merchant_id, OfferRevision.offer_id == offer_id
        )
    )
    revision = OfferRevision(
        merchant_id=merchant_id,
        offer_id=offer_id,
        number=(latest or 0) + 1,
        title=draft.title,
        terms=draft.terms.model_dump(),
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        limits=draft.limits.given(),
        conditions=draft.conditions.given(),
        audience=draft.audience,
        submitted_at=at,
        submitted_by_id=by.account_id,
    )
    session.add(revision)
    session.flush()
    for outlet_id in draft.outlet_ids:
        session.add(
            OfferRevisionOutlet(merchant_id=merchant_id, revision_id=revision.id, outlet_id=outlet_id)
        )
    attach(session, revision, draft.showing)
    record(session, by, "offer.submit", f"offer_revision:{revision.id}", at, enterprise_id=merchant_id)
    return revision


def approve(session: Session, revision: OfferRevision, by: Actor, at: datetime) -> None:
    """The organizer says yes. Raises AlreadyDecided."""
    _refuse_decided(session, revision)
    session.add(
        OfferApproval(merchant_id=revision.merchant_id, revision_id=revision.id, at=at, by_id=by.account_id)
    )
    record(
        session, by, "offer.approve", f"offer_revision:{revision.id}", at, enterprise_id=revision.merchant_id
    )
    tell(session, revision.merchant_id, revision.offer_id, NoticeKind.APPROVED, revision.id, at)


def approve_all(
    session: Session, revisions: Iterable[OfferRevision], by: Actor, at: datetime
) -> tuple[list[OfferRevision], list[OfferRevision]]:
    """Approve what still waits, each with its own entry in the trail; returns those, and what no longer did.

    What was decided, withdrawn or submitted anew meanwhile is left as it is. The offers are locked in one
    order, so that two organizers who tick the same ones cannot wait for each other in a circle.
    """
    approved, left = [], []
    for revision in sorted(revisions, key=lambda each: (each.merchant_id, each.offer_id, each.number)):
        lock_offer(session, revision.merchant_id, revision.offer_id)
        if _awaits(session, revision):
            approve(session, revision, by, at)
            approved.append(revision)
        else:
            left.append(revision)
    return approved, left


def return_to_merchant(
    session: Session, revision: OfferRevision, reason: str, by: Actor, at: datetime
) -> None:
    """The organizer sends a revision back and says why. Raises AlreadyDecided."""
    _refuse_decided(session, revision)
    session.add(
        OfferReturn(
            merchant_id=revision.merchant_id,
            revision_id=revision.id,
            at=at,
            by_id=by.account_id,
            reason=reason,
        )
    )
    record(
        session, by, "offer.return", f"offer_revision:{revision.id}", at, enterprise_id=revision.merchant_id
    )
    tell(session, revision.merchant_id, revision.offer_id, NoticeKind.RETURNED, revision.id, at)


def withdraw(session: Session, offer: Offer, by: Actor, at: datetime) -> None:
    """Take an offer back for good, and what was drafted of it; withdrawing twice is withdrawing once."""
    mine = (SavedDraft.merchant_id == offer.merchant_id, SavedDraft.offer_id == offer.id)
    session.execute(delete(SavedDraft).where(*mine))
    values = {"merchant_id": offer.merchant_id, "offer_id": offer.id, "at": at, "by_id": by.account_id}
    if insert_or_ignore(session, OfferWithdrawal, ["merchant_id", "offer_id"], values):
        record(session, by, "offer.withdraw", f"offer:{offer.id}", at, enterprise_id=offer.merchant_id)


def lock_offer(session: Session, merchant_id: int, offer_id: UUID) -> None:
    """Take turns with whoever else decides about an offer: its row is the lock. Redemptions do not wait."""
    session.execute(
        select(Offer.id)
        .where(Offer.merchant_id == merchant_id, Offer.id == offer_id)
        .with_for_update(key_share=True)
    )


def _named(session: Session, merchant_id: int, code: str, at: datetime) -> UUID:
    """The offer with this code, made if there is none; two submissions of one code take turns."""
    values = {"merchant_id": merchant_id, "id": new_id(), "code": code, "created_at": at}
    insert_or_ignore(session, Offer, ["merchant_id", "code"], values)
    return session.scalars(
        select(Offer.id)
        .where(Offer.merchant_id == merchant_id, Offer.code == code)
        .with_for_update(key_share=True)
    ).one()


def _check(draft: Draft, today: date) -> None:
    if draft.code == historical.CODE or _is_uuid(draft.code):
        # An offer is named by its code or its id, so no code may look like an id.
        raise OfferInvalid("code", "reserved")
    if not draft.title.strip():
        raise OfferInvalid("title", "missing")
    if draft.starts_on and draft.ends_on and draft.ends_on < draft.starts_on:
        raise OfferInvalid("ends_on", "before_start")
    if draft.ends_on and draft.ends_on < today:
        raise OfferInvalid("ends_on", "past")
    if flaw := draft.terms.flaw():
        raise OfferInvalid(*flaw)
    if flaw := draft.conditions.flaw(max(draft.starts_on or today, today), draft.ends_on):
        raise OfferInvalid(*flaw)
    if contradiction := draft.limits.contradiction():
        raise OfferInvalid(contradiction[0], "above", contradiction[1])
    if fault := fault_of(draft.title, draft.terms, draft.showing):
        raise OfferInvalid(fault.field, fault.problem, word=fault.word)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _awaits(session: Session, revision: OfferRevision) -> bool:
    """Whether a decision about a revision is wanted: none was taken, and no later one was submitted."""
    latest = select(func.max(OfferRevision.number)).where(
        OfferRevision.merchant_id == revision.merchant_id, OfferRevision.offer_id == revision.offer_id
    )
    # Whether it waits does not depend on the day.
    is_submitted = current_state(session, revision, date.max) is State.SUBMITTED
    return is_submitted and session.scalar(latest) == revision.number


def _refuse_decided(session: Session, revision: OfferRevision) -> None:
    key = (revision.merchant_id, revision.id)
    # Two organizers may press at once.
    lock_offer(session, revision.merchant_id, revision.offer_id)
    if session.get(OfferApproval, key) or session.get(OfferReturn, key):
        raise AlreadyDecided
