"""Figures over time: the months of about a year, or the days of a month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.coverage import coverage, marked_days
from alliance.circulation.facts import SUMS, signed_facts, total, within
from alliance.circulation.measures import share
from alliance.circulation.models import DayFlow
from alliance.circulation.periods import Period, PeriodKind, containing, is_over, previous
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import seen_report
from alliance.clock import days
from alliance.zones.tree import subtree_ids

#: A month with the twelve before it: the same month of the year before is among them.
MONTHS = 13
#: Up to so many days are shown one by one.
_MOST_DAYS = 62
FIGURES = ("redemptions", "paid_fen", "discount_fen", "zone_retention")


@dataclass(frozen=True)
class Point:
    """One period of a series: figures as ``report.Report`` names them, of ``FIGURES``.

    What is hidden is not among the figures. ``is_preliminary``: not over, or a fact has arrived since it was
    derived, so that it may yet be another.
    """

    period: Period
    figures: dict[str, float | None]
    is_preliminary: bool


def months_until(last: date) -> list[Period]:
    """The month of a day and the twelve before it, the earliest first."""
    months = [containing(PeriodKind.MONTH, last)]
    while len(months) < MONTHS:
        months.append(previous(months[-1]))
    return months[::-1]


def has_days(period: Period) -> bool:
    """Whether a period is short enough for a point per day."""
    return 1 < period.days <= _MOST_DAYS


def months_series(session: Session, until: date, scope: Scope, today: date, *, sees_all: bool) -> list[Point]:
    """A point for each month up to that of ``until``, as somebody may see them (``seen``).

    Run it inside ``store.one_snapshot``.
    """
    months = months_until(until)
    marked = marked_days(session, (months[0].first, months[-1].last))
    points = []
    for month in months:
        seen = seen_report(session, month, scope, sees_all=sees_all).figures
        figures = {name: seen[name] for name in FIGURES if name in seen}
        is_marked = any(month.first <= day <= month.last for day in marked)
        points.append(Point(month, figures, is_marked or not is_over(month, today)))
    return points


def days_series(session: Session, period: Period, scope: Scope, today: date) -> list[Point]:
    """A point for each day of a period up to today, with nothing hidden: it is the data officer's only.

    Run it inside ``store.one_snapshot``.
    """
    last = min(period.last, today)
    marked = marked_days(session, period.span)
    sums = _sums_of_days(session, (period.first, last), scope) if period.first <= last else {}
    nothing = _Day(0, 0, 0, 0)
    return [
        Point(
            containing(PeriodKind.DAY, day),
            sums.get(day, nothing).figures,
            is_preliminary=day in marked or day == today,
        )
        for day in days(period.first, last)
    ]


@dataclass
class _Day:
    redemptions: int
    paid_fen: int
    discount_fen: int
    same_zone_paid_fen: int

    @property
    def figures(self) -> dict[str, float | None]:
        retention = share(self.same_zone_paid_fen, self.paid_fen)
        return dict(
            zip(FIGURES, (self.redemptions, self.paid_fen, self.discount_fen, retention), strict=True)
        )


def _sums_of_days(session: Session, span: tuple[date, date], scope: Scope) -> dict[date, _Day]:
    found: dict[date, _Day] = {}
    for row in _rows(session, span, scope):
        day, buyer_id, seller_id, redemptions, _gross, discount_fen, paid_fen = row
        sums = found.setdefault(day, _Day(0, 0, 0, 0))
        sums.redemptions += redemptions
        sums.paid_fen += paid_fen
        sums.discount_fen += discount_fen
        sums.same_zone_paid_fen += paid_fen if buyer_id == seller_id else 0
    return found


def _rows(session: Session, span: tuple[date, date], scope: Scope) -> Iterator[tuple[Any, ...]]:
    """Day, employer's zone, outlet's zone, ``SUMS``: of derived days and of those that are read live."""
    cut = coverage(session, span)
    facts = signed_facts(cut.live_days, scope).c
    grain = (facts.business_date, facts.employer_zone_id, facts.outlet_zone_id)
    yield from map(
        tuple, session.execute(select(*grain, *(total(facts[name]) for name in SUMS)).group_by(*grain))
    )
    derived = select(
        DayFlow.business_date,
        DayFlow.employer_zone_id,
        DayFlow.outlet_zone_id,
        *(getattr(DayFlow, name) for name in SUMS),
    ).where(within(DayFlow.business_date, cut.derived_days))
    if scope.zone is not None:
        zone = DayFlow.outlet_zone_id if scope.axis == Axis.OUTLET else DayFlow.employer_zone_id
        derived = derived.where(zone.in_(subtree_ids(scope.zone.id)))
    yield from map(tuple, session.execute(derived))
