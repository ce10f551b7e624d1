"""What the model remembers, and how it counts: no code of the product, nor its constants."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Outcome = tuple[Any, ...]
#: A holder, merchant, outlet or zone is named by a plain string.
Name = str


class No(Exception):
    """The refusal, by its reason and maybe what it speaks of."""


def day_of(at: datetime) -> date:
    """The day in Shanghai, which is eight hours ahead all year."""
    return (at + timedelta(hours=8)).date()


def whole(amount: Decimal) -> int:
    """四舍五入."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True)
class Terms:
    """``kind`` is discount (a: permille to pay), threshold (a: from, b: off) or alliance_price (a: each)."""

    kind: str
    a: int
    b: int = 0

    def paid(self, gross: int, quantity: int) -> int:
        """What the customer pays."""
        if not 1 <= gross <= 10_000_000_00 or not 1 <= quantity <= 9999:
            raise No("amount_out_of_range")
        if self.kind == "discount":
            return whole(Decimal(gross) * self.a / 1000)
        if self.kind == "alliance_price":
            return min(gross, self.a * quantity)
        if gross < self.a:
            raise No("below_threshold")
        return max(0, gross - self.b)


@dataclass
class Revision:
    """``outlets`` is empty for everywhere. ``state`` is submitted, approved or returned."""

    merchant: Name
    code: str
    number: int
    terms: Terms
    limit_total: int | None
    limit_holder: int | None
    starts: date | None
    ends: date | None
    outlets: frozenset[Name]
    state: str = "submitted"


@dataclass(frozen=True)
class Stay:
    """An outlet or an employer stands there from ``start`` on; ``said`` is when that became known."""

    said: datetime
    start: date
    zone: Name


@dataclass
class Employment:
    """``said`` is (moment, first day, first day no longer) of all that was ever said; the last holds."""

    employer: Name
    said: list[tuple[datetime, date, date | None]]

    @property
    def start(self) -> date:
        return self.said[-1][1]

    @property
    def end(self) -> date | None:
        return self.said[-1][2]

    def days(self, as_of: datetime | None = None) -> tuple[date, date | None] | None:
        """Its days as they were known at that moment (now); None when nobody knew of it."""
        known = [(start, end) for moment, start, end in self.said if as_of is None or moment <= as_of]
        return known[-1] if known else None


@dataclass(frozen=True)
class Shown:
    """What a phone shows. ``number`` tells presentations apart, and later ones have higher ones.

    ``signed``: by the phone's own key; else a code of the server, of which there are typed digits too.
    """

    number: int
    pass_: int
    ends: datetime
    signed: bool


@dataclass
class Scan:
    outlet: Name
    pass_: int
    revisions: list[Revision]
    ends: datetime
    body: Any


@dataclass
class Sold:
    """A redemption, and what its reversals have left of it."""

    holder: Name
    employer: Name
    employer_zone: Name
    outlet: Name
    outlet_zone: Name
    revision: Revision
    at: datetime
    gross: int
    paid: int
    body: Any
    posted: date
    left_paid: int = 0
    left_discount: int = 0
    stands: bool = True

    @property
    def discount(self) -> int:
        return self.gross - self.paid
