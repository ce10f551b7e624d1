"""What the overview of circulation shows of a period: cards, what happened over time, 初值 and 修订值."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import dropwhile

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from alliance.circulation.around import seen_around
from alliance.circulation.periods import Period, PeriodKind, previous, year_before
from alliance.circulation.seen import SeenReport, seen_report
from alliance.circulation.series import Point, days_series, has_days, months_series
from alliance.redemptions.ledger import Sums
from alliance.web.organizer import month_lines
from alliance.web.organizer.asked import Asked
from alliance.web.organizer.downloads import Cell, Number, Table, Unit
from alliance.web.organizer.figure_cards import Compared
from alliance.web.organizer.month_lines import Deed
from alliance.web.period_words import period_words
from alliance.web.plain import day_words


@dataclass(frozen=True)
class Restated:
    """初值 and 修订值 of a closed month: what its first closing recorded, and what its days come to now.

    ``deeds`` are all closings with who and when; the last of them is the revision that stands.
    """

    month: date
    first: Sums
    now: SeenReport
    deeds: list[Deed]


@dataclass(frozen=True)
class Column:
    """A figure over time, by its name in a report."""

    name: str
    unit: Unit
    head: str


@dataclass(frozen=True)
class Line:
    """A period's numbers, in the order of the columns."""

    period: Period
    numbers: Sequence[Number]
    is_preliminary: bool

    @property
    def name(self) -> str:
        """A day without its year, which the caption has."""
        first = self.period.first
        return (
            day_words(first, since=first) if self.period.kind == PeriodKind.DAY else period_words(self.period)
        )


@dataclass(frozen=True)
class OverTime:
    """A series as a table."""

    columns: Sequence[Column]
    lines: Sequence[Line]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see, and nothing hidden either."""
        return not any(number.value or number.is_hidden for line in self.lines for number in line.numbers)

    def table(self, title: str) -> Table:
        """The same as a file has it."""
        head = [_("周期"), *(column.head for column in self.columns), _("说明")]
        return Table(title, head, [_row(line) for line in self.lines])


@dataclass(frozen=True)
class Overview:
    """The page."""

    compared: Compared
    series: list[Point]
    by_day: bool
    restated: Restated | None


def overview(session: Session, asked: Asked, at: datetime) -> Overview:
    """Everything, of one state of the store: run it inside ``store.one_snapshot``."""
    found = compared(session, asked)
    points, by_day = series(session, asked)
    return Overview(found, points, by_day, _restated(session, asked, found.now, at))


def compared(session: Session, asked: Asked) -> Compared:
    """The report of the period with the two that it is compared with."""
    period = asked.period
    reports = (_report(session, asked, each) for each in (period, previous(period), year_before(period)))
    return Compared(period, *reports)


def _report(session: Session, asked: Asked, period: Period) -> SeenReport:
    """The report with what stands around it; with the baselines only of the period itself."""
    sees_all, is_main = asked.sees_all, period == asked.period
    found = seen_report(session, period, asked.scope, sees_all=sees_all, chance=is_main)
    if not is_main and found.figures.get("redemptions") == 0:
        # Before the first redemption there is nothing to compare with, also where people were entitled.
        return found
    beside = seen_around(session, period, asked.scope, found, asked.today, sees_all=sees_all)
    return SeenReport({**found.figures, **beside.figures}, found.hidden | beside.hidden)


def series(session: Session, asked: Asked) -> tuple[list[Point], bool]:
    """The days of the period for who may see them (then true), else the months up to its end."""
    by_day = asked.sees_all and has_days(asked.period)
    if by_day:
        return days_series(session, asked.period, asked.scope, asked.today), True
    until = max(min(asked.period.last, asked.today), asked.period.first)
    months = months_series(session, until, asked.scope, asked.today, sees_all=asked.sees_all)
    # What was before the first redemption is no part of what happened.
    return list(dropwhile(lambda point: point.figures.get("redemptions") == 0, months)), False


def volume(points: Sequence[Point]) -> OverTime:
    """What the first picture shows."""
    columns = (
        Column("paid_fen", Unit.FEN, _("净核销额")),
        Column("discount_fen", Unit.FEN, _("让利额")),
        Column("redemptions", Unit.COUNT, _("净核销笔数")),
    )
    return OverTime(columns, [_line(point, columns) for point in points])


def retention(points: Sequence[Point]) -> OverTime:
    """What the second picture shows."""
    columns = (Column("zone_retention", Unit.RATIO, _("域内留存率")),)
    return OverTime(columns, [_line(point, columns) for point in points])


def _row(line: Line) -> list[Cell]:
    return [period_words(line.period), *line.numbers, _("初值，还会变") if line.is_preliminary else ""]


def _line(point: Point, columns: Sequence[Column]) -> Line:
    numbers = [
        Number(each.unit, point.figures.get(each.name), each.name not in point.figures) for each in columns
    ]
    return Line(point.period, numbers, point.is_preliminary)


def _restated(session: Session, asked: Asked, now: SeenReport, at: datetime) -> Restated | None:
    """Of a month that was closed, in the whole alliance; a closing knows no zones."""
    if asked.period.kind != PeriodKind.MONTH or asked.scope.zone is not None:
        return None
    month = asked.period.first
    deeds = month_lines.line(session, month, at).deeds
    return Restated(month, month_lines.sums_of(deeds[0].closing), now, deeds) if deeds else None
