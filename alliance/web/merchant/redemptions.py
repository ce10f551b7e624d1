"""What was redeemed at the counter, and undoing it."""

from uuid import UUID

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.accounts.models import Role
from alliance.redemptions.reverse import UNDO_WINDOW, Authority
from alliance.redemptions.reverse import reverse as give_back
from alliance.store import new_id
from alliance.web.attempts import attempt
from alliance.web.extensions import db
from alliance.web.merchant import bp, lookups
from alliance.web.merchant.forms import ReversalForm
from alliance.web.merchant.scans import OUTLET, here

REDEMPTION = OUTLET + "/redemptions/<uuid:redemption_id>"


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
    """已核销 and the amount to collect, over the whole page; below it the way to undo it."""
    return _redemption_page(merchant_id, outlet_id, redemption_id, ReversalForm(id=new_id()))


@bp.post(REDEMPTION + "/reversal")
def reverse(merchant_id: int, outlet_id: UUID, redemption_id: UUID) -> ResponseReturnValue:
    """Undo a redemption: a cashier within ten minutes, the enterprise's administrator at any time."""
    lookups.entry_or_404(db.session, merchant_id, outlet_id, redemption_id)
    form = ReversalForm()
    if not form.validate():
        return _redemption_page(merchant_id, outlet_id, redemption_id, form), 422
    counter, at, id_, why = here(merchant_id, outlet_id), clock.now(), form.id.data, form.reason.data
    attempt(
        counter,
        lambda session: give_back(session, counter, id_, redemption_id, why, at, authority=_authority()),
        at,
        id_,
    )
    flash(_("已冲正，这笔核销不再计入。"))
    return redirect(_url(merchant_id, outlet_id, redemption_id))


def _is_bounded() -> bool:
    return all(grant.role != Role.ENTERPRISE_ADMIN for grant in g.grants)


def _authority() -> Authority:
    return Authority.CASHIER if _is_bounded() else Authority.MERCHANT


def _url(merchant_id: int, outlet_id: UUID, redemption_id: UUID) -> str:
    return url_for(
        "merchant.show_redemption",
        merchant_id=merchant_id,
        outlet_id=outlet_id,
        redemption_id=redemption_id,
    )


def _redemption_page(merchant_id: int, outlet_id: UUID, redemption_id: UUID, form: ReversalForm) -> str:
    entry, at = lookups.entry_or_404(db.session, merchant_id, outlet_id, redemption_id), clock.now()
    return render_template(
        "merchant/show_redemption.html",
        place=lookups.place_or_404(db.session, merchant_id, outlet_id),
        entry=entry,
        is_fresh=at <= entry.fact.occurred_at + UNDO_WINDOW,
        undoable=entry.is_undoable(at, _is_bounded()),
        form=form,
    )
