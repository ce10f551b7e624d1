"""Form fields that read what people type: amounts, 折, counts and days, full-width digits included."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import abort, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, TelField
from wtforms.validators import DataRequired, ValidationError
from wtforms.widgets import DateInput, HiddenInput, MonthInput, TextArea

from alliance.imports.fields import trim
from alliance.money import MAX_FEN, format_yuan, parse_yuan
from alliance.offers.condition_text import hours_of, spans_of
from alliance.offers.conditions import Hours, Span
from alliance.people.phones import parse_phone
from alliance.web.plain import short_yuan, zhe

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class _ReadField(StringField):  # type: ignore[misc]
    """A field whose ``data`` is what ``read`` makes of the text; what was typed is shown again as it was."""

    data: Any

    def __init__(self, label: Any, *, missing: Any = None, **kwargs: Any) -> None:
        """``missing`` is what to say when nothing was typed; without it the field may stay empty."""
        super().__init__(label, **kwargs)
        self.missing = missing

    def read(self, text: str) -> Any:
        """Raises ValueError with the words for the person who typed it."""
        raise NotImplementedError

    def show(self) -> str:
        """How a value that was not typed is shown."""
        return "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Called by WTForms with what was posted."""
        text = unicodedata.normalize("NFKC", valuelist[0]).strip() if valuelist else ""
        self.data = None
        if text:
            self.data = self.read(text)
        elif self.missing is not None:
            raise ValueError(self.missing)

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else self.show()


class YuanField(_ReadField):
    """An amount in yuan; ``data`` is 分, more than 0 (or, with ``or_nothing``, at least 0) up to ``most``."""

    def __init__(self, label: Any, *, or_nothing: bool = False, most: int = MAX_FEN, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.least, self.most = 0 if or_nothing else 1, most

    def read(self, text: str) -> int:
        """As ``money.parse_yuan``."""
        try:
            fen = parse_yuan(text)
        except ValueError:
            raise ValueError(_("金额不对，请输入最多两位小数的数字，如 12.50。")) from None
        if fen < self.least:
            raise ValueError(_("金额不能是负数。") if self.least == 0 else _("金额要大于 0。"))
        if fen > self.most:
            raise ValueError(_("金额不能超过 %(most)s。", most=format_yuan(self.most)))
        return fen

    def show(self) -> str:
        """``12.5``."""
        return "" if self.data is None else short_yuan(self.data).replace(",", "")


class ZheField(_ReadField):
    """折: ``8.5`` means that 85 % is paid; ``data`` is 850."""

    def read(self, text: str) -> int:
        """``8.5`` or ``8.5折``."""
        plain = text.removesuffix("折").strip()
        if re.fullmatch(r"\d{1,4}(\.\d{1,2})?", plain) and 0 < (permille := Decimal(plain) * 100) < 1000:
            return int(permille)
        raise ValueError(_("折扣要大于 0、小于 10，如 8.5 表示打八五折。"))

    def show(self) -> str:
        """``8.5``."""
        return "" if self.data is None else zhe(self.data)


class CountField(_ReadField):
    """A whole number from 1 to ``most``."""

    def __init__(self, label: Any, *, most: int, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.most = most

    def read(self, text: str) -> int:
        """Digits, with or without thousands separators."""
        plain = text.replace(",", "")
        if re.fullmatch(r"\d{1,12}", plain) and 1 <= int(plain) <= self.most:
            return int(plain)
        raise ValueError(_("请输入 1 到 %(most)s 之间的整数。", most=f"{self.most:,}"))


class HoursField(_ReadField):
    """Hours of a day (``11:00-14:00、17:00-21:00``); ``data`` is a tuple of ``offers.conditions.Hours``."""

    def read(self, text: str) -> tuple[Hours, ...]:
        """As ``condition_text.hours_of``."""
        try:
            return hours_of(text)
        except ValueError:
            raise ValueError(
                _("时段不对，请写成 11:00-14:00，几段之间用顿号隔开；从几点到几点不能一样，最多 6 段。")
            ) from None

    def show(self) -> str:
        """``11:00-14:00、22:00-2:00``."""
        minutes = ((window.start, window.end) for window in self.data or ())
        return "、".join("-".join(f"{each // 60}:{each % 60:02d}" for each in pair) for pair in minutes)


class SpansField(_ReadField):
    """Days off, a line each (``春节 2027-02-10至2027-02-17``); ``data`` is a tuple of ``Span``."""

    widget = TextArea()

    def read(self, text: str) -> tuple[Span, ...]:
        """As ``condition_text.spans_of``."""
        try:
            return spans_of(text)
        except ValueError:
            raise ValueError(
                _("日期不对，每行写一段，如“春节 2027-02-10至2027-02-17”；后一天不能早于前一天，最多 30 段。")
            ) from None

    def show(self) -> str:
        """A line each."""
        return "\n".join(
            f"{span.name} {span.first}" + ("" if span.last == span.first else f"至{span.last}")
            for span in self.data or ()
        )


class NamesField(_ReadField):
    """Names or codes, a line each; ``data`` is a list of them as they were typed, each once."""

    widget = TextArea()

    def read(self, text: str) -> list[str]:
        """Lines, or what stands between 、 and ；."""
        return list(dict.fromkeys(name for part in re.split("[、;\n]", text) if (name := part.strip())))

    def show(self) -> str:
        """A line each."""
        return "\n".join(self.data or ())


class DayField(_ReadField):
    """A day between 2000 and 2099, from a date picker or typed (``2026/3/1``); ``data`` is a date."""

    widget = DateInput()

    def read(self, text: str) -> date:
        """Year, month and day in this order."""
        found = _DAY.fullmatch(text)
        try:
            day = date(*map(int, found.groups())) if found else None
        except ValueError:
            day = None
        if day is None or not 2000 <= day.year <= 2099:
            raise ValueError(_("日期不对，请按 2026-03-01 的样子填写。"))
        return day


class MonthField(_ReadField):
    """A month between 2000 and 2099 (``2026-03``); ``data`` is its first day."""

    widget = MonthInput()

    def read(self, text: str) -> date:
        """Year and month in this order."""
        found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text)
        if found is None:
            raise ValueError(_("月份不对，请按 2026-03 的样子填写。"))
        return date(int(found[1]), int(found[2]), 1)

    def show(self) -> str:
        """``2026-03``."""
        return "" if self.data is None else f"{self.data:%Y-%m}"


class IdField(_ReadField):
    """A UUID minted when the page was made, hidden in it; ``data`` is a UUID."""

    widget = HiddenInput()

    def read(self, text: str) -> UUID:
        """A person has never typed this, so the words speak of the page."""
        try:
            return UUID(text)
        except ValueError:
            raise ValueError(_("页面已失效，请刷新后重试。")) from None


def tidy_name(text: str | None) -> str:
    """A person's name as a roster would have it: nothing in it that nobody sees."""
    return unicodedata.normalize("NFC", trim(text or ""))


class PhoneForm(FlaskForm):  # type: ignore[misc]
    """A phone number; once valid, ``e164`` is how the store knows it."""

    phone = TelField(_l("手机号"), [DataRequired(_l("请输入手机号。"))])
    e164 = ""

    def validate_phone(self, field: TelField) -> None:
        """The form of the number only: whether anybody has it is not for here."""
        try:
            self.e164 = parse_phone(field.data)
        except ValueError:
            raise ValidationError(_l("手机号不对，请输入 11 位手机号。")) from None


def posted_ids(name: str) -> list[int]:
    """The numbers that a form posts under ``name``; whatever no row can have as its number is left out."""
    return [number for number in request.form.getlist(name, type=int) if 0 < number < 2**63]


def posted_id(name: str) -> int:
    """The one number of ``posted_ids``; 0, which no row has, where there is none."""
    return next(iter(posted_ids(name)), 0)


def posted_key_id() -> bytes:
    """The id of a phone's key that a button posts, in hexadecimal; ends with 422 for anything else."""
    return _posted_bytes("key_id")


def posted_card_id() -> bytes:
    """The same of a printed card."""
    return _posted_bytes("card_id")


def _posted_bytes(name: str) -> bytes:
    try:
        return bytes.fromhex(request.form[name])
    except (KeyError, ValueError):
        abort(422)
