"""The periods that the filter bar offers."""

from datetime import date

import pytest

from alliance.circulation.periods import parse, text_of
from alliance.web.organizer.period_choices import arrows, choices, presets
from alliance.web.period_words import period_words

TODAY = date(2026, 3, 4)


@pytest.fixture(autouse=True)
def context(app):
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        yield


def test_presets():
    found = {each.name: text_of(each.period) for each in presets(TODAY, sees_all=True)}
    assert found == {
        "今天": "2026-03-04",
        "本周": "2026-W10",
        "本月": "2026-03",
        "上月": "2026-02",
        "本季": "2026-Q1",
        "上季": "2025-Q4",
        "今年": "2026",
        "去年": "2025",
    }
    assert [each.name for each in presets(TODAY, sees_all=False)] == list(found)[2:]


@pytest.mark.parametrize(
    ("asked", "before", "after"),
    [
        ("2026-02", "2026-01", "2026-03"),
        ("2026-03", "2026-02", None),
        ("2025", "2024", "2026"),
        ("2026-Q1", "2025-Q4", None),
        ("2026-02-23..2026-02-27", "2026-02-18..2026-02-22", "2026-02-28..2026-03-04"),
        ("1900", None, None),
        ("2100-12", None, None),
    ],
)
def test_arrows_lead_where_something_can_have_happened(asked, before, after):
    found = arrows(parse(asked), TODAY)
    assert [each and text_of(each) for each in (found.previous, found.following)] == [before, after]


def test_choices_begin_with_the_first_figures():
    found = choices(parse("2026-03"), date(2025, 11, 1), TODAY)
    assert [[text_of(each) for each in group.periods] for group in found] == [
        ["2026", "2025"],
        ["2026-Q1", "2025-Q4"],
        ["2026-03", "2026-02", "2026-01", "2025-12", "2025-11"],
    ]
    new = choices(parse("2026-03"), TODAY, TODAY)
    assert [text_of(each) for each in new[2].periods] == ["2026-03", "2026-02", "2026-01"]


def test_what_is_asked_for_is_always_among_them():
    group = choices(parse("2026-W09"), TODAY, TODAY)[0]
    assert (group.name, [text_of(each) for each in group.periods]) == ("已选", ["2026-W09"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-03-05", "2026年3月5日"),
        ("2026-W09", "2026年第9周"),
        ("2026-03", "2026年3月"),
        ("2026-Q4", "2026年第4季度"),
        ("2026", "2026年"),
        ("2026-03-05..2026-04-01", "2026年3月5日至4月1日"),
    ],
)
def test_periods_in_words(text, words):
    assert period_words(parse(text)) == words
