"""The forms of the organizer."""

from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from alliance.circulation.facts import Span
from alliance.circulation.report import MAX_DAYS
from alliance.web.fields import DayField, IdField, MonthField, YuanField


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


class MonthForm(FlaskForm):  # type: ignore[misc]
    """Which month."""

    month = MonthField(_l("月份"), missing=_l("请选择月份。"))


class ReopenForm(MonthForm):
    """Which month is opened again, and why."""

    reason = TextAreaField(
        _l("原因"),
        [
            DataRequired(_l("请写明为什么要重新打开。")),
            Length(max=200, message=_l("原因最多 200 个字。")),
        ],
        filters=[lambda text: (text or "").strip()],
    )


class FindForm(FlaskForm):  # type: ignore[misc]
    """One redemption: by its id, or by its receipt number and the merchant."""

    class Meta:
        """WTForms' settings; the filter stands in the URL."""

        csrf = False

    number = StringField(
        _l("核销单号或小票号"),
        [DataRequired(_l("请填写核销单号或小票号。")), Length(max=64, message=_l("单号最多 64 个字。"))],
        filters=[lambda text: (text or "").strip()],
    )
    merchant = SelectField(_l("商户"), default="")

    def __init__(self, merchants: list[tuple[int, str]], **kwargs: Any) -> None:
        """``merchants`` are those to choose from, as (id, name)."""
        super().__init__(**kwargs)
        self.merchant.choices = [
            SelectChoice("", _l("请选择商户")),
            *(SelectChoice(str(id_), name) for id_, name in merchants),
        ]

    def validate_merchant(self, field: Field) -> None:
        """Called by WTForms. An id names a redemption well enough, a receipt number does not."""
        if not field.data and self.number.data and self.id is None:
            raise ValidationError(_("按小票号查找时请选择商户。"))

    @property
    def id(self) -> UUID | None:
        """The number, where it is an id."""
        try:
            return UUID(self.number.data)
        except ValueError:
            return None


class ReversalForm(FlaskForm):  # type: ignore[misc]
    """All that is left of a redemption or a part of it, and why, under the id that it is to become."""

    id = IdField(missing=_l("页面已失效，请刷新后重试。"), label="")
    amount = YuanField(_l("退款金额"))
    reason = StringField(
        _l("原因"),
        [DataRequired(_l("请填写原因。")), Length(max=200, message=_l("原因最多 200 个字。"))],
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
