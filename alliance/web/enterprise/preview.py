"""What is being written, as employees will see it: the card of an offer that is nowhere yet."""

from dataclasses import dataclass
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.enterprises.models import Enterprise
from alliance.offers.conditions import Conditions
from alliance.offers.counters import View, remaining
from alliance.offers.evidence import Evidence, Showing
from alliance.offers.limits import Limits
from alliance.offers.models import Audience, OfferRevision
from alliance.store import new_id
from alliance.web.condition_words import names_in
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.forms import FIELDS_OF_KIND, OfferForm
from alliance.web.enterprise.offers import offer_form
from alliance.web.enterprise.steps import problems
from alliance.web.extensions import db
from alliance.web.offer_cards import OfferCard


@dataclass(frozen=True)
class PreviewCard(OfferCard):
    """The card of an offer whose terms may not be written yet."""

    @property
    def terms_words(self) -> str:
        """What is granted, or that it is still to be said."""
        return super().terms_words if self.revision.terms else _("优惠内容还没有填")


@bp.post("/offers/preview")
def preview_offer(enterprise_id: int) -> ResponseReturnValue:
    """The card of what was typed so far, and what is still missing; ``offer`` is the one to be revised.

    Nothing is written. On SQLite a POST has the turn of all writers, and it is given back first.
    """
    db.session.rollback()
    taken = lookups.codes_of(db.session, enterprise_id) if "code" in request.form else None
    form = offer_form(enterprise_id, taken_codes=taken)
    form.validate()
    # Before the card, which goes without what is wrong.
    wrong = problems(form)
    card = _card(enterprise_id, form, request.args.get("offer", type=UUID))
    return render_template("enterprise/offer_preview.html", card=card, problems=wrong)


def _card(enterprise_id: int, form: OfferForm, offer_id: UUID | None) -> PreviewCard:
    for field in form:
        if field.errors:
            field.data = None
    conditions = _conditions(form)
    revision = OfferRevision(
        merchant_id=enterprise_id,
        id=new_id(),
        # The counters of a new offer are all at nothing.
        offer_id=offer_id or new_id(),
        title=form.title.data or _("优惠名称还没有填"),
        terms=_terms(form),
        conditions=conditions.given(),
        limits=Limits(**{each.name: each.data for each in form.limit_fields}).given(),
        audience=Audience(form.audience.data or Audience.EVERYONE),
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
    )
    [left] = remaining(db.session, [revision], View(clock.now()))
    return PreviewCard(
        revision,
        db.session.get_one(Enterprise, enterprise_id).name,
        [choice.label for choice in form.outlets.choices if choice.value in (form.outlets.data or ())],
        left,
        Showing(form.picture.first, Evidence(form.market_price.data)),
        names_in(db.session, [conditions]),
    )


def _terms(form: OfferForm) -> dict[str, object]:
    """Nothing until every field of the kind is right."""
    kind = form.kind.data
    if kind is None or any(form[name].errors for name in FIELDS_OF_KIND[kind]):
        return {}
    return form.terms().model_dump()


def _conditions(form: OfferForm) -> Conditions:
    if form.people.errors:
        form.party.data = None
    return form.conditions()
