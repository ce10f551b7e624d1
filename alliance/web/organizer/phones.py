"""A lost phone, removed by the organizer: the holder is found by the whole number, and nobody is listed.

The number is posted, so that it stands in no URL and no log.
"""

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from alliance import clock
from alliance.accounts import sign_in
from alliance.passes import devices
from alliance.people.models import Holder
from alliance.web.device_words import device_words
from alliance.web.employee.standing import employer_of
from alliance.web.extensions import db
from alliance.web.fields import PhoneForm, posted_id, posted_key_id
from alliance.web.holder_phones import phone_or_404, phones_of
from alliance.web.organizer import bp


@bp.get("/phones")
def find_phones() -> ResponseReturnValue:
    """Whose phones are looked for."""
    return render_template("organizer/find_phones.html", form=PhoneForm())


@bp.post("/phones")
def list_phones() -> ResponseReturnValue:
    """The phones of the holder with this number: an employee, or an adult of a family."""
    form = PhoneForm()
    if not form.validate():
        return render_template("organizer/find_phones.html", form=form), 422
    holder = db.session.scalar(select(Holder).where(Holder.phone == form.e164))
    known = phones_of(db.session, holder.id) if holder else []
    return render_template(
        "organizer/find_phones.html",
        form=form,
        asked=True,
        holder=holder,
        employer=employer_of(db.session, holder.id, clock.business_date(clock.now())) if holder else None,
        phones=[device for device in known if device.revoked_at is None],
        words=device_words,
    )


@bp.post("/phones/remove")
def remove_phone() -> ResponseReturnValue:
    """It shows the pass no more, nor the cards that it carries, and is signed out."""
    at, holder = clock.now(), db.session.get(Holder, posted_id("holder_id"))
    device = phone_or_404(db.session, holder.id, posted_key_id()) if holder else abort(404)
    phone = devices.remove(db.session, device, devices.BY_ORGANIZER, g.actor, at)
    sign_in.end(db.session, phone.sign_in_id, at)
    db.session.commit()
    flash(_("已移除，这台手机不能再出示会员码。"))
    return redirect(url_for(".find_phones"), 303)
