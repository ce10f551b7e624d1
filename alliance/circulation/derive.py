"""Deriving: past days into thin tables, rebuilt by delete and insert whenever a mark says so.

A rebuild first reads the marks, then the facts, and deletes just the marks it read. A fact that commits in
between is either seen, or its mark stays and the day is read live until the next rebuild.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from alliance.circulation.facts import Span, signed_facts, total
from alliance.circulation.models import DayFigures, DerivedMonth, MonthFlow
from alliance.clock import business_date, days, month_of, next_month
from alliance.redemptions.models import DirtyMark, Redemption
from alliance.store import dialect_insert

_ONE_DAY = timedelta(days=1)
_DAY_GRAIN = ("business_date", "merchant_id", "outlet_id", "outlet_zone_id", "employer_zone_id")
_DAY_SUMS = ("redemptions", "gross_fen", "discount_fen", "paid_fen")
_FLOW_GRAIN = ("outlet_zone_id", "employer_id", "merchant_id")
_FLOW_SUMS = ("redemptions", "paid_fen")


def pending_months(session: Session, at: datetime) -> list[date]:
    """The months (as their first days) with a past day that is marked or was never derived."""
    yesterday = business_date(at) - _ONE_DAY
    # Today's marks wait for tomorrow: today is not derived.
    marked = select(DirtyMark.business_date).where(DirtyMark.business_date <= yesterday).distinct()
    months = {month_of(day) for day in session.scalars(marked)}
    derived = session.scalar(select(func.max(DerivedMonth.through)))
    since = derived + _ONE_DAY if derived else session.scalar(select(func.min(Redemption.business_date)))
    if since is not None:
        months |= {month_of(day) for day in days(since, yesterday)}
    return sorted(months)


def derive(session: Session, month: date, at: datetime) -> None:
    """Derive those past days of a month that are marked or were never derived, and the month's flows."""
    last = min(next_month(month), business_date(at)) - _ONE_DAY
    through = _take_turns(session, month, at)
    marks = session.execute(
        select(DirtyMark.business_date, DirtyMark.id).where(DirtyMark.business_date.between(month, last))
    ).all()
    stale = {day for day, _ in marks} | set(days(through + _ONE_DAY, last))
    for day in sorted(stale):
        session.execute(delete(DayFigures).where(DayFigures.business_date == day))
        columns = [*_DAY_GRAIN, *_DAY_SUMS]
        session.execute(insert(DayFigures).from_select(columns, day_figures_of_facts((day, day))))
    session.execute(delete(MonthFlow).where(MonthFlow.month == month))
    columns = ["month", *_FLOW_GRAIN, *_FLOW_SUMS]
    session.execute(insert(MonthFlow).from_select(columns, month_flows_of_facts(month, last)))
    _delete_marks(session, [(day, id_) for day, id_ in marks])
    session.execute(
        update(DerivedMonth).where(DerivedMonth.month == month).values(through=last, derived_at=at)
    )


def forget(session: Session) -> None:
    """Delete everything derived: every figure is read from the facts until it is derived again."""
    # The registry first, as in ``derive``: its rows are the lock.
    for table in (DerivedMonth, DayFigures, MonthFlow):
        session.execute(delete(table))


def day_figures_of_facts(span: Span) -> Select[*tuple[object, ...]]:
    """What ``day_figures`` must hold for these days, by the facts: its columns in order."""
    return _summed(span, [], _DAY_GRAIN, _DAY_SUMS)


def month_flows_of_facts(month: date, last: date) -> Select[*tuple[object, ...]]:
    """What ``month_flows`` must hold for a month up to ``last``, by the facts: its columns in order."""
    return _summed((month, last), [literal(month).label("month")], _FLOW_GRAIN, _FLOW_SUMS)


def _summed(
    span: Span, leading: list[ColumnElement[date]], grain: tuple[str, ...], sums: tuple[str, ...]
) -> Select[*tuple[object, ...]]:
    facts = signed_facts([span])
    columns = [facts.c[name] for name in grain]
    return select(*leading, *columns, *(total(facts.c[name]).label(name) for name in sums)).group_by(*columns)


def _take_turns(session: Session, month: date, at: datetime) -> date:
    """Lock the month's row, made if there is none; returns through which day it has been derived.

    A second rebuild waits here, then starts from what the first one left.
    """
    upsert = dialect_insert(session, DerivedMonth).values(
        month=month, through=month - _ONE_DAY, derived_at=at
    )
    locked = upsert.on_conflict_do_update(index_elements=["month"], set_={"derived_at": at})
    through: date = session.execute(locked.returning(DerivedMonth.through)).scalar_one()
    return through


def _delete_marks(session: Session, marks: list[tuple[date, UUID]]) -> None:
    if marks:
        session.connection().execute(
            delete(DirtyMark).where(
                DirtyMark.business_date == bindparam("day"), DirtyMark.id == bindparam("mark")
            ),
            [{"day": day, "mark": id_} for day, id_ in marks],
        )
