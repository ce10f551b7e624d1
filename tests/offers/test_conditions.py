"""Conditions are pure: which moments, which employers, and what nobody can mean."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alliance.clock import SHANGHAI, from_wall_clock
from alliance.offers.conditions import (
    ANYBODY,
    DAY_MINUTES,
    Conditions,
    Hours,
    Party,
    Span,
    Who,
    read_conditions,
)
from alliance.refused import Reason

LUNCH = Hours(start=11 * 60, end=14 * 60)
LATE = Hours(start=22 * 60, end=2 * 60)
FESTIVAL = Span(first=date(2026, 2, 10), last=date(2026, 2, 17), name="春节")
WEEK = (1, 2, 3, 4, 5)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("conditions", "at", "is_open"),
    [
        (Conditions(), "2026-02-12 03:00", True),
        # 2026-03-04 is a Wednesday.
        (Conditions(weekdays=WEEK), "2026-03-04 00:00", True),
        (Conditions(weekdays=WEEK), "2026-03-07 12:00", False),
        (Conditions(weekdays=WEEK), "2026-03-06 23:59", True),
        (Conditions(hours=(LUNCH,)), "2026-03-04 10:59", False),
        (Conditions(hours=(LUNCH,)), "2026-03-04 11:00", True),
        (Conditions(hours=(LUNCH,)), "2026-03-04 13:59", True),
        (Conditions(hours=(LUNCH,)), "2026-03-04 14:00", False),
        (Conditions(hours=(LUNCH, Hours(start=17 * 60, end=DAY_MINUTES))), "2026-03-04 23:59", True),
        # Past midnight: it belongs to the day on which it began.
        (Conditions(hours=(LATE,), weekdays=(5,)), "2026-03-06 22:00", True),
        (Conditions(hours=(LATE,), weekdays=(5,)), "2026-03-07 01:59", True),
        (Conditions(hours=(LATE,), weekdays=(5,)), "2026-03-07 02:00", False),
        (Conditions(hours=(LATE,), weekdays=(5,)), "2026-03-06 01:00", False),
        (Conditions(hours=(LATE,), weekdays=(5,)), "2026-03-07 22:30", False),
        # A blackout is of the calendar day.
        (Conditions(blackouts=(FESTIVAL,)), "2026-02-09 23:59", True),
        (Conditions(blackouts=(FESTIVAL,)), "2026-02-10 00:00", False),
        (Conditions(blackouts=(FESTIVAL,)), "2026-02-17 23:59", False),
        (Conditions(blackouts=(FESTIVAL,)), "2026-02-18 00:00", True),
        (Conditions(blackouts=(FESTIVAL,), hours=(LATE,)), "2026-02-10 01:00", False),
    ],
)
def test_when(conditions: Conditions, at: str, is_open: bool) -> None:
    assert conditions.is_open_at(shanghai(at)) is is_open


def test_the_hour_is_shanghais() -> None:
    """Half past three in London is lunch."""
    assert Conditions(hours=(LUNCH,)).is_open_at(datetime(2026, 3, 4, 3, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("conditions", "is_open"),
    [
        (Conditions(), True),
        (Conditions(zones=(1,)), True),
        (Conditions(zones=(2,)), False),
        (Conditions(zones=(2,), employers=(7,)), True),
        (Conditions(employers=(8,)), False),
        (Conditions(employers=(7,)), True),
        (Conditions(zones=(1,), not_employers=(7,)), False),
        (Conditions(not_employers=(8,)), True),
    ],
)
def test_for_whom(conditions: Conditions, is_open: bool) -> None:
    """Somebody of employer 7, in a zone 11 of 1."""
    who = Who(7, {11, 1})
    assert conditions.refusal(who, shanghai("2026-03-04 12:00")) == (
        None if is_open else Reason.OFFER_NOT_FOR_EMPLOYER
    )


def test_the_employer_is_told_before_the_hour() -> None:
    at = shanghai("2026-03-04 20:00")
    assert Conditions(hours=(LUNCH,)).refusal(Who(7), at) is Reason.OFFER_NOT_NOW
    assert Conditions(hours=(LUNCH,), employers=(8,)).refusal(Who(7), at) is Reason.OFFER_NOT_FOR_EMPLOYER


hours = st.tuples(st.integers(0, DAY_MINUTES - 1), st.integers(1, DAY_MINUTES)).filter(
    lambda pair: pair[0] != pair[1]
)
windows = hours.map(lambda pair: Hours(start=pair[0], end=pair[1]))
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
spans = st.tuples(days, st.integers(0, 40)).map(
    lambda drawn: Span(first=drawn[0], last=drawn[0] + timedelta(days=drawn[1]))
)
some = st.builds(
    Conditions,
    weekdays=st.sets(st.integers(1, 7)).map(lambda days: tuple(sorted(days))),
    hours=st.lists(windows, max_size=3).map(tuple),
    blackouts=st.lists(spans, max_size=3).map(tuple),
    zones=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    exclusive=st.booleans(),
    party=st.sampled_from([None, Party.HOLDER, Party.TABLE]),
)


@given(some)
def test_conditions_survive_the_store(conditions: Conditions) -> None:
    assert read_conditions(conditions.given()) == conditions


@given(some, days, st.integers(0, 10))
def test_never_usable_means_at_no_minute(conditions: Conditions, first: date, more: int) -> None:
    """``flaw`` looks at days; every quarter of an hour says the same, where windows are longer than that."""
    last = first + timedelta(days=more)
    minutes = range(0, DAY_MINUTES, 1 if more < 2 else 7)
    start = datetime.combine(first, time(), SHANGHAI)
    moments = (start + timedelta(days=day, minutes=minute) for day in range(more + 1) for minute in minutes)
    if any(conditions.is_open_at(at) for at in moments):
        assert conditions.flaw(first, last) is None
    if conditions.flaw(first, last) is not None:
        assert not conditions.is_open_at(start)


@given(some, some, days, st.integers(0, DAY_MINUTES - 1))
def test_what_never_meets_is_never_open_together(
    one: Conditions, other: Conditions, day: date, minute: int
) -> None:
    at = datetime.combine(day, time(), SHANGHAI) + timedelta(minutes=minute)
    assert one.may_meet(other) or not (one.is_open_at(at) and other.is_open_at(at))
    assert one.may_meet(other) == other.may_meet(one)


@pytest.mark.parametrize(
    ("conditions", "first", "last", "flaw"),
    [
        (Conditions(weekdays=(6, 7)), "2026-03-02", "2026-03-06", ("weekdays", "never")),
        (Conditions(weekdays=(6, 7)), "2026-03-02", "2026-03-07", None),
        (Conditions(weekdays=(6, 7)), "2026-03-02", None, None),
        (Conditions(blackouts=(FESTIVAL,)), "2026-02-10", "2026-02-17", ("blackouts", "never")),
        (Conditions(blackouts=(FESTIVAL,)), "2026-02-10", "2026-02-18", None),
        # A window of Friday's that ends on Saturday.
        (Conditions(weekdays=(5,), hours=(LATE,)), "2026-03-07", "2026-03-07", None),
        (
            Conditions(employers=(1, 2), not_employers=(2,)),
            "2026-03-07",
            None,
            ("not_employers", "in_and_out"),
        ),
    ],
)
def test_what_nobody_can_mean(
    conditions: Conditions, first: str, last: str | None, flaw: tuple[str, str] | None
) -> None:
    end = date.fromisoformat(last) if last else None
    assert conditions.flaw(date.fromisoformat(first), end) == flaw


@pytest.mark.parametrize(
    "stored",
    [
        {"weekdays": [0]},
        {"weekdays": [8]},
        {"hours": [{"start": 600, "end": 600}]},
        {"hours": [{"start": 0, "end": 1441}]},
        {"hours": [{"start": -1, "end": 5}]},
        {"blackouts": [{"first": "2026-02-17", "last": "2026-02-10"}]},
        {"party": "people"},
        {"party": "table", "people": 4},
        {"people": 4},
        {"more": 1},
    ],
)
def test_conditions_that_are_none(stored: dict) -> None:
    with pytest.raises(ValidationError):
        read_conditions(stored)


def test_nothing_set_is_nothing_stored() -> None:
    assert ANYBODY.given() == {}
    assert read_conditions({}) is ANYBODY


@pytest.mark.parametrize(
    ("conditions", "at", "opens"),
    [
        (Conditions(), "2026-03-04 12:00", "2026-03-04 12:00"),
        (Conditions(hours=(Hours(start=1020, end=1080),)), "2026-03-04 12:00", "2026-03-04 17:00"),
        (Conditions(hours=(Hours(start=600, end=660),)), "2026-03-04 12:00", "2026-03-05 10:00"),
        (Conditions(weekdays=(7,)), "2026-03-04 12:00", "2026-03-08 00:00"),
        # The window of Sunday, which goes on past a midnight that was off.
        (
            Conditions(
                weekdays=(7,),
                hours=(Hours(start=1320, end=120),),
                blackouts=(Span(first=date(2026, 3, 8), last=date(2026, 3, 8)),),
            ),
            "2026-03-04 12:00",
            "2026-03-09 00:00",
        ),
        (
            Conditions(blackouts=(Span(first=date(2026, 3, 4), last=date(2026, 3, 31)),)),
            "2026-03-04 12:00",
            None,
        ),
    ],
)
def test_it_knows_when_it_opens_next(conditions, at, opens):
    moment, expected = (
        from_wall_clock(datetime.fromisoformat(each)) if each else None for each in (at, opens)
    )
    assert conditions.opens_at(moment, date(2026, 3, 15)) == expected
