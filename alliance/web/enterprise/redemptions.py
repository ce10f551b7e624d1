"""What was redeemed at the enterprise's outlets, day by day; each leads to its page at the counter."""

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice, SelectField

from alliance import clock
from alliance.redemptions.models import Redemption
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.page import page
from alliance.web.entries import entries
from alliance.web.extensions import db
from alliance.web.fields import DayField

#: More than a page of; a busier day is looked at outlet by outlet.
MOST = 500


class DayForm(FlaskForm):  # type: ignore[misc]
    """The filters; they stand in the URL, so they need no token."""

    class Meta:
        """WTForms' settings."""

        csrf = False

    day = DayField(_l("日期"), missing=_l("请选择日期。"))
    outlet = SelectField(_l("门店"), default="")

    def __init__(self, outlets: list[tuple[str, str]], **kwargs: Any) -> None:
        """``outlets`` are those to choose from, as (id, name)."""
        super().__init__(**kwargs)
        self.outlet.choices = [SelectChoice("", _l("全部门店")), *(SelectChoice(*each) for each in outlets)]


@bp.get("/redemptions")
def list_redemptions(enterprise_id: int) -> ResponseReturnValue:
    """A day's redemptions, today's by default, of one outlet or all, with what has become of them."""
    outlets = [(str(each.id), each.name) for each in lookups.outlets_of(db.session, enterprise_id)]
    asked = {"day": clock.business_date(clock.now()).isoformat(), "outlet": ""}
    form = DayForm(outlets, formdata=MultiDict(asked | request.args.to_dict()))
    if not form.validate():
        return page("enterprise/list_redemptions.html", enterprise_id, form=form, found=None), 422
    which: list[ColumnElement[bool]] = [Redemption.merchant_id == enterprise_id]
    which.append(Redemption.business_date == form.day.data)
    if form.outlet.data:
        which.append(Redemption.outlet_id == UUID(form.outlet.data))
    found = entries(db.session, *which, limit=MOST + 1)
    return page("enterprise/list_redemptions.html", enterprise_id, form=form, found=found, most=MOST)
