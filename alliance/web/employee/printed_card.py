"""Printed cards, the holder's own and the family's: printing one, and making a lost one dead."""

from flask import abort, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.passes import cards
from alliance.passes.cards import HasCard
from alliance.passes.models import PrintedCard
from alliance.people.employment import employment_on
from alliance.people.models import Holder
from alliance.web.employee import bp
from alliance.web.employee.cards import cards_on_phone, posted_holder_id
from alliance.web.extensions import db
from alliance.web.fields import posted_card_id


@bp.get("/card")
def show_card() -> ResponseReturnValue:
    """Whose card there is, its number and last day, and what can be done about it.

    A child without a name has none: there is nothing on it that a cashier could compare.
    """
    holder = db.session.get_one(Holder, g.grant.holder_id)
    people = [shown.holder for shown in cards_on_phone(db.session, holder) if shown.holder.name]
    return render_template(
        "employee/show_card.html",
        lines=[(person, _card_of(person.id)) for person in people],
        last_day=cards.last_day_of,
        number=cards.number_of,
        ceiling_fen=current_app.extensions["settings"].card_daily_ceiling_fen,
    )


@bp.post("/card")
def print_card() -> ResponseReturnValue:
    """A card on a page to be printed; with ``anew`` the card before is dead with this.

    ``holder`` names whose, where it is not one's own. Raises Refused for who is not entitled.
    """
    keyring, anew = current_app.extensions["keyring"], "anew" in request.form
    try:
        made = cards.print_card(db.session, keyring, posted_holder_id(), g.actor, clock.now(), anew=anew)
    except HasCard:
        return redirect(url_for(".show_card"), 303)
    db.session.commit()
    return render_template(
        "cards.html", printouts=[made], back=url_for(".show_card"), is_sheet=False, notes=[]
    )


@bp.post("/card/revoke")
def revoke_card() -> ResponseReturnValue:
    """A lost card is dead at once."""
    card, card_id = _card_of(posted_holder_id()), posted_card_id()
    if card is None or card.cti != card_id:
        abort(404)
    cards.revoke_card(db.session, card, cards.BY_HOLDER, g.actor, clock.now())
    db.session.commit()
    flash(_("会员卡已作废，马上不能再用。"), "success")
    return redirect(url_for(".show_card"), 303)


def _card_of(holder_id: int) -> PrintedCard | None:
    at = clock.now()
    employment = employment_on(db.session, holder_id, clock.business_date(at))
    return cards.card_of(db.session, holder_id, employment.enterprise_id, at) if employment else None
