"""The offers that wait for the organizer; a zone's organizer sees those of the merchants in his zone."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from alliance.accounts.models import Account, Grant, Role
from alliance.enterprises.models import Enterprise
from alliance.enterprises.placement import enterprise_zone_on
from alliance.offers.models import Offer, OfferApproval, OfferReturn, OfferRevision, OfferWithdrawal
from alliance.people.phones import mask_phone
from alliance.web.offer_cards import OfferCard, offer_cards
from alliance.web.offer_lines import OfferLine, RevisionLine, offer_lines
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids


def awaiting(session: Session, grants: Sequence[Grant], today: date) -> list[OfferCard]:
    """The newest revision of every offer that is neither approved nor returned, the longest waiting first."""
    this, later = OfferRevision, aliased(OfferRevision)
    decided = [
        exists().where(entity.merchant_id == this.merchant_id, entity.revision_id == this.id)
        for entity in (OfferApproval, OfferReturn)
    ]
    withdrawn = exists().where(
        OfferWithdrawal.merchant_id == this.merchant_id, OfferWithdrawal.offer_id == this.offer_id
    )
    overtaken = exists().where(
        later.merchant_id == this.merchant_id, later.offer_id == this.offer_id, later.number > this.number
    )
    query = select(this).where(
        ~or_(*decided, withdrawn, overtaken), *in_reach(grants, this.merchant_id, today)
    )
    return offer_cards(session, session.scalars(query.order_by(this.submitted_at, this.id)).all())


def revisions_or_404(
    session: Session, grants: Sequence[Grant], names: Collection[str], today: date
) -> Sequence[OfferRevision]:
    """The revisions that a form names as ``merchant_id:revision_id``; all of them in somebody's reach."""
    keys = {_key_or_404(name) for name in names}
    found = session.scalars(
        select(OfferRevision).where(
            tuple_(OfferRevision.merchant_id, OfferRevision.id).in_(keys),
            *in_reach(grants, OfferRevision.merchant_id, today),
        )
    ).all()
    return found if len(found) == len(keys) else abort(404)


def _key_or_404(name: str) -> tuple[int, UUID]:
    merchant_id, _colon, revision_id = name.partition(":")
    # A longer number is no key that a database would take.
    if not (merchant_id.isascii() and merchant_id.isdigit() and len(merchant_id) < 19):
        abort(404)
    try:
        return int(merchant_id), UUID(revision_id)
    except ValueError:
        abort(404)


def in_reach(grants: Sequence[Grant], merchant_id: Any, today: date) -> list[ColumnElement[bool]]:
    """The conditions that a merchant stands today where one of these grants reaches."""
    roots = zone_roots(grants)
    if roots is None:
        return []
    zone = enterprise_zone_on(today, merchant_id)
    return [or_(*(zone.in_(subtree_ids(root)) for root in roots))]


def zone_roots(grants: Sequence[Grant]) -> list[int] | None:
    """The zones below which somebody acts; None for everywhere."""
    if any(grant.role != Role.ZONE_ORGANIZER for grant in grants):
        return None
    return [grant.zone_id for grant in grants if grant.zone_id is not None]


def revision_or_404(
    session: Session, merchant_id: int, revision_id: UUID, today: date
) -> tuple[OfferLine, RevisionLine]:
    """A revision of this merchant, with the offer that it belongs to."""
    revision = session.get(OfferRevision, (merchant_id, revision_id))
    if revision is None:
        abort(404)
    offer = session.get_one(Offer, (merchant_id, revision.offer_id))
    line = offer_lines(session, [offer], today)[0]
    return line, next(each for each in line.history if each.card.revision is revision)


def zone_choices(session: Session, grants: Sequence[Grant]) -> list[tuple[str, str]]:
    """The zones that somebody may report on, as (code, name); everything comes first, with no code."""
    roots = zone_roots(grants)
    query = select(Zone).order_by(Zone.code)
    if roots is not None:
        query = query.where(or_(*(Zone.id.in_(subtree_ids(root)) for root in roots)))
    everything = [("", _("全部片区"))] if roots is None else []
    return everything + [(zone.code, zone.name) for zone in session.scalars(query)]


def enterprise_choices(session: Session) -> list[tuple[str, str]]:
    """Every enterprise, as (id, name)."""
    rows = session.execute(select(Enterprise.id, Enterprise.name).order_by(Enterprise.name))
    return [(str(id_), name) for id_, name in rows]


def masked_phone(session: Session, account_id: int) -> str | None:
    """The number with which an account signs in, masked; None when there is no such account."""
    phone = session.scalar(select(Account.phone).where(Account.id == account_id))
    return mask_phone(phone) if phone else None
