"""The forms of the counter."""

import unicodedata
from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, StringField
from wtforms.validators import AnyOf, DataRequired, Length

from alliance.offers.models import OfferRevision
from alliance.offers.pricing import MAX_QUANTITY, read_terms
from alliance.passes.credential import MAX_TEXT
from alliance.web.fields import CountField, IdField, YuanField


def _as_scanned(text: str | None) -> str:
    """A scanner gun types through the keyboard's input method, which may widen or lower what it types."""
    return unicodedata.normalize("NFKC", text or "").strip().upper()


_STALE = _l("页面已失效，请刷新后重试。")
_NOTHING_READ = _l("请扫顾客的会员码，或输入码下面的 8 位数字。")

#: Why a redemption is reversed: what is kept with the reversal, whatever language is shown, and the words.
REASONS = {
    "金额输错": _l("金额输错"),
    "优惠选错": _l("优惠选错"),
    "顾客退货": _l("顾客退货"),
    "其他": _l("其他"),
}
#: Why an amount is changed.
CORRECTIONS = {"金额输错": _l("金额输错"), "份数输错": _l("份数输错"), "其他": _l("其他")}
#: Why a part is paid back.
REFUNDS = {"顾客退货": _l("顾客退货"), "多收退回": _l("多收退回"), "其他": _l("其他")}


class ScanForm(FlaskForm):  # type: ignore[misc]
    """What was read or typed, under the id of the scan that it is to become."""

    id = IdField(missing=_STALE, label="")
    text = StringField(
        _l("8 位数字码"),
        [DataRequired(_NOTHING_READ), Length(max=MAX_TEXT, message=_NOTHING_READ)],
        filters=[_as_scanned],
    )


class _Priced(FlaskForm):  # type: ignore[misc]
    """What has an amount, where the offer takes one."""

    no_amount = _l("请输入原价。")

    def lacks_amount(self, read: Callable[[], OfferRevision | None]) -> bool:
        """Whether the amount is missing; said at the field. ``read`` gets the offer, when there is doubt."""
        revision = read() if self.amount.data is None else None
        if revision is None or not read_terms(revision.terms).takes.has_amount:
            return False
        self.amount.errors = [self.no_amount]
        return True


class PriceForm(_Priced):
    """What is bought under which offer."""

    offer = StringField(_l("优惠"), [DataRequired(_l("请选择优惠。"))])
    #: Whether there has to be one depends on the offer.
    amount = YuanField(_l("原价"))
    quantity = CountField(_l("份数"), most=MAX_QUANTITY, missing=_l("请输入份数。"), default=1)


class RedeemForm(PriceForm):
    """The same, under the id of the redemption that it is to become."""

    id = IdField(missing=_STALE, label="")
    scan_id = IdField(missing=_STALE, label="")
    #: Of a printed card only: the cashier has looked at the name on it.
    compared = BooleanField(_l("已核对，姓名一致"))


class ReversalForm(FlaskForm):  # type: ignore[misc]
    """Why, under the id of the reversal that it is to become."""

    id = IdField(missing=_STALE, label="")
    reason = RadioField(_l("原因"), validate_choice=False)
    reasons = REASONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [SelectChoice(kept, str(words)) for kept, words in self.reasons.items()]
        self.reason.validators = [AnyOf(list(self.reasons), message=str(_l("请选择原因。")))]


class CorrectionPriceForm(_Priced):
    """What a redemption should have been."""

    no_amount = _l("请输入正确的原价。")
    amount = YuanField(_l("正确的原价"))
    quantity = CountField(_l("份数"), most=MAX_QUANTITY, missing=_l("请输入份数。"), default=1)


class CorrectionForm(ReversalForm, CorrectionPriceForm):
    """The same; ``id`` is that of the redemption which it is to become."""

    reversal_id = IdField(missing=_STALE, label="")
    reasons = CORRECTIONS


class RefundForm(ReversalForm):
    """How much of what was paid goes back."""

    amount = YuanField(_l("退款金额"), missing=_l("请输入退款金额。"))
    reasons = REFUNDS
