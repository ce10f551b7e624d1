"""Deriving: past days into thin tables, rebuilt by delete and insert whenever a mark says so.

A rebuild first reads the marks, then the facts, and deletes just the marks it read. A fact that commits in
between is either seen, or its mark stays and the day is read live until the next rebuild.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from alliance.circulation.facts import SUMS, Span, signed_facts, total
from alliance.circulation.models import DayFlow, DerivedMonth
from alliance.circulation.registry import delete_periods, take_turn
from alliance.clock import business_date, days, month_of, next_month
from alliance.redemptions.models import DirtyMark, Redemption
from alliance.store import new_id

_ONE_DAY = timedelta(days=1)
_DAY_GRAIN = ("business_date", "employer_zone_id", "outlet_zone_id")


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
    """Derive those past days of a month that are marked or were never derived.

    The periods with such a day are derived no more (``derive_periods``).
    """
    last = min(next_month(month), business_date(at)) - _ONE_DAY
    through = take_turn(session, month, at)
    marks = session.execute(
        select(DirtyMark.business_date, DirtyMark.id).where(DirtyMark.business_date.between(month, last))
    ).all()
    stale = {day for day, _ in marks} | set(days(through + _ONE_DAY, last))
    for day in sorted(stale):
        session.execute(delete(DayFlow).where(DayFlow.business_date == day))
        columns = [*_DAY_GRAIN, *SUMS]
        session.execute(insert(DayFlow).from_select(columns, day_flows_of_facts((day, day))))
    if stale:
        delete_periods(session, month)
    _delete_marks(session, [(day, id_) for day, id_ in marks])
    done: dict[str, object] = {"through": last, "derived_at": at}
    # Whoever has prepared a period before this must not keep it.
    done |= {"turn": new_id()} if stale else {}
    session.execute(update(DerivedMonth).where(DerivedMonth.month == month).values(done))


def forget(session: Session) -> None:
    """Delete everything derived: every figure is read from the facts until it is derived again."""
    # The registry first, as in ``derive``: its rows are the lock.
    session.execute(select(DerivedMonth.month).order_by(DerivedMonth.month).with_for_update())
    delete_periods(session)
    for table in (DerivedMonth, DayFlow):
        session.execute(delete(table))


def day_flows_of_facts(span: Span) -> Select[*tuple[object, ...]]:
    """What ``day_flows`` must hold for these days, by the facts: its columns in order."""
    facts = signed_facts([span])
    columns = [facts.c[name] for name in _DAY_GRAIN]
    return select(*columns, *(total(facts.c[name]).label(name) for name in SUMS)).group_by(*columns)


def _delete_marks(session: Session, marks: list[tuple[date, UUID]]) -> None:
    if marks:
        session.connection().execute(
            delete(DirtyMark).where(
                DirtyMark.business_date == bindparam("day"), DirtyMark.id == bindparam("mark")
            ),
            [{"day": day, "mark": id_} for day, id_ in marks],
        )
