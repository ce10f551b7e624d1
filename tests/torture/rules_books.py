"""Time, the books' months, and figures."""

from datetime import date, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.torture.machine import Frame
from tests.torture.model_books import after, before, month_of
from tests.world import NOON

ticks = st.sampled_from((1, 30, 59, 61, 300, 599, 601, 3600, 86_400, 5 * 86_400, 31 * 86_400))


class Books(Frame):
    """What the clock, the organizer and the worker do."""

    @rule(seconds=ticks)
    def tick(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    @rule(seconds=st.integers(-700, 5))
    def tick_towards_midnight(self, seconds: int) -> None:
        """In Shanghai, where 16:00 UTC is midnight."""
        midnight = datetime.combine(self.today + timedelta(days=1), datetime.min.time(), NOON.tzinfo)
        at = midnight - timedelta(hours=8) + timedelta(seconds=seconds)
        self.at = max(self.at, at)

    @rule(seconds=st.integers(-700, 700))
    def tick_to_the_next_month(self, seconds: int) -> None:
        """To about when the old one can be closed."""
        midnight = datetime.combine(after(month_of(self.today)), datetime.min.time(), NOON.tzinfo)
        self.at = max(self.at, midnight - timedelta(hours=8) + timedelta(seconds=seconds))

    @rule(back=st.sampled_from((None, None, None, None, 0, 1, 2, 3)))
    def close(self, back: int | None) -> None:
        """The month whose turn it is, or one so many months ago."""
        month = self.model.books.first_open(self.at) if back is None else self.months_ago(back)
        self.both(
            "close",
            lambda: self.model.books.close(month, self.at),
            lambda: self.product.close(month, self.at),
        )

    @rule(back=st.sampled_from((None, None, 1, 2)), really=st.integers(0, 2))
    def reopen(self, back: int | None, really: int) -> None:
        """The latest closed month, or one so many months ago."""
        if really:
            return
        month = max(self.model.books.closed, default=None) if back is None else None
        month = month or self.months_ago(back or 0)
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

    @rule(again=st.booleans())
    def derive(self, again: bool) -> None:
        if again:
            self.product.forget()
        self.product.derive(self.at)

    @rule(back=st.integers(0, 40), length=st.integers(0, 40))
    def compare_reports(self, back: int, length: int) -> None:
        first = self.today - timedelta(days=back)
        self.compare(first, first + timedelta(days=length))

    def compare(self, first: date, last: date) -> None:
        report, expected = self.product.report(first, last), self.model.report(first, last)
        assert {name: report[name] for name in expected} == expected
