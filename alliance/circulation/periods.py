"""The periods of a report: which days they have, what they are compared with, how a URL writes them.

Business dates, weeks by ISO 8601 (Monday first, the week with the year's first Thursday is W01), calendar
months, quarters and years. Pure: nothing here reads a clock or a table.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from alliance.circulation.spring_festival import FIRST_YEAR, LAST_YEAR, holiday
from alliance.clock import next_month

#: A period may have this many days: ten years.
MAX_DAYS = 3660
#: A period lies within these years, both included.
YEARS = (1900, 2100)

_DAY = timedelta(days=1)
_OUTSIDE = f"a period lies within the years {YEARS[0]} to {YEARS[1]}"


class PeriodKind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CUSTOM = "custom"


#: The kinds of the calendar. No two of them ever have the same days.
CALENDAR = (PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)
_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}


@dataclass(frozen=True)
class Period:
    """The business dates from ``first`` to ``last``, both included. Made by the functions below."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def span(self) -> tuple[date, date]:
        return self.first, self.last

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def containing(kind: PeriodKind, day: date) -> Period:
    """The day, week, month, quarter or year with ``day`` in it. Raises ValueError for ``custom``."""
    if kind is PeriodKind.CUSTOM:
        raise ValueError("a custom period is given by its two days")
    if kind is PeriodKind.DAY:
        return Period(kind, day, day)
    if kind is PeriodKind.WEEK:
        monday = day - day.weekday() * _DAY
        return Period(kind, monday, monday + 6 * _DAY)
    months = _MONTHS[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(kind, first, _end_of_month(date(first.year, first.month + months - 1, 1)))


def custom(first: date, last: date) -> Period:
    """Any span of days. The days of a calendar period are that calendar period.

    Raises ValueError when it ends before it begins, is longer than ``MAX_DAYS`` or leaves ``YEARS``.
    """
    if not 0 <= (last - first).days < MAX_DAYS:
        raise ValueError(f"a period has from one to {MAX_DAYS} days")
    return _within_years(_named(first, last))


def previous(period: Period) -> Period:
    """环比: the period of the same kind just before; for a custom one as many days just before."""
    before = period.first - _DAY
    if period.kind is PeriodKind.CUSTOM:
        return _named(before - (period.days - 1) * _DAY, before)
    return containing(period.kind, before)


def following(period: Period) -> Period:
    """The period of which this one is the ``previous``: the next of its kind, or as many days just after."""
    after = period.last + _DAY
    if period.kind is PeriodKind.CUSTOM:
        return _named(after, after + (period.days - 1) * _DAY)
    return containing(period.kind, after)


def year_before(period: Period) -> Period:
    """同比: the same period of the year before.

    A week: the one of the same number. A custom period of whole months: the same months. Otherwise the same
    dates. Where the year before has no such week or date, the nearest one before it stands in (W52 for W53,
    28 February for 29 February), and ``has_year_before`` says so.
    """
    if period.kind is PeriodKind.WEEK:
        year, week, _ = period.first.isocalendar()
        return containing(period.kind, date.fromisocalendar(year - 1, min(week, _weeks_of(year - 1)), 1))
    first, last = _a_year_before(period.first), _a_year_before(period.last)
    if period.kind is not PeriodKind.CUSTOM:
        return containing(period.kind, first)
    return _named(first, _end_of_month(last) if _has_whole_months(period) else last)


def has_year_before(period: Period) -> bool:
    """Whether the year before has this period, so that ``year_before`` is no stand-in."""
    if period.kind is PeriodKind.WEEK:
        year, week, _ = period.first.isocalendar()
        return week <= _weeks_of(year - 1)
    if period.kind in _MONTHS or _has_whole_months(period):
        return True
    return all((day.month, day.day) != (2, 29) for day in period.span)


def months_of(period: Period) -> list[date]:
    """The months that lie whole inside, each as its first day."""
    month = period.first if period.first.day == 1 else next_month(period.first)
    months = []
    while _end_of_month(month) <= period.last:
        months.append(month)
        month = next_month(month)
    return months


def is_over(period: Period, today: date) -> bool:
    """Whether the last day has passed, so that no new day can come in (late facts still can)."""
    return today > period.last


def spring_festival(period: Period) -> bool:
    """Whether a day of the 春节 holiday (除夕 to 初七) falls within; none is known outside 1900 to 2100."""
    years = range(max(period.first.year, FIRST_YEAR), min(period.last.year, LAST_YEAR) + 1)
    return any(first <= period.last and period.first <= last for first, last in map(holiday, years))


def moved_by_spring_festival(period: Period, other: Period) -> bool:
    """Whether the holiday falls in one of the two only: a comparison then shows the calendar first."""
    return spring_festival(period) != spring_festival(other)


def text_of(period: Period) -> str:
    """As a URL writes it: 2026-03-05, 2026-W09, 2026-03, 2026-Q1, 2026 or 2026-03-05..2026-04-01."""
    first = period.first
    match period.kind:
        case PeriodKind.DAY:
            return first.isoformat()
        case PeriodKind.WEEK:
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        case PeriodKind.MONTH:
            return f"{first:%Y-%m}"
        case PeriodKind.QUARTER:
            return f"{first.year}-Q{(first.month + 2) // 3}"
        case PeriodKind.YEAR:
            return str(first.year)
        case PeriodKind.CUSTOM:
            return f"{first.isoformat()}..{period.last.isoformat()}"


_TEXT = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:-W(?P<week>[0-9]{2})|-Q(?P<quarter>[1-4])|-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?"
)


def parse(text: str) -> Period:
    """The period that ``text_of`` writes so. Raises ValueError for anything else."""
    first, dots, last = text.partition("..")
    if dots:
        begins, ends = parse(first), parse(last)
        if begins.kind is not PeriodKind.DAY or ends.kind is not PeriodKind.DAY:
            raise ValueError("a custom period is written as two days")
        return custom(begins.first, ends.first)
    found = _TEXT.fullmatch(text)
    if not found:
        raise ValueError("no period is written like that")
    number = {name: int(part) for name, part in found.groupdict().items() if part}
    year = number["year"]
    if not YEARS[0] <= year <= YEARS[1]:
        raise ValueError(_OUTSIDE)
    if "week" in number:
        return _within_years(containing(PeriodKind.WEEK, date.fromisocalendar(year, number["week"], 1)))
    if "quarter" in number:
        return containing(PeriodKind.QUARTER, date(year, 3 * number["quarter"], 1))
    kind = PeriodKind.DAY if "day" in number else PeriodKind.MONTH if "month" in number else PeriodKind.YEAR
    return containing(kind, date(year, number.get("month", 1), number.get("day", 1)))


def _named(first: date, last: date) -> Period:
    """The span as the calendar names it, or as a custom period."""
    for kind in CALENDAR:
        period = containing(kind, first)
        if period.span == (first, last):
            return period
    return Period(PeriodKind.CUSTOM, first, last)


def _within_years(period: Period) -> Period:
    if period.first.year < YEARS[0] or period.last.year > YEARS[1]:
        raise ValueError(_OUTSIDE)
    return period


def _has_whole_months(period: Period) -> bool:
    return period.first.day == 1 and period.last == _end_of_month(period.last)


def _end_of_month(day: date) -> date:
    return next_month(day) - _DAY


def _a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, monthrange(day.year - 1, day.month)[1]))


def _weeks_of(year: int) -> int:
    """52 or 53: 28 December always lies in the last ISO week of its year."""
    return date(year, 12, 28).isocalendar().week
