"""The daily reconciliation: what the books have for an outlet and a day, to be compared with a till's.

Redemptions and reversals are two lists, each with its count, its sums and a digest over its lines. A reversal
stands on the business date of its redemption.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from alliance.enterprises.models import Outlet
from alliance.redemptions.models import Redemption, Reversal


@dataclass(frozen=True, order=True)
class Line:
    """One fact; amounts in 分, those of a reversal negative."""

    id: UUID
    gross_fen: int
    discount_fen: int
    paid_fen: int

    @property
    def text(self) -> str:
        """``id,gross,discount,paid``: the id in lower case with hyphens, the amounts as plain integers."""
        return f"{self.id},{self.gross_fen},{self.discount_fen},{self.paid_fen}"


@dataclass
class Side:
    """The redemptions of a day, or its reversals."""

    lines: list[Line] = field(default_factory=list)

    @property
    def gross_fen(self) -> int:
        """The sum before the discount."""
        return sum(line.gross_fen for line in self.lines)

    @property
    def discount_fen(self) -> int:
        """The sum of the discounts."""
        return sum(line.discount_fen for line in self.lines)

    @property
    def paid_fen(self) -> int:
        """The sum of what was paid."""
        return sum(line.paid_fen for line in self.lines)

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal over the lines' texts in ASCII, sorted by bytes, each ended by one LF."""
        texts = sorted(line.text for line in self.lines)
        return hashlib.sha256("".join(f"{text}\n" for text in texts).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class OutletDay:
    """One outlet's business date."""

    outlet: Outlet
    redemptions: Side
    reversals: Side


def reconcile(session: Session, merchant_id: int, outlet_id: UUID | None, day: date) -> list[OutletDay]:
    """The day at one outlet, or (None) at each of the merchant's, by code; wants one snapshot."""
    wanted = select(Outlet).where(Outlet.merchant_id == merchant_id).order_by(Outlet.code)
    if outlet_id is not None:
        wanted = wanted.where(Outlet.id == outlet_id)
    sold = select(Redemption.outlet_id, *_columns(Redemption)).where(
        Redemption.merchant_id == merchant_id, Redemption.business_date == day
    )
    back = (
        select(Redemption.outlet_id, *_columns(Reversal))
        .join(
            Redemption,
            and_(Redemption.merchant_id == Reversal.merchant_id, Redemption.id == Reversal.redemption_id),
        )
        .where(Reversal.merchant_id == merchant_id, Reversal.business_date == day)
    )
    if outlet_id is not None:
        sold, back = (each.where(Redemption.outlet_id == outlet_id) for each in (sold, back))
    redemptions, reversals = (_by_outlet(session.execute(each).all()) for each in (sold, back))
    return [
        OutletDay(outlet, redemptions[outlet.id], reversals[outlet.id]) for outlet in session.scalars(wanted)
    ]


def _columns(fact: type[Redemption] | type[Reversal]) -> tuple[Any, ...]:
    return fact.id, fact.gross_fen, fact.discount_fen, fact.paid_fen


def _by_outlet(rows: Sequence[Any]) -> defaultdict[UUID, Side]:
    sides: defaultdict[UUID, Side] = defaultdict(Side)
    for outlet_id, *line in rows:
        sides[outlet_id].lines.append(Line(*line))
    return sides
