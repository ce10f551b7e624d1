"""Importing enterprises: who they are, and where they stand from which day on."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from alliance.clock import SINCE_EVER
from alliance.enterprises.models import Enterprise, EnterpriseZone
from alliance.imports.enterprises import KIND
from alliance.store import Session
from alliance.zones.models import Zone
from tests.imports.sheets import (
    AT,
    BAKERY,
    ENTERPRISES,
    FACTORY,
    STREET,
    TOWN,
    Bring,
    counts,
    credit_code,
    problems,
)

DATED = f"{ENTERPRISES},生效日期"
NEW = credit_code(77)

pytestmark = pytest.mark.usefixtures("world")


def zones_of(session: Session, code: str) -> list[tuple[date, str]]:
    rows = session.execute(
        select(EnterpriseZone.starts_on, Zone.code)
        .join(Zone, Zone.id == EnterpriseZone.zone_id)
        .join(Enterprise, Enterprise.id == EnterpriseZone.enterprise_id)
        .where(Enterprise.credit_code == code)
        .order_by(EnterpriseZone.starts_on)
    )
    return [(day, zone) for day, zone in rows]


def name_of(session: Session, code: str) -> str | None:
    return session.scalar(select(Enterprise.name).where(Enterprise.credit_code == code))


def test_a_new_enterprise_has_stood_there_since_ever(session: Session, bring: Bring) -> None:
    job = bring(KIND, ENTERPRISES, f"{NEW},吉林市车天下二手车经销（集团）有限公司,{TOWN}")
    assert counts(job) == (1, 0, 0, 0)
    assert name_of(session, NEW) == "吉林市车天下二手车经销（集团）有限公司"
    assert zones_of(session, NEW) == [(SINCE_EVER, TOWN)]


def test_a_new_enterprise_from_a_day_on(session: Session, bring: Bring) -> None:
    row = f"{NEW},新企业,{TOWN},2020/03/01"
    assert counts(bring(KIND, DATED, row)) == (1, 0, 0, 0)
    assert zones_of(session, NEW) == [(date(2020, 3, 1), TOWN)]
    assert counts(bring(KIND, DATED, row)) == (0, 0, 1, 0)


def test_a_new_name_is_an_update(session: Session, bring: Bring) -> None:
    job = bring(KIND, ENTERPRISES, f"{FACTORY},吉林制造,{STREET}", f"{BAKERY},老面包房,{TOWN}")
    assert counts(job) == (0, 1, 1, 0)
    assert name_of(session, FACTORY) == "吉林制造"
    assert zones_of(session, FACTORY) == [(SINCE_EVER, STREET)]


def test_a_move_holds_from_the_day_of_the_import(session: Session, bring: Bring) -> None:
    row = f"{FACTORY},吉林市制造有限公司,{TOWN}"
    assert counts(bring(KIND, ENTERPRISES, row)) == (0, 1, 0, 0)
    assert zones_of(session, FACTORY) == [(SINCE_EVER, STREET), (date(2026, 11, 23), TOWN)]
    assert counts(bring(KIND, ENTERPRISES, row, at=AT + timedelta(days=3))) == (0, 0, 1, 0)


def test_a_move_can_be_dated_and_repeated(session: Session, bring: Bring) -> None:
    row = f"{FACTORY},吉林市制造有限公司,{TOWN},2021-05-01"
    assert counts(bring(KIND, DATED, row)) == (0, 1, 0, 0)
    assert counts(bring(KIND, DATED, row)) == (0, 0, 1, 0)
    assert zones_of(session, FACTORY) == [(SINCE_EVER, STREET), (date(2021, 5, 1), TOWN)]


def test_a_date_on_which_it_stood_there_anyway_changes_nothing(session: Session, bring: Bring) -> None:
    job = bring(KIND, DATED, f"{FACTORY},吉林市制造有限公司,{STREET},2021-05-01")
    assert counts(job) == (0, 0, 1, 0)
    assert zones_of(session, FACTORY) == [(SINCE_EVER, STREET)]


def test_a_day_already_moved_on_is_corrected(session: Session, bring: Bring) -> None:
    bring(KIND, DATED, f"{FACTORY},吉林市制造有限公司,{TOWN},2021-05-01")
    bring(KIND, DATED, f"{FACTORY},吉林市制造有限公司,{STREET},2021-05-01")
    assert zones_of(session, FACTORY) == [(SINCE_EVER, STREET), (date(2021, 5, 1), STREET)]


def test_it_refuses_an_unknown_zone_a_wrong_check_digit_and_a_code_twice(bring: Bring) -> None:
    wrong = NEW[:-1] + ("A" if NEW[-1] != "A" else "B")
    job = bring(
        KIND,
        ENTERPRISES,
        f"{NEW},新企业,220204999000",
        f"{wrong},新企业,{TOWN}",
        f"{FACTORY},甲,{TOWN}",
        f"{FACTORY},乙,{TOWN}",
    )
    assert sorted(problems(job)) == [
        (2, "片区代码", "没有代码为 220204999000 的片区"),
        (3, "统一社会信用代码", "统一社会信用代码的校验位不对，多半有一位抄错了"),
        (4, "统一社会信用代码", "与第 5 行重复"),
        (5, "统一社会信用代码", "与第 4 行重复"),
    ]


def test_it_names_every_bad_cell_of_a_row(bring: Bring) -> None:
    job = bring(KIND, DATED, "123,,德胜街道,昨天")
    assert problems(job) == [
        (2, "统一社会信用代码", "统一社会信用代码的格式不对"),
        (2, "企业名称", "没有填写"),
        (2, "片区代码", "片区代码不是 12 位数字"),
        (2, "生效日期", "日期看不懂"),
    ]
    assert counts(job) == (0, 0, 0, 1)


def category_of(session: Session, code: str) -> str | None:
    return session.scalar(select(Enterprise.category).where(Enterprise.credit_code == code))


def test_a_merchant_has_a_category_and_keeps_it_where_the_cell_is_empty(
    session: Session, bring: Bring
) -> None:
    with_category = f"{ENTERPRISES},商户类别"
    assert counts(bring(KIND, with_category, f"{NEW},车天下,{TOWN}, 汽车 ")) == (1, 0, 0, 0)
    assert category_of(session, NEW) == "cars"
    assert counts(bring(KIND, with_category, f"{NEW},车天下,{TOWN},")) == (0, 0, 1, 0)
    assert counts(bring(KIND, with_category, f"{NEW},车天下,{TOWN},生活服务")) == (0, 1, 0, 0)
    assert category_of(session, NEW) == "services"


def test_it_refuses_a_category_that_there_is_not(bring: Bring) -> None:
    job = bring(KIND, f"{ENTERPRISES},商户类别", f"{NEW},车天下,{TOWN},二手车")
    assert problems(job) == [(2, "商户类别", "没有这种商户类别")]
