"""The figures of a period beside those of the period before and of the year before. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from enum import Enum, StrEnum
from fractions import Fraction

from alliance.circulation.periods import Period, moved_by_spring_festival, previous, year_before
from alliance.circulation.report import Report
from alliance.circulation.seen import SeenReport


class Unit(StrEnum):
    """What a figure is counted in."""

    FEN = "fen"
    COUNT = "count"
    SHARE = "share"
    NUMBER = "number"


class Hidden(Enum):
    """Stands where a figure may not be seen."""

    HIDDEN = "未公布"


HIDDEN = Hidden.HIDDEN
#: None where there is nothing to divide.
Figure = int | float | Hidden | None

_NUMBERS = {
    "outlets_per_active_holder_mean",
    "outlet_hhi",
    "outlet_gini",
    "paid_per_discount",
    "outlet_effective_number",
}
_SHARES = {
    "zone_retention",
    "self_circulation_share",
    "enterprise_reciprocity",
    "enterprise_circularity",
    "discount_rate",
    "reuse_rate",
    "enterprise_reciprocity_baseline",
    "enterprise_circularity_baseline",
}


def unit_of(name: str) -> Unit:
    """The unit of a figure of ``Report``."""
    if name.endswith("_fen"):
        return Unit.FEN
    return Unit.SHARE if name in _SHARES else Unit.NUMBER if name in _NUMBERS else Unit.COUNT


@dataclass(frozen=True)
class Line:
    """One figure by its name in ``Report``: now, in the period before (环比), in the year before (同比)."""

    name: str
    now: Figure
    before: Figure
    year_before: Figure

    @property
    def unit(self) -> Unit:
        return unit_of(self.name)

    @property
    def change(self) -> Fraction | None:
        """环比; see ``change``."""
        return change(self.unit, self.now, self.before)

    @property
    def change_of_year(self) -> Fraction | None:
        """同比; see ``change``."""
        return change(self.unit, self.now, self.year_before)


@dataclass(frozen=True)
class Compared:
    """The reports of a period, of the one before and of the year before, as somebody may see them.

    ``place`` is what they are of, in words; ``until`` the last day in them of a period that is not over.
    """

    period: Period
    place: str
    now: SeenReport
    before: SeenReport
    year_before: SeenReport
    until: date | None = None

    def line(self, name: str) -> Line:
        """One figure. Where nothing was redeemed there is nothing to compare with."""
        return Line(
            name,
            _figure(self.now, name),
            *(_figure(each, name) if _has_any(each) else None for each in (self.before, self.year_before)),
        )

    def lines(self) -> Iterator[Line]:
        """Every figure of a report, in its order."""
        return (self.line(field.name) for field in fields(Report))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was redeemed in the period."""
        return not _has_any(self.now)

    @property
    def has_before(self) -> bool:
        """Whether any figure can be compared with the period before."""
        return any(line.change is not None for line in self.lines())

    @property
    def has_year_before(self) -> bool:
        """Whether any figure can be compared with the year before."""
        return any(line.change_of_year is not None for line in self.lines())

    @property
    def moved_before(self) -> bool:
        """Whether 春节 falls in only one of the period and the one before."""
        return moved_by_spring_festival(self.period, previous(self.period))

    @property
    def moved_year_before(self) -> bool:
        """Whether 春节 falls in only one of the period and that of the year before."""
        return moved_by_spring_festival(self.period, year_before(self.period))


def change(unit: Unit, now: Figure, then: Figure) -> Fraction | None:
    """The difference of two shares; of anything else the part by which it has grown (0.1 for a tenth).

    None where one of them is not there or hidden, or where it has grown from nothing.
    """
    if now is None or then is None or isinstance(now, Hidden) or isinstance(then, Hidden):
        return None
    difference = exact(now) - exact(then)
    if unit is Unit.SHARE:
        return difference
    return difference / exact(then) if then else None


def exact(value: float) -> Fraction:
    """A figure as the decimal that it is written as: what is half way between two is then known to be so.

    The quotient of two integers that has few decimals is written with just those.
    """
    return Fraction(repr(value))


def _figure(report: SeenReport, name: str) -> Figure:
    return HIDDEN if name in report.hidden else report.figures[name]


def _has_any(report: SeenReport) -> bool:
    return report.figures.get("redemptions") != 0
