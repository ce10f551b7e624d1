"""The product's side of the comparison, all in one place: how it derives, and how it is asked.

Each question is asked as a page asks it: a session, one snapshot, the figures from whatever is derived.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from alliance import store
from alliance.circulation import figures
from alliance.circulation.coverage import coverage
from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import PERIOD_TABLES, derive_period, pending_periods
from alliance.circulation.models import DayFlow
from alliance.circulation.overview import overview
from alliance.circulation.report import report
from alliance.circulation.scope import EVERYWHERE
from alliance.clock import month_of
from alliance.redemptions.models import DirtyMark
from alliance.zones.models import Zone
from bench.raw import Kind, Question, Rows

DERIVED = (DayFlow, *PERIOD_TABLES)


class Product:
    """The product on a filled store."""

    def __init__(self, url: str) -> None:
        self._engine = store.make_engine(url, patient=True)
        self._sessions = store.sessionmaker_for(self._engine)

    def derive_all(self, at: datetime) -> tuple[int, int]:
        """Everything, as the worker does. Returns how many months of days, and how many calendar periods."""
        with self._sessions() as session:
            months = pending_months(session, at)
            for month in months:
                derive(session, month, at)
                session.commit()
        return len(months), self.derive_periods(at)

    def derive_periods(self, at: datetime) -> int:
        """Whatever calendar periods have to be derived. Returns how many."""
        with self._sessions() as session:
            periods = pending_periods(session, at)
        for period in periods:
            if not derive_period(self._sessions, period, at):
                raise RuntimeError(f"{period} was disturbed, but nobody else is here")
        return len(periods)

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
                flow = figures.flows(session, cut, EVERYWHERE)
                return sorted((*pair, paid_fen) for pair, paid_fen in flow.items())
            if question.zone is None:
                return self._overview(session, question)
            found = report(session, question.span, session.get(Zone, question.zone[0]))
            sums = (found.redemptions, found.gross_fen, found.discount_fen, found.paid_fen)
            return [(question.zone[0], None, *sums, found.active_holders)]

    @staticmethod
    def _overview(session: Any, question: Question) -> Rows:
        zones = set(session.scalars(sa.select(Zone.id).where(Zone.parent_id.is_not(None))))
        return [
            (zone_id, month, cell.redemptions, cell.gross_fen, cell.discount_fen, cell.paid_fen, cell.holders)
            for (zone_id, month), cell in overview(session, question.span).items()
            if zone_id in zones
        ]

    @contextmanager
    def _snapshot(self) -> Iterator[Any]:
        with self._sessions() as session, store.one_snapshot(session):
            yield session

    def close(self) -> None:
        """No more questions."""
        self._engine.dispose()
