"""The phones that show a holder's pass: enrolling this one, and the list of all."""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from alliance import clock
from alliance.accounts import sign_in
from alliance.passes import devices
from alliance.passes.entitlement import entitlement
from alliance.passes.issue import newest_pass, pass_of
from alliance.passes.models import Pass
from alliance.refused import Reason, Refused
from alliance.web.device_words import device_words
from alliance.web.employee import bp, cards
from alliance.web.extensions import db
from alliance.web.fields import posted_key_id
from alliance.web.holder_phones import phone_or_404, phones_of


@bp.post("/pass/device")
def enrol_device() -> ResponseReturnValue:
    """Bind this phone's key and give it a credential: ``{credential, expires_at, renew_at, now}``.

    ``holder`` names whose card it is, where it is not one's own. Asked again with the same key it renews.
    Raises Refused for who is not entitled, for a card on a phone that is not bound itself
    (too_many_devices), and as ``devices.enrol`` does.
    """
    at, here = clock.now(), current_user.sign_in_id
    expected = devices.challenge(current_app.config["SECRET_KEY"], here)
    point = devices.read_enrolment(request.form.get("enrolment", ""), expected)
    held = pass_of(db.session, cards.posted_holder_id(), at)
    entitlement(db.session, held.id, clock.business_date(at))
    device = devices.enrol(
        db.session, held, point, here, request.user_agent.string, g.actor, at, carrier_id=_carrier_of(held)
    )
    made = devices.issue_credential(db.session, current_app.extensions["keyring"], device, at)
    db.session.commit()
    moments = {"expires_at": made.expires_at, "renew_at": made.renew_at, "now": at}
    return {"credential": made.credential} | {name: moment.isoformat() for name, moment in moments.items()}


def _carrier_of(held: Pass) -> bytes | None:
    """The own key of this phone, where ``held`` is a card that it carries."""
    if held.holder_id == g.grant.holder_id:
        return None
    own = newest_pass(db.session, g.grant.holder_id)
    phone = devices.carrier_of_session(db.session, own.id, current_user.sign_in_id) if own else None
    if phone is None:
        raise Refused(Reason.TOO_MANY_DEVICES)
    return phone.key_id


@bp.get("/devices")
def list_devices() -> ResponseReturnValue:
    """Every phone that was ever bound to the pass, with dates: whoever binds one is seen here."""
    known = phones_of(db.session, g.grant.holder_id)
    return render_template(
        "employee/list_devices.html",
        alive=[device for device in known if device.revoked_at is None],
        gone=[device for device in reversed(known) if device.revoked_at is not None],
        here=current_user.sign_in_id,
        most=devices.MOST_DEVICES,
        words=device_words,
    )


@bp.post("/devices/remove")
def remove_device() -> ResponseReturnValue:
    """One phone can show the pass no more, and is signed out."""
    at, device = clock.now(), phone_or_404(db.session, g.grant.holder_id, posted_key_id())
    phone = devices.remove(db.session, device, devices.BY_HOLDER, g.actor, at)
    if phone.sign_in_id != current_user.sign_in_id:
        sign_in.end(db.session, phone.sign_in_id, at)
    db.session.commit()
    flash(_("已移除，这台设备不能再出示您的会员码。"), "success")
    return redirect(url_for(".list_devices"), 303)
