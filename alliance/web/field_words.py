"""What is wrong with a field of an API request, in Chinese, by pydantic's error type."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from pydantic import ValidationError

#: Pydantic's numbers of a bound (``ge``, ``max_length``, …) fill the words.
WORDS: Mapping[str, Any] = {
    "missing": _l("缺少这一项"),
    "extra_forbidden": _l("没有这一项"),
    "model_type": _l("应为 JSON 对象"),
    "model_attributes_type": _l("应为 JSON 对象"),
    "string_type": _l("应为文字"),
    "string_unicode": _l("含有不能识别的字符"),
    "string_too_short": _l("不能少于 %(min_length)s 个字符"),
    "string_too_long": _l("不能多于 %(max_length)s 个字符"),
    "string_pattern_mismatch": _l("格式不对"),
    "int_type": _l("应为整数"),
    "int_parsing": _l("应为整数"),
    "int_parsing_size": _l("数字太大"),
    "int_from_float": _l("应为整数"),
    "greater_than_equal": _l("不能小于 %(ge)s"),
    "greater_than": _l("应大于 %(gt)s"),
    "less_than_equal": _l("不能大于 %(le)s"),
    "less_than": _l("应小于 %(lt)s"),
    "uuid_type": _l("应为 UUID"),
    "uuid_parsing": _l("应为 UUID"),
    "date_type": _l("应为日期，例如 2026-03-01"),
    "date_parsing": _l("应为日期，例如 2026-03-01"),
    "date_from_datetime_parsing": _l("应为日期，例如 2026-03-01"),
    "date_from_datetime_inexact": _l("应为日期，例如 2026-03-01"),
}


def field_errors(error: ValidationError) -> list[dict[str, str]]:
    """``[{"field": …, "message": …}]``; the field of the whole body is empty."""
    return [
        {"field": ".".join(str(part) for part in found["loc"]), "message": _message(found)}
        for found in error.errors(include_url=False, include_input=False)
    ]


def _message(found: Mapping[str, Any]) -> str:
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    if found["type"] not in WORDS:
        return str(gettext("格式不对（%(cause)s）", cause=found["msg"]))
    return str(str(WORDS[found["type"]]) % found.get("ctx", {}))
