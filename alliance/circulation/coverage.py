"""Which part of a period may be read from the derived tables, and which must be read live."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.facts import Span
from alliance.circulation.models import DerivedMonth, DerivedPeriod
from alliance.circulation.periods import Period, PeriodKind, containing
from alliance.clock import days, month_of
from alliance.enterprises.models import RelatedParties
from alliance.redemptions.models import DirtyMark
from alliance.zones.models import Zone

_ONE_DAY = timedelta(days=1)
#: With more gaps than this a period is read live as a whole; a condition of a thousand parts is too many.
_MOST_SPANS = 100


@dataclass(frozen=True)
class Coverage:
    """The period, cut for each derived table: what it covers, and the rest as spans of live days."""

    derived_days: list[Span]
    live_days: list[Span]
    derived_periods: list[Period]
    live_for_flows: list[Span]


def coverage(session: Session, period: Span) -> Coverage:
    """Cut ``period`` by what has been derived and not been marked since."""
    first, last = period
    marked = marked_days(session, period)
    clean = {
        day
        for month, end in _through(session, period).items()
        for day in days(max(month, first), min(end, last))
        if day not in marked
    }
    everything = list(days(first, last))
    derived, live = (_spans(day for day in everything if (day in clean) is kind) for kind in (True, False))
    if len(live) > _MOST_SPANS:
        derived, live = [], [period]
    whole = _largest(derived_periods(session, period))
    in_whole = {day for each in whole for day in days(each.first, each.last)}
    return Coverage(
        derived_days=derived,
        live_days=live,
        derived_periods=whole,
        live_for_flows=_spans(day for day in everything if day not in in_whole),
    )


def derived_periods(session: Session, period: Span) -> set[Period]:
    """The calendar periods within ``period`` that have been derived and are as the facts say."""
    first, last = period
    basis, marked = basis_of(session), marked_days(session, period)
    rows = session.execute(
        select(DerivedPeriod.kind, DerivedPeriod.first_day).where(
            DerivedPeriod.first_day.between(first, last), DerivedPeriod.basis == basis
        )
    )
    found = (containing(PeriodKind(kind), first_day) for kind, first_day in rows)
    return {each for each in found if each.last <= last and not any(_is_in(day, each) for day in marked)}


def basis_of(session: Session) -> bytes:
    """A digest of what figures of periods depend on besides the facts: the tree, and related parties."""
    digest = hashlib.sha256()
    tree = select(Zone.id, Zone.parent_id).order_by(Zone.id)
    related = select(RelatedParties.enterprise_id, RelatedParties.related_id)
    for rows in (tree, related.order_by(*related.selected_columns)):
        digest.update(repr([tuple(row) for row in session.execute(rows)]).encode())
    return digest.digest()


def _largest(derived: Iterable[Period]) -> list[Period]:
    """The fewest of the derived periods that cover together what all of them cover: one lies in another."""
    chosen: list[Period] = []
    for each in sorted(derived, key=lambda each: (each.first, -each.last.toordinal())):
        if not chosen or each.first > chosen[-1].last:
            chosen.append(each)
    return chosen


def _is_in(day: date, period: Period) -> bool:
    return period.first <= day <= period.last


def _through(session: Session, period: Span) -> dict[date, date]:
    """Through which day each of the period's months has been derived."""
    first, last = period
    rows = session.execute(
        select(DerivedMonth.month, DerivedMonth.through).where(
            DerivedMonth.month.between(month_of(first), last)
        )
    )
    return {row.month: row.through for row in rows}


def marked_days(session: Session, period: Span) -> set[date]:
    """The days of the period on which a fact has arrived since they were derived."""
    return set(
        session.scalars(
            select(DirtyMark.business_date).where(DirtyMark.business_date.between(*period)).distinct()
        )
    )


def _spans(ordered: Iterable[date]) -> list[Span]:
    """Ordered days as the fewest spans of consecutive days."""
    spans: list[Span] = []
    for day in ordered:
        if spans and day - spans[-1][1] == _ONE_DAY:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
