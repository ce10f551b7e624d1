"""Drafts of offers: going on with one, submitting it at last, throwing it away."""

from uuid import UUID

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from alliance import clock
from alliance.offers.drafts import discard, save_again
from alliance.offers.models import SavedDraft
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.draft_lines import draft_or_404, typed
from alliance.web.enterprise.forms import OfferForm
from alliance.web.enterprise.offers import draft_url, form_page, is_saving, offer_form, offer_url, submit_form
from alliance.web.extensions import db
from alliance.web.offer_lines import OfferLine

DRAFT = "/offers/drafts/<uuid:draft_id>"


@bp.route(DRAFT, methods=["GET", "POST"])
def edit_draft(enterprise_id: int, draft_id: UUID) -> ResponseReturnValue:
    """Go on with a draft: keep it again, or submit it, whereupon there is no draft any more."""
    kept = draft_or_404(db.session, enterprise_id, draft_id)
    form, line = _form_of(kept.draft), _line_of(kept.draft)
    if is_saving():
        save_again(kept.draft, typed(form), g.actor, clock.now())
        db.session.commit()
        flash(_("草稿已保存，还没有提交。"))
        return redirect(draft_url(enterprise_id, draft_id))
    revision = submit_form(enterprise_id, form, line, kept.draft) if form.validate_on_submit() else None
    if revision is None:
        return form_page(enterprise_id, form, line, kept)
    flash(_("已提交，主办方审核通过后生效。"))
    return redirect(offer_url(revision))


@bp.post(DRAFT + "/discard")
def discard_draft(enterprise_id: int, draft_id: UUID) -> ResponseReturnValue:
    """Throw a draft away; the page has asked first."""
    kept = draft_or_404(db.session, enterprise_id, draft_id)
    discard(db.session, kept.draft, g.actor, clock.now())
    db.session.commit()
    flash(_("草稿已丢弃。"))
    return redirect(url_for("enterprise.list_offers", enterprise_id=enterprise_id))


def _form_of(draft: SavedDraft) -> OfferForm:
    taken = None if draft.offer_id else lookups.codes_of(db.session, draft.merchant_id)
    given = request.form if request.method == "POST" else MultiDict(draft.fields)
    return offer_form(draft.merchant_id, taken_codes=taken, formdata=given)


def _line_of(draft: SavedDraft) -> OfferLine | None:
    """The offer that the draft would revise."""
    if draft.offer_id is None:
        return None
    return lookups.offer_or_404(
        db.session, draft.merchant_id, draft.offer_id, clock.business_date(clock.now())
    )
