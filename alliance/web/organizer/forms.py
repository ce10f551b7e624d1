"""The forms of the organizer."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from alliance.circulation.facts import Span
from alliance.circulation.report import MAX_DAYS
from alliance.web.fields import DayField


class ReturnForm(FlaskForm):  # type: ignore[misc]
    """Why a revision goes back, and so what to change."""

    reason = TextAreaField(
        _l("退回原因"),
        [
            DataRequired(_l("请写明退回原因，商户要照着修改。")),
            Length(max=300, message=_l("退回原因最多 300 个字。")),
        ],
        filters=[lambda text: (text or "").strip()],
    )


class PeriodForm(FlaskForm):  # type: ignore[misc]
    """The filters of the circulation page; they stand in its URL, so it needs no token."""

    class Meta:
        """WTForms' settings."""

        csrf = False

    first = DayField(_l("开始日期"), name="from", missing=_l("请选择开始日期。"))
    last = DayField(_l("结束日期"), name="to", missing=_l("请选择结束日期。"))
    zone = SelectField(_l("门店所在片区"), validate_choice=False)

    def __init__(self, zones: list[tuple[str, str]], **kwargs: Any) -> None:
        """``zones`` are those to choose from, as (code, name)."""
        super().__init__(**kwargs)
        self.zone.choices = [SelectChoice(code, name) for code, name in zones]

    def validate_last(self, field: Field) -> None:
        """Called by WTForms."""
        first, last = self.first.data, field.data
        if not isinstance(first, date) or not isinstance(last, date):
            return
        if last < first:
            raise ValidationError(_("结束日期早于开始日期，请修改其中一个。"))
        if (last - first).days >= MAX_DAYS:
            raise ValidationError(_("一次最多统计十年，请缩短起止日期。"))

    @property
    def period(self) -> Span:
        """Both days included."""
        return self.first.data, self.last.data
