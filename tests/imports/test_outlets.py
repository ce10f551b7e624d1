"""Importing outlets: they belong to one merchant, whose own numbering may repeat another's."""

from datetime import date

import pytest
from sqlalchemy import select

from alliance.clock import SINCE_EVER
from alliance.enterprises.models import Enterprise, Outlet, OutletZone
from alliance.imports.outlets import KIND
from alliance.store import Session
from alliance.zones.models import Zone
from tests.imports.sheets import BAKERY, HOTEL, OUTLETS, STREET, TOWN, Bring, counts, credit_code, problems

pytestmark = pytest.mark.usefixtures("world")


def zones_of(session: Session, merchant: str, code: str) -> list[tuple[str, date, str]]:
    rows = session.execute(
        select(Outlet.name, OutletZone.starts_on, Zone.code)
        .join(
            OutletZone, (OutletZone.merchant_id == Outlet.merchant_id) & (OutletZone.outlet_id == Outlet.id)
        )
        .join(Zone, Zone.id == OutletZone.zone_id)
        .join(Enterprise, Enterprise.id == Outlet.merchant_id)
        .where(Enterprise.credit_code == merchant, Outlet.code == code)
        .order_by(OutletZone.starts_on)
    )
    return [(name, day, zone) for name, day, zone in rows]


def test_new_outlets_with_the_same_number_at_two_merchants(session: Session, bring: Bring) -> None:
    rows = (f"7,面包房七店,{BAKERY},{TOWN}", f"7,酒店七楼,{HOTEL},{STREET}")
    assert counts(bring(KIND, OUTLETS, *rows)) == (2, 0, 0, 0)
    assert zones_of(session, BAKERY, "7") == [("面包房七店", SINCE_EVER, TOWN)]
    assert zones_of(session, HOTEL, "7") == [("酒店七楼", SINCE_EVER, STREET)]
    assert counts(bring(KIND, OUTLETS, *rows)) == (0, 0, 2, 0)


def test_names_and_zones_change_from_a_day_on(session: Session, bring: Bring) -> None:
    header = f"{OUTLETS},生效日期"
    rows = (
        f"1,总店,{BAKERY},{TOWN},",
        f"2,面包房分店,{BAKERY},{TOWN},2025/1/1",
        f"9,酒店餐厅,{HOTEL},{TOWN},",
    )
    assert counts(bring(KIND, header, *rows)) == (0, 3, 0, 0)
    assert zones_of(session, BAKERY, "1") == [("总店", SINCE_EVER, TOWN)]
    assert zones_of(session, BAKERY, "2")[1:] == [("面包房分店", date(2025, 1, 1), TOWN)]
    assert zones_of(session, HOTEL, "9")[1:] == [("酒店餐厅", date(2026, 11, 23), TOWN)]
    assert counts(bring(KIND, header, *rows)) == (0, 0, 3, 0)


def test_a_new_outlet_can_open_on_a_day(session: Session, bring: Bring) -> None:
    bring(KIND, f"{OUTLETS},生效日期", f"8,新店,{BAKERY},{TOWN},2025-01-01")
    assert zones_of(session, BAKERY, "8") == [("新店", date(2025, 1, 1), TOWN)]


def test_it_refuses_unknown_merchants_and_zones_and_twins(bring: Bring) -> None:
    stranger = credit_code(78)
    job = bring(
        KIND,
        OUTLETS,
        f"7,店,{stranger},{TOWN}",
        f"8,店,{BAKERY},220204999000",
        f"9,甲,{BAKERY},{TOWN}",
        f"９,乙,{BAKERY},{TOWN}",
        f"10,店,{BAKERY[:-1]},{TOWN}",
    )
    assert sorted(problems(job)) == [
        (2, "统一社会信用代码", "没有这家企业"),
        (3, "片区代码", "没有代码为 220204999000 的片区"),
        (4, "门店编号", "与第 5 行重复"),
        (5, "门店编号", "与第 4 行重复"),
        (6, "统一社会信用代码", "统一社会信用代码的格式不对"),
    ]
