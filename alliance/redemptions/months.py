"""The months of the ledger: closing, reopening, and to which month a late fact is posted.

A fact is posted to the month of its business date while that is open; later it is an adjustment of the
current month, so that what a closing recorded stays as it was. Months are closed in order, from the first
that has facts on without a gap, and only the latest closed one can be reopened. What is imported from before
the first one lies in open months, which have to be closed before any later one is. A close needs no lock
against such an import: whichever commits first, it is as if they had come one after the other.

The counter takes no lock of a month, nor a statement more: it posts to the current month, which cannot be
closed until it has been over for ``marks.MARGIN``. By then a transaction that began within it has long
ended, because each of its few statements is ended after a minute at the most.
"""

from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from alliance.audit.trail import Actor, record
from alliance.clock import business_date, month_of, next_month, start_of
from alliance.redemptions.ledger import digest_of, snapshot_of
from alliance.redemptions.marks import MARGIN
from alliance.redemptions.models import LedgerMonth, MonthClosing, MonthReopening, Redemption
from alliance.store import insert_or_ignore


class MonthError(Exception):
    """A month cannot be closed or reopened. ``month`` is the one that stands in the way."""

    def __init__(self, month: date) -> None:
        super().__init__(f"{type(self).__name__}: {month:%Y-%m}")
        self.month = month


class NotOver(MonthError):
    """The month is not over, or by less than ``MARGIN``."""


class AlreadyClosed(MonthError):
    """The month is closed."""


class NotClosed(MonthError):
    """The month is open."""


class EarlierOpen(MonthError):
    """``month``, an earlier one, has to be closed first."""


class LaterClosed(MonthError):
    """``month``, a later one, has to be reopened first."""


class BeforeTheBooks(MonthError):
    """The books begin later, with ``month``."""


def close(session: Session, month: date, by: Actor, at: datetime) -> MonthClosing:
    """Close a month (its first day) and record what is posted to it.

    Whoever is posting to it late is waited for. Raises NotOver, AlreadyClosed, BeforeTheBooks, EarlierOpen.
    """
    if at < start_of(next_month(month)) + MARGIN:
        raise NotOver(month)
    # The month before must not be reopened meanwhile.
    _lock(session, _month_before(month), shared=True)
    _lock(session, month)
    if is_closed(session, month):
        raise AlreadyClosed(month)
    if month < (first := first_month(session, at)):
        raise BeforeTheBooks(first)
    if (earliest := first_open(session, at)) < month:
        raise EarlierOpen(earliest)
    last = session.scalar(select(func.max(MonthClosing.revision)).where(MonthClosing.month == month)) or 0
    closing = MonthClosing(
        month=month,
        revision=last + 1,
        closed_at=at,
        closed_by_id=by.account_id,
        snapshot=snapshot_of(session, month),
        digest=digest_of(session, month),
    )
    session.add(closing)
    session.flush()
    revision, digest = closing.revision, closing.digest.hex()
    record(session, by, "month.close", f"month:{month:%Y-%m}", at, revision=revision, digest=digest)
    return closing


def reopen(session: Session, month: date, reason: str, by: Actor, at: datetime) -> None:
    """Open the latest closed month again. ``reason`` has at most 200 characters.

    Facts that were posted elsewhere meanwhile stay there. Raises NotClosed, LaterClosed.
    """
    _lock(session, month)
    latest = session.scalar(select(func.max(MonthClosing.month)).where(closing_stands()))
    if not is_closed(session, month):
        raise NotClosed(month)
    if latest is not None and latest > month:
        raise LaterClosed(latest)
    revision = session.scalars(
        select(MonthClosing.revision).where(MonthClosing.month == month, closing_stands())
    ).one()
    session.add(MonthReopening(month=month, revision=revision, at=at, by_id=by.account_id, reason=reason))
    session.flush()
    record(session, by, "month.reopen", f"month:{month:%Y-%m}", at, revision=revision, reason=reason)


def posted_month_for(session: Session, day: date, at: datetime) -> date:
    """The month to which a late fact of a business date (or of a month) is posted: its own, else the current.

    The month then stays open until this transaction ends: a close waits for it, and this waits for a close.
    """
    month, current = month_of(day), month_of(business_date(at))
    # A long import may have begun before a month ended that is closed by now: then the next one.
    while closed_while_locked(session, month):
        month = max(next_month(month), current)
    return month


def closed_while_locked(session: Session, month: date) -> bool:
    """Whether a month is closed; the answer then holds until this transaction ends."""
    _lock(session, month, shared=True)
    # A statement of its own: on PostgreSQL only a new one sees what was committed while the lock was awaited.
    return is_closed(session, month)


def is_closed(session: Session, month: date) -> bool:
    """Whether a month is closed at this moment."""
    return bool(session.scalar(select(exists().where(MonthClosing.month == month, closing_stands()))))


def closing_stands() -> ColumnElement[bool]:
    """The condition that a closing has not been taken back."""
    return ~exists().where(
        MonthReopening.month == MonthClosing.month, MonthReopening.revision == MonthClosing.revision
    )


def first_month(session: Session, at: datetime) -> date:
    """Where the books begin: with the first fact or closing; without any, with the month before ``at``'s."""
    fact = session.scalar(select(func.min(Redemption.business_date)))
    closing = session.scalar(select(func.min(MonthClosing.month)))
    begun = [month_of(day) for day in (fact, closing) if day is not None]
    return min(begun) if begun else _month_before(month_of(business_date(at)))


def first_open(session: Session, at: datetime) -> date:
    """The earliest month of the books that is open."""
    closed = set(session.scalars(select(MonthClosing.month).where(closing_stands())))
    month = first_month(session, at)
    while month in closed:
        month = next_month(month)
    return month


def _lock(session: Session, month: date, *, shared: bool = False) -> None:
    """Take the month's lock. SQLite has no such locks and needs none: its writers come one after another."""
    row = select(LedgerMonth.month).where(LedgerMonth.month == month).with_for_update(read=shared)
    while session.scalar(row) is None:
        insert_or_ignore(session, LedgerMonth, ["month"], {"month": month})


def _month_before(month: date) -> date:
    return month_of(date.fromordinal(month.toordinal() - 1))
