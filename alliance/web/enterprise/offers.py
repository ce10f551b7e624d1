"""The enterprise's offers: submitting, revising, pausing, withdrawing."""

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.offers.drafts import draft_of, save_new
from alliance.offers.life import OfferInvalid, submit, withdraw
from alliance.offers.models import OfferRevision, SavedDraft, Side
from alliance.offers.pauses import pause, resume
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.draft_lines import DraftLine, typed
from alliance.web.enterprise.forms import OfferForm, as_submitted
from alliance.web.enterprise.page import page
from alliance.web.enterprise.steps import EXAMPLES, STEPS, wrong_steps
from alliance.web.extensions import db
from alliance.web.offer_lines import OfferLine

OFFER = "/offers/<uuid:offer_id>"


@bp.route("/offers/new", methods=["GET", "POST"])
def new_offer(enterprise_id: int) -> ResponseReturnValue:
    """A new offer, submitted for approval or kept as a draft."""
    taken = lookups.codes_of(db.session, enterprise_id)
    suggested = lookups.free_code(taken, _today())
    form = offer_form(enterprise_id, taken_codes=taken, data={"code": suggested})
    if is_saving():
        return _save(enterprise_id, form, None)
    revision = submit_form(enterprise_id, form) if form.validate_on_submit() else None
    if revision is None:
        return form_page(enterprise_id, form)
    flash(_("已提交，主办方审核通过后生效。"))
    return redirect(offer_url(revision))


@bp.get(OFFER)
def show_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """An offer's terms, its state, and how it came there."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, _today())
    draft = draft_of(db.session, enterprise_id, offer_id)
    return page("enterprise/show_offer.html", enterprise_id, line=line, draft=draft)


@bp.route(OFFER + "/edit", methods=["GET", "POST"])
def edit_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """A new revision, from the last one on. The approved one stays in force until this one is approved."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, _today())
    if line.is_withdrawn:
        flash(_("这个优惠已撤回，不能再修改；需要时请新建一个。"), "warning")
        return redirect(offer_url(line.newest.card.revision))
    kept = draft_of(db.session, enterprise_id, offer_id)
    if kept and request.method == "GET":
        return redirect(draft_url(enterprise_id, kept.id))
    form = _form_of(enterprise_id, line)
    if is_saving():
        return _save(enterprise_id, form, offer_id)
    revision = submit_form(enterprise_id, form, line) if form.validate_on_submit() else None
    if revision is None:
        return form_page(enterprise_id, form, line)
    flash(_("新版本已提交；审核通过之前，仍按原来的版本执行。"))
    return redirect(offer_url(revision))


@bp.post(OFFER + "/pause")
def pause_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """Stop granting an offer for a while."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, _today())
    if line.can_be_paused:
        pause(db.session, line.offer, Side.MERCHANT, "", g.actor, clock.now())
        db.session.commit()
        flash(_("已暂停，各门店新扫的码不再有这个优惠；已经扫过的码还可以用完。"))
    else:
        flash(_("这个优惠现在没有在执行，不用暂停。"), "warning")
    return redirect(offer_url(line.newest.card.revision))


@bp.post(OFFER + "/resume")
def resume_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """Grant it again; what the organizer has paused stays paused."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, _today())
    resume(db.session, line.offer, Side.MERCHANT, g.actor, clock.now())
    db.session.commit()
    if line.paused_by("organizer"):
        flash(_("贵单位的暂停已取消；主办方也暂停了这个优惠，要等主办方恢复。"), "warning")
    else:
        flash(_("已恢复，各门店现在就可以用。"))
    return redirect(offer_url(line.newest.card.revision))


@bp.post(OFFER + "/withdraw")
def withdraw_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """Take an offer back for good."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, _today())
    withdraw(db.session, line.offer, g.actor, clock.now())
    db.session.commit()
    flash(_("优惠已撤回，各门店不再使用。"))
    return redirect(offer_url(line.newest.card.revision))


def offer_form(enterprise_id: int, **kwargs: Any) -> OfferForm:
    """The form of an enterprise's offer; the rest is the form's own arguments."""
    return OfferForm(
        lookups.outlets_of(db.session, enterprise_id),
        lookups.zone_names(db.session),
        partial(lookups.employers_named, db.session),
        **kwargs,
    )


def is_saving() -> bool:
    """Whether the form was posted to be kept as a draft, not to be submitted."""
    return request.method == "POST" and request.form.get("do") == "save"


def submit_form(
    enterprise_id: int, form: OfferForm, line: OfferLine | None = None, draft: SavedDraft | None = None
) -> OfferRevision | None:
    """Submit what a valid form says, and drop its draft. None when it cannot stand; it then says why."""
    try:
        said = form.draft(line.offer.code if line else None)
        revision = submit(db.session, enterprise_id, said, g.actor, clock.now())
    except OfferInvalid as invalid:
        form.take(invalid)
        return None
    if draft is not None:
        db.session.delete(draft)
    db.session.commit()
    return revision


def form_page(
    enterprise_id: int, form: OfferForm, line: OfferLine | None = None, kept: DraftLine | None = None
) -> ResponseReturnValue:
    """The form, of a new offer, of a revision (``line``), or of a draft of either (``kept``)."""
    shown = page(
        "enterprise/offer_form.html",
        enterprise_id,
        form=form,
        line=line,
        kept=kept,
        steps=STEPS,
        examples=EXAMPLES,
        wrong_steps=wrong_steps(form),
    )
    return shown, 422 if form.errors else 200


def offer_url(revision: OfferRevision) -> str:
    """The page of a revision's offer."""
    return url_for("enterprise.show_offer", enterprise_id=revision.merchant_id, offer_id=revision.offer_id)


def draft_url(enterprise_id: int, draft_id: UUID) -> str:
    """Where one goes on with a draft."""
    return url_for("enterprise.edit_draft", enterprise_id=enterprise_id, draft_id=draft_id)


def _save(enterprise_id: int, form: OfferForm, offer_id: UUID | None) -> ResponseReturnValue:
    draft = save_new(db.session, enterprise_id, offer_id, typed(form), g.actor, clock.now())
    # Not after the commit: from then on somebody else may have thrown it away.
    url = draft_url(enterprise_id, draft.id)
    db.session.commit()
    flash(_("草稿已保存，还没有提交。"))
    return redirect(url)


def _form_of(enterprise_id: int, line: OfferLine) -> OfferForm:
    card = line.newest.card
    outlet_ids = lookups.outlet_ids_of(db.session, card.revision)
    return offer_form(enterprise_id, data=as_submitted(card.revision, outlet_ids, card.names, card.showing))


def _today() -> date:
    return clock.business_date(clock.now())
