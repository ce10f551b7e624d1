"""Copying an offer: a draft of a new one that says the same."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, g, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import BooleanField, Field, RadioField, SelectMultipleField

from alliance import clock
from alliance.offers.drafts import save_new
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.draft_lines import drafts_of
from alliance.web.enterprise.forms import OfferForm, as_submitted
from alliance.web.enterprise.offers import OFFER, draft_url, offer_form
from alliance.web.extensions import db
from alliance.web.offer_lines import OfferLine
from alliance.web.picture_fields import PictureIdsField


@bp.post(OFFER + "/copy")
def copy_offer(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """A draft with what the newest revision says, under a code that is free; withdrawn ones too."""
    at = clock.now()
    today = clock.business_date(at)
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, today)
    form = _form_of(enterprise_id, line, today)
    draft = save_new(db.session, enterprise_id, None, as_typed(form), g.actor, at)
    url = draft_url(enterprise_id, draft.id)
    db.session.commit()
    flash(_("已复制成草稿，改好后再提交。"))
    return redirect(url)


def as_typed(form: OfferForm) -> dict[str, list[str]]:
    """What a form would post that nobody has typed into."""
    return {field.name: _texts(field) for field in form if field.name != "csrf_token"}


def _texts(field: Field) -> list[str]:
    if isinstance(field, BooleanField):
        return ["y"] if field.data else []
    if isinstance(field, (SelectMultipleField, PictureIdsField)):
        return [str(each) for each in field.data or ()]
    if isinstance(field, RadioField):
        return [str(field.data)]
    return [field._value()]


def _form_of(enterprise_id: int, line: OfferLine, today: date) -> OfferForm:
    card = line.newest.card
    outlet_ids = lookups.outlet_ids_of(db.session, card.revision)
    said: dict[str, Any] = as_submitted(card.revision, outlet_ids, card.names, card.showing)
    if said["ends_on"] and said["ends_on"] < today:
        # The days of an offer that is over are of no use to the next.
        said |= {"starts_on": None, "ends_on": None}
    taken = lookups.codes_of(db.session, enterprise_id)
    drafted = {each.code for each in drafts_of(db.session, enterprise_id)}
    code = lookups.free_code(taken | drafted, today)
    return offer_form(enterprise_id, taken_codes=taken, formdata=None, data=said | {"code": code})
