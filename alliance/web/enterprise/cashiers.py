"""收银员: who may cash at which outlet. An administrator may at all of them, and does not stand here."""

from typing import Any
from uuid import UUID

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from alliance import clock
from alliance.accounts.grants import find_or_create_account, grant, take_outlet
from alliance.accounts.models import Role
from alliance.enterprises.models import Outlet
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.forms import choices_of
from alliance.web.enterprise.page import page
from alliance.web.extensions import db
from alliance.web.fields import PhoneForm, tidy_name


class CashierForm(PhoneForm):
    """Somebody who is to cash at one outlet. An account that is there keeps its name."""

    name = StringField(
        _l("姓名"),
        [DataRequired(_l("请填写姓名。")), Length(max=60, message=_l("姓名最多 60 个字。"))],
        filters=[tidy_name],
    )
    outlet = SelectField(_l("门店"))

    def __init__(self, enterprise_id: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.outlet.choices = choices_of(lookups.outlets_of(db.session, enterprise_id))


@bp.get("/cashiers")
def list_cashiers(enterprise_id: int) -> ResponseReturnValue:
    """Every cashier of every outlet, and a form for one more."""
    return _list(enterprise_id, CashierForm(enterprise_id))


@bp.post("/cashiers")
def add_cashier(enterprise_id: int) -> ResponseReturnValue:
    """Let somebody cash; adding twice is adding once."""
    form = CashierForm(enterprise_id)
    if not form.validate():
        return _list(enterprise_id, form), 422
    at, outlet = clock.now(), db.session.get_one(Outlet, (enterprise_id, UUID(form.outlet.data)))
    account = find_or_create_account(db.session, form.e164, form.name.data, at)
    grant(db.session, account, Role.CASHIER, g.actor, at, enterprise_id=enterprise_id, outlets=[outlet])
    db.session.commit()
    flash(_("已添加。本人用这个手机号收验证码登录，就能在“%(outlet)s”收银。", outlet=outlet.name))
    return redirect(url_for(".list_cashiers", enterprise_id=enterprise_id), 303)


@bp.post("/cashiers/<int:grant_id>/remove")
def remove_cashier(enterprise_id: int, grant_id: int) -> ResponseReturnValue:
    """Let somebody cash no more at one outlet; his next request there is refused."""
    held = lookups.cashier_grant_or_404(db.session, enterprise_id, grant_id)
    take_outlet(db.session, held, _posted_outlet(), g.actor, clock.now())
    db.session.commit()
    flash(_("已取消，从现在起不能再在这家门店收银。点错了可以重新添加。"))
    return redirect(url_for(".list_cashiers", enterprise_id=enterprise_id), 303)


def _posted_outlet() -> UUID:
    return request.form.get("outlet_id", type=UUID) or abort(422)


def _list(enterprise_id: int, form: CashierForm) -> str:
    lines = lookups.cashiers_of(db.session, enterprise_id)
    return page("enterprise/list_cashiers.html", enterprise_id, lines=lines, form=form)
