"""Pricing: worked examples, and what holds for every amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alliance.money import MAX_FEN, divide, format_yuan, parse_yuan
from alliance.offers.pricing import (
    AlliancePrice,
    Discount,
    Historical,
    Price,
    Terms,
    Threshold,
    price,
    read_terms,
)
from alliance.refused import Reason, Refused

EXAMPLES = [
    # 8.5折: the price is rounded half up, the discount is the rest.
    (Discount(pay_permille=850), 10000, 1, 8500),
    (Discount(pay_permille=850), 1, 1, 1),
    (Discount(pay_permille=850), 10, 1, 9),
    (Discount(pay_permille=500), 1, 1, 1),
    (Discount(pay_permille=333), 100, 1, 33),
    (Discount(pay_permille=1), 499, 1, 0),
    (Discount(pay_permille=999), MAX_FEN, 1, 999_000_000),
    # 满100减20, once.
    (Threshold(threshold_fen=10000, off_fen=2000), 10000, 1, 8000),
    (Threshold(threshold_fen=10000, off_fen=2000), 30000, 1, 28000),
    # 联盟价 ¥3.50 a piece, and never dearer than the shelf.
    (AlliancePrice(unit_price_fen=350), 1000, 2, 700),
    (AlliancePrice(unit_price_fen=350), 600, 2, 600),
    (AlliancePrice(unit_price_fen=0), 600, 2, 0),
]

terms = (
    st.builds(Discount, pay_permille=st.integers(1, 999))
    | st.builds(AlliancePrice, unit_price_fen=st.integers(0, MAX_FEN))
    | st.integers(1, MAX_FEN).flatmap(
        lambda top: st.builds(Threshold, threshold_fen=st.just(top), off_fen=st.integers(1, top))
    )
)
gross = st.integers(1, MAX_FEN)


@pytest.mark.parametrize(("kind", "gross_fen", "quantity", "paid_fen"), EXAMPLES)
def test_worked_examples(kind: Terms, gross_fen: int, quantity: int, paid_fen: int) -> None:
    assert price(kind, gross_fen, quantity).paid_fen == paid_fen


def priced(kind: Terms, gross_fen: int, quantity: int) -> Price | None:
    if isinstance(kind, Threshold) and gross_fen < kind.threshold_fen:
        with pytest.raises(Refused) as caught:
            price(kind, gross_fen, quantity)
        assert caught.value.reason is Reason.BELOW_THRESHOLD
        return None
    return price(kind, gross_fen, quantity)


@given(terms, gross, st.integers(1, 9999))
def test_the_discount_lies_within_the_gross(kind: Terms, gross_fen: int, quantity: int) -> None:
    found = priced(kind, gross_fen, quantity)
    assert found is None or 0 <= found.discount_fen <= gross_fen
    assert found is None or found.paid_fen + found.discount_fen == gross_fen


@given(terms, gross, gross, st.integers(1, 9999))
def test_who_buys_more_is_given_no_less(kind: Terms, one: int, other: int, quantity: int) -> None:
    small, large = priced(kind, min(one, other), quantity), priced(kind, max(one, other), quantity)
    if small is not None:
        assert large is not None
        assert small.discount_fen <= large.discount_fen


@given(terms)
def test_terms_survive_the_store(kind: Terms) -> None:
    assert read_terms(kind.model_dump()) == kind


def test_historical_data_is_never_granted() -> None:
    with pytest.raises(Refused):
        price(Historical(), 100)


@pytest.mark.parametrize(
    "stored",
    [
        {"kind": "discount", "pay_permille": 0},
        {"kind": "discount", "pay_permille": 1000},
        {"kind": "alliance_price", "unit_price_fen": -1},
        {"kind": "threshold", "threshold_fen": 0, "off_fen": 1},
        {"kind": "gift"},
        {"kind": "discount", "pay_permille": 850, "more": 1},
        {},
    ],
)
def test_terms_that_no_kind_accepts(stored: dict) -> None:
    with pytest.raises(ValidationError):
        read_terms(stored)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("12", 1200),
        ("1,234", 123400),
        ("1,234,567.8", 123456780),
        ("12.3", 1230),
        ("¥1,234.50", 123450),
        ("１２０．５元", 12050),
        (" 0.01 ", 1),
        ("-1", -100),
    ],
)
def test_amounts_as_people_type_them(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12,50",
        "12，50",
        "1,2,3",
        "1234,567",
        "1,",
        "1e309",
        "0.005",
        "1.2.3",
        "一百",
        "NaN",
        "inf",
        "--1",
        "9" * 13,
        "1_000",
    ],
)
def test_amounts_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="yuan"):
        parse_yuan(text)


def test_showing_amounts() -> None:
    assert [format_yuan(fen) for fen in (0, 5, 123450, -7)] == ["¥0.00", "¥0.05", "¥1,234.50", "-¥0.07"]


@given(st.integers(0, 10**15), st.integers(1, 10**6))
def test_halves_are_rounded_up(numerator: int, denominator: int) -> None:
    quotient = divide(numerator, denominator)
    assert (2 * quotient - 1) * denominator <= 2 * numerator < (2 * quotient + 1) * denominator
