"""Weekdays, hours and days off as Chinese merchants write them."""

from datetime import date

import pytest

from alliance.offers.condition_text import hours_of, spans_of, weekdays_of


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("周一至周五", (1, 2, 3, 4, 5)),
        ("星期一到星期五", (1, 2, 3, 4, 5)),
        ("周一-五", (1, 2, 3, 4, 5)),
        ("工作日", (1, 2, 3, 4, 5)),
        ("周末", (6, 7)),
        ("周一、周三，周日", (1, 3, 7)),
        ("周一三五", (1, 3, 5)),
        ("周六至周一", (1, 6, 7)),
        ("每天", ()),
        ("周一至周日", ()),
        ("工作日、周末", ()),
    ],
)
def test_weekdays(text: str, days: tuple[int, ...]) -> None:
    assert weekdays_of(text) == days


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("11:00-14:00", [(660, 840)]),
        ("１１：００—１４：００", [(660, 840)]),
        ("11点至14点30分、17:00～21:00", [(660, 870), (1020, 1260)]),
        ("22:00-2:00", [(1320, 120)]),
        ("8:00-24:00", [(480, 1440)]),
        ("18:00-0:00", [(1080, 1440)]),
        ("9-17", [(540, 1020)]),
        ("0:00-0:00", [(0, 1440)]),
    ],
)
def test_hours(text: str, windows: list[tuple[int, int]]) -> None:
    assert [(window.start, window.end) for window in hours_of(text)] == windows


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("春节 2027-02-10至2027-02-17", [("春节", date(2027, 2, 10), date(2027, 2, 17))]),
        ("2027/5/1", [("", date(2027, 5, 1), date(2027, 5, 1))]),
        (
            "国庆：2026年10月1日到2026年10月7日；2026-12-31\n",
            [
                ("国庆", date(2026, 10, 1), date(2026, 10, 7)),
                ("", date(2026, 12, 31), date(2026, 12, 31)),
            ],
        ),
        ("2027-02-10 - 2027-02-17", [("", date(2027, 2, 10), date(2027, 2, 17))]),
    ],
)
def test_spans(text: str, spans: list[tuple[str, date, date]]) -> None:
    assert [(span.name, span.first, span.last) for span in spans_of(text)] == spans


@pytest.mark.parametrize("text", ["周八", "明天", "周", "1-5", "周一至"])
def test_no_weekdays(text: str) -> None:
    with pytest.raises(ValueError, match="weekdays"):
        weekdays_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "8:00-8:00",
        "25:00-26:00",
        "11:60-12:00",
        "中午",
        "11:00",
        "-1:00-2:00",
        "1e309-2",
        "24:00-2:00",
        "、".join(["1-2"] * 7),
    ],
)
def test_no_hours(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the surfaces have one sentence for all of them
        hours_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "2027-02-17至2027-02-10",
        "2027-02-30",
        "春节",
        "9999-01-01",
        "很" * 21 + "2027-02-10",
        "；".join(["2027-01-01"] * 31),
    ],
)
def test_no_spans(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        spans_of(text)
