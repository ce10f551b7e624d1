"""What people are told about limits: what is allowed, what is left, and why not now."""

from datetime import UTC, datetime, timedelta

import pytest

from alliance import clock
from alliance.offers.counters import Remaining
from alliance.offers.limits import Limits
from alliance.refused import Reason, Refused
from alliance.web.limit_words import limits_words
from alliance.web.words import REFUSALS, remedy_for

#: Noon in Shanghai.
MONDAY = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def request_context(app, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("reason", "params", "words"),
    [
        (Reason.LIMIT_TOTAL, {"kind": "units", "limit": 500, "left": 2}, "这个优惠只剩 2 份，请减少数量"),
        (Reason.LIMIT_TOTAL, {"kind": "units", "limit": 500, "left": 0}, "总份数已用完"),
        (Reason.LIMIT_TOTAL, {"kind": "total", "limit": 500, "left": 0}, "总次数已用完"),
        (Reason.LIMIT_BUDGET, {"kind": "budget_fen", "limit": 9, "left": 123456}, "只剩 ¥1,234.56，不够"),
        (Reason.LIMIT_BUDGET, {"kind": "budget_fen", "limit": 9, "left": 0}, "让利总额已用完"),
        (Reason.LIMIT_DAY, {"kind": "outlet_day", "limit": 50, "left": 0}, "每天限 50 次，今天已用完"),
        (Reason.LIMIT_HOLDER, {"kind": "holder_week", "limit": 2, "left": 0}, "每周限 2 次，这位顾客本周"),
        (Reason.LIMIT_HOUSEHOLD, {"kind": "household_month", "limit": 4, "left": 0}, "每户每月限 4 次"),
    ],
)
def test_a_refusal_says_its_figures(reason, params, words):
    assert words in remedy_for(Refused(reason, **params))
    assert remedy_for(Refused(reason)) == str(REFUSALS[reason].remedy)


@pytest.mark.parametrize(
    ("minutes", "again", "words"),
    [
        (30, timedelta(), "至少间隔30分钟，要到 12:00 以后才能再用"),
        # A minute that has begun is waited for.
        (120, timedelta(hours=2, minutes=4, seconds=1), "至少间隔2小时，要到 14:05 以后才能再用"),
        (90, timedelta(hours=11, minutes=59, seconds=59), "至少间隔90分钟，要到 3月3日 00:00 以后"),
        (2880, timedelta(days=2), "至少间隔2天，要到 3月4日 12:00 以后才能再用"),
    ],
)
def test_a_cool_down_says_from_when_on(minutes, again, words):
    refused = Refused(Reason.COOL_DOWN, limit=minutes, again_at=MONDAY + again)
    assert words in remedy_for(refused)


def test_limits_are_said_in_one_breath():
    limits = Limits(units=5000, budget_fen=123450, holder_day=1, household_ever=4, cool_down_minutes=60)
    assert limits_words(limits) == ("共5,000份，让利共¥1,234.50，每人每天1次，每户限4次，两次至少间隔1小时")
    left = Remaining({"units": 4000, "budget_fen": 50, "holder_day": 0, "household_ever": 2}, MONDAY)
    assert limits_words(limits, left) == (
        "共5,000份，还剩4,000份，让利共¥1,234.50，还剩¥0.50，每人每天1次，本人今天还剩0次，"
        "每户限4次，全家还剩2次，两次至少间隔1小时，12:00以后可以再用"
    )
    assert limits_words(Limits(), Remaining()) == "不限次数"


@pytest.mark.parametrize("limit", Limits.model_fields)
def test_every_limit_has_words_of_its_own(limit):
    words = limits_words(Limits(**{limit: 7}))
    assert words not in {
        limits_words(Limits(**{other: 7})) for other in Limits.model_fields if other != limit
    }
