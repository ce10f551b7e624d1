"""Who works where on which day, and leaving."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from alliance.people.models import Employment, Holder


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


def leave(employment: Employment, on: date) -> None:
    """End an employment: ``on`` is the first day no longer employed, and passes are dead from then."""
    employment.ends_on = max(on, employment.starts_on)
