"""Time: aware UTC in the store, business dates in Asia/Shanghai. The only time-zone code."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

#: The start of a row that has held since ever. A real date, so that comparisons need no NULL case.
SINCE_EVER = date(1, 1, 1)
#: When something was recorded that has been there from the beginning, or from before that was remembered.
BEFORE_RECORDS = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def business_date(at: datetime) -> date:
    """The day in Shanghai on which ``at`` falls. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no business date")
    return at.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """The first moment of a business date, aware, UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def month_of(day: date) -> date:
    """The first day of the month of ``day``; months are stored as that date."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after the month of ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def days(first: date, last: date) -> Iterator[date]:
    """Each date from ``first`` to ``last``, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def local(at: datetime) -> datetime:
    """``at`` on the wall clock in Shanghai, for showing to people."""
    return at.astimezone(SHANGHAI)


def from_wall_clock(at: datetime) -> datetime:
    """A naive datetime is read as Shanghai wall-clock time; an aware one keeps its offset. Returns UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC)
