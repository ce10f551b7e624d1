"""The enterprise's people with what HR has to know of their passes; another enterprise's are not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import abort
from sqlalchemy import ColumnElement, ScalarSelect, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from alliance.clock import business_date
from alliance.passes.cards import is_good, last_day
from alliance.passes.issue import newest_pass
from alliance.passes.leaving import TAKEN_BACK_WITHIN
from alliance.passes.models import DeviceRevocation, Pass, PassDevice, PrintedCard
from alliance.people.employment import in_effect
from alliance.people.models import Employment, Holder

#: Digits of a phone number that are enough to look for it.
TAIL = 4


@dataclass(frozen=True)
class PersonLine:
    """Somebody in the list, how many phones show the pass, and until when a printed card does."""

    employment: Employment
    holder: Holder
    phones: int
    card_ends: datetime | None

    @property
    def card_until(self) -> date | None:
        """The last day of the printed card; None without one."""
        return None if self.card_ends is None else last_day(self.card_ends)


def people_of(
    session: Session, enterprise_id: int, at: datetime, asked: str, page: int, size: int
) -> Sequence[PersonLine]:
    """One page (from 1) of those employed today, by 工号.

    ``asked`` is a part of a name or 工号, or the end of a phone number.
    """
    found = _people(enterprise_id, at, in_effect(business_date(at)), *_asked(asked))
    rows = session.execute(found.offset((page - 1) * size).limit(size))
    return [PersonLine(*row) for row in rows]


def without_card(session: Session, enterprise_id: int, at: datetime, most: int) -> list[Employment]:
    """Those employed today who have no printed card that is good, by 工号; so many at most."""
    found = _people(enterprise_id, at, in_effect(business_date(at)), _card_ends(at).is_(None))
    return [row[0] for row in session.execute(found.limit(most))]


def employed_among(session: Session, enterprise_id: int, today: date, ids: Sequence[int]) -> list[Employment]:
    """Those of the employments ``ids`` that are the enterprise's and last today, by 工号."""
    here = (Employment.enterprise_id == enterprise_id, in_effect(today), Employment.id.in_(ids))
    return list(session.scalars(select(Employment).where(*here).order_by(Employment.staff_no, Employment.id)))


def left_lately(session: Session, enterprise_id: int, at: datetime) -> Sequence[PersonLine]:
    """Who has left within ``TAKEN_BACK_WITHIN``, the last first."""
    today = business_date(at)
    gone = (Employment.ends_on <= today) & (Employment.ends_on > today - TAKEN_BACK_WITHIN)
    found = _people(enterprise_id, at, gone).order_by(None).order_by(Employment.ends_on.desc(), Employment.id)
    return [PersonLine(*row) for row in session.execute(found)]


def employment_or_404(session: Session, enterprise_id: int, employment_id: int, today: date) -> Employment:
    """One of the enterprise's, of those whom ``people_of`` or ``left_lately`` lists."""
    employment = session.get(Employment, employment_id)
    if employment is None or employment.enterprise_id != enterprise_id:
        abort(404)
    if employment.ends_on is not None and employment.ends_on <= today - TAKEN_BACK_WITHIN:
        abort(404)
    return employment


def card_or_404(session: Session, employment: Employment, cti: bytes) -> PrintedCard:
    """A card of the employee's, printed here."""
    held, card = newest_pass(session, employment.holder_id), session.get(PrintedCard, cti)
    if card is None or held is None or card.pass_id != held.id:
        abort(404)
    return card if card.employer_id == employment.enterprise_id else abort(404)


def _card_ends(at: datetime) -> ScalarSelect[datetime]:
    """When the printed card of the row's holder and employer ends."""
    return (
        select(func.max(PrintedCard.expires_at))
        .join(Pass, Pass.id == PrintedCard.pass_id)
        .where(Pass.holder_id == Holder.id, PrintedCard.employer_id == Employment.enterprise_id, is_good(at))
        .correlate(Holder, Employment)
        .scalar_subquery()
    )


def _people(enterprise_id: int, at: datetime, *which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    alive = ~exists().where(DeviceRevocation.key_id == PassDevice.key_id)
    phones = (
        select(func.count())
        .select_from(PassDevice)
        .join(Pass, Pass.id == PassDevice.pass_id)
        .where(Pass.holder_id == Holder.id, alive)
        .scalar_subquery()
    )
    return (
        select(Employment, Holder, phones, _card_ends(at))
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
