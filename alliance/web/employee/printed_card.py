"""The holder's own printed card: what there is of one, printing it, and making a lost one dead."""

from flask import abort, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance import clock
from alliance.passes import cards
from alliance.passes.cards import HasCard
from alliance.passes.models import PrintedCard
from alliance.people.employment import employment_on
from alliance.web.employee import bp
from alliance.web.extensions import db
from alliance.web.fields import posted_card_id


@bp.get("/card")
def show_card() -> ResponseReturnValue:
    """The number and the last day of the card, and what can be done about it."""
    return render_template(
        "employee/show_card.html",
        card=_own_card(),
        last_day=cards.last_day_of,
        number=cards.number_of,
        ceiling_fen=current_app.extensions["settings"].card_daily_ceiling_fen,
    )


@bp.post("/card")
def print_card() -> ResponseReturnValue:
    """A card on a page to be printed; with ``anew`` the card before is dead with this.

    Raises Refused for who is not entitled.
    """
    keyring, anew = current_app.extensions["keyring"], "anew" in request.form
    try:
        made = cards.print_card(db.session, keyring, g.grant.holder_id, g.actor, clock.now(), anew=anew)
    except HasCard:
        return redirect(url_for(".show_card"), 303)
    db.session.commit()
    return render_template(
        "cards.html", printouts=[made], back=url_for(".show_card"), is_sheet=False, notes=[]
    )


@bp.post("/card/revoke")
def revoke_card() -> ResponseReturnValue:
    """A lost card is dead at once."""
    card, card_id = _own_card(), posted_card_id()
    if card is None or card.cti != card_id:
        abort(404)
    cards.revoke_card(db.session, card, cards.BY_HOLDER, g.actor, clock.now())
    db.session.commit()
    flash(_("会员卡已作废，马上不能再用。"), "success")
    return redirect(url_for(".show_card"), 303)


def _own_card() -> PrintedCard | None:
    at, holder_id = clock.now(), g.grant.holder_id
    employment = employment_on(db.session, holder_id, clock.business_date(at))
    return cards.card_of(db.session, holder_id, employment.enterprise_id, at) if employment else None
