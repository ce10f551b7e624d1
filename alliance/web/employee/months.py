"""A holder's redemptions, month by month, and what each year came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class Year:
    """A calendar year with its months, the newest first. Her own figures, so nothing of them is hidden."""

    year: int
    months: Sequence[Month]
    #: What was saved at merchants of each category, the most first; in 分.
    saved_by_category: Sequence[tuple[str, int]]

    @property
    def uses(self) -> int:
        """The redemptions that stand."""
        return sum(entry.stands for month in self.months for entry in month.entries)

    @property
    def paid_fen(self) -> int:
        """What was paid."""
        return sum(month.paid_fen for month in self.months)

    @property
    def saved_fen(self) -> int:
        """What the offers saved."""
        return sum(month.saved_fen for month in self.months)


def by_year(entries: Sequence[Entry], categories: Mapping[int, str]) -> list[Year]:
    """Entries that are sorted by time, in years; ``categories`` are those of the merchants, in words."""
    groups = groupby(by_month(entries), key=lambda month: month.month.year)
    return [_year(year, list(months), categories) for year, months in groups]


def _year(year: int, months: Sequence[Month], categories: Mapping[int, str]) -> Year:
    saved: Counter[str] = Counter()
    for month in months:
        for entry in month.entries:
            saved[categories[entry.fact.merchant_id]] += entry.discount_fen
    return Year(year, months, [(category, fen) for category, fen in saved.most_common() if fen])


def by_month(entries: Sequence[Entry]) -> list[Month]:
    """Entries that are sorted by time, in months."""
    groups = groupby(entries, key=lambda entry: month_of(entry.fact.business_date))
    return [Month(month, list(group)) for month, group in groups]
