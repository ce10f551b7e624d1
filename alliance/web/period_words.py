"""Periods and comparisons in words."""

from flask_babel import gettext

from alliance.circulation.periods import Period, PeriodKind
from alliance.web.plain import day_words


def _(text: str, **params: object) -> str:
    return str(gettext(text, **params))


def period_words(period: Period) -> str:
    """``2026年3月``, ``2026年第1季度``, ``2026年``, ``2026年第9周``, ``2026年3月5日`` or from day to day."""
    first = period.first
    match period.kind:
        case PeriodKind.DAY:
            return day_words(first)
        case PeriodKind.WEEK:
            year, week, _weekday = first.isocalendar()
            return _("%(year)s年第%(week)s周", year=year, week=week)
        case PeriodKind.MONTH:
            return _("%(year)s年%(month)s月", year=first.year, month=first.month)
        case PeriodKind.QUARTER:
            return _("%(year)s年第%(quarter)s季度", year=first.year, quarter=(first.month + 2) // 3)
        case PeriodKind.YEAR:
            return _("%(year)s年", year=first.year)
        case PeriodKind.CUSTOM:
            return _("%(first)s至%(last)s", first=day_words(first), last=day_words(period.last, since=first))
