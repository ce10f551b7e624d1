"""Which part of a period may be read from the derived tables, and which must be read live."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.facts import Span
from alliance.circulation.models import DerivedMonth
from alliance.clock import days, month_of, next_month
from alliance.redemptions.models import DirtyMark

_ONE_DAY = timedelta(days=1)
#: With more gaps than this a period is read live as a whole; a condition of a thousand parts is too many.
_MOST_SPANS = 100


@dataclass(frozen=True)
class Coverage:
    """The period, cut for each derived table: what it covers, and the rest as spans of live days."""

    derived_days: list[Span]
    live_days: list[Span]
    derived_months: list[date]
    live_for_flows: list[Span]


def coverage(session: Session, period: Span) -> Coverage:
    """Cut ``period`` by what has been derived and not been marked since."""
    first, last = period
    through, marked = _through(session, period), _marked(session, period)
    clean = {
        day
        for month, end in through.items()
        for day in days(max(month, first), min(end, last))
        if day not in marked
    }
    dirty_months = {month_of(day) for day in marked}
    whole = [
        month
        for month, end in sorted(through.items())
        if month not in dirty_months
        and first <= month
        and end == next_month(month) - _ONE_DAY
        and end <= last
    ]
    in_whole = {day for month in whole for day in days(month, next_month(month) - _ONE_DAY)}
    everything = list(days(first, last))
    derived, live = (_spans(day for day in everything if (day in clean) is kind) for kind in (True, False))
    if len(live) > _MOST_SPANS:
        derived, live = [], [period]
    return Coverage(
        derived_days=derived,
        live_days=live,
        derived_months=whole,
        live_for_flows=_spans(day for day in everything if day not in in_whole),
    )


def _through(session: Session, period: Span) -> dict[date, date]:
    """Through which day each of the period's months has been derived."""
    first, last = period
    rows = session.execute(
        select(DerivedMonth.month, DerivedMonth.through).where(
            DerivedMonth.month.between(month_of(first), last)
        )
    )
    return {row.month: row.through for row in rows}


def _marked(session: Session, period: Span) -> set[date]:
    """The marked days from the beginning of the period's first month on."""
    first, last = period
    in_months = DirtyMark.business_date.between(month_of(first), last)
    return set(session.scalars(select(DirtyMark.business_date).where(in_months).distinct()))


def _spans(ordered: Iterable[date]) -> list[Span]:
    """Ordered days as the fewest spans of consecutive days."""
    spans: list[Span] = []
    for day in ordered:
        if spans and day - spans[-1][1] == _ONE_DAY:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
