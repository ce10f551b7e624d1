"""Signing in by password or one-time code, signing out, and the front door.

A known and an unknown phone get the same pages, the same words and, as nearly as can be, the same time.
"""

from flask import abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from alliance import clock
from alliance.accounts import attempts, codes, passwords
from alliance.accounts.senders import sender_for
from alliance.accounts.sign_in import account_of_proven_phone, credentials_of, end, may_sign_in
from alliance.people.phones import mask_phone
from alliance.web import language
from alliance.web.auth import bp
from alliance.web.auth.capacities import capacities
from alliance.web.auth.forms import CodeForm, PasswordForm
from alliance.web.auth.next_page import next_page
from alliance.web.auth.proofs import digits, key_of, secret_key
from alliance.web.auth.visitor import admit
from alliance.web.extensions import db
from alliance.web.fields import PhoneForm

#: The phone that awaits its code, in the browser's session.
AWAITING = "awaiting_code"


@bp.get("/")
def home() -> ResponseReturnValue:
    """The front door: to sign in, to the one place where somebody belongs, or the choice among several."""
    if not current_user.is_authenticated:
        return redirect(url_for("auth.sign_in"))
    places = capacities(db.session, current_user.grants)
    if len(places) == 1:
        return redirect(places[0].url)
    return render_template("auth/home.html", places=places)


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Phone and password, or the way to a one-time code."""
    if current_user.is_authenticated:
        return _go_on()
    form = PasswordForm()
    if not form.validate_on_submit():
        return _sign_in_page(form)
    key = key_of(form.e164)
    allowed = attempts.take(db.session, attempts.PASSWORD, key, clock.now())
    known = credentials_of(db.session, form.e164)
    # The try stays counted whatever comes of it, and no lock is held while hashing.
    db.session.commit()
    if not allowed:
        return _sign_in_page(form, _("尝试次数过多，请 15 分钟后再试，或用验证码登录。"), 429)
    right = passwords.is_right(known.password_hash if known else None, form.password.data)
    if known is None or not right:
        return _sign_in_page(form, _("手机号或密码不对，请核对后重试，或用验证码登录。"))
    attempts.forget(db.session, attempts.PASSWORD, key)
    admit(known.account_id)
    return _go_on()


@bp.post("/sign-in/code")
def request_code() -> ResponseReturnValue:
    """Send a one-time code, if the phone is one of ours; the answer does not say."""
    form = PhoneForm()
    if not form.validate_on_submit():
        return _sign_in_page(PasswordForm(), form.phone.errors[0])
    at = clock.now()
    if not attempts.take(db.session, attempts.CODE_SENT, key_of(form.e164), at):
        return _sign_in_page(PasswordForm(), _("验证码发送太频繁，请一小时后再试，或用密码登录。"), 429)
    known = may_sign_in(db.session, form.e164)
    code = codes.issue(db.session, secret_key(), form.e164, at) if known else None
    db.session.commit()
    if code:
        sender_for(current_app.extensions["settings"]).send(form.e164, code, at)
    session[AWAITING] = form.e164
    return redirect(url_for("auth.verify_code", next=next_page()), 303)


@bp.route("/sign-in/verify", methods=["GET", "POST"])
def verify_code() -> ResponseReturnValue:
    """The code that was sent."""
    phone = session.get(AWAITING)
    if phone is None:
        return redirect(url_for("auth.sign_in", next=next_page()), 303)
    form = CodeForm()
    if not form.validate_on_submit():
        return _code_page(form, phone)
    at, key = clock.now(), key_of(phone)
    allowed = attempts.take(db.session, attempts.CODE_TRIED, key, at)
    proven = allowed and codes.use(db.session, secret_key(), phone, digits(form.code.data), at)
    account_id = account_of_proven_phone(db.session, phone, at) if proven else None
    db.session.commit()
    if not allowed:
        return _code_page(form, phone, _("尝试次数过多，请 5 分钟后重新获取验证码。"), 429)
    if account_id is None:
        return _code_page(form, phone, _("验证码不对或已过期，请核对，或返回重新获取。"))
    attempts.forget(db.session, attempts.CODE_TRIED, key)
    admit(account_id)
    return _go_on()


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this session, on the server too."""
    if current_user.is_authenticated:
        end(db.session, current_user.sign_in_id, clock.now())
        db.session.commit()
    language.forget_all_else()
    return redirect(url_for("auth.sign_in"), 303)


@bp.post("/language")
def choose_language() -> ResponseReturnValue:
    """Pages in the visitor's choice of language from now on, beginning with the one he was at."""
    if not language.choose(request.form.get("language", "")):
        abort(400)
    return _go_on()


def _go_on() -> ResponseReturnValue:
    return redirect(next_page() or url_for("auth.home"), 303)


def _sign_in_page(form: FlaskForm, wrong: str = "", status: int = 200) -> ResponseReturnValue:
    status = 422 if status == 200 and (wrong or form.errors) else status
    return render_template("auth/sign_in.html", form=form, wrong=wrong, next=next_page()), status


def _code_page(form: FlaskForm, phone: str, wrong: str = "", status: int = 200) -> ResponseReturnValue:
    status = 422 if status == 200 and (wrong or form.errors) else status
    page = {"form": form, "phone": mask_phone(phone), "wrong": wrong, "next": next_page()}
    return render_template("auth/verify_code.html", **page), status
