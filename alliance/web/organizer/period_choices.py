"""The periods that the filter bar offers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from alliance.circulation.periods import (
    YEARS,
    Period,
    PeriodKind,
    containing,
    following,
    previous,
    year_before,
)

#: So many years back, at most.
_YEARS = 10


@dataclass(frozen=True)
class Preset:
    """A period that is asked for often, by what it is called today."""

    name: str
    period: Period


@dataclass(frozen=True)
class Arrows:
    """The periods before and after one; None where no URL leads, or nothing can have happened yet."""

    previous: Period | None
    following: Period | None


@dataclass(frozen=True)
class Choices:
    """Periods of one kind, the newest first."""

    name: str
    periods: list[Period]


def presets(today: date, *, sees_all: bool) -> list[Preset]:
    """This and the last month, quarter and year; today and this week for who may ask for them."""

    def now(kind: PeriodKind) -> Period:
        return containing(kind, today)

    few = [Preset(_("今天"), now(PeriodKind.DAY)), Preset(_("本周"), now(PeriodKind.WEEK))]
    return [
        *(few if sees_all else ()),
        Preset(_("本月"), now(PeriodKind.MONTH)),
        Preset(_("上月"), previous(now(PeriodKind.MONTH))),
        Preset(_("本季"), now(PeriodKind.QUARTER)),
        Preset(_("上季"), previous(now(PeriodKind.QUARTER))),
        Preset(_("今年"), now(PeriodKind.YEAR)),
        Preset(_("去年"), year_before(now(PeriodKind.YEAR))),
    ]


def arrows(period: Period, today: date) -> Arrows:
    """What comes before and after."""
    before, after = _within_years(previous, period), _within_years(following, period)
    return Arrows(before, after if after is not None and after.first <= today else None)


def choices(asked: Period, since: date, today: date) -> list[Choices]:
    """The years, quarters and months since ``since``; before them what is asked for, if none of them."""
    since = max(min(since, today.replace(month=1, day=1)), date(today.year - _YEARS, 1, 1))
    found = [
        Choices(name, list(_back_to(since, containing(kind, today))))
        for name, kind in (
            (_("年"), PeriodKind.YEAR),
            (_("季"), PeriodKind.QUARTER),
            (_("月"), PeriodKind.MONTH),
        )
    ]
    if not any(asked in each.periods for each in found):
        found.insert(0, Choices(_("已选"), [asked]))
    return found


def _back_to(since: date, period: Period) -> Iterator[Period]:
    while period.last >= since:
        yield period
        period = previous(period)


def _within_years(step: Callable[[Period], Period], period: Period) -> Period | None:
    if not YEARS[0] + 1 < period.first.year <= period.last.year < YEARS[1] - 1:
        return None
    return step(period)
