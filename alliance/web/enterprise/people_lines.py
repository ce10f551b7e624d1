"""The enterprise's people with what HR has to know of their passes; another enterprise's are not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import abort
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from alliance.passes.models import DeviceRevocation, Pass, PassDevice
from alliance.people.employment import in_effect
from alliance.people.models import Employment, Holder

#: For so long a departure is listed and can be undone by a click.
UNDO = timedelta(days=30)
#: Digits of a phone number that are enough to look for it.
TAIL = 4


@dataclass(frozen=True)
class PersonLine:
    """Somebody in the list, and how many phones show the pass."""

    employment: Employment
    holder: Holder
    phones: int


def people_of(
    session: Session, enterprise_id: int, today: date, asked: str, page: int, size: int
) -> Sequence[PersonLine]:
    """One page (from 1) of those employed today, by 工号.

    ``asked`` is a part of a name or 工号, or the end of a phone number.
    """
    found = _people(enterprise_id, in_effect(today), *_asked(asked))
    rows = session.execute(found.offset((page - 1) * size).limit(size))
    return [PersonLine(*row) for row in rows]


def left_lately(session: Session, enterprise_id: int, today: date) -> Sequence[PersonLine]:
    """Who has left within ``UNDO``, the last first."""
    gone = (Employment.ends_on <= today) & (Employment.ends_on > today - UNDO)
    found = _people(enterprise_id, gone).order_by(None).order_by(Employment.ends_on.desc(), Employment.id)
    return [PersonLine(*row) for row in session.execute(found)]


def employment_or_404(session: Session, enterprise_id: int, employment_id: int, today: date) -> Employment:
    """One of the enterprise's, of those whom ``people_of`` or ``left_lately`` lists."""
    employment = session.get(Employment, employment_id)
    if employment is None or employment.enterprise_id != enterprise_id:
        abort(404)
    return employment if employment.ends_on is None or employment.ends_on > today - UNDO else abort(404)


def _people(enterprise_id: int, *which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    alive = ~exists().where(DeviceRevocation.key_id == PassDevice.key_id)
    phones = (
        select(func.count())
        .select_from(PassDevice)
        .join(Pass, Pass.id == PassDevice.pass_id)
        .where(Pass.holder_id == Holder.id, alive)
        .scalar_subquery()
    )
    return (
        select(Employment, Holder, phones)
        .join(Holder, Holder.id == Employment.holder_id)
        .where(Employment.enterprise_id == enterprise_id, *which)
        .order_by(Employment.staff_no, Employment.id)
    )


def _asked(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    ways = [Holder.name.contains(text, autoescape=True), Employment.staff_no.contains(text, autoescape=True)]
    if text.isascii() and text.isdigit() and len(text) >= TAIL:
        ways.append(Holder.phone.endswith(text))
    return [or_(*ways)]
