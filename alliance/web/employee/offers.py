"""优惠: what can be used now and later, one offer by itself, and what a holder puts by."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from alliance import clock
from alliance.enterprises.models import Enterprise
from alliance.offers import favourites
from alliance.offers.live import newest_approved
from alliance.offers.models import OfferRevision
from alliance.offers.states import State, current_state
from alliance.offers.visits import OffersVisit, is_due, note_visit
from alliance.people.models import Holder
from alliance.web.employee import bp
from alliance.web.employee.finding import choices, wanted
from alliance.web.employee.offerings import Offering, new_ids, offerings
from alliance.web.extensions import db
from alliance.web.offer_cards import with_showings
from alliance.web.paging import cut_after
from alliance.web.plain import day_words

PAGE_LENGTH = 20
#: So many others of the merchant stand below an offer.
MOST_OTHERS = 5


@bp.get("/offers")
def list_offers() -> ResponseReturnValue:
    """What can be used now, then later, then what is used up; the URL says what is looked for."""
    at, asked, holder = clock.now(), wanted(request.args), _holder()
    found = offerings(db.session, holder, at)
    fitting = [offering for offering in found if asked.fits(offering)]
    page, after = cut_after(fitting, request.args.get("after"), PAGE_LENGTH, lambda each: each.name)
    return render_template(
        "employee/list_offers.html",
        offerings=_shown(page),
        count=len(fitting),
        after=after,
        asked=asked,
        choices=choices(found),
        visit_is_due=is_due(db.session.get(OffersVisit, holder.id), at),
    )


@bp.get("/offers/<int:merchant_id>/<uuid:offer_id>")
def show_offer(merchant_id: int, offer_id: UUID) -> ResponseReturnValue:
    """One offer, where a poster leads; a calm page where it is not to be had."""
    found = offerings(db.session, _holder(), clock.now())
    this = next((each for each in found if each.key == (merchant_id, offer_id)), None)
    others = [each for each in found if each.key[0] == merchant_id and each is not this]
    shown = _shown([*([this] if this else []), *others[:MOST_OTHERS]])
    return render_template(
        "employee/show_offer.html" if this else "employee/miss_offer.html",
        offering=shown[0] if this else None,
        others=shown[1:] if this else shown,
        merchant=db.session.get_one(Enterprise, merchant_id),
        **({} if this else _standing(merchant_id, offer_id)),
    )


@bp.post("/offers/<int:merchant_id>/<uuid:offer_id>/favourite")
def keep_offer(merchant_id: int, offer_id: UUID) -> ResponseReturnValue:
    """Put the offer by, or with ``keep`` other than 1 take it out again."""
    if request.form.get("keep") == "1":
        favourites.keep(db.session, g.grant.holder_id, (merchant_id, offer_id), clock.now())
    else:
        favourites.drop(db.session, g.grant.holder_id, (merchant_id, offer_id))
    db.session.commit()
    return redirect(url_for("employee.show_offer", merchant_id=merchant_id, offer_id=offer_id), code=303)


@bp.post("/offers/visit")
def visit_offers() -> ResponseReturnValue:
    """The list was looked at: the page's script says so, so that reading it changes nothing."""
    note_visit(db.session, g.grant.holder_id, clock.now())
    db.session.commit()
    return redirect(url_for("employee.list_offers"), code=303)


@bp.context_processor
def tab_words() -> dict[str, object]:
    """What the tabs of every page of the phone say."""
    return {"new_offers": lambda: len(new_ids(db.session, _holder(), clock.now()))}


def _holder() -> Holder:
    return db.session.get_one(Holder, g.grant.holder_id)


def _shown(found: Sequence[Offering]) -> list[Offering]:
    """The same with their pictures, which are read for what is shown only."""
    cards = with_showings(db.session, [offering.card for offering in found])
    return [replace(offering, card=card) for offering, card in zip(found, cards, strict=True)]


def _standing(merchant_id: int, offer_id: UUID) -> dict[str, object]:
    """Why an offer is not to be had, as far as everybody may know."""
    named = (OfferRevision.merchant_id == merchant_id, OfferRevision.offer_id == offer_id)
    revision, today = db.session.scalar(newest_approved().where(*named)), clock.business_date(clock.now())
    state = current_state(db.session, revision, today) if revision else State.WITHDRAWN
    starts_on = revision.starts_on if revision and state is State.APPROVED else None
    return {
        "state": state,
        "starts": day_words(starts_on) if starts_on else "",
        "is_kept": (merchant_id, offer_id) in favourites.favourites_of(db.session, g.grant.holder_id),
        "key": (merchant_id, offer_id),
    }
