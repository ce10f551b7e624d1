"""Who derives what: the rows of the months are the locks, and say what has been derived."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alliance.circulation.models import (
    DerivedMonth,
    DerivedPeriod,
    PeriodFigures,
    PeriodFlow,
    PeriodOffer,
    PeriodOutlet,
)
from alliance.circulation.periods import Period, PeriodKind, containing, months_of
from alliance.store import dialect_insert, new_id

#: What is derived as a whole once it is over; the months first, because the longer are made from them.
KINDS = (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)
#: The registry first: its rows say whether the others are to be read.
_TABLES = (DerivedPeriod, PeriodFlow, PeriodOutlet, PeriodOffer, PeriodFigures)
_ONE_DAY = timedelta(days=1)


def take_turn(session: Session, month: date, at: datetime) -> date:
    """Lock the month's row, made if there is none; returns through which day it has been derived.

    A second rebuild waits here, then starts from what the first one left. Whoever locks several months does
    so in their order.
    """
    upsert = dialect_insert(session, DerivedMonth).values(
        month=month, through=month - _ONE_DAY, turn=new_id(), derived_at=at
    )
    locked = upsert.on_conflict_do_update(index_elements=["month"], set_={"derived_at": at})
    through: date = session.execute(locked.returning(DerivedMonth.through)).scalar_one()
    return through


def turns_of(session: Session, period: Period, *, locking: bool = False) -> Mapping[date, UUID]:
    """The last turn of each of the period's months that has had one."""
    rows = select(DerivedMonth.month, DerivedMonth.turn).where(DerivedMonth.month.in_(months_of(period)))
    rows = rows.order_by(DerivedMonth.month)
    return dict(session.execute(rows.with_for_update() if locking else rows).all())


def delete_periods(session: Session, month: date | None = None) -> None:
    """Delete what has been derived of every calendar period that contains ``month`` (None: of all)."""
    if month is not None:
        for kind in KINDS:
            delete_period(session, containing(kind, month))
        return
    for table in _TABLES:
        session.execute(delete(table))


def delete_period(session: Session, period: Period) -> None:
    """Delete what has been derived of one calendar period."""
    for table in _TABLES:
        session.execute(delete(table).where(table.kind == period.kind, table.first_day == period.first))
