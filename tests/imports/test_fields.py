"""Cells: every spelling that people use, and every one that must not be guessed at."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from alliance.enterprises.models import Enterprise, Outlet
from alliance.imports import fields
from alliance.imports.fields import Unfit
from alliance.imports.words import Problem
from tests.imports.sheets import FACTORY

Parse = Callable[[str], Any]


def problem_of(parse: Parse, text: str) -> Problem:
    with pytest.raises(Unfit) as caught:
        parse(text)
    return caught.value.problem


@pytest.mark.parametrize(
    "text",
    [
        "13800000001",
        "138 0000 0001",
        "138-0000-0001",
        "+86 13800000001",
        "１３８０００００００１",
        "＋８６１３８０００００００１",
    ],
)
def test_a_phone_as_people_write_it(text: str) -> None:
    assert fields.phone(text) == "+8613800000001"


@pytest.mark.parametrize("text", ["1.38E+10", "1.38e10", "１．３８Ｅ＋１０"])
def test_a_phone_that_a_spreadsheet_has_rounded(text: str) -> None:
    assert problem_of(fields.phone, text) is Problem.SCIENTIFIC


@pytest.mark.parametrize("text", ["1380000000", "138000000011", "0432-62000000", "无", "=13800000001"])
def test_no_phone(text: str) -> None:
    assert problem_of(fields.phone, text) is Problem.PHONE


@pytest.mark.parametrize("text", [FACTORY, FACTORY.lower(), f"{FACTORY[:8]} {FACTORY[8:]}"])
def test_a_credit_code(text: str) -> None:
    assert fields.credit_code(text) == FACTORY


def test_a_credit_code_with_a_wrong_check_character() -> None:
    wrong = FACTORY[:-1] + ("0" if FACTORY[-1] != "0" else "1")
    assert problem_of(fields.credit_code, wrong) is Problem.CREDIT_CODE_CHECK


@pytest.mark.parametrize("text", [FACTORY[:-1], FACTORY + "0", "9122O204MA0000001X", "9.1220204E+17X"])
def test_no_credit_code(text: str) -> None:
    assert problem_of(fields.credit_code, text) is Problem.CREDIT_CODE


@pytest.mark.parametrize("text", ["220204001000", "２２０２０４００１０００"])
def test_a_zone_code(text: str) -> None:
    assert fields.zone_code(text) == "220204001000"


@pytest.mark.parametrize("text", ["22020400100", "2202040010000", "22020400100A", "٢٢٠٢٠٤٠٠١٠٠٠"])
def test_no_zone_code(text: str) -> None:
    assert problem_of(fields.zone_code, text) is Problem.ZONE_CODE


@pytest.mark.parametrize(
    "text",
    [
        "2020-03-01",
        "2020/03/01",
        "2020/3/1",
        "2020.3.1",
        "2020年3月1日",
        "20200301",
        "２０２０／３／１",
        "2020-03-01 00:00:00",
        "2020/3/1 8:30",
        "43891",
        "43891.5",
    ],
)
def test_a_date(text: str) -> None:
    assert fields.day(text) == date(2020, 3, 1)


@pytest.mark.parametrize("text", ["2020-02-30", "3/1/2020", "0020-03-01", "2101-01-01", "明天", "1", "99999"])
def test_no_date(text: str) -> None:
    assert problem_of(fields.day, text) is Problem.DATE


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2017-01-01T07:30:27+08:00", (2016, 12, 31, 23, 30, 27)),
        ("2017-01-01T07:30:27Z", (2017, 1, 1, 7, 30, 27)),
        ("2017-01-01 07:30:27", (2016, 12, 31, 23, 30, 27)),
        ("2017/1/1 7:30", (2016, 12, 31, 23, 30, 0)),
        ("2017年1月1日 7时30分27秒", (2016, 12, 31, 23, 30, 27)),
        ("2017-01-01", (2016, 12, 31, 16, 0, 0)),
        ("42736.3128125", (2016, 12, 31, 23, 30, 27)),
    ],
)
def test_a_moment_is_shanghai_time_unless_it_says_otherwise(text: str, utc: tuple[int, ...]) -> None:
    assert fields.moment(text) == datetime(*utc, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2017-01-01 25:00", "2017-01-01 7:30 PM", "上午七点"])
def test_no_moment(text: str) -> None:
    assert problem_of(fields.moment, text) is Problem.MOMENT


@pytest.mark.parametrize(
    ("text", "fen"), [("0", 0), ("150", 150), ("1,234,567", 1234567), ("1000000000", 10**9), ("１５０", 150)]
)
def test_fen(text: str, fen: int) -> None:
    assert fields.fen(text) == fen


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-1", Problem.NEGATIVE),
        ("－１", Problem.NEGATIVE),
        ("1.5", Problem.NOT_WHOLE_FEN),
        ("¥15", Problem.NOT_WHOLE_FEN),
        ("1E+05", Problem.NOT_WHOLE_FEN),
        ("1000000001", Problem.AMOUNT_TOO_LARGE),
    ],
)
def test_no_fen(text: str, problem: Problem) -> None:
    assert problem_of(fields.fen, text) is problem


@pytest.mark.parametrize(("text", "fen"), [("100", 10000), ("¥1,234.50", 123450), ("12.5元", 1250), ("0", 0)])
def test_yuan(text: str, fen: int) -> None:
    assert fields.yuan(text) == fen


@pytest.mark.parametrize(
    ("parse", "text", "problem"),
    [
        (fields.yuan, "十元", Problem.YUAN),
        (fields.yuan, "1.234", Problem.YUAN),
        (fields.yuan, "-5", Problem.NEGATIVE),
        (fields.yuan, "10000000.01", Problem.AMOUNT_TOO_LARGE),
        (fields.positive_yuan, "0.00", Problem.ZERO),
    ],
)
def test_no_yuan(parse: Parse, text: str, problem: Problem) -> None:
    assert problem_of(parse, text) is problem


@pytest.mark.parametrize("text", ["8.5", "8.5折", "85折", "0.85", "８.５折", "8.50"])
def test_a_discount(text: str) -> None:
    assert fields.permille(text) == 850


@pytest.mark.parametrize(("text", "paid"), [("9.99", 999), ("88折", 880), ("1折", 100), ("0.5", 500)])
def test_other_discounts(text: str, paid: int) -> None:
    assert fields.permille(text) == paid


@pytest.mark.parametrize("text", ["85", "85%", "10", "10折", "100", "0", "0.85折", "8.555", "-1", "八五折"])
def test_a_discount_that_could_mean_two_things(text: str) -> None:
    assert problem_of(fields.permille, text) is Problem.DISCOUNT


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "101", "一"])
def test_no_count(text: str) -> None:
    assert problem_of(fields.count_up_to(100), text) is Problem.NOT_A_COUNT


def test_a_count() -> None:
    assert fields.count_up_to(1000)("1,000") == 1000
    assert fields.count_up_to(1000)("1") == 1


def test_a_name_keeps_its_characters_and_fits_its_column() -> None:
    parse = fields.text_of(Enterprise.name)
    assert parse("吉林市某某（集团）㛃") == "吉林市某某（集团）㛃"
    assert parse("长" * 100) == "长" * 100
    assert problem_of(parse, "长" * 101) is Problem.TOO_LONG


def test_a_code_is_half_width_and_fits_its_column() -> None:
    parse = fields.code_of(Outlet.code)
    assert parse("Ａ－０１") == "A-01"
    assert parse("=1+1") == "=1+1"
    assert parse("1" * 40) == "1" * 40
    assert problem_of(parse, "1" * 41) is Problem.TOO_LONG
    assert problem_of(parse, "3.11987050461234E+16") is Problem.SCIENTIFIC


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\u3000张\u200b三 \t", "张三"),
        ("a\nb", "a b"),
        ("\ufeffx", "x"),
        ("'=1+1", "=1+1"),
        ("'+8613800000001", "+8613800000001"),
        ("'quoted'", "'quoted'"),
    ],
)
def test_what_is_invisible_is_trimmed(written: str, read: str) -> None:
    assert fields.trim(written) == read
