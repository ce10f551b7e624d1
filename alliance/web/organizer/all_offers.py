"""All offers of the alliance, or of a zone: where each stands, what is left of it."""

from collections.abc import Sequence
from datetime import date

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from alliance import clock
from alliance.accounts.models import Grant
from alliance.enterprises.models import Enterprise
from alliance.offers import historical
from alliance.offers.live import newest_approved
from alliance.offers.models import Offer, OfferRevision
from alliance.offers.states import IN_FORCE, State, state
from alliance.web.extensions import db
from alliance.web.offer_lines import OfferLine, offer_lines
from alliance.web.organizer import bp, lookups
from alliance.web.organizer.forms import AllOffersForm
from alliance.web.paging import cut, older_than

ROWS = 50


@bp.get("/offers/all")
def list_all_offers() -> ResponseReturnValue:
    """Every offer in reach, the newest first, by state and by name."""
    form = AllOffersForm(formdata=request.args)
    if not form.validate():
        return render_template("organizer/list_all_offers.html", form=form, lines=[], more=None), 422
    today = clock.business_date(clock.now())
    lines, cursor = _page(db.session, g.grants, form, today, request.args.get("cursor"))
    more = form.asked | {"cursor": cursor} if cursor else None
    return render_template("organizer/list_all_offers.html", form=form, lines=lines, more=more)


def _page(
    session: Session, grants: Sequence[Grant], form: AllOffersForm, today: date, cursor: str | None
) -> tuple[list[OfferLine], str | None]:
    query = (
        select(Offer)
        .join(Enterprise, Enterprise.id == Offer.merchant_id)
        .where(Offer.code != historical.CODE, *lookups.in_reach(grants, Offer.merchant_id, today))
        .where(*older_than(cursor, Offer.created_at, Offer.id))
        .order_by(Offer.created_at.desc(), Offer.id.desc())
        .limit(ROWS + 1)
    )
    if form.state.data:
        query = query.where(_stands(State(form.state.data), today))
    if form.q.data:
        query = query.where(_is_named(form.q.data))
    offers, following = cut(session.scalars(query).all(), ROWS, lambda offer: (offer.created_at, offer.id))
    return offer_lines(session, offers, today), following


def _stands(wanted: State, today: date) -> ColumnElement[bool]:
    """The condition that an offer's revision in force, or else its newest, is in a state."""
    this = (OfferRevision.merchant_id == Offer.merchant_id, OfferRevision.offer_id == Offer.id)
    if wanted in IN_FORCE:
        return newest_approved().where(*this, state(today) == wanted).order_by(None).exists()
    later = aliased(OfferRevision)
    newest = (
        select(func.max(later.number))
        .where(later.merchant_id == OfferRevision.merchant_id, later.offer_id == OfferRevision.offer_id)
        .scalar_subquery()
    )
    return exists().where(*this, OfferRevision.number == newest, state(today) == wanted)


def _is_named(text: str) -> ColumnElement[bool]:
    """The condition that an offer, one of its revisions or its merchant has ``text`` in its name."""
    titled = exists().where(
        OfferRevision.merchant_id == Offer.merchant_id,
        OfferRevision.offer_id == Offer.id,
        OfferRevision.title.icontains(text, autoescape=True),
    )
    names = (Offer.code, Enterprise.name)
    return or_(titled, *(name.icontains(text, autoescape=True) for name in names))
