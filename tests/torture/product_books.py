"""The product's months and figures, and what `alliance verify` says of them."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from alliance import store
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.derive import derive, forget, pending_months
from alliance.circulation.derive_periods import derive_period, pending_periods
from alliance.circulation.findings import Finding
from alliance.circulation.report import report
from alliance.circulation.verify_frozen import FROZEN
from alliance.redemptions import months
from alliance.redemptions.ledger import snapshot_of
from alliance.redemptions.models import Redemption, Reversal
from alliance.store import Session
from tests.torture.model_books import AMOUNTS, Sums
from tests.torture.product_world import InTheWorld
from tests.torture.records import No
from tests.torture.shop import findings

T = TypeVar("T")


class Books(InTheWorld):
    """What the organizer and the worker do."""

    def close(self, month: date, at: datetime) -> tuple[int, Sums]:
        """As the model's."""

        def deed(session: Session) -> tuple[int, Sums]:
            closing = months.close(session, month, COMMAND_LINE, at)
            return closing.revision, self._sums(closing.snapshot)

        return self._monthly(deed)

    def reopen(self, month: date, at: datetime) -> None:
        """As the model's."""
        self._monthly(lambda session: months.reopen(session, month, "漏记", COMMAND_LINE, at))

    def posted(self) -> dict[date, Sums]:
        """What is posted to each month."""
        with self.sessions() as session, store.one_snapshot(session):
            found = {*session.scalars(sa.select(Redemption.posted_month))}
            found |= {*session.scalars(sa.select(Reversal.posted_month))}
            return {month: self._sums(snapshot_of(session, month)) for month in found}

    def recorded(self) -> dict[date, Sums]:
        """What the closing of each month that is closed has recorded."""
        with self.sessions() as session:
            rows = session.scalars(sa.select(months.MonthClosing).where(months.closing_stands()))
            return {closing.month: self._sums(closing.snapshot) for closing in rows}

    def _monthly(self, deed: Callable[[Session], T]) -> T:
        try:
            return self.act(deed)
        except months.MonthError as error:
            raise No(type(error).__name__, error.month) from None

    def _sums(self, snapshot: dict[str, Any]) -> Sums:
        names = {str(enterprise.id): name for name, enterprise in self.merchants.items()}
        merchants = {names[id_]: sums for id_, sums in snapshot["merchants"].items()}
        return {
            name: tuple(sums[amount] for amount in AMOUNTS)
            for name, sums in ({"all": snapshot} | merchants).items()
        }

    # --- figures ---

    def derive(self, at: datetime) -> None:
        """What the worker does every minute."""

        def deed(session: Session) -> None:
            for month in pending_months(session, at):
                derive(session, month, at)

        self.act(deed)
        with self.sessions() as session:
            periods = pending_periods(session, at)
        for period in periods:
            derive_period(self.sessions, period, at)

    def forget(self) -> None:
        """The first half of ``alliance circulation rebuild``."""
        self.act(forget)

    def report(self, first: date, last: date) -> dict[str, Any]:
        """The circulation report."""
        with self.sessions() as session, store.one_snapshot(session):
            return asdict(report(session, (first, last)))

    def findings(self) -> list[Finding]:
        """What ``alliance verify`` finds."""
        return findings(self.sessions)

    def forged(self, outlet: str, id_: int, what: str, name: str, invariant: str) -> bool:
        """Whether an invariant finds that one redemption names another employer or zone; it is put back."""
        named = self.merchants[name] if what == "employer_id" else self.zones[name]
        key = {"merchant_id": self.outlets[outlet].merchant_id, "id": UUID(int=id_)}
        with self.sessions() as session:
            store.for_writing(session)
            session.execute(sa.update(Redemption).filter_by(**key).values({what: named.id}))
            found = list(FROZEN[invariant](session))
            session.rollback()
        return bool(found)
