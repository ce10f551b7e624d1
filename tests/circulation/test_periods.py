"""Periods: their days, what they are compared with, how they are written."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.circulation.periods import (
    CALENDAR,
    MAX_DAYS,
    Period,
    PeriodKind,
    containing,
    custom,
    following,
    has_year_before,
    is_over,
    months_of,
    moved_by_spring_festival,
    parse,
    previous,
    spring_festival,
    text_of,
    year_before,
)
from alliance.circulation.spring_festival import holiday, new_year

DAY = timedelta(days=1)

dates = st.dates(date(1920, 1, 1), date(2100, 12, 20))
calendar_periods = st.builds(
    containing, st.sampled_from(CALENDAR), st.dates(date(1920, 1, 1), date(2099, 12, 31))
)
custom_periods = st.builds(
    lambda first, days: custom(first, min(first + days * DAY, date(2100, 12, 31))),
    dates,
    st.one_of(st.integers(0, 100), st.integers(0, MAX_DAYS - 1)),
)
periods = st.one_of(calendar_periods, custom_periods)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-05", "2026-03-05", "2026-03-05"),
        ("2026-W01", "2025-12-29", "2026-01-04"),
        ("2026-W09", "2026-02-23", "2026-03-01"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-03-05..2026-04-01", "2026-03-05", "2026-04-01"),
        ("1900", "1900-01-01", "1900-12-31"),
        ("2100-W51", "2100-12-20", "2100-12-26"),
    ],
)
def test_what_a_url_says(text: str, first: str, last: str) -> None:
    period = parse(text)
    assert period.span == (date.fromisoformat(first), date.fromisoformat(last))
    assert text_of(period) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "x",
            "26",
            "2026-",
            "2026-3",
            "2026-13",
            "2026-00",
            "2026-Q0",
            "2026-Q5",
            "2026-q1",
            "2026-W00",
        ),
        *("2025-W53", "2026-W9", "2026-02-29", "20260305", "2026-03-05 ", " 2026", "2026\n", "٢٠٢٦", "-2026"),
        *("1899", "2101", "1899-12-31", "0000", "9999", "9999-12", "9999-W52", "2100-W52"),
        *("..", "2026-03-05..", "..2026-03-05", "2026-03..2026-04", "2026-03-05..2026-03-04"),
        *("2026-03-05..2026-03-06..2026-03-07", "2026-03-05...2026-03-06", "1899-12-31..1900-01-31"),
        *("2010-01-01..2026-01-01", "2016-01-01..2026-01-08", "2100-12-30..2101-01-02"),
    ],
)
def test_what_no_period_is_written_like(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words come from here and from the standard library
        parse(text)


@given(periods)
def test_a_period_is_read_as_it_was_written(period: Period) -> None:
    assert parse(text_of(period)) == period


def test_ten_years_are_the_most() -> None:
    first = date(2016, 1, 1)
    assert custom(first, first + (MAX_DAYS - 1) * DAY).days == MAX_DAYS
    with pytest.raises(ValueError, match="3660 days"):
        custom(first, first + MAX_DAYS * DAY)
    with pytest.raises(ValueError, match="3660 days"):
        custom(first, first - DAY)
    with pytest.raises(ValueError, match="1900 to 2100"):
        custom(date(1899, 12, 31), date(1900, 1, 1))
    with pytest.raises(ValueError, match="two days"):
        containing(PeriodKind.CUSTOM, first)


@given(st.sampled_from(CALENDAR), dates)
def test_a_calendar_period_holds_its_day_and_is_the_same_for_each_of_them(
    kind: PeriodKind, day: date
) -> None:
    period = containing(kind, day)
    assert period.first <= day <= period.last
    assert containing(kind, period.first) == containing(kind, period.last) == period


@given(calendar_periods)
def test_a_custom_span_of_a_calendar_period_is_that_period(period: Period) -> None:
    assert custom(*period.span) == period


@given(periods, st.integers(1, 60))
def test_the_periods_before_follow_without_a_gap(period: Period, steps: int) -> None:
    for _ in range(steps):
        before = previous(period)
        assert before.last + DAY == period.first
        if period.kind is PeriodKind.CUSTOM:
            assert before.days == period.days  # it may be a calendar period, and then goes on as that
        else:
            assert before.kind is period.kind
        period = before


@given(calendar_periods)
def test_what_follows_is_what_this_one_is_the_previous_of(period: Period) -> None:
    assert previous(following(period)) == period
    assert following(previous(period)) == period


@given(custom_periods)
def test_as_many_days_follow_a_custom_period(period: Period) -> None:
    after = following(period)
    assert after.first - DAY == period.last
    if period.kind is PeriodKind.CUSTOM:
        assert after.days == period.days


@given(periods)
def test_the_year_before_is_about_a_year_before(period: Period) -> None:
    before = year_before(period)
    assert timedelta(364) <= period.first - before.first <= timedelta(371)
    assert timedelta(363) <= period.last - before.last <= timedelta(371)
    if period.kind is not PeriodKind.CUSTOM:
        assert before.kind is period.kind


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2026-03-05", "2025-03-05"),
        ("2024-03", "2023-03"),
        ("2025-02", "2024-02"),
        ("2026-Q1", "2025-Q1"),
        ("2026", "2025"),
        ("2026-W09", "2025-W09"),
        ("2026-W01", "2025-W01"),
        ("2026-03-05..2026-04-01", "2025-03-05..2025-04-01"),
        ("2025-01-01..2025-02-28", "2024-01-01..2024-02-29"),  # 1—2 月: whole months stay whole
        ("2025-01-02..2025-02-28", "2024-01-02..2024-02-28"),
        ("2024-01-01..2024-02-29", "2023-01-01..2023-02-28"),
    ],
)
def test_the_same_period_of_the_year_before(text: str, before: str) -> None:
    assert text_of(year_before(parse(text))) == before
    assert has_year_before(parse(text))


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2020-W53", "2019-W52"),
        ("2024-02-29", "2023-02-28"),
        ("2024-02-10..2024-02-29", "2023-02-10..2023-02-28"),
        ("2024-02-29..2024-03-10", "2023-02-28..2023-03-10"),
    ],
)
def test_a_stand_in_for_what_the_year_before_does_not_have(text: str, before: str) -> None:
    assert text_of(year_before(parse(text))) == before
    assert not has_year_before(parse(text))


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2026-01-01", "2025-12-31"),
        ("2026-W01", "2025-W52"),
        ("2021-W01", "2020-W53"),
        ("2024-03", "2024-02"),
        ("2026-Q1", "2025-Q4"),
        ("2026", "2025"),
        ("2026-03-05..2026-03-14", "2026-02-23..2026-03-04"),
        ("2026-03-01..2026-03-28", "2026-02"),
    ],
)
def test_the_period_before(text: str, before: str) -> None:
    assert text_of(previous(parse(text))) == before


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("2026-03", ["2026-03"]),
        ("2026-Q1", ["2026-01", "2026-02", "2026-03"]),
        ("2026-01-31..2026-04-29", ["2026-02", "2026-03"]),
        ("2026-01-02..2026-02-27", []),
        ("2026-W09", []),
    ],
)
def test_the_whole_months_inside(text: str, months: list[str]) -> None:
    assert [f"{month:%Y-%m}" for month in months_of(parse(text))] == months


@given(periods)
def test_the_months_inside_are_inside_and_less_than_two_are_cut(period: Period) -> None:
    months = [containing(PeriodKind.MONTH, month) for month in months_of(period)]
    assert all(period.first <= month.first and month.last <= period.last for month in months)
    assert all(one.last + DAY == two.first for one, two in pairwise(months))
    assert period.days - sum(month.days for month in months) <= 60


def test_a_period_is_over_the_day_after_its_last() -> None:
    march = parse("2026-03")
    assert not is_over(march, date(2026, 3, 31))
    assert is_over(march, date(2026, 4, 1))


# 正月初一: to 2026 as in the State Council's notices on public holidays, from 2027 as in lists of the public
# holidays of Hong Kong.
KNOWN = [
    *("2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12"),
    *("2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26"),
    *("2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11", "2033-01-31"),
]


def test_the_lunar_new_year() -> None:
    for text in KNOWN:
        day = date.fromisoformat(text)
        assert new_year(day.year) == day
    with pytest.raises(ValueError, match="no lunar new year"):
        new_year(2101)


def test_a_lunar_year_has_twelve_or_thirteen_months_and_nineteen_of_them_are_nineteen_years() -> None:
    days = [new_year(year) for year in range(1900, 2101)]
    lengths = [(two - one).days for one, two in pairwise(days)]
    assert set(lengths) <= {353, 354, 355, 383, 384, 385}
    # The Metonic cycle: 235 months are 19 years and two hours; the date returns to within a day, or a month.
    for start in range(len(days) - 19):
        assert abs((days[start + 19] - days[start]).days - 6940) <= 1 or (
            29 <= abs((days[start + 19] - days[start]).days - 6940) <= 31
        )


def test_the_holiday_of_2026_is_that_of_the_notice() -> None:
    """The notice of 4 November 2025 ends it on 23 February, 正月初七; 除夕 is 16 February."""
    assert holiday(2026) == (date(2026, 2, 16), date(2026, 2, 23))


@pytest.mark.parametrize(
    ("text", "within"),
    [
        *(("2026-02-15", False), ("2026-02-16", True), ("2026-02-23", True), ("2026-02-24", False)),
        *(("2026-01", False), ("2026-02", True), ("2025-01", True), ("2025-02", True), ("2025-03", False)),
        *(("2026-Q1", True), ("2026-Q2", False), ("2026", True), ("2026-W08", True), ("2026-W07", False)),
        ("2025-02-05..2026-02-15", False),
        ("2025-02-04..2026-02-15", True),
    ],
)
def test_whether_the_spring_festival_falls_within(text: str, within: bool) -> None:
    assert spring_festival(parse(text)) is within


def test_a_comparison_is_flagged_when_one_of_the_two_has_the_holiday() -> None:
    february = parse("2026-02")
    assert moved_by_spring_festival(february, previous(february))
    assert not moved_by_spring_festival(february, year_before(february))
    january = parse("2026-01")
    assert moved_by_spring_festival(january, year_before(january))
