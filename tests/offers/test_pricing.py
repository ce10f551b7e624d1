"""Pricing: worked examples, and what holds for every amount."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alliance.money import MAX_FEN, divide, format_yuan, parse_yuan
from alliance.offers.pricing import (
    AlliancePrice,
    AmountOff,
    BuyGet,
    Discount,
    Gift,
    Historical,
    Price,
    Service,
    Terms,
    Threshold,
    Ticket,
    price,
    read_terms,
)
from alliance.refused import Reason, Refused
from alliance.web.plain import terms_words

DOCS = Path(__file__).parents[2] / "docs" / "offers.md"


@dataclass(frozen=True)
class Example:
    """A row of the table in the docs; ``discount_fen`` is None where ``reason`` refuses."""

    words: str
    terms: Terms
    gross_fen: int | None
    quantity: int
    discount_fen: int | None
    paid_fen: int | None
    reason: str | None


def examples() -> list[Example]:
    """The table under the heading, row by row."""
    section = DOCS.read_text("utf-8").partition("## Worked examples\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" |") for line in section.splitlines() if line.startswith("|")]
    return [_example(*(cell.strip() for cell in row)) for row in rows[2:]]


def _example(words: str, stored: str, amount: str, number: str, discount: str, paid: str = "") -> Example:
    refused = discount.startswith("`")
    return Example(
        words,
        read_terms(json.loads(stored.strip("`"))),
        None if amount == "–" else parse_yuan(amount),
        int(number),
        None if refused else parse_yuan(discount),
        None if refused else parse_yuan(paid),
        discount.strip("`") if refused else None,
    )


EXAMPLES = examples()

prices = st.integers(1, MAX_FEN)
pieces = st.integers(1, 99)
up_to = prices.flatmap(lambda top: st.tuples(st.just(top), st.integers(1, top)))
terms = st.one_of(
    st.builds(Discount, pay_permille=st.integers(1, 999)),
    st.builds(AmountOff, off_fen=prices),
    st.builds(AlliancePrice, unit_price_fen=st.integers(0, MAX_FEN)),
    st.builds(BuyGet, buy=pieces, free=pieces),
    st.builds(Gift, gift=st.sampled_from(["毛巾", "酸奶"]), threshold_fen=st.integers(0, MAX_FEN)),
    up_to.map(lambda pair: Ticket(face_price_fen=pair[0], ticket_price_fen=pair[1])),
    st.just(Service()),
    st.tuples(up_to, st.booleans()).map(
        lambda drawn: Threshold(threshold_fen=drawn[0][0], off_fen=drawn[0][1], repeat=drawn[1])
    ),
)
gross = st.integers(1, MAX_FEN)
quantities = st.integers(1, 9999)


def test_every_kind_has_examples() -> None:
    """The kinds of the union, but for the one that no counter grants."""
    assert {type(example.terms) for example in EXAMPLES} | {Historical} == set(get_args(get_args(Terms)[0]))
    assert len(EXAMPLES) > 30


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.words} {example.gross_fen}")
def test_worked_examples(example: Example) -> None:
    if example.reason is not None:
        with pytest.raises(Refused) as caught:
            price(example.terms, example.gross_fen, example.quantity)
        assert str(caught.value.reason) == example.reason
        return
    found = price(example.terms, example.gross_fen, example.quantity)
    assert (found.discount_fen, found.paid_fen) == (example.discount_fen, example.paid_fen)


def test_the_examples_are_called_what_pages_call_them(app: Flask) -> None:
    with app.test_request_context():
        assert [terms_words(example.terms) for example in EXAMPLES] == [row.words for row in EXAMPLES]


def priced(kind: Terms, gross_fen: int, quantity: int) -> Price | None:
    """The price, or None where the kind rightly refuses."""
    given = gross_fen if kind.takes.has_amount else None
    try:
        return price(kind, given, quantity)
    except Refused as refused:
        match refused.reason:
            case Reason.BELOW_THRESHOLD:
                assert gross_fen < kind.threshold_fen
            case Reason.BELOW_QUANTITY:
                assert quantity < kind.buy + kind.free
            case Reason.AMOUNT_OUT_OF_RANGE:
                assert kind.gross_of(quantity) > MAX_FEN
            case _:
                raise
        return None


@given(terms, gross, quantities)
def test_the_discount_lies_within_the_gross(kind: Terms, gross_fen: int, quantity: int) -> None:
    found = priced(kind, gross_fen, quantity)
    if found is not None:
        assert 0 <= found.discount_fen <= found.gross_fen
        assert found.paid_fen + found.discount_fen == found.gross_fen
        assert found.gross_fen == gross_fen or not kind.takes.has_amount


@given(terms.filter(lambda kind: kind.monotone), gross, gross, quantities)
def test_who_buys_more_is_given_no_less(kind: Terms, one: int, other: int, quantity: int) -> None:
    small, large = priced(kind, min(one, other), quantity), priced(kind, max(one, other), quantity)
    if small is not None:
        assert large is not None
        assert small.discount_fen <= large.discount_fen


@given(terms.filter(lambda kind: kind.additive), st.integers(1, 4999), st.integers(1, 4999))
def test_so_many_at_once_cost_what_they_cost_one_by_one(kind: Terms, some: int, more: int) -> None:
    together = priced(kind, 0, some + more)
    if together is not None:
        first, second = price(kind, None, some), price(kind, None, more)
        assert together.gross_fen == first.gross_fen + second.gross_fen
        assert together.discount_fen == first.discount_fen + second.discount_fen


@given(terms, gross, quantities)
def test_what_was_booked_prices_the_same_again(kind: Terms, gross_fen: int, quantity: int) -> None:
    """``verify`` and a correction price the gross that a redemption has, whoever said it."""
    found = priced(kind, gross_fen, quantity)
    if found is not None:
        assert price(kind, found.gross_fen, quantity) == found


def test_terms_of_before_there_was_every() -> None:
    stored = {"kind": "threshold", "threshold_fen": 10000, "off_fen": 2000}
    assert read_terms(stored) == Threshold(threshold_fen=10000, off_fen=2000, repeat=False)


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
        {"kind": "gift", "gift": ""},
        {"kind": "buy_get", "buy": 0, "free": 1},
        {"kind": "ticket", "face_price_fen": 0, "ticket_price_fen": 0},
        {"kind": "service", "gross_fen": 1},
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
