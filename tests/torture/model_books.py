"""The months of the model's books: what is posted to each, which are closed, and what a closing recorded."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.torture.records import Name, No, day_of

MARGIN = timedelta(minutes=10)
AMOUNTS = ("redemptions", "reversals", "gross_fen", "discount_fen", "paid_fen")
#: One fact: merchant, month, and the AMOUNTS it adds.
Posting = tuple[Name, date, tuple[int, ...]]
#: For the whole alliance and by merchant, only who has a fact.
Sums = dict[Name, tuple[int, ...]]


def month_of(day: date) -> date:
    return day.replace(day=1)


def after(month: date) -> date:
    return month_of(month + timedelta(days=31))


def before(month: date) -> date:
    return month_of(month - timedelta(days=1))


@dataclass
class Books:
    postings: list[Posting] = field(default_factory=list)
    sales: list[date] = field(default_factory=list)
    closed: set[date] = field(default_factory=set)
    closings: Counter[date] = field(default_factory=Counter)

    def close(self, month: date, at: datetime) -> tuple[int, Sums]:
        """Which closing of the month it is, and what is posted to it."""
        # Midnight in Shanghai, told in UTC.
        over = datetime.combine(after(month), datetime.min.time(), at.tzinfo) - timedelta(hours=8)
        if at < over + MARGIN:
            raise No("NotOver", month)
        if month in self.closed:
            raise No("AlreadyClosed", month)
        if month < self.first(at):
            raise No("BeforeTheBooks", self.first(at))
        if self.first_open(at) < month:
            raise No("EarlierOpen", self.first_open(at))
        self.closed.add(month)
        self.closings[month] += 1
        return self.closings[month], self.sums(month)

    def reopen(self, month: date) -> None:
        if month not in self.closed:
            raise No("NotClosed", month)
        if max(self.closed) > month:
            raise No("LaterClosed", max(self.closed))
        self.closed.remove(month)

    def first(self, at: datetime) -> date:
        months = [month_of(day) for day in self.sales] + list(self.closings)
        return min(months) if months else before(month_of(day_of(at)))

    def first_open(self, at: datetime) -> date:
        month = self.first(at)
        while month in self.closed:
            month = after(month)
        return month

    def month_for(self, month: date, at: datetime) -> date:
        """Where a late fact goes that belongs to ``month``."""
        return month_of(day_of(at)) if month in self.closed else month

    def post(self, merchant: Name, month: date, what: str, amounts: tuple[int, int, int]) -> None:
        counts = (1, 0) if what == "redemption" else (0, 1)
        self.postings.append((merchant, month, counts + amounts))

    def sums(self, month: date) -> Sums:
        found: Sums = {"all": (0,) * len(AMOUNTS)}
        for merchant, posted, figures in self.postings:
            if posted == month:
                for key in ("all", merchant):
                    so_far = found.get(key, (0,) * len(AMOUNTS))
                    found[key] = tuple(map(sum, zip(so_far, figures, strict=True)))
        return found

    def all_sums(self) -> dict[date, Any]:
        """Of every month that something is posted to."""
        return {month: self.sums(month) for month in {posted for _, posted, _ in self.postings}}
