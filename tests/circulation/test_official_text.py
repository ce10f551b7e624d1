"""The official words of a period: exact sentences, from figures alone."""

from dataclasses import fields
from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.circulation.compared import Compared, change
from alliance.circulation.official_text import amount, decimal, official_text, percent, period_name
from alliance.circulation.periods import custom, parse
from alliance.circulation.report import Report
from alliance.circulation.seen import SeenReport

NONE: dict[str, Any] = {
    field.name: 0 if field.type is int or field.type == "int" else None for field in fields(Report)
}
USUAL = NONE | {
    "redemptions": 1234,
    "gross_fen": 14_443_210,
    "discount_fen": 2_098_765,
    "paid_fen": 12_344_445,
    "active_holders": 321,
    "active_outlets": 25,
    "active_merchant_enterprises": 12,
    "paid_per_active_holder_mean_fen": 12_344_445 / 321,
    "zone_retention": 0.352,
    "self_circulation_share": 0.03,
    "enterprise_reciprocity": 0.423,
    "enterprise_reciprocity_baseline": 0.4134,
    "cross_enterprise_paid_fen": 11_974_111,
    "discount_rate": 2_098_765 / 14_443_210,
    "reuse_rate": 0.5,
}


def seen(figures: dict[str, Any], *hidden: str) -> SeenReport:
    return SeenReport(
        {name: value for name, value in figures.items() if name not in hidden}, frozenset(hidden)
    )


def said(
    now: SeenReport,
    before: SeenReport | None = None,
    year: SeenReport | None = None,
    period: str = "2026-06",
    until: date | None = None,
) -> str:
    nothing = seen(NONE)
    return official_text(Compared(parse(period), "全联盟", now, before or nothing, year or nothing, until))


HEAD = "2026年6月，全联盟共核销1234笔，净核销额12.34万元"
REST = (
    "人均384.56元，复用率50.0%，有核销的商户12户，门店25家；"
    "跨企业核销额11.97万元，自循环占比3.0%，企业互惠度42.3%（随机基准41.3%）。"
)


def test_a_first_month_is_compared_with_nothing():
    assert said(seen(USUAL)) == (
        f"{HEAD}，让利2.10万元，让利率14.5%；域内留存率35.2%；活跃持码人321人，{REST}"
    )


def test_up_down_and_flat():
    before = USUAL | {"paid_fen": 12_000_000, "zone_retention": 0.340, "active_holders": 321}
    year = USUAL | {"paid_fen": 13_000_000, "zone_retention": 0.3524, "active_holders": 300}
    assert said(seen(USUAL), seen(before), seen(year)) == (
        f"{HEAD}，环比增长2.9%，同比下降5.0%，让利2.10万元，让利率14.5%；"
        f"域内留存率35.2%，环比上升1.2个百分点，同比持平；活跃持码人321人，环比持平，同比增长7.0%，{REST}"
    )


def test_only_the_year_before():
    year = USUAL | {"paid_fen": 24_688_890, "zone_retention": 0.4, "active_holders": 642}
    assert said(seen(USUAL), None, seen(year)) == (
        f"{HEAD}，同比下降50.0%，让利2.10万元，让利率14.5%；"
        f"域内留存率35.2%，同比下降4.8个百分点；活跃持码人321人，同比下降50.0%，{REST}"
    )


def test_an_empty_month():
    assert said(seen(NONE), seen(USUAL)) == "2026年6月，全联盟没有核销。"


def test_what_is_hidden_is_left_out():
    hidden = ("zone_retention", "same_zone_paid_fen", "cross_enterprise_paid_fen", "self_circulation_share")
    assert said(seen(USUAL, *hidden, "enterprise_reciprocity"), seen(USUAL, "paid_fen")) == (
        f"{HEAD}，让利2.10万元，让利率14.5%；活跃持码人321人，环比持平，"
        "人均384.56元，复用率50.0%，有核销的商户12户，门店25家。部分指标涉及人数较少，未公布。"
    )


def test_reciprocity_never_stands_without_its_baseline():
    assert "互惠" not in said(seen(USUAL, "enterprise_reciprocity_baseline"))
    assert "互惠" not in said(seen(USUAL, "enterprise_reciprocity"))


def test_everything_hidden():
    assert said(seen(USUAL, *USUAL)) == "2026年6月，全联盟涉及人数较少，数据未公布。"


def test_nothing_was_paid_though_something_was_redeemed():
    free = NONE | {
        "redemptions": 3,
        "active_holders": 3,
        "active_outlets": 1,
        "active_merchant_enterprises": 1,
    }
    assert said(seen(free)) == (
        "2026年6月，全联盟共核销3笔，净核销额0.00元，让利0.00元；活跃持码人3人，有核销的商户1户，门店1家；"
        "跨企业核销额0.00元。"
    )


@pytest.mark.parametrize(
    ("period", "remark"),
    [
        # 除夕 of 2026 was 16 February, of 2025 28 January (初七: 4 February), of 2027 it is 5 February.
        ("2026-02", "本期含春节假期，环比受假期错月影响，不宜直接比较。"),
        ("2026-03", "对比期含春节假期，环比受假期错月影响，不宜直接比较。"),
        ("2026-01", "对比期含春节假期，同比受假期错月影响，不宜直接比较。"),
        ("2025-01", "本期含春节假期，环比、同比受假期错月影响，不宜直接比较。"),
        ("2026-06", ""),
        ("2026", ""),
    ],
)
def test_the_spring_festival(period, remark):
    text = said(seen(USUAL), seen(USUAL), seen(USUAL), period=period)
    assert text.partition("。")[2] == remark


def test_the_spring_festival_is_not_spoken_of_without_a_comparison():
    assert "春节" not in said(seen(USUAL), period="2026-02")
    assert "春节" not in said(seen(USUAL), None, seen(USUAL), period="2026-02")


def test_a_month_that_is_not_over_is_compared_with_none():
    text = said(seen(USUAL), seen(USUAL), seen(USUAL), period="2026-02", until=date(2026, 2, 20))
    assert text == (
        "2026年2月（截至2月20日），全联盟共核销1234笔，净核销额12.34万元，让利2.10万元，让利率14.5%；"
        f"域内留存率35.2%；活跃持码人321人，{REST}"
    )


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "0.00元"),
        (12_345, "123.45元"),
        (999_999, "9999.99元"),
        (1_000_000, "1.00万元"),
        (1_004_999, "1.00万元"),
        (1_005_000, "1.01万元"),
        (15_986_619, "15.99万元"),
        (9_999_999_999, "10000.00万元"),
        (10_000_000_000, "1.00亿元"),
        (12_345_678_901, "1.23亿元"),
    ],
)
def test_amounts(fen, words):
    assert amount(fen) == words


@pytest.mark.parametrize(
    ("value", "words"),
    # The floats nearest to 6.45 % and 0.35 % lie below the middle; what is written is meant.
    [
        (0.0645, "6.5%"),
        (0.0035, "0.4%"),
        (0.00349999, "0.3%"),
        (1.0, "100.0%"),
        (1e-9, "0.0%"),
        (2 / 3, "66.7%"),
    ],
)
def test_shares_are_rounded_half_up(value, words):
    assert percent(value) == words


@given(st.integers(0, 2000), st.just(2000))
def test_a_half_is_always_seen_as_a_half(part, whole):
    assert percent(part / whole) == f"{(part + 1) // 2 // 10}.{(part + 1) // 2 % 10}%"


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (Fraction(1, 2), 0, "1"),
        (Fraction(-1, 2), 0, "-1"),
        (Fraction(-1, 25), 1, "0.0"),
        (Fraction(1, 20), 1, "0.1"),
        (Fraction(-149, 100), 1, "-1.5"),
    ],
)
def test_decimals(value, digits, words):
    assert decimal(value, digits) == words


def test_a_change_is_of_what_was_not_rounded():
    """6.54 % and 6.46 % are both 6.5 %, and 0.1 points apart."""
    now, before = seen(USUAL | {"zone_retention": 0.0654}), seen(USUAL | {"zone_retention": 0.0646})
    assert "域内留存率6.5%，环比上升0.1个百分点" in said(now, before)


def test_growing_from_nothing_is_no_growth():
    assert change("fen", 5, 0) is None
    assert "净核销额12.34万元，让利" in said(seen(USUAL), seen(USUAL | {"paid_fen": 0}))


@pytest.mark.parametrize(
    ("period", "name"),
    [("2026-03", "2026年3月"), ("2026-Q4", "2026年第四季度"), ("2026", "2026年")],
)
def test_periods(period, name):
    assert period_name(parse(period)) == name
    assert period_name(custom(date(2025, 12, 5), date(2026, 1, 4))) == "2025年12月5日至2026年1月4日"


@pytest.mark.parametrize(("before", "year"), [*product([None, USUAL], repeat=2)])
def test_a_sentence_ends_once(before, year):
    text = said(seen(USUAL), before and seen(before), year and seen(year))
    assert text.count("。") == 1
    for wrong in ("，，", "；；", "；。", "，。", "，；", "None", "{", "nan"):
        assert wrong not in text
