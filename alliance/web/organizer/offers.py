"""What waits for the organizer, and the decision about an offer."""

from datetime import date
from uuid import UUID

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.accounts.models import Grant, Role
from alliance.offers.life import AlreadyDecided, approve, return_to_merchant
from alliance.web.extensions import db
from alliance.web.offer_cards import OfferCard
from alliance.web.organizer import bp, lookups
from alliance.web.organizer.cheaper import overdue
from alliance.web.organizer.differences import differences
from alliance.web.organizer.forms import ReturnForm

REVISION = "/offers/<int:merchant_id>/<uuid:revision_id>"


@bp.get("")
def home() -> ResponseReturnValue:
    """What waits for whoever is signed in."""
    late = overdue(_deciding(), clock.now()) if _deciding() else 0
    return render_template("organizer/home.html", cards=_awaiting(), today=_today(), late=late)


@bp.get("/offers")
def list_offers() -> ResponseReturnValue:
    """The offers that await a decision."""
    return render_template("organizer/list_offers.html", cards=_awaiting())


@bp.get(REVISION)
def show_revision(merchant_id: int, revision_id: UUID) -> ResponseReturnValue:
    """An offer in plain words, with what has changed since the last approval."""
    return _revision_page(merchant_id, revision_id, ReturnForm())


@bp.post(REVISION + "/approve")
def approve_offer(merchant_id: int, revision_id: UUID) -> ResponseReturnValue:
    """Yes."""
    _line, chosen = lookups.revision_or_404(db.session, merchant_id, revision_id, _today())
    try:
        approve(db.session, chosen.card.revision, g.actor, clock.now())
    except AlreadyDecided:
        return _decided_before(merchant_id, revision_id)
    db.session.commit()
    flash(
        _(
            "已通过：%(merchant)s的“%(title)s”。",
            merchant=chosen.card.merchant,
            title=chosen.card.revision.title,
        )
    )
    return redirect(url_for("organizer.list_offers"))


@bp.post(REVISION + "/return")
def return_offer(merchant_id: int, revision_id: UUID) -> ResponseReturnValue:
    """No, and why."""
    _line, chosen = lookups.revision_or_404(db.session, merchant_id, revision_id, _today())
    form = ReturnForm()
    if not form.validate():
        return _revision_page(merchant_id, revision_id, form), 422
    try:
        return_to_merchant(db.session, chosen.card.revision, form.reason.data, g.actor, clock.now())
    except AlreadyDecided:
        return _decided_before(merchant_id, revision_id)
    db.session.commit()
    flash(_("已退回，商户会看到退回原因。"))
    return redirect(url_for("organizer.list_offers"))


def _awaiting() -> list[OfferCard]:
    deciding = _deciding()
    return lookups.awaiting(db.session, deciding, _today()) if deciding else []


def _deciding() -> list[Grant]:
    return [grant for grant in g.grants if grant.role != Role.DATA_OFFICER]


def _revision_page(merchant_id: int, revision_id: UUID, form: ReturnForm) -> str:
    line, chosen = lookups.revision_or_404(db.session, merchant_id, revision_id, _today())
    before = line.approved_before(chosen.card.revision)
    return render_template(
        "organizer/show_revision.html",
        line=line,
        chosen=chosen,
        before=before,
        rows=differences(chosen.card, before.card if before else None),
        form=form,
    )


def _decided_before(merchant_id: int, revision_id: UUID) -> ResponseReturnValue:
    db.session.rollback()
    flash(_("这一版刚才已经处理过了，结果见下。"), "warning")
    return redirect(url_for("organizer.show_revision", merchant_id=merchant_id, revision_id=revision_id))


def _today() -> date:
    return clock.business_date(clock.now())
