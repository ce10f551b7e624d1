"""One redemption, for the organizer: found by its number, reversed when the merchant no longer can.

There is no list to browse, and the page names nobody: what a person buys is not the organizer's business.
"""

from collections.abc import Sequence
from uuid import UUID

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, select

from alliance import clock
from alliance.enterprises.models import Enterprise, Outlet
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import Redemption, Reversal
from alliance.redemptions.months import is_closed
from alliance.redemptions.reverse import Authority, reverse
from alliance.refused import Refused
from alliance.store import new_id
from alliance.web.entries import Entry, entries
from alliance.web.errors import status_of
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.forms import FindForm, ReversalForm
from alliance.web.words import remedy_for

REDEMPTION = "/redemptions/<int:merchant_id>/<uuid:redemption_id>"
#: A till may number its receipts anew every day.
MOST = 20


@bp.get("/redemptions")
def find_redemption() -> ResponseReturnValue:
    """Look one redemption up; several only when a till has used a receipt number again."""
    form = FindForm(_merchants(), formdata=request.args)
    if "number" not in request.args:
        return render_template("organizer/find_redemption.html", form=FindForm(_merchants(), formdata=None))
    if not form.validate():
        return render_template("organizer/find_redemption.html", form=form), 422
    found = entries(db.session, *_named(form), limit=MOST)
    if len(found) == 1:
        return redirect(_url(found[0].fact.merchant_id, found[0].fact.id))
    return render_template("organizer/find_redemption.html", form=form, found=found)


@bp.get(REDEMPTION)
def show_redemption(merchant_id: int, redemption_id: UUID) -> ResponseReturnValue:
    """What it is, what was given back of it, and the form to give back more."""
    return _page(merchant_id, redemption_id, ReversalForm(formdata=None, id=new_id()))


@bp.post(REDEMPTION + "/reversal")
def reverse_redemption(merchant_id: int, redemption_id: UUID) -> ResponseReturnValue:
    """Give it back, whole or in part; after the month was closed this is an adjustment."""
    fact, form, at = _entry_or_404(merchant_id, redemption_id).fact, ReversalForm(), clock.now()
    if not form.validate():
        return _page(merchant_id, redemption_id, form), 422
    counter = Counter(merchant_id, fact.outlet_id, account_id=g.actor.account_id, address=g.actor.address)
    what = (form.id.data, redemption_id, form.reason.data, at)
    try:
        reverse(db.session, counter, *what, authority=Authority.ORGANIZER, refund_fen=form.amount.data)
    except Refused as refused:
        db.session.rollback()
        form.amount.errors = [remedy_for(refused)]
        return _page(merchant_id, redemption_id, form), status_of(refused.reason)
    db.session.commit()
    flash(_("已冲正，结果见下。"))
    return redirect(_url(merchant_id, redemption_id))


def _merchants() -> list[tuple[int, str]]:
    """The enterprises that sell."""
    has_outlet = exists().where(Outlet.merchant_id == Enterprise.id)
    rows = db.session.execute(
        select(Enterprise.id, Enterprise.name).where(has_outlet).order_by(Enterprise.name)
    )
    return [(row.id, row.name) for row in rows]


def _named(form: FindForm) -> list[ColumnElement[bool]]:
    merchant = [Redemption.merchant_id == int(form.merchant.data)] if form.merchant.data else []
    if form.id is None:
        return [*merchant, Redemption.receipt_no == form.number.data]
    return [*merchant, Redemption.id == form.id]


def _entry_or_404(merchant_id: int, redemption_id: UUID) -> Entry:
    found = entries(db.session, Redemption.merchant_id == merchant_id, Redemption.id == redemption_id)
    return found[0] if found else abort(404)


def _page(merchant_id: int, redemption_id: UUID, form: ReversalForm) -> str:
    entry, today = _entry_or_404(merchant_id, redemption_id), clock.business_date(clock.now())
    month = clock.month_of(entry.fact.business_date)
    return render_template(
        "organizer/show_redemption.html",
        entry=entry,
        reversals=_reversals(entry.fact),
        adjusts=clock.month_of(today) if is_closed(db.session, month) else None,
        form=form,
    )


def _reversals(fact: Redemption) -> Sequence[Reversal]:
    return db.session.scalars(
        select(Reversal)
        .where(Reversal.merchant_id == fact.merchant_id, Reversal.redemption_id == fact.id)
        .order_by(Reversal.occurred_at, Reversal.id)
    ).all()


def _url(merchant_id: int, redemption_id: UUID) -> str:
    return url_for("organizer.show_redemption", merchant_id=merchant_id, redemption_id=redemption_id)
