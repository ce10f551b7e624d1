"""Importing past redemptions: every fact once, frozen as things were on its day, and counted."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.verify import INVARIANTS
from alliance.enterprises.models import Enterprise, Outlet
from alliance.imports import enterprises, offers, outlets, roster
from alliance.imports.redemptions import KIND, redemption_id
from alliance.offers.models import Audience, LimitCounter, Offer, OfferRevision
from alliance.people.models import Employment, Holder, HolderKind
from alliance.redemptions.digests import redemption_digest
from alliance.redemptions.ledger import digest_of
from alliance.redemptions.models import Channel, DirtyMark, MonthClosing, Redemption
from alliance.redemptions.months import close
from alliance.store import Session
from alliance.zones.models import Zone
from tests.imports.sheets import (
    AT,
    BAKERY,
    ENTERPRISES,
    FACTORY,
    HOTEL,
    OUTLETS,
    REDEMPTIONS,
    ROSTER,
    STREET,
    TOWN,
    Bring,
    counts,
    credit_code,
    problems,
)
from tests.redemptions.test_statements import statements

MORE = f"{REDEMPTIONS},优惠编号,数量,商户统一社会信用代码"
ROW = f"88001,2026-10-05T18:30:27+08:00,{FACTORY},001,1,2000,300,1700"

pytestmark = pytest.mark.usefixtures("world")


def facts(session: Session) -> list[Redemption]:
    return list(session.scalars(select(Redemption).order_by(Redemption.receipt_no)))


def enterprise_id(session: Session, code: str) -> int:
    return session.scalars(select(Enterprise.id).where(Enterprise.credit_code == code)).one()


def zone_code(session: Session, zone_id: int) -> str:
    return session.get_one(Zone, zone_id).code


def counters(session: Session) -> dict[tuple[str, str], int]:
    """Uses by offer code and scope, a holder named by 工号."""
    numbers = {
        f"holder:{id_}": number
        for id_, number in session.execute(select(Employment.holder_id, Employment.staff_no))
    }
    rows = session.execute(
        select(Offer.code, LimitCounter.scope, LimitCounter.used).join(
            Offer, (Offer.merchant_id == LimitCounter.merchant_id) & (Offer.id == LimitCounter.offer_id)
        )
    )
    return {(code, numbers.get(scope, scope)): used for code, scope, used in rows}


def test_a_fact_with_everything_it_freezes(session: Session, bring: Bring) -> None:
    assert counts(bring(KIND, REDEMPTIONS, ROW)) == (1, 0, 0, 0)
    [fact] = facts(session)
    assert fact.merchant_id == enterprise_id(session, BAKERY)
    assert fact.id == redemption_id(BAKERY, "88001")
    assert session.get_one(Outlet, (fact.merchant_id, fact.outlet_id)).code == "1"
    assert session.get_one(Holder, fact.holder_id).name == "王喆"
    assert fact.holder_kind == HolderKind.EMPLOYEE
    assert fact.employer_id == enterprise_id(session, FACTORY)
    assert zone_code(session, fact.employer_zone_id) == STREET
    assert zone_code(session, fact.outlet_zone_id) == TOWN
    assert (fact.gross_fen, fact.discount_fen, fact.paid_fen, fact.quantity) == (2000, 300, 1700, 1)
    assert fact.occurred_at == datetime(2026, 10, 5, 10, 30, 27, tzinfo=UTC)
    assert fact.received_at == AT
    assert (fact.business_date, fact.posted_month) == (date(2026, 10, 5), date(2026, 10, 1))
    assert (fact.channel, fact.receipt_no, fact.answer) == (Channel.IMPORT, "88001", None)
    assert (fact.scan_id, fact.account_id, fact.token_id) == (None, None, None)
    columns = {column.name: getattr(fact, column.name) for column in Redemption.__table__.columns}
    assert fact.digest == redemption_digest(columns)
    offer = session.get_one(Offer, (fact.merchant_id, fact.offer_id))
    assert offer.code == "历史数据"
    assert session.get_one(OfferRevision, (fact.merchant_id, fact.revision_id)).offer_id == offer.id
    assert counters(session) == {}


def test_the_id_is_the_same_in_every_database() -> None:
    assert str(redemption_id(BAKERY, "88001")) == "8ea90cd4-b23e-5c4b-a21f-915edff9ead6"
    assert redemption_id(HOTEL, "88001") != redemption_id(BAKERY, "88001")


def test_importing_twice_is_importing_once(session: Session, bring: Bring) -> None:
    rows = (ROW, ROW.replace("88001", "88002").replace("001,1,", "002,2,"))
    assert counts(bring(KIND, REDEMPTIONS, *rows)) == (2, 0, 0, 0)
    assert counts(bring(KIND, REDEMPTIONS, *rows)) == (0, 0, 2, 0)
    assert len(facts(session)) == 2


def test_the_same_fact_in_another_spelling_is_the_same_fact(session: Session, bring: Bring) -> None:
    bring(KIND, REDEMPTIONS, ROW)
    row = f'８８００１,2026/10/5 18:30:27,{FACTORY},001,1,"2,000",300,1700,,1,{BAKERY}'
    assert counts(bring(KIND, MORE, row)) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    "changed",
    [
        ROW.replace("18:30:27", "18:30:28"),
        ROW.replace(",001,", ",002,"),
        ROW.replace(",1,2000", ",2,2000"),
        ROW.replace("2000,300,1700", "2000,200,1800"),
        ROW.replace(FACTORY, HOTEL),
    ],
)
def test_a_known_fact_is_never_rewritten(session: Session, bring: Bring, changed: str) -> None:
    bring(KIND, REDEMPTIONS, ROW)
    job = bring(KIND, REDEMPTIONS, changed)
    assert problems(job) == [(2, "流水号", "这个流水号已经导入过，内容不同")]
    assert job.rejected[0].remedy == "核销一经记录不能改写，改动请走冲正"
    assert facts(session)[0].gross_fen == 2000


def test_a_stored_fact_stays_known_after_the_person_has_gone(session: Session, bring: Bring) -> None:
    bring(KIND, REDEMPTIONS, ROW)
    bring(roster.KIND, f"{ROSTER},离职日期", f"{FACTORY},001,王喆,13800000001,车间,离职,2026-01-01")
    assert counts(bring(KIND, REDEMPTIONS, ROW)) == (0, 0, 1, 0)


def test_an_identical_row_adds_nothing_and_a_different_one_is_a_twin(session: Session, bring: Bring) -> None:
    assert counts(bring(KIND, REDEMPTIONS, ROW, ROW)) == (1, 0, 1, 0)
    other = ROW.replace("88001", "88002")
    job = bring(KIND, REDEMPTIONS, other, other.replace("300,1700", "400,1600"))
    assert problems(job) == [(2, "流水号", "与第 3 行重复"), (3, "流水号", "与第 2 行重复")]


def test_one_receipt_number_at_two_merchants_is_two_facts(session: Session, bring: Bring) -> None:
    assert counts(bring(KIND, REDEMPTIONS, ROW, ROW.replace(",1,2000", ",9,2000"))) == (2, 0, 0, 0)


def test_the_same_holder_outlet_and_second_is_two_facts(session: Session, bring: Bring) -> None:
    assert counts(bring(KIND, REDEMPTIONS, ROW, ROW.replace("88001", "88002"))) == (2, 0, 0, 0)


def test_nothing_paid_is_a_fact(session: Session, bring: Bring) -> None:
    bring(KIND, REDEMPTIONS, ROW.replace("2000,300,1700", "300,300,0"))
    assert facts(session)[0].paid_fen == 0


def test_every_touched_day_is_marked_once_today_too(session: Session, bring: Bring) -> None:
    rows = (
        ROW,
        ROW.replace("88001", "88002").replace("18:30", "23:59"),
        # 17:00 UTC on the 5th is the 6th in Shanghai.
        ROW.replace("88001", "88003").replace("18:30:27+08:00", "17:00:00Z"),
        ROW.replace("88001", "88004").replace("2026-10-05T18:30:27+08:00", "2026-11-23 09:00"),
    )
    bring(KIND, REDEMPTIONS, *rows)
    days = [date(2026, 10, 5), date(2026, 10, 6), date(2026, 11, 23)]
    assert sorted(session.scalars(select(DirtyMark.business_date))) == days
    bring(KIND, REDEMPTIONS, *rows)
    assert sorted(session.scalars(select(DirtyMark.business_date))) == days


def test_zones_and_employers_are_those_of_the_day(session: Session, bring: Bring) -> None:
    dated = ",生效日期"
    bring(enterprises.KIND, ENTERPRISES + dated, f"{FACTORY},吉林市制造有限公司,{TOWN},2026-10-05")
    bring(outlets.KIND, OUTLETS + dated, f"1,面包房总店,{BAKERY},{STREET},2026-10-06")
    bring(
        roster.KIND,
        f"{ROSTER},入职日期,离职日期",
        f"{FACTORY},001,王喆,13800000001,车间,离职,,2026-10-06",
    )
    bring(roster.KIND, f"{ROSTER},入职日期,离职日期", f"{FACTORY},001,周新,13800000099,车间,在职,2026-10-06,")
    rows = [ROW.replace("88001", f"8800{day}").replace("-05T", f"-0{day}T") for day in (4, 5, 6)]
    assert problems(bring(KIND, REDEMPTIONS, *rows)) == []
    then = [
        (
            session.get_one(Holder, fact.holder_id).name,
            zone_code(session, fact.employer_zone_id),
            zone_code(session, fact.outlet_zone_id),
        )
        for fact in facts(session)
    ]
    assert then == [("王喆", STREET, TOWN), ("王喆", TOWN, TOWN), ("周新", TOWN, STREET)]


# --- closed months ---


def test_facts_of_a_closed_month_are_posted_to_the_current_one(session: Session, bring: Bring) -> None:
    bring(KIND, REDEMPTIONS, ROW)
    close(session, date(2026, 10, 1), COMMAND_LINE, AT)
    digest = session.get_one(MonthClosing, (date(2026, 10, 1), 1)).digest
    rows = (
        ROW.replace("88001", "88002"),
        ROW.replace("88001", "88003").replace("2026-10-05", "2026-09-05"),
        ROW.replace("88001", "88004").replace("2026-10-05", "2026-11-05"),
    )
    assert counts(bring(KIND, REDEMPTIONS, ROW, *rows)) == (3, 0, 1, 0)
    posted = [(str(fact.business_date), str(fact.posted_month)) for fact in facts(session)]
    assert posted == [
        ("2026-10-05", "2026-10-01"),
        ("2026-10-05", "2026-11-01"),
        # Nobody has closed September: it is open.
        ("2026-09-05", "2026-09-01"),
        ("2026-11-05", "2026-11-01"),
    ]
    assert digest_of(session, date(2026, 10, 1)) == digest


def test_a_month_is_asked_for_once(session: Session, bring: Bring, engine: Engine) -> None:
    rows = [ROW.replace("88001", str(88001 + n)).replace("-10-05", f"-10-{n + 1:02d}") for n in range(28)]
    with statements(engine) as seen:
        bring(KIND, REDEMPTIONS, *rows)
    assert sum("FROM ledger_months" in statement for statement in seen) == 1


# --- offers and limits ---


def offer(bring: Bring, code: str, total: str, each: str, discount: str = "8.5") -> None:
    header = "统一社会信用代码,优惠编号,优惠名称,类型,折扣,总次数,每人次数"
    job = bring(offers.kind(approving=True), header, f"{BAKERY},{code},{code},折扣,{discount},{total},{each}")
    assert problems(job) == []


def rows_under(offer_code: str, first: int, *staff_nos: str) -> list[str]:
    return [
        ROW.replace("88001", str(first + n)).replace(",001,", f",{staff_no},") + f",{offer_code},2,"
        for n, staff_no in enumerate(staff_nos)
    ]


def test_an_offer_is_booked_under_its_newest_approved_revision(session: Session, bring: Bring) -> None:
    offer(bring, "A-1", "", "", "9")
    offer(bring, "A-1", "", "", "8")
    bring(offers.kind(), "统一社会信用代码,优惠编号,优惠名称,类型,折扣", f"{BAKERY},A-1,A-1,折扣,7")
    bring(KIND, MORE, *rows_under("A-1", 88001, "001"))
    [fact] = facts(session)
    revision = session.get_one(OfferRevision, (fact.merchant_id, fact.revision_id))
    assert revision.terms["pay_permille"] == 800
    assert fact.offer_id == revision.offer_id
    assert fact.quantity == 2
    assert counters(session) == {}


def test_imported_facts_count_against_limits_and_are_never_refused_by_them(
    session: Session, bring: Bring
) -> None:
    offer(bring, "BOTH", "2", "1")
    offer(bring, "TOTAL", "1", "")
    offer(bring, "EACH", "", "1")
    rows = (
        *rows_under("BOTH", 1, "001", "001", "002"),
        *rows_under("TOTAL", 4, "001", "002"),
        *rows_under("EACH", 6, "001", "001", "001"),
    )
    assert counts(bring(KIND, MORE, *rows)) == (8, 0, 0, 0)
    expected = {
        ("BOTH", "total"): 3,
        ("BOTH", "001"): 2,
        ("BOTH", "002"): 1,
        ("TOTAL", "total"): 2,
        ("EACH", "001"): 3,
    }
    assert counters(session) == expected
    bring(KIND, MORE, *rows)
    assert counters(session) == expected
    bring(KIND, MORE, *rows, *rows_under("BOTH", 9, "002"))
    assert counters(session) == expected | {("BOTH", "total"): 4, ("BOTH", "002"): 2}


def test_every_limit_is_counted_in_bulk_and_verified(session: Session, bring: Bring) -> None:
    limits = "总份数,让利预算(元),每店每日次数,每人每周次数,每户每月次数,间隔分钟"
    header = f"统一社会信用代码,优惠编号,优惠名称,类型,折扣,{limits}"
    bring(offers.kind(approving=True), header, f"{BAKERY},A-1,面包,折扣,8.5,3,1,1,1,1,600")
    again = ROW.replace("88001", "88009").replace("18:30:27", "19:00:00")
    rows = [*rows_under("A-1", 1, "001", "002"), f"{again},A-1,1,"]
    assert counts(bring(KIND, MORE, *rows)) == (3, 0, 0, 0)
    [outlet_id] = session.scalars(select(Outlet.id).where(Outlet.code == "1"))
    last = int(datetime(2026, 10, 5, 11, tzinfo=UTC).timestamp())
    found = counters(session)
    people = {fact.holder_id: fact for fact in facts(session)}
    first = facts(session)[0].holder_id
    [other] = people.keys() - {first}
    assert found == {
        ("A-1", "units"): 5,
        ("A-1", "budget"): 900,
        ("A-1", f"outlet:{outlet_id.hex}:2026-10-05"): 3,
        ("A-1", f"holder:{first}:week:2026-W41"): 2,
        ("A-1", f"holder:{other}:week:2026-W41"): 1,
        ("A-1", f"household:{first}:month:2026-10"): 2,
        ("A-1", f"household:{other}:month:2026-10"): 1,
        ("A-1", f"cooldown:holder:{first}"): last,
        ("A-1", f"cooldown:holder:{other}"): last - 1773,
    }
    for name in ("limit_counter", "limit_exceeded"):
        assert list(INVARIANTS[name](session)) == []


def test_what_has_happened_is_refused_by_no_audience_and_verified(session: Session, bring: Bring) -> None:
    """The offer is for families by now; whether it was then, the file does not say."""
    header = "统一社会信用代码,优惠编号,优惠名称,类型,折扣"
    bring(offers.kind(approving=True), header, f"{BAKERY},A-1,面包,折扣,9")
    session.execute(update(OfferRevision).values(audience=Audience.DEPENDANT))
    assert counts(bring(KIND, MORE, *rows_under("A-1", 88001, "001")))[0] > 0
    assert list(INVARIANTS["offer_audience"](session)) == []


def test_it_refuses_an_offer_that_is_unknown_not_approved_or_anothers(bring: Bring) -> None:
    header = "统一社会信用代码,优惠编号,优惠名称,类型,折扣"
    bring(offers.kind(), header, f"{BAKERY},A-1,面包,折扣,9")
    bring(offers.kind(approving=True), header, f"{HOTEL},A-2,面包,折扣,9")
    rows = [row for n, code in enumerate(("A-1", "A-2", "A-3")) for row in rows_under(code, n, "001")]
    assert problems(bring(KIND, MORE, *rows)) == [
        (2, "优惠编号", "该商户没有编号为 A-1 且已批准的优惠"),
        (3, "优惠编号", "该商户没有编号为 A-2 且已批准的优惠"),
        (4, "优惠编号", "该商户没有编号为 A-3 且已批准的优惠"),
    ]


# --- whose outlet ---


def test_an_outlet_number_of_two_merchants_needs_the_merchant(session: Session, bring: Bring) -> None:
    bring(outlets.KIND, OUTLETS, f"1,酒店一楼,{HOTEL},{STREET}")
    assert problems(bring(KIND, REDEMPTIONS, ROW)) == [(2, "门店编号", "有 2 家商户都有编号为 1 的门店")]
    assert counts(bring(KIND, MORE, f"{ROW},,,{HOTEL}")) == (1, 0, 0, 0)
    assert facts(session)[0].merchant_id == enterprise_id(session, HOTEL)


def test_it_refuses_an_outlet_that_is_unknown_or_not_that_merchants(bring: Bring) -> None:
    job = bring(KIND, MORE, ROW.replace(",1,2000", ",77,2000") + ",,,", f"{ROW},,,{HOTEL}")
    assert problems(job) == [
        (2, "门店编号", "找不到编号为 77 的门店"),
        (3, "门店编号", "找不到编号为 1 的门店"),
    ]


# --- what is refused ---


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ("2000,300,1700", "-2000,300,1700", "原价(分)", "数字是负的"),
        ("2000,300,1700", "20.00,3.00,17.00", "原价(分)", "金额不是整数分"),
        ("2000,300,1700", "300,2000,0", "优惠(分)", "优惠大于原价"),
        ("2000,300,1700", "2000,300,1800", "实付(分)", "原价不等于优惠加实付"),
        ("2000,300,1700", "2000,,1700", "优惠(分)", "没有填写"),
        ("2026-10-05T18:30:27+08:00", "2026-11-23T12:00:01+08:00", "核销时间", "核销时间晚于现在"),
        ("2026-10-05T18:30:27+08:00", "十月五日", "核销时间", "时间看不懂"),
        ("88001,", "3.11987E+16,", "流水号", "被表格软件改成了科学计数，数字已经不完整"),
        ("88001,", "8" * 65 + ",", "流水号", "超过 64 个字"),
        (",001,", ",777,", "工号", "该企业没有这个工号"),
        (FACTORY, credit_code(81), "统一社会信用代码", "没有这家企业"),
    ],
)
def test_it_refuses(session: Session, bring: Bring, old: str, new: str, field: str, reason: str) -> None:
    job = bring(KIND, REDEMPTIONS, ROW.replace(old, new))
    assert problems(job)[0] == (2, field, reason)
    assert counts(job) == (0, 0, 0, 1)
    assert facts(session) == []


def test_now_is_not_the_future(bring: Bring) -> None:
    job = bring(KIND, REDEMPTIONS, ROW.replace("2026-10-05T18:30:27+08:00", "2026-11-23T12:00:00+08:00"))
    assert counts(job) == (1, 0, 0, 0)


@pytest.mark.parametrize("day", ["04", "06"])
def test_it_refuses_a_staff_no_not_employed_that_day(bring: Bring, day: str) -> None:
    dated = f"{ROSTER},入职日期,离职日期"
    bring(roster.KIND, dated, f"{FACTORY},001,王喆,13800000001,车间,离职,2026-10-05,2026-10-06")
    assert problems(bring(KIND, REDEMPTIONS, ROW)) == []
    job = bring(KIND, REDEMPTIONS, ROW.replace("88001", "88002").replace("10-05T", f"10-{day}T"))
    assert problems(job) == [(2, "工号", "该工号在核销当日不在职")]


@pytest.mark.parametrize(
    ("table", "field", "reason"),
    [
        ("enterprise_zones", "统一社会信用代码", "该企业在核销当日没有片区"),
        ("outlet_zones", "门店编号", "该门店在核销当日没有片区"),
    ],
)
def test_it_refuses_a_day_without_a_zone(
    session: Session, bring: Bring, table: str, field: str, reason: str
) -> None:
    rows: Any = Redemption.metadata.tables[table]
    session.execute(update(rows).values(starts_on=date(2026, 10, 6)))
    assert problems(bring(KIND, REDEMPTIONS, ROW)) == [(2, field, reason)]
