"""The pages of the employee's phone. Whose they are is the grant's holder; no URL names a person."""

from flask import current_app, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from alliance import clock
from alliance.enterprises.models import Enterprise
from alliance.passes import devices
from alliance.passes.entitlement import entitlement
from alliance.passes.household import carried_by
from alliance.passes.issue import mint, pass_of
from alliance.passes.keys import in_force
from alliance.people.models import Holder
from alliance.redemptions.models import Redemption
from alliance.refused import Reason, Refused
from alliance.web.category_words import category_words
from alliance.web.device_words import device_words
from alliance.web.employee import bp
from alliance.web.employee.cards import cards_on_phone, posted_holder_id
from alliance.web.employee.months import by_year
from alliance.web.employee.standing import employer_of
from alliance.web.entries import entries
from alliance.web.errors import answer, status_of
from alliance.web.extensions import db
from alliance.web.holder_phones import phones_of
from alliance.web.words import REFUSALS, remedy_for


@bp.get("/pass")
def show_pass() -> ResponseReturnValue:
    """The cards; their script asks for the codes, so that reading the page changes nothing."""
    holder = db.session.get_one(Holder, g.grant.holder_id)
    at, known = clock.now(), phones_of(db.session, holder.id)
    employer = employer_of(db.session, holder.id, clock.business_date(at))
    return render_template(
        "employee/show_pass.html",
        cards=cards_on_phone(db.session, holder),
        announced=devices.announced(known, current_user.sign_in_id, at),
        words=device_words,
        employer=employer,
        kids=[key.kid.hex() for key in db.session.scalars(in_force())],
        challenge=devices.challenge(current_app.config["SECRET_KEY"], current_user.sign_in_id).hex(),
    )


@bp.post("/pass/credential")
def renew_credential() -> ResponseReturnValue:
    """A code by the server, for a phone that keeps no key, and the digits that stand for it.

    ``holder`` names whose card it is, where it is not one's own. Answers ``{text, code, expires_at, now}``;
    raises Refused for who is not entitled.
    """
    at = clock.now()
    held = pass_of(db.session, posted_holder_id(), at)
    entitlement(db.session, held.id, clock.business_date(at))
    shown = mint(db.session, current_app.extensions["keyring"], held, at)
    db.session.commit()
    return {
        "text": shown.text,
        "code": shown.code,
        "expires_at": shown.expires_at.isoformat(),
        "now": at.isoformat(),
    }


@bp.get("/redemptions")
def list_redemptions() -> ResponseReturnValue:
    """What was used and what it saved, by month and year; of the cards on this phone too."""
    carried = [dependant.id for dependant in carried_by(db.session, g.grant.holder_id)]
    found = entries(db.session, Redemption.holder_id.in_([g.grant.holder_id, *carried]))
    merchants = {entry.fact.merchant_id for entry in found}
    sells = select(Enterprise.id, Enterprise.category).where(Enterprise.id.in_(merchants))
    categories = {id_: category_words(category) for id_, category in db.session.execute(sells)}
    years = by_year(found, categories)
    return render_template("employee/list_redemptions.html", years=years)


@bp.errorhandler(Refused)
def answer_refused(refused: Refused) -> ResponseReturnValue:
    """No code to show. Spoken to the holder, where ``words.py`` speaks to the cashier."""
    title = str(REFUSALS[refused.reason].headline)
    if refused.reason is Reason.REVOKED:
        why = _("您的会员码已停用，请联系所在企业重新发放。")
    elif refused.reason is not Reason.NOT_ENTITLED:
        why = remedy_for(refused)
    else:
        why = _("您目前不在成员企业的名册中，会员码不能使用，请联系所在企业。")
    return answer(status_of(refused.reason), refused.reason, title, why)
