"""The forms of the organizer."""

from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Field, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, ValidationError
from wtforms.widgets import HiddenInput

from alliance.accounts.deeds import Asked
from alliance.accounts.models import Account
from alliance.circulation.facts import Span
from alliance.circulation.periods import MAX_DAYS
from alliance.offers.states import State
from alliance.people.phones import parse_phone
from alliance.web.audit_words import ACTIONS
from alliance.web.fields import CountField, DayField, IdField, MonthField, YuanField
from alliance.web.plain import state_words

#: The largest key that a BIGINT holds.
MAX_ID = 2**63 - 1


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


class PauseForm(FlaskForm):  # type: ignore[misc]
    """Why the organizer pauses an offer; the merchant is shown it."""

    # Not ``reason``: the form that returns a revision stands on the same page.
    pause_reason = TextAreaField(
        _l("暂停原因"),
        [
            DataRequired(_l("请写明为什么暂停，商户会看到。")),
            Length(max=300, message=_l("暂停原因最多 300 个字。")),
        ],
        filters=[lambda text: (text or "").strip()],
    )


class AllOffersForm(FlaskForm):  # type: ignore[misc]
    """The filters of all offers; they stand in the URL, so they need no token."""

    class Meta:
        """WTForms' settings."""

        csrf = False

    q = StringField(_l("名称、编号或商户"), filters=[lambda text: (text or "").strip()])
    state = SelectField(_l("状态"), default="")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Drafts are the merchant's own business.
        states = [each for each in State if each is not State.DRAFT]
        self.state.choices = [
            SelectChoice("", _("全部状态")),
            *(SelectChoice(str(each), state_words(each)) for each in states),
        ]

    @property
    def asked(self) -> dict[str, str]:
        """The filters that are set, for a link."""
        return {field.name: field.data for field in self if field.data}


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
    """A period as a filter; it stands in the page's URL, so it needs no token."""

    class Meta:
        """WTForms' settings."""

        csrf = False

    first = DayField(_l("开始日期"), name="from", missing=_l("请选择开始日期。"))
    last = DayField(_l("结束日期"), name="to", missing=_l("请选择结束日期。"))

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


class AuditForm(PeriodForm):
    """The filters of the audit page. A phone number is posted; the URL names the account by its id."""

    action = SelectField(_l("操作"))
    enterprise = SelectField(_l("企业"))
    phone = StringField(_l("经办人手机号"), [Optional(strip_whitespace=True)])
    account = CountField("", most=MAX_ID, widget=HiddenInput())
    before = IdField("")
    #: Of the account, for the page.
    masked_phone: str | None = None

    def __init__(self, enterprises: list[tuple[str, str]], **kwargs: Any) -> None:
        """``enterprises`` are those to choose from, as (id, name)."""
        super().__init__(**kwargs)
        actions = [(code, str(words)) for code, words in ACTIONS.items()]
        for field, everything, choices in (
            (self.action, _("全部操作"), actions),
            (self.enterprise, _("全部企业"), enterprises),
        ):
            field.data = field.data or ""
            field.choices = [SelectChoice(*choice) for choice in (("", everything), *choices)]

    @property
    def asked(self) -> Asked:
        """What the filters select."""
        enterprise_id = int(self.enterprise.data) if self.enterprise.data else None
        return Asked(*self.period, self.action.data or None, enterprise_id, self.account.data)

    @property
    def query(self) -> dict[str, Any]:
        """The filters as the arguments of a URL, without where in the list one stands."""
        fields = (self.first, self.last, self.action, self.enterprise, self.account)
        return {field.name: str(field.data) for field in fields if field.data}

    @property
    def query_of_everybody(self) -> dict[str, Any]:
        """The same without the account."""
        return {name: value for name, value in self.query.items() if name != self.account.name}

    def find_account(self, session: Session) -> bool:
        """Take the account that signs in with the typed number; false, with words, when there is none."""
        if not self.phone.data:
            return True
        try:
            self.account.data = session.scalar(
                select(Account.id).where(Account.phone == parse_phone(self.phone.data))
            )
        except ValueError:
            self.account.data = None
        if self.account.data is None:
            self.phone.errors = [_("没有用这个手机号登录的账号，请核对号码。")]
        return self.account.data is not None
