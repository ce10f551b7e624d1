"""From the camera to the confirmed redemption."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from flask import abort, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from alliance import clock
from alliance.offers.models import OfferRevision
from alliance.passes.entitlement import entitlement
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import Scan
from alliance.redemptions.redeem import Order
from alliance.redemptions.redeem import redeem as redeem_scan
from alliance.redemptions.scan import scan as accept_scan
from alliance.refused import Reason, Refused
from alliance.store import new_id
from alliance.web import repeats
from alliance.web.attempts import attempt
from alliance.web.errors import refusal, status_of, wants_problem
from alliance.web.extensions import db
from alliance.web.filters import shown_name
from alliance.web.merchant import bp, lookups
from alliance.web.merchant.forms import RedeemForm, ScanForm
from alliance.web.offer_cards import cards_of_scan, not_usable
from alliance.web.words import REFUSALS, remedy_for

OUTLET = "/<int:merchant_id>/<uuid:outlet_id>"
SCAN = OUTLET + "/scans/<uuid:scan_id>"
#: After these another amount or another offer may still do, without scanning again.
CORRECTABLE = frozenset(
    {
        Reason.BELOW_THRESHOLD,
        Reason.BELOW_QUANTITY,
        Reason.AMOUNT_MISSING,
        Reason.AMOUNT_FIXED,
        Reason.AMOUNT_OUT_OF_RANGE,
        Reason.LIMIT_TOTAL,
        Reason.LIMIT_HOLDER,
        Reason.LIMIT_HOUSEHOLD,
        Reason.LIMIT_DAY,
        Reason.LIMIT_BUDGET,
        Reason.COOL_DOWN,
        Reason.CARD_CEILING,
        Reason.NAME_NOT_COMPARED,
        Reason.OFFER_NOT_FOUND,
        Reason.OFFER_NOT_FOR_HOLDER,
        Reason.OFFER_NOT_FOR_EMPLOYER,
        Reason.OFFER_NOT_NOW,
        Reason.OFFER_EXCLUSIVE,
        Reason.OFFER_NOT_HERE,
        Reason.OFFER_NOT_LIVE,
        Reason.IN_FLIGHT,
        Reason.BODY_MISMATCH,
    }
)


@bp.get("")
def choose_outlet() -> ResponseReturnValue:
    """The outlets of whoever stands here; with one there is nothing to choose."""
    places = lookups.places_of(db.session, g.grants)
    if len(places) == 1:
        return redirect(counter_url(places[0].merchant_id, places[0].outlet_id))
    return render_template("merchant/choose_outlet.html", places=places)


@bp.get(OUTLET)
def show_counter(merchant_id: int, outlet_id: UUID) -> ResponseReturnValue:
    """The camera, and the field for digits and scanner guns."""
    return _counter_page(merchant_id, outlet_id, ScanForm(id=new_id()))


@bp.post(OUTLET + "/scans")
def scan(merchant_id: int, outlet_id: UUID) -> ResponseReturnValue:
    """Use a presentation up and open its scan. Sent again with the same id, it is the same scan."""
    form = ScanForm()
    if not form.validate():
        return abort(422) if wants_problem() else (_counter_page(merchant_id, outlet_id, form), 422)
    counter, at = here(merchant_id, outlet_id), clock.now()
    scan_id, keyring = form.id.data, current_app.extensions["keyring"]
    attempt(
        counter,
        lambda session: accept_scan(session, keyring, counter, scan_id, form.text.data, at),
        at,
        scan_id,
    )
    location = _scan_url(merchant_id, outlet_id, scan_id)
    return ({"location": location}, 201) if wants_problem() else redirect(location)


@bp.get(SCAN)
def show_scan(merchant_id: int, outlet_id: UUID, scan_id: UUID) -> ResponseReturnValue:
    """The usable offers, the amount, one confirmation. A refused redemption comes back with its input."""
    scan = lookups.scan_or_404(db.session, merchant_id, outlet_id, scan_id)
    minted = {"id": str(new_id()), "scan_id": str(scan_id)}
    return _scan_page(scan, RedeemForm(MultiDict({"quantity": "1"} | request.args.to_dict() | minted)))


@bp.post(OUTLET + "/redemptions")
def redeem(merchant_id: int, outlet_id: UUID) -> ResponseReturnValue:
    """The one confirmation. A double press or a reload sends the same id and is the same redemption."""
    form = RedeemForm()
    if not form.validate() or form.lacks_amount(partial(_chosen, merchant_id, outlet_id, form)):
        return _invalid_redemption(merchant_id, outlet_id, form)
    counter, at = here(merchant_id, outlet_id), clock.now()
    order = Order(
        form.id.data,
        form.offer.data,
        form.amount.data,
        form.quantity.data,
        name_compared=form.compared.data,
    )
    attempt(
        counter, lambda session: redeem_scan(session, counter, form.scan_id.data, order, at), at, order.id
    )
    return answered(counter, order.id)


@bp.errorhandler(Refused)
def answer_refused(refused: Refused) -> ResponseReturnValue:
    """不能核销 over the whole page, or the same as a problem for the page's own script."""
    if wants_problem():
        return refusal(refused)
    names = request.view_args or {}
    counter = here(names["merchant_id"], names["outlet_id"])
    page = render_template(
        "merchant/refused.html",
        place=lookups.place_or_404(db.session, counter.merchant_id, counter.outlet_id),
        words=REFUSALS[refused.reason],
        why=remedy_for(refused),
        word=_refusing(),
        back=_back_to_scan(counter, refused.reason) or _back_to_redemption(names),
    )
    return page, status_of(refused.reason)


def _refusing() -> str:
    words = {
        "merchant.reverse": _("不能冲正"),
        "merchant.correct": _("不能改金额"),
        "merchant.refund": _("不能退款"),
    }
    return str(words.get(request.endpoint or "", _("不能核销")))


def here(merchant_id: int, outlet_id: UUID) -> Counter:
    """The counter at which whoever is signed in stands; the guard has checked that he may."""
    actor, ceiling = g.actor, card_ceiling_fen()
    return Counter(
        merchant_id,
        outlet_id,
        account_id=actor.account_id,
        address=actor.address,
        card_ceiling_fen=ceiling,
    )


def card_ceiling_fen() -> int:
    """What the alliance lets a holder pay with printed cards in a day."""
    ceiling: int = current_app.extensions["settings"].card_daily_ceiling_fen
    return ceiling


def counter_url(merchant_id: int, outlet_id: UUID) -> str:
    """The address of an outlet's camera page."""
    return url_for("merchant.show_counter", merchant_id=merchant_id, outlet_id=outlet_id)


def _scan_url(merchant_id: int, outlet_id: UUID, scan_id: UUID, **again: Any) -> str:
    return url_for(
        "merchant.show_scan", merchant_id=merchant_id, outlet_id=outlet_id, scan_id=scan_id, **again
    )


def _counter_page(merchant_id: int, outlet_id: UUID, form: ScanForm) -> str:
    place = lookups.place_or_404(db.session, merchant_id, outlet_id)
    return render_template("merchant/show_counter.html", place=place, form=form)


def _scan_page(scan: Scan, form: RedeemForm) -> str:
    at = clock.now()
    holder = entitlement(db.session, scan.pass_id, clock.business_date(at))
    return render_template(
        "merchant/show_scan.html",
        place=lookups.place_or_404(db.session, scan.merchant_id, scan.outlet_id),
        scan=scan,
        is_over=scan.expires_at <= at,
        name=shown_name(holder.holder_name),
        employer=holder.employer_name,
        card_left_fen=lookups.card_left(db.session, scan, holder.holder_id, card_ceiling_fen(), at),
        cards=cards_of_scan(db.session, scan, holder, at),
        others=[(card, REFUSALS[why].headline) for card, why in not_usable(db.session, scan, holder)],
        done=lookups.entries_of_scan(db.session, scan),
        form=form,
    )


def _chosen(merchant_id: int, outlet_id: UUID, form: RedeemForm) -> OfferRevision | None:
    """The offer that the form names; None where its scan or the offer is none: the redemption says so."""
    scan = db.session.get(Scan, (merchant_id, form.scan_id.data))
    if scan is None or scan.outlet_id != outlet_id:
        return None
    return lookups.revision_of_scan(db.session, scan, form.offer.data)


def _invalid_redemption(merchant_id: int, outlet_id: UUID, form: RedeemForm) -> ResponseReturnValue:
    if form.scan_id.data is None:
        abort(422)
    scan = lookups.scan_or_404(db.session, merchant_id, outlet_id, form.scan_id.data)
    return _scan_page(scan, form), 422


def _back_to_redemption(names: Mapping[str, Any]) -> str | None:
    """The way back to the redemption whose amount, or part of it, was refused."""
    if request.endpoint not in ("merchant.correct", "merchant.refund"):
        return None
    return url_for("merchant.show_redemption", **names)


def answered(counter: Counter, redemption_id: UUID, done: str | None = None) -> ResponseReturnValue:
    """The way to what was accepted, ``done`` above it; or its page, for who may come to no page any more."""
    if repeats.is_repeat():
        return _told_again(counter, redemption_id)
    if done is not None:
        flash(done)
    return redirect(
        url_for(
            "merchant.show_redemption",
            merchant_id=counter.merchant_id,
            outlet_id=counter.outlet_id,
            redemption_id=redemption_id,
        )
    )


def _told_again(counter: Counter, redemption_id: UUID) -> str:
    entry = lookups.entry_or_404(db.session, counter.merchant_id, counter.outlet_id, redemption_id)
    return render_template(
        "merchant/show_redemption.html",
        place=lookups.place_or_404(db.session, counter.merchant_id, counter.outlet_id),
        entry=entry,
        is_fresh=lookups.is_fresh(entry.fact, clock.now()),
        is_last_page=True,
        before_fen=lookups.paid_before(db.session, entry.fact),
        forms=None,
    )


def _back_to_scan(counter: Counter, reason: Reason) -> str | None:
    """The way back to the scan with what was typed, where that can help."""
    form = RedeemForm()
    if request.endpoint != "merchant.redeem" or reason not in CORRECTABLE or not form.scan_id.data:
        return None
    typed = {name: request.form.get(name, "") for name in ("offer", "amount", "quantity")}
    return _scan_url(counter.merchant_id, counter.outlet_id, form.scan_id.data, **typed)
