"""别处更便宜 in plain words: the steps, where a report stands, and what is wrong with a form."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from alliance.offers.cheaper import DAYS_TO_ANSWER, MOST_A_DAY, CheaperInvalid, Standing, StepKind

STEPS: Mapping[StepKind, Any] = {
    StepKind.LOWERED: _l("商户接受，已降价"),
    StepKind.EXPLAINED: _l("商户说明"),
    StepKind.PROVED: _l("商户提供证据"),
    StepKind.UPHELD: _l("主办方认定成立"),
    StepKind.DISMISSED: _l("主办方认定不成立"),
    StepKind.REOPENED: _l("主办方要求重新答复"),
}
STANDINGS: Mapping[Standing, Any] = {
    Standing.OPEN: _l("等商户答复"),
    Standing.ANSWERED: _l("商户已答复"),
    Standing.UPHELD: _l("成立"),
    Standing.DISMISSED: _l("不成立"),
}
#: The words for what the domain finds, by its field and code.
_PROBLEMS = {
    ("link", "without_proof"): _l("请贴上链接或传一张照片，两样有一样就行。"),
    ("link", "not_a_link"): _l("链接不对，请粘贴以 http:// 或 https:// 开头的完整网址。"),
    ("picture", "not_there"): _l("图片没有上传成功，请重新选择。"),
    ("words", "missing"): _l("请写几句话。"),
    ("kind", "not_lowered"): _l("还没有看到降价的新版本，请先修改优惠、提交更低的价格，再回来答复。"),
    ("", "closed"): _l("主办方已经裁定，不能再答复。"),
    ("", "open"): _l("这条反映正在等商户答复。"),
    ("", "too_many"): _l("今天已经反映了 %(most)s 次，请明天再来。", most=MOST_A_DAY),
    ("", "open_already"): _l("这个优惠您已经反映过，商户还没有答复，答复后会显示在“我的反映”里。"),
}


def problem_words(invalid: CheaperInvalid) -> str:
    """What to say to whoever filled in the form."""
    return str(_PROBLEMS[invalid.field, invalid.problem])


def put_at_field(form: FlaskForm, invalid: CheaperInvalid) -> None:
    """Show at its field, or above the form, what the domain found."""
    words = problem_words(invalid)
    if invalid.field:
        form[invalid.field].errors = [words]
    else:
        form.form_errors.append(words)


def overdue_words() -> str:
    """The mark of a report that the merchant lets lie."""
    return str(_("超过 %(days)s 个工作日未答复", days=DAYS_TO_ANSWER))
