"""A holder's redemptions, month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from alliance.clock import month_of
from alliance.web.entries import Entry


@dataclass(frozen=True)
class Month:
    """One month's redemptions, the newest first, and what they come to in 分; reversed ones come to 0."""

    month: date
    entries: Sequence[Entry]

    @property
    def paid_fen(self) -> int:
        """What was paid."""
        return sum(entry.paid_fen for entry in self.entries)

    @property
    def saved_fen(self) -> int:
        """What the offers saved."""
        return sum(entry.discount_fen for entry in self.entries)


def by_month(entries: Sequence[Entry]) -> list[Month]:
    """Entries that are sorted by time, in months."""
    groups = groupby(entries, key=lambda entry: month_of(entry.fact.business_date))
    return [Month(month, list(group)) for month, group in groups]
