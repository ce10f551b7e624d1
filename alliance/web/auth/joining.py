"""Joining a family by an invitation's link: a name, a phone that is proven, and the pass is there."""

from datetime import datetime

from flask import current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from alliance import clock
from alliance.accounts import attempts, codes
from alliance.accounts.senders import sender_for
from alliance.accounts.sign_in import account_of_proven_phone
from alliance.audit.trail import Actor
from alliance.passes import household
from alliance.people.models import Holder, Invitation
from alliance.people.phones import mask_name, mask_phone
from alliance.web.auth import bp
from alliance.web.auth.forms import CodeForm
from alliance.web.auth.proofs import digits, key_of, secret_key
from alliance.web.auth.visitor import admit
from alliance.web.employee.standing import employer_of
from alliance.web.extensions import db
from alliance.web.fields import PhoneForm, tidy_name

#: Who follows the link and has yet to prove the phone, in the browser's session: {token, name, phone}.
JOINING = "joining"


class JoinForm(PhoneForm):
    """Who joins. Whoever is signed in has proven a phone already."""

    name = StringField(
        _l("您的姓名"),
        [DataRequired(_l("请填写您的姓名。")), Length(max=60, message=_l("姓名最多 60 个字。"))],
        filters=[tidy_name],
    )


@bp.get("/join/<token>")
def join(token: str) -> ResponseReturnValue:
    """Who invites, and what is asked for."""
    invitation = _invitation(token)
    if invitation is None:
        return _over()
    if current_user.is_authenticated and household.has_pass(db.session, current_user.phone, clock.now()):
        return _has_pass(invitation)
    return _form_page(token, invitation, _form())


@bp.post("/join/<token>")
def ask_to_join(token: str) -> ResponseReturnValue:
    """Send a code to the phone; whoever is signed in is asked for none."""
    at, form, invitation = clock.now(), _form(), _invitation(token)
    if invitation is None:
        return _over()
    if not form.validate_on_submit():
        return _form_page(token, invitation, form), 422
    if current_user.is_authenticated:
        return _take_in(invitation, form.name.data, current_user.phone)
    may_send = _may_send(form.e164, token, invitation, at)
    code = codes.issue(db.session, secret_key(), form.e164, at) if may_send else None
    db.session.commit()
    if code is None:
        return _form_page(token, invitation, form, _("验证码发送太频繁，请一小时后再试。")), 429
    sender_for(current_app.extensions["settings"]).send(form.e164, code, at)
    session[JOINING] = {"token": token, "name": form.name.data, "phone": form.e164}
    return redirect(url_for(".prove_to_join"), 303)


@bp.route("/join", methods=["GET", "POST"])
def prove_to_join() -> ResponseReturnValue:
    """The code that was sent."""
    asked = session.get(JOINING)
    if asked is None:
        return redirect(url_for("auth.sign_in"), 303)
    at, form, key = clock.now(), CodeForm(), key_of(asked["phone"])
    if not form.validate_on_submit():
        return _code_page(form, asked)
    allowed = attempts.take(db.session, attempts.CODE_TRIED, key, at)
    typed = digits(form.code.data)
    proven = allowed and codes.use(db.session, secret_key(), asked["phone"], typed, at)
    db.session.commit()
    if not allowed:
        return _code_page(form, asked, _("尝试次数过多，请 5 分钟后重新获取验证码。"), 429)
    if not proven:
        return _code_page(form, asked, _("验证码不对或已过期，请核对，或返回重新获取。"))
    attempts.forget(db.session, attempts.CODE_TRIED, key)
    invitation = _invitation(asked["token"])
    return _take_in(invitation, asked["name"], asked["phone"]) if invitation else _over()


def _take_in(invitation: Invitation, name: str, phone: str) -> ResponseReturnValue:
    """The phone is proven: the pass is there, and this browser signed in."""
    at = clock.now()
    account_id = current_user.account_id if current_user.is_authenticated else None
    actor = Actor(account_id, request.remote_addr or "")
    try:
        household.join(db.session, invitation, name, phone, actor, at)
    except household.HasPass:
        return _has_pass(invitation), 409
    account_id = account_of_proven_phone(db.session, phone, at)
    assert account_id is not None
    admit(account_id)
    return redirect(url_for("employee.show_pass"), 303)


def _may_send(phone: str, token: str, invitation: Invitation, at: datetime) -> bool:
    """By link and household too: else whoever has one could have codes sent to everybody."""
    household_key = key_of(f"household {invitation.sponsor_id}")
    counted = (
        attempts.take(db.session, attempts.CODE_SENT, key_of(phone), at),
        attempts.take(db.session, attempts.CODE_SENT, key_of(token), at),
        attempts.take(db.session, attempts.CODE_JOINING, household_key, at),
    )
    return all(counted)


def _invitation(token: str) -> Invitation | None:
    try:
        return household.find_invitation(db.session, token, clock.now())
    except household.InvitationOver:
        return None


def _form() -> JoinForm:
    form = JoinForm()
    if current_user.is_authenticated:
        del form.phone
    return form


def _form_page(token: str, invitation: Invitation, form: JoinForm, wrong: str = "") -> str:
    return render_template("auth/join.html", token=token, form=form, wrong=wrong, **_sponsor(invitation))


def _code_page(
    form: CodeForm, asked: dict[str, str], wrong: str = "", status: int = 200
) -> ResponseReturnValue:
    status = 422 if status == 200 and (wrong or form.errors) else status
    page = {"form": form, "phone": mask_phone(asked["phone"]), "token": asked["token"], "wrong": wrong}
    return render_template("auth/prove_to_join.html", **page), status


def _over() -> ResponseReturnValue:
    return render_template("auth/invitation_over.html"), 410


def _has_pass(invitation: Invitation) -> str:
    return render_template("auth/has_pass.html", **_sponsor(invitation))


def _sponsor(invitation: Invitation) -> dict[str, str | None]:
    """Who invites, as somebody may know to whom a link was passed on: masked, with the employer."""
    sponsor = db.session.get_one(Holder, invitation.sponsor_id)
    employer = employer_of(db.session, sponsor.id, clock.business_date(clock.now()))
    return {"sponsor": mask_name(sponsor.name), "employer": employer}
