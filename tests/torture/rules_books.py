"""Time, the books' months, and figures."""

from datetime import date, datetime, timedelta
from random import Random

from tests.torture.machine import Frame, drawn
from tests.torture.model_books import MARGIN, after, before, month_of
from tests.world import NOON

TICKS = (1, 30, 59, 61, 300, 599, 601, 3600, 86_400, 5 * 86_400)
MONTHLY_DEEDS = {
    "close the next": 6,
    "close the one after it": 2,
    "close the last again": 1,
    "close any": 2,
    "close two": 1,
    "reopen the last": 2,
    "reopen the first": 2,
    "reopen any": 1,
}


class Books(Frame):
    """What the clock, the organizer and the worker do."""

    def time_passes(self, dice: Random) -> None:
        """A little, or until about midnight, or until about when the month can be closed."""
        midnight = start_of(self.today + timedelta(days=1))
        month_ends = start_of(after(month_of(self.today)))
        to = dice.choices(("later", "midnight", "the next month"), (6, 2, 1))[0]
        if to == "later":
            self.at += timedelta(seconds=dice.choice(TICKS))
        elif to == "midnight":
            self.at = max(self.at, midnight + timedelta(seconds=dice.randint(-700, 5)))
        else:
            self.at = max(self.at, month_ends + timedelta(seconds=dice.randint(-700, 700)))

    def a_month(self, dice: Random) -> None:
        """Close or reopen one; time passes until that can be, but not always."""
        books = self.model.books
        deed = dice.choices(list(MONTHLY_DEEDS), list(MONTHLY_DEEDS.values()))[0]
        due = books.first_open(self.at)
        some = self.months_ago(dice.randint(0, 3))
        if deed == "close the next":
            self.close(due, wait=dice.random() < 0.7)
        elif deed == "close the one after it":
            self.close(after(due), wait=dice.random() < 0.7)
        elif deed == "close the last again":
            self.close(max(books.closed, default=some))
        elif deed == "close two":
            self.close(due, wait=True)
            self.close(books.first_open(self.at), wait=True)
        elif deed == "close any":
            self.close(some)
        elif deed == "reopen the last":
            self.reopen(max(books.closed, default=some))
        elif deed == "reopen the first":
            self.reopen(min(books.closed, default=some))
        else:
            self.reopen(some)

    def figures(self, dice: Random) -> None:
        """The worker derives them, maybe all anew; somebody reads a report."""
        what = dice.choice(("derive", "rebuild", "report"))
        if what == "report":
            first = self.today - timedelta(days=dice.randint(0, 40))
            self.compare(first, first + timedelta(days=dice.randint(0, 40)))
            return
        if what == "rebuild":
            self.product.forget()
        self.product.derive(self.at)

    time_1, time_2, time_3 = drawn(time_passes), drawn(time_passes), drawn(time_passes)
    month_1, month_2, figures_1 = drawn(a_month), drawn(a_month), drawn(figures)

    def close(self, month: date, wait: bool = False) -> None:
        if wait:
            self.at = max(self.at, start_of(after(month)) + MARGIN)
        self.both(
            "close",
            lambda: self.model.books.close(month, self.at),
            lambda: self.product.close(month, self.at),
        )

    def reopen(self, month: date) -> None:
        self.both(
            "reopen",
            lambda: self.model.books.reopen(month),
            lambda: self.product.reopen(month, self.at),
        )

    def months_ago(self, back: int) -> date:
        month = month_of(self.today)
        for _ in range(back):
            month = before(month)
        return month

    def compare(self, first: date, last: date) -> None:
        report, expected = self.product.report(first, last), self.model.report(first, last)
        assert {name: report[name] for name in expected} == expected


def start_of(day: date) -> datetime:
    """Midnight in Shanghai, told in UTC."""
    return datetime.combine(day, datetime.min.time(), NOON.tzinfo) - timedelta(hours=8)
