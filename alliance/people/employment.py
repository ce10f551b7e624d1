"""Who works where on which day, and leaving."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from alliance.people.models import Employment, EmploymentChange, Holder


def in_effect(day: date | ColumnElement[date], employment: Any = Employment) -> ColumnElement[bool]:
    """The condition that an employment holds on ``day``."""
    return and_(employment.starts_on <= day, or_(employment.ends_on.is_(None), employment.ends_on > day))


def employment_on(session: Session, holder_id: int, day: date) -> Employment | None:
    """The employment of an employee on a day; a dependant has the sponsor's."""
    worker = select(Holder.sponsor_id).where(Holder.id == holder_id).scalar_subquery()
    return session.scalar(
        select(Employment)
        .where(or_(Employment.holder_id == holder_id, Employment.holder_id == worker), in_effect(day))
        .order_by(Employment.starts_on.desc())
        .limit(1)
    )


def leave(session: Session, employment: Employment, on: date, at: datetime) -> None:
    """End an employment: ``on`` is the first day no longer employed, and passes are dead from then."""
    change_days(session, employment, employment.starts_on, max(on, employment.starts_on), at)


def change_days(
    session: Session, employment: Employment, starts_on: date, ends_on: date | None, at: datetime
) -> None:
    """The employment lasts from ``starts_on`` until before ``ends_on``.

    What its days were held to be is kept: redemptions were made while it was held true.
    """
    before = {"starts_on": employment.starts_on, "ends_on": employment.ends_on}
    if before == {"starts_on": starts_on, "ends_on": ends_on}:
        return
    with session.no_autoflush:
        # What was said and taken back at one moment was never held true.
        if session.get(EmploymentChange, (employment.id, at)) is None:
            session.add(EmploymentChange(employment_id=employment.id, at=at, **before))
    employment.starts_on, employment.ends_on = starts_on, ends_on
