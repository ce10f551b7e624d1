"""What was redeemed at the counter: undoing it, correcting its amount, paying a part of it back."""

from dataclasses import dataclass
from uuid import UUID

from flask import g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.accounts.models import Role
from alliance.money import format_yuan
from alliance.offers.pricing import Takes
from alliance.redemptions.correct import Correction
from alliance.redemptions.correct import correct as redeem_anew
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import Channel
from alliance.redemptions.months import is_closed
from alliance.redemptions.reverse import Authority
from alliance.redemptions.reverse import reverse as give_back
from alliance.store import new_id
from alliance.web.attempts import attempt
from alliance.web.entries import Entry
from alliance.web.extensions import db
from alliance.web.merchant import bp, lookups
from alliance.web.merchant.forms import CorrectionForm, RefundForm, ReversalForm
from alliance.web.merchant.scans import OUTLET, answered, here

REDEMPTION = OUTLET + "/redemptions/<uuid:redemption_id>"


@dataclass
class Forms:
    """What can be done about a redemption; one of them may come back with what was wrong in it."""

    reversal: ReversalForm | None = None
    correction: CorrectionForm | None = None
    refund: RefundForm | None = None


@bp.get(OUTLET + "/redemptions")
def list_redemptions(merchant_id: int, outlet_id: UUID) -> ResponseReturnValue:
    """Today's redemptions at this outlet, and what they come to."""
    at = clock.now()
    found = lookups.entries_of_day(db.session, merchant_id, outlet_id, clock.business_date(at))
    return render_template(
        "merchant/list_redemptions.html",
        place=lookups.place_or_404(db.session, merchant_id, outlet_id),
        entries=found,
        standing=[entry for entry in found if entry.stands],
        at=at,
        bounded=_is_bounded(),
    )


@bp.get(REDEMPTION)
def show_redemption(merchant_id: int, outlet_id: UUID, redemption_id: UUID) -> ResponseReturnValue:
    """已核销 and the amount to collect, over the whole page; below it what can still be done about it."""
    return _redemption_page(merchant_id, outlet_id, redemption_id, Forms())


@bp.post(REDEMPTION + "/reversal")
def reverse(merchant_id: int, outlet_id: UUID, redemption_id: UUID) -> ResponseReturnValue:
    """Undo a redemption."""
    lookups.entry_or_404(db.session, merchant_id, outlet_id, redemption_id)
    form = ReversalForm()
    if not form.validate():
        return _redemption_page(merchant_id, outlet_id, redemption_id, Forms(reversal=form)), 422
    counter = here(merchant_id, outlet_id)
    _give_back(counter, redemption_id, form, None)
    return answered(counter, redemption_id, _("已冲正，这笔核销不再计入。"))


@bp.post(REDEMPTION + "/refund")
def refund(merchant_id: int, outlet_id: UUID, redemption_id: UUID) -> ResponseReturnValue:
    """Pay a part back."""
    lookups.entry_or_404(db.session, merchant_id, outlet_id, redemption_id)
    form = RefundForm()
    if not form.validate():
        return _redemption_page(merchant_id, outlet_id, redemption_id, Forms(refund=form)), 422
    counter = here(merchant_id, outlet_id)
    _give_back(counter, redemption_id, form, form.amount.data)
    done = _("已退款 %(paid)s，请退给顾客。", paid=format_yuan(form.amount.data))
    return answered(counter, redemption_id, done)


@bp.post(REDEMPTION + "/correction")
def correct(merchant_id: int, outlet_id: UUID, redemption_id: UUID) -> ResponseReturnValue:
    """改金额: another redemption takes its place, and its page says what to collect or to give back."""
    entry = lookups.entry_or_404(db.session, merchant_id, outlet_id, redemption_id)
    form = CorrectionForm()
    if not form.validate() or form.lacks_amount(lambda: lookups.revision_of(db.session, entry.fact)):
        return _redemption_page(merchant_id, outlet_id, redemption_id, Forms(correction=form)), 422
    counter, at, authority = here(merchant_id, outlet_id), clock.now(), _authority()
    id_, amount, quantity, why = form.id.data, form.amount.data, form.quantity.data, form.reason.data
    correction = Correction(id_, form.reversal_id.data, redemption_id, amount, quantity, why)
    attempt(counter, lambda session: redeem_anew(session, counter, authority, correction, at), at, id_)
    return answered(counter, id_)


def _give_back(counter: Counter, redemption_id: UUID, form: ReversalForm, refund_fen: int | None) -> None:
    at, authority, id_, why = clock.now(), _authority(), form.id.data, form.reason.data
    attempt(
        counter,
        lambda session: give_back(
            session, counter, id_, redemption_id, why, at, authority=authority, refund_fen=refund_fen
        ),
        at,
        id_,
    )


def _is_bounded() -> bool:
    return all(grant.role != Role.ENTERPRISE_ADMIN for grant in g.grants)


def _authority() -> Authority:
    return Authority.CASHIER if _is_bounded() else Authority.MERCHANT


def _redemption_page(merchant_id: int, outlet_id: UUID, redemption_id: UUID, forms: Forms) -> str:
    entry, at = lookups.entry_or_404(db.session, merchant_id, outlet_id, redemption_id), clock.now()
    fact = entry.fact
    may = entry.is_undoable(at, _is_bounded())
    takes = lookups.takes_of(db.session, fact)
    closed = may and is_closed(db.session, clock.month_of(fact.business_date))
    return render_template(
        "merchant/show_redemption.html",
        place=lookups.place_or_404(db.session, merchant_id, outlet_id),
        entry=entry,
        is_fresh=lookups.is_fresh(fact, at),
        before_fen=lookups.paid_before(db.session, fact),
        takes=takes,
        month_closed=closed,
        forms=_offered(entry, forms, takes) if may and not closed else Forms(),
    )


def _offered(entry: Entry, forms: Forms, takes: Takes) -> Forms:
    """Every form that can be used here, empty but for the one that came back."""
    forms.reversal = forms.reversal or ReversalForm(formdata=None, id=new_id())
    # Of a service nothing was typed, so nothing was typed wrongly.
    if entry.fact.channel != Channel.IMPORT and takes is not Takes.NOTHING:
        ids = {"id": new_id(), "reversal_id": new_id(), "quantity": entry.fact.quantity}
        forms.correction = forms.correction or CorrectionForm(formdata=None, **ids)
    if entry.paid_fen and not _is_bounded():
        forms.refund = forms.refund or RefundForm(formdata=None, id=new_id())
    return forms
