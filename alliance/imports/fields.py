"""Cells: one function per kind of field, from a trimmed, non-empty text to its value.

Each raises ``Unfit`` with its problem. Codes, numbers and dates are folded to half-width (NFKC); names keep
the characters they are written with, because 公司（集团） is the registered name and 公司(集团) is not.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, cast

from pydantic import BeforeValidator
from sqlalchemy import String
from sqlalchemy.orm import InstrumentedAttribute

from alliance.clock import from_wall_clock
from alliance.enterprises.credit_code import is_credit_code
from alliance.imports.words import Problem
from alliance.money import MAX_FEN, parse_yuan
from alliance.offers.condition_text import hours_of, spans_of, weekdays_of
from alliance.offers.conditions import Hours, Party, Span
from alliance.offers.limits import MOST_BUDGET_FEN, MOST_MINUTES, MOST_USES
from alliance.offers.pricing import GIFT_LENGTH, MOST_PIECES
from alliance.people.phones import parse_phone
from alliance.zones.tree import is_zone_code

#: Invisible characters that come along from web pages and chat windows.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
#: What a spreadsheet would take for the start of a formula, half-width and full-width.
_FORMULA = tuple("=+-@＝＋－＠")
#: The mark that ``guarded`` puts before such a text.
_GUARD = re.compile("^'(?=\\s*[=+\\-@＝＋－＠])")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_CREDIT_CODE = re.compile("[0-9A-HJ-NPQRTUWXY]{18}")
_SERIAL = re.compile(r"\d{5}(\.\d+)?")
_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:\s*T?\s*(\d{1,2})[:时](\d{1,2})分?(?::?(\d{1,2})秒?)?)?"
)
#: Day 0 of Excel's count of days, for dates from March 1900 on.
_EXCEL_EPOCH = datetime(1899, 12, 30)
_YEARS = range(1900, 2101)


class Unfit(ValueError):
    """A cell or a row that cannot be taken. ``field`` is the column at fault, unless the caller knows it."""

    def __init__(self, problem: Problem, field: str = "", **params: object) -> None:
        super().__init__(problem.name)
        self.problem = problem
        self.field = field
        self.params = params


def trim(text: str) -> str:
    """``text`` without invisible characters, runs of white space and the guard against formulas."""
    return " ".join(_GUARD.sub("", _INVISIBLE.sub("", text).lstrip()).split())


def guarded(cell: str) -> str:
    """``cell`` so that no spreadsheet takes it for a formula; ``trim`` takes the mark off again."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell


def fold(text: str) -> str:
    """``text`` in half-width characters."""
    return unicodedata.normalize("NFKC", text).strip()


def text_of(column: InstrumentedAttribute[Any]) -> Callable[[str], str]:
    """The parser of a name that has to fit the column."""
    limit = _length(column)

    def parse(text: str) -> str:
        if len(text) > limit:
            raise Unfit(Problem.TOO_LONG, limit=limit)
        return unicodedata.normalize("NFC", text)

    return parse


def code_of(column: InstrumentedAttribute[Any]) -> Callable[[str], str]:
    """The parser of somebody's own code or number that has to fit the column."""
    limit = _length(column)

    def parse(text: str) -> str:
        plain = _exact(text)
        if len(plain) > limit:
            raise Unfit(Problem.TOO_LONG, limit=limit)
        return plain

    return parse


def zone_code(text: str) -> str:
    """Twelve digits."""
    plain = _exact(text)
    if not (plain.isascii() and is_zone_code(plain)):
        raise Unfit(Problem.ZONE_CODE)
    return plain


@lru_cache(maxsize=1024)
def credit_code(text: str) -> str:
    """A 统一社会信用代码 whose check character is right; lower case is taken as upper case.

    Cached, because every row of a file names the same few enterprises.
    """
    plain = _exact(text).replace(" ", "").upper()
    if not _CREDIT_CODE.fullmatch(plain):
        raise Unfit(Problem.CREDIT_CODE)
    if not is_credit_code(plain):
        raise Unfit(Problem.CREDIT_CODE_CHECK)
    return plain


def phone(text: str) -> str:
    """A mobile number as E.164."""
    plain = _exact(text)
    try:
        return parse_phone(plain)
    except ValueError:
        raise Unfit(Problem.PHONE) from None


def day(text: str) -> date:
    """A date in any of the usual spellings, or Excel's count of days; a time of day is dropped."""
    read = _moment(text)
    if read is None:
        raise Unfit(Problem.DATE)
    return read.date()


def moment(text: str) -> datetime:
    """A date and time; without an offset it is Shanghai's wall clock. Returns UTC."""
    read = _moment(text)
    if read is None:
        raise Unfit(Problem.MOMENT)
    return from_wall_clock(read)


def fen(text: str) -> int:
    """A whole, non-negative amount in 分, with or without thousands separators."""
    plain = fold(text).replace(",", "")
    if re.fullmatch(r"-\d+(\.\d+)?", plain):
        raise Unfit(Problem.NEGATIVE)
    if not re.fullmatch(r"\d{1,15}", plain):
        raise Unfit(Problem.NOT_WHOLE_FEN)
    return _affordable(int(plain))


def yuan(text: str) -> int:
    """A non-negative amount in yuan, as 分."""
    return _affordable(_yuan(text))


def positive_yuan(text: str) -> int:
    """An amount in yuan above 0, as 分."""
    amount = yuan(text)
    if amount == 0:
        raise Unfit(Problem.ZERO)
    return amount


def budget(text: str) -> int:
    """An amount in yuan above 0 that many purchases share, as 分."""
    amount = _yuan(text)
    if amount == 0:
        raise Unfit(Problem.ZERO)
    if amount > MOST_BUDGET_FEN:
        raise Unfit(Problem.BUDGET_TOO_LARGE)
    return amount


def count_up_to(limit: int) -> Callable[[str], int]:
    """The parser of a whole number from 1 to ``limit``."""

    def parse(text: str) -> int:
        plain = fold(text).replace(",", "")
        if not (re.fullmatch(r"\d{1,15}", plain) and 1 <= int(plain) <= limit):
            raise Unfit(Problem.NOT_A_COUNT, limit=limit)
        return int(plain)

    return parse


def gift_name(text: str) -> str:
    """What a gift is called."""
    if len(text) > GIFT_LENGTH:
        raise Unfit(Problem.TOO_LONG, limit=GIFT_LENGTH)
    return unicodedata.normalize("NFC", text)


def weekdays(text: str) -> tuple[int, ...]:
    """``周一至周五``, ``周末``, ``周一、周三``."""
    try:
        return weekdays_of(text)
    except ValueError:
        raise Unfit(Problem.WEEKDAYS) from None


def hours(text: str) -> tuple[Hours, ...]:
    """``11:00-14:00、17:00-21:00``."""
    try:
        return hours_of(text)
    except ValueError:
        raise Unfit(Problem.HOURS) from None


def spans(text: str) -> tuple[Span, ...]:
    """``春节 2027-02-10至2027-02-17；2027-05-01``."""
    try:
        return spans_of(text)
    except ValueError:
        raise Unfit(Problem.SPANS) from None


def party_of(text: str) -> "PartyOf":
    """``仅本人``, ``整桌``, or how many with the holder: ``4人``."""
    plain = fold(text)
    if plain in ("仅本人", "本人"):
        return Party.HOLDER, None
    if plain in ("整桌", "全桌"):
        return Party.TABLE, None
    people = plain.removesuffix("人")
    if re.fullmatch(r"\d{1,2}", people) and int(people) >= 2:
        return Party.PEOPLE, int(people)
    raise Unfit(Problem.PARTY)


def yes_or_no(text: str) -> bool:
    """``是`` or ``否``."""
    if (plain := fold(text)) not in ("是", "否"):
        raise Unfit(Problem.YES_OR_NO)
    return plain == "是"


def permille(text: str) -> int:
    """What is paid of the price, in ‰: ``8.5``, ``8.5折``, ``85折`` and ``0.85`` are 850.

    A bare ``85`` or ``85%`` is refused: it may mean that much off.
    """
    plain = fold(text)
    number = plain.removesuffix("折").strip()
    if not re.fullmatch(r"\d{1,2}(\.\d{1,3})?", number):
        raise Unfit(Problem.DISCOUNT)
    value, spoken = Decimal(number), plain.endswith("折")
    if 1 <= value < 10:
        paid = value * 100
    elif value > 10 and spoken:
        paid = value * 10
    elif 0 < value < 1 and not spoken:
        paid = value * 1000
    else:
        raise Unfit(Problem.DISCOUNT)
    if paid % 1:
        raise Unfit(Problem.DISCOUNT)
    return int(paid)


def _exact(text: str) -> str:
    """A code in half-width characters, every digit of which must still be there."""
    plain = fold(text)
    if _SCIENTIFIC.fullmatch(plain):
        raise Unfit(Problem.SCIENTIFIC)
    return plain


def _length(column: InstrumentedAttribute[Any]) -> int:
    return cast("int", cast("String", column.type).length)


def _yuan(text: str) -> int:
    try:
        amount = parse_yuan(text)
    except ValueError:
        raise Unfit(Problem.YUAN) from None
    if amount < 0:
        raise Unfit(Problem.NEGATIVE)
    return amount


def _affordable(amount_fen: int) -> int:
    if amount_fen > MAX_FEN:
        raise Unfit(Problem.AMOUNT_TOO_LARGE)
    return amount_fen


def _moment(text: str) -> datetime | None:
    plain = fold(text)
    try:
        if _SERIAL.fullmatch(plain):
            # Excel counts in fractions of a day, so a whole second comes out a hair off.
            read = _EXCEL_EPOCH + timedelta(seconds=round(float(plain) * 86_400))
        elif spelled := _MOMENT.fullmatch(plain):
            year, month, day, hour, minute, second = map(int, spelled.groups(default="0"))
            read = datetime(year, month, day, hour, minute, second)
        else:
            read = datetime.fromisoformat(plain)
    except ValueError:
        return None
    return read if read.year in _YEARS else None


ZoneCode = Annotated[str, BeforeValidator(zone_code)]
CreditCode = Annotated[str, BeforeValidator(credit_code)]
Phone = Annotated[str, BeforeValidator(phone)]
Day = Annotated[date, BeforeValidator(day)]
Moment = Annotated[datetime, BeforeValidator(moment)]
Fen = Annotated[int, BeforeValidator(fen)]
Yuan = Annotated[int, BeforeValidator(yuan)]
PositiveYuan = Annotated[int, BeforeValidator(positive_yuan)]
Permille = Annotated[int, BeforeValidator(permille)]
Budget = Annotated[int, BeforeValidator(budget)]
Count = Annotated[int, BeforeValidator(count_up_to(MOST_USES))]
Minutes = Annotated[int, BeforeValidator(count_up_to(MOST_MINUTES))]
Pieces = Annotated[int, BeforeValidator(count_up_to(MOST_PIECES))]
Weekdays = Annotated[tuple[int, ...], BeforeValidator(weekdays)]
HoursOfDay = Annotated[tuple[Hours, ...], BeforeValidator(hours)]
Spans = Annotated[tuple[Span, ...], BeforeValidator(spans)]
#: And how many, where it is so many people.
PartyOf = tuple[Party | None, int | None]
YesNo = Annotated[bool, BeforeValidator(yes_or_no)]
