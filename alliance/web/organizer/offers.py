"""What waits for the organizer, the decision about an offer, and the organizer's pause of one."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.accounts.models import Grant, Role
from alliance.offers.life import AlreadyDecided, approve, approve_all, return_to_merchant
from alliance.offers.models import OfferRevision, Side
from alliance.offers.pauses import pause, resume
from alliance.web.extensions import db
from alliance.web.offer_cards import OfferCard
from alliance.web.organizer import bp, lookups
from alliance.web.organizer.cheaper import overdue
from alliance.web.organizer.differences import differences
from alliance.web.organizer.forms import PauseForm, ReturnForm

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


@bp.post("/offers/approve")
def approve_offers() -> ResponseReturnValue:
    """Yes to all that are ticked and still wait; what is not in reach is not there."""
    names = request.form.getlist("revision")
    if not names:
        flash(_("还没有勾选优惠，请先勾选要通过的，再点“通过勾选的”。"), "warning")
        return redirect(url_for("organizer.list_offers"))
    ticked = lookups.revisions_or_404(db.session, g.grants, names, _today())
    approved, left = approve_all(db.session, ticked, g.actor, clock.now())
    db.session.commit()
    _tell_of(approved, left)
    return redirect(url_for("organizer.list_offers"))


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


@bp.post(REVISION + "/pause")
def pause_offer(merchant_id: int, revision_id: UUID) -> ResponseReturnValue:
    """Stop granting the offer until the organizer resumes it; the merchant is told why."""
    line, _chosen = lookups.revision_or_404(db.session, merchant_id, revision_id, _today())
    form = PauseForm()
    if not form.validate():
        return _revision_page(merchant_id, revision_id, ReturnForm(formdata=None), form), 422
    if line.can_be_paused:
        pause(db.session, line.offer, Side.ORGANIZER, form.pause_reason.data, g.actor, clock.now())
        db.session.commit()
        flash(_("已暂停，商户会看到原因；各门店新扫的码不再有这个优惠。"))
    else:
        flash(_("这个优惠现在没有在执行，不用暂停。"), "warning")
    return redirect(_url(merchant_id, revision_id))


@bp.post(REVISION + "/resume")
def resume_offer(merchant_id: int, revision_id: UUID) -> ResponseReturnValue:
    """End the organizer's pause; the merchant's own stays."""
    line, _chosen = lookups.revision_or_404(db.session, merchant_id, revision_id, _today())
    resume(db.session, line.offer, Side.ORGANIZER, g.actor, clock.now())
    db.session.commit()
    if line.paused_by("merchant"):
        flash(_("主办方的暂停已取消；商户自己也暂停了这个优惠，由商户恢复。"), "warning")
    else:
        flash(_("已恢复，各门店现在就可以用。"))
    return redirect(_url(merchant_id, revision_id))


def _tell_of(approved: Sequence[OfferRevision], left: Sequence[OfferRevision]) -> None:
    if approved:
        flash(_("已通过 %(count)s 个优惠。", count=len(approved)))
    if left:
        titles = _("、").join(revision.title for revision in left)
        flash(_("这些刚才已经有人处理，或商户改过、撤回了，没有再动：%(titles)s。", titles=titles), "warning")


def _awaiting() -> list[OfferCard]:
    deciding = _deciding()
    return lookups.awaiting(db.session, deciding, _today()) if deciding else []


def _deciding() -> list[Grant]:
    return [grant for grant in g.grants if grant.role != Role.DATA_OFFICER]


def _revision_page(
    merchant_id: int, revision_id: UUID, form: ReturnForm, pause_form: PauseForm | None = None
) -> str:
    line, chosen = lookups.revision_or_404(db.session, merchant_id, revision_id, _today())
    before = line.approved_before(chosen.card.revision)
    return render_template(
        "organizer/show_revision.html",
        line=line,
        chosen=chosen,
        before=before,
        rows=differences(chosen.card, before.card if before else None),
        form=form,
        pause_form=pause_form or PauseForm(formdata=None),
    )


def _decided_before(merchant_id: int, revision_id: UUID) -> ResponseReturnValue:
    db.session.rollback()
    flash(_("这一版刚才已经处理过了，结果见下。"), "warning")
    return redirect(_url(merchant_id, revision_id))


def _url(merchant_id: int, revision_id: UUID) -> str:
    return url_for("organizer.show_revision", merchant_id=merchant_id, revision_id=revision_id)


def _today() -> date:
    return clock.business_date(clock.now())
