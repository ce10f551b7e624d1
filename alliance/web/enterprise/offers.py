"""The enterprise's offers: the list, submitting, revising, withdrawing."""

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.offers.life import OfferInvalid, submit, withdraw
from alliance.offers.models import OfferRevision
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.forms import OfferForm, as_submitted
from alliance.web.enterprise.page import page
from alliance.web.extensions import db
from alliance.web.offer_lines import OfferLine


@bp.get("/offers")
def list_offers(enterprise_id: int) -> ResponseReturnValue:
    """Every offer with the state of its newest revision."""
    lines = lookups.offers_of(db.session, enterprise_id, _today())
    return page("enterprise/list_offers.html", enterprise_id, lines=lines)


@bp.route("/offers/new", methods=["GET", "POST"])
def new_offer(enterprise_id: int) -> ResponseReturnValue:
    """A new offer, submitted for approval."""
    taken = lookups.codes_of(db.session, enterprise_id)
    suggested = lookups.free_code(taken, _today())
    form = _form(enterprise_id, taken_codes=taken, data={"code": suggested})
    revision = _submit(enterprise_id, form) if form.validate_on_submit() else None
    if revision is None:
        return _form_page(enterprise_id, form)
    flash(_("已提交，主办方审核通过后生效。"))
    return redirect(_url(revision))


@bp.get("/offers/<uuid:offer_id>")
def show_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """An offer's terms, its state, and how it came there."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, _today())
    return page("enterprise/show_offer.html", enterprise_id, line=line)


@bp.route("/offers/<uuid:offer_id>/edit", methods=["GET", "POST"])
def edit_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """A new revision, from the last one on. The approved one stays in force until this one is approved."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, _today())
    if line.is_withdrawn:
        flash(_("这个优惠已撤回，不能再修改；需要时请新建一个。"), "warning")
        return redirect(_url(line.newest.card.revision))
    last = line.newest.card.revision
    card, outlet_ids = line.newest.card, lookups.outlet_ids_of(db.session, last)
    values = as_submitted(last, outlet_ids, card.names, card.showing)
    form = _form(enterprise_id, data=values)
    revision = _submit(enterprise_id, form, line.offer.code) if form.validate_on_submit() else None
    if revision is None:
        return _form_page(enterprise_id, form, line)
    flash(_("新版本已提交；审核通过之前，仍按原来的版本执行。"))
    return redirect(_url(revision))


@bp.post("/offers/<uuid:offer_id>/withdraw")
def withdraw_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """Take an offer back for good."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, _today())
    withdraw(db.session, line.offer, g.actor, clock.now())
    db.session.commit()
    flash(_("优惠已撤回，各门店不再使用。"))
    return redirect(_url(line.newest.card.revision))


def _form(enterprise_id: int, **kwargs: Any) -> OfferForm:
    return OfferForm(
        lookups.outlets_of(db.session, enterprise_id),
        lookups.zone_names(db.session),
        partial(lookups.employers_named, db.session),
        **kwargs,
    )


def _submit(enterprise_id: int, form: OfferForm, code: str | None = None) -> OfferRevision | None:
    """Submit what a valid form says. None when it cannot stand; the form then says why."""
    try:
        revision = submit(db.session, enterprise_id, form.draft(code), g.actor, clock.now())
        db.session.commit()
    except OfferInvalid as invalid:
        form.take(invalid)
        return None
    return revision


def _form_page(enterprise_id: int, form: OfferForm, line: OfferLine | None = None) -> ResponseReturnValue:
    shown = page("enterprise/offer_form.html", enterprise_id, form=form, line=line)
    return shown, 422 if form.errors else 200


def _url(revision: OfferRevision) -> str:
    return url_for("enterprise.show_offer", enterprise_id=revision.merchant_id, offer_id=revision.offer_id)


def _today() -> date:
    return clock.business_date(clock.now())
