"""The product's side of the comparison, all in one place: how it derives, and how it is asked.

Each question is asked as a page asks it: a session, one snapshot, the figures from whatever is derived.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from alliance import store
from alliance.circulation import figures
from alliance.circulation.coverage import coverage
from alliance.circulation.derive import derive, pending_months
from alliance.circulation.models import DayFigures, MonthFlow
from alliance.circulation.report import report
from alliance.clock import month_of, next_month
from alliance.redemptions.models import DirtyMark
from alliance.zones.models import Zone
from bench.raw import Kind, Question, Rows, Span

DERIVED = (DayFigures, MonthFlow)


class Product:
    """The product on a filled store."""

    def __init__(self, url: str) -> None:
        self._engine = store.make_engine(url, patient=True)
        self._sessions = store.sessionmaker_for(self._engine)

    def derive_all(self, at: datetime) -> None:
        """Everything, as the worker does."""
        with self._sessions() as session:
            for month in pending_months(session, at):
                derive(session, month, at)
                session.commit()

    def mark(self, day: date) -> None:
        """A late fact has come on this day."""
        with self._sessions() as session:
            session.add(DirtyMark(business_date=day))
            session.commit()

    def derive_day(self, day: date, at: datetime) -> None:
        """Derive a marked day again."""
        with self._sessions() as session:
            derive(session, month_of(day), at)
            session.commit()

    def rows(self) -> dict[str, int]:
        """How many rows each derived table has."""
        with self._sessions() as session:
            tables = [store.table_of(model) for model in DERIVED]
            counts = [session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]
            return {table.name: count or 0 for table, count in zip(tables, counts, strict=True)}

    def ask(self, question: Question) -> Rows:
        """The answer's rows, as ``raw`` has them."""
        with self._snapshot() as session:
            if question.kind == Kind.FLOW:
                cut = coverage(session, question.span)
                flow = figures.flows(session, cut, None)
                return sorted((*pair, paid_fen) for pair, paid_fen in flow.items())
            zones = sa.select(Zone).where(Zone.parent_id.is_not(None))
            if question.zone:
                zones = zones.where(Zone.id == question.zone[0])
            every = list(session.scalars(zones))
            months = _months(question.span)
            return [row for month in months for zone in every for row in _of(session, month, zone)]

    @contextmanager
    def _snapshot(self) -> Iterator[Any]:
        with self._sessions() as session, store.one_snapshot(session):
            yield session

    def close(self) -> None:
        """No more questions."""
        self._engine.dispose()


def _of(session: Any, month: date, zone: Zone) -> Rows:
    found = report(session, (month, next_month(month) - timedelta(days=1)), zone)
    sums = (found.redemptions, found.gross_fen, found.discount_fen, found.paid_fen)
    return [(zone.id, month.year * 12 + month.month, *sums, found.active_holders)]


def _months(span: Span) -> Iterator[date]:
    month = month_of(span[0])
    while month <= span[1]:
        yield month
        month = next_month(month)
