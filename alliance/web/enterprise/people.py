"""员工: who is employed, which phones show their passes, and leaving.

What is looked for is posted, and nobody's name or number stands in a URL.
"""

from flask import current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from alliance import clock
from alliance.accounts import sign_in
from alliance.passes import devices
from alliance.passes.cards import card_of, last_day_of, number_of
from alliance.passes.household import household_of
from alliance.passes.leaving import NotTakenBack, let_go, take_back
from alliance.passes.models import PrintedCard
from alliance.people.models import Employment, Holder
from alliance.web.device_words import device_words
from alliance.web.enterprise import bp
from alliance.web.enterprise import people_lines as people
from alliance.web.enterprise.overview import headcount
from alliance.web.enterprise.page import page
from alliance.web.extensions import db
from alliance.web.fields import posted_key_id
from alliance.web.holder_phones import phone_or_404, phones_of

PAGE = 50
PERSON = "/people/<int:employment_id>"


class FindForm(FlaskForm):  # type: ignore[misc]
    """A part of a name, a 工号, or the last digits of a phone number."""

    asked = StringField(
        _l("姓名、工号或手机号后四位"),
        [
            DataRequired(_l("请填写姓名、工号或手机号后四位。")),
            Length(max=60, message=_l("最多 60 个字。")),
        ],
        filters=[lambda text: (text or "").strip()],
    )


@bp.get("/people")
def list_people(enterprise_id: int) -> ResponseReturnValue:
    """Everybody employed today, by 工号, and who has left lately."""
    number = max(1, request.args.get("page", 1, int))
    return _list(enterprise_id, FindForm(), "", min(number, 10_000))


@bp.post("/people")
def find_people(enterprise_id: int) -> ResponseReturnValue:
    """Those of them that are looked for."""
    form = FindForm()
    if not form.validate():
        return _list(enterprise_id, form, "", 1), 422
    return _list(enterprise_id, form, form.asked.data, 1)


@bp.get(PERSON)
def show_person(enterprise_id: int, employment_id: int) -> ResponseReturnValue:
    """One of them, with the phones that show the pass; a leaver's are not the former employer's business."""
    employment, is_employed = employment_of(enterprise_id, employment_id)
    known = phones_of(db.session, employment.holder_id) if is_employed else []
    return page(
        "enterprise/show_person.html",
        enterprise_id,
        employment=employment,
        is_employed=is_employed,
        holder=db.session.get_one(Holder, employment.holder_id),
        phones=[device for device in known if device.revoked_at is None],
        card=_card(employment) if is_employed else None,
        last_day=last_day_of,
        number=number_of,
        family=_family_size(employment.holder_id) if is_employed else 0,
        words=device_words,
    )


@bp.post(PERSON + "/leave")
def let_person_go(enterprise_id: int, employment_id: int) -> ResponseReturnValue:
    """离职: the pass, its phones and the family's are dead with this."""
    employment, _is_employed = employment_of(enterprise_id, employment_id)
    let_go(db.session, employment, g.actor, clock.now())
    db.session.commit()
    flash(_("已办理离职，会员码即刻失效。点错了可以在“最近离职”里恢复。"))
    return redirect(url_for(".list_people", enterprise_id=enterprise_id), 303)


@bp.post(PERSON + "/resume")
def take_person_back(enterprise_id: int, employment_id: int) -> ResponseReturnValue:
    """The leaving was a mistake."""
    employment, _is_employed = employment_of(enterprise_id, employment_id)
    try:
        take_back(db.session, employment, g.actor, clock.now())
        db.session.commit()
        flash(_("已恢复在职，原来的会员码和手机可以接着用。"))
    except NotTakenBack:
        flash(_("不能恢复：本人已在别的单位任职，或这个工号已给了别人。请在名册里重新办理入职。"), "warning")
    return redirect(url_for(".list_people", enterprise_id=enterprise_id), 303)


@bp.post(PERSON + "/phones/remove")
def remove_phone(enterprise_id: int, employment_id: int) -> ResponseReturnValue:
    """A lost phone shows the pass no more, and is signed out."""
    employment, is_employed = employment_of(enterprise_id, employment_id)
    if is_employed:
        at, device = clock.now(), phone_or_404(db.session, employment.holder_id, posted_key_id())
        phone = devices.remove(db.session, device, devices.BY_EMPLOYER, g.actor, at)
        sign_in.end(db.session, phone.sign_in_id, at)
        db.session.commit()
        flash(_("已移除，这台手机不能再出示会员码。"))
    return redirect(url_for(".show_person", enterprise_id=enterprise_id, employment_id=employment_id), 303)


def _family_size(holder_id: int) -> int:
    # How many: who they are is not the employer's business.
    return len(household_of(db.session, holder_id, clock.now()).dependants)


def employment_of(enterprise_id: int, employment_id: int) -> tuple[Employment, bool]:
    """One of the enterprise's, and whether it lasts; the leavers of long ago are not there."""
    today = clock.business_date(clock.now())
    employment = people.employment_or_404(db.session, enterprise_id, employment_id, today)
    return employment, employment.ends_on is None or employment.ends_on > today


def _card(employment: Employment) -> PrintedCard | None:
    return card_of(db.session, employment.holder_id, employment.enterprise_id, clock.now())


def _list(enterprise_id: int, form: FindForm, asked: str, number: int) -> str:
    at = clock.now()
    today = clock.business_date(at)
    found = people.people_of(db.session, enterprise_id, at, asked, number, PAGE + 1)
    is_beginning = not asked and number == 1
    return page(
        "enterprise/list_people.html",
        enterprise_id,
        form=form,
        asked=asked,
        lines=found[:PAGE],
        more=len(found) > PAGE,
        number=number,
        count=headcount(db.session, enterprise_id, today),
        ceiling_fen=current_app.extensions["settings"].card_daily_ceiling_fen,
        left=people.left_lately(db.session, enterprise_id, at) if is_beginning else [],
    )
