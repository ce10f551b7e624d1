"""Importing offers: three kinds of terms, a revision for each change, approved only when asked."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from alliance.audit.trail import COMMAND_LINE
from alliance.enterprises.models import Enterprise, Outlet
from alliance.imports.offers import kind
from alliance.offers.evidence import Evidence, Showing, showings
from alliance.offers.life import Draft, State, current_state, return_to_merchant, submit, withdraw
from alliance.offers.models import Offer, OfferRevision, OfferRevisionOutlet
from alliance.offers.pricing import (
    AlliancePrice,
    AmountOff,
    BuyGet,
    Discount,
    Gift,
    Service,
    Terms,
    Threshold,
    Ticket,
    read_terms,
)
from alliance.store import Session
from alliance.zones.models import Zone
from tests.imports.sheets import AT, BAKERY, CITY, FACTORY, HOTEL, Bring, counts, credit_code, problems

SHORT = "统一社会信用代码,优惠编号,优惠名称,类型,折扣"
FULL = f"{SHORT},满(元),减(元),联盟价(元),开始日期,结束日期,总次数,每人次数,门店编号"
TODAY = date(2026, 11, 23)

pytestmark = pytest.mark.usefixtures("world")


def revisions(session: Session, merchant: str, code: str) -> list[OfferRevision]:
    return list(
        session.scalars(
            select(OfferRevision)
            .join(
                Offer, (Offer.merchant_id == OfferRevision.merchant_id) & (Offer.id == OfferRevision.offer_id)
            )
            .join(Enterprise, Enterprise.id == Offer.merchant_id)
            .where(Enterprise.credit_code == merchant, Offer.code == code)
            .order_by(OfferRevision.number)
        )
    )


def outlets_of(session: Session, revision: OfferRevision) -> set[str]:
    link = OfferRevisionOutlet
    return set(
        session.scalars(
            select(Outlet.code)
            .join(link, (link.merchant_id == Outlet.merchant_id) & (link.outlet_id == Outlet.id))
            .where(link.revision_id == revision.id)
        )
    )


def state(session: Session, revision: OfferRevision) -> State:
    return current_state(session, revision, TODAY)


@pytest.mark.parametrize(
    ("cells", "terms"),
    [
        ("折扣,8.5折,,,", {"kind": "discount", "pay_permille": 850}),
        ("满减,,100,20.5,", {"kind": "threshold", "threshold_fen": 10000, "off_fen": 2050, "repeat": False}),
        ("联盟价,,,,9.9", {"kind": "alliance_price", "unit_price_fen": 990}),
    ],
)
def test_the_three_kinds(session: Session, bring: Bring, cells: str, terms: dict[str, Any]) -> None:
    row = f"{BAKERY},A-1,满100减20,{cells},2026/11/1,2026-12-31,500,2,"
    assert counts(bring(kind(), FULL, row)) == (1, 0, 0, 0)
    [revision] = revisions(session, BAKERY, "A-1")
    assert (revision.title, revision.terms) == ("满100减20", terms)
    assert (revision.starts_on, revision.ends_on) == (date(2026, 11, 1), date(2026, 12, 31))
    assert revision.limits == {"total": 500, "holder_ever": 2}
    assert outlets_of(session, revision) == set()
    assert state(session, revision) is State.SUBMITTED
    assert counts(bring(kind(), FULL, row)) == (0, 0, 1, 0)
    assert len(revisions(session, BAKERY, "A-1")) == 1


KINDS = f"{SHORT.removesuffix(',折扣')},满(元),减(元),联盟价(元),买(件),赠(件),赠品,票面价(元),门票价(元)"


@pytest.mark.parametrize(
    ("cells", "terms"),
    [
        ("立减,,5,,,,,,", {"kind": "amount_off", "off_fen": 500}),
        (
            "每满减,100,20,,,,,,",
            {"kind": "threshold", "threshold_fen": 10000, "off_fen": 2000, "repeat": True},
        ),
        ("成本价,,,3.5,,,,,", {"kind": "alliance_price", "unit_price_fen": 350}),
        ("买赠,,,,２,1,,,", {"kind": "buy_get", "buy": 2, "free": 1}),
        ("赠品,200,,,,,毛巾,,", {"kind": "gift", "gift": "毛巾", "threshold_fen": 20000}),
        ("赠品,,,,,,毛巾,,", {"kind": "gift", "gift": "毛巾", "threshold_fen": 0}),
        ("门票,,,,,,,120,99", {"kind": "ticket", "face_price_fen": 12000, "ticket_price_fen": 9900}),
        ("服务,,,,,,,,", {"kind": "service"}),
    ],
)
def test_the_other_kinds(session: Session, bring: Bring, cells: str, terms: dict[str, Any]) -> None:
    row = f"{BAKERY},A-1,面包,{cells}"
    assert counts(bring(kind(), KINDS, row)) == (1, 0, 0, 0)
    assert revisions(session, BAKERY, "A-1")[0].terms == terms
    assert counts(bring(kind(), KINDS, row)) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("phrase", "terms"),
    [
        ("8.5折", Discount(pay_permille=850)),
        ("八五折", Discount(pay_permille=850)),
        ("打８折", Discount(pay_permille=800)),
        ("全场 九折", Discount(pay_permille=900)),
        ("85折", Discount(pay_permille=850)),
        ("满100减20", Threshold(threshold_fen=10000, off_fen=2000)),
        ("满 100 元立减 20 元", Threshold(threshold_fen=10000, off_fen=2000)),
        ("消费满１００元减免20.5元", Threshold(threshold_fen=10000, off_fen=2050)),
        ("每满100减20", Threshold(threshold_fen=10000, off_fen=2000, repeat=True)),
        ('"每满1,000减200"', Threshold(threshold_fen=100000, off_fen=20000, repeat=True)),
        ("立减5元", AmountOff(off_fen=500)),
        ("减5", AmountOff(off_fen=500)),
        ("联盟价3.5元/份", AlliancePrice(unit_price_fen=350)),
        ("成本价 ¥3.50", AlliancePrice(unit_price_fen=350)),
        ("买二送一", BuyGet(buy=2, free=1)),
        ("买10赠3", BuyGet(buy=10, free=3)),
        ("满200赠毛巾一条", Gift(gift="毛巾一条", threshold_fen=20000)),
        ("消费即送酸奶", Gift(gift="酸奶", threshold_fen=0)),
        ("门票99元（原价120元）", Ticket(face_price_fen=12000, ticket_price_fen=9900)),
        ("免费服务", Service()),
    ],
)
def test_terms_as_merchants_write_them(session: Session, bring: Bring, phrase: str, terms: Terms) -> None:
    job = bring(kind(), SHORT.removesuffix(",折扣"), f"{BAKERY},A-1,面包,{phrase}")
    assert (problems(job), counts(job)) == ([], (1, 0, 0, 0))
    assert read_terms(revisions(session, BAKERY, "A-1")[0].terms) == terms


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("0折", "折扣看不懂，或者有两种理解"),
        ("10折", "折扣看不懂，或者有两种理解"),
        ("打120折", "折扣看不懂，或者有两种理解"),
        ("满100减200", "减的金额大于满的金额"),
        ("满100减0.005", "金额看不懂"),
        ("满0减1", "金额是 0"),
        ("立减1e309元", "没有这种优惠类型"),
        ("立减-1元", "没有这种优惠类型"),
        ("立减99999999元", "金额超过 1000 万元"),
        ("买0赠1", "不是大于 0 的整数"),
        ("买2赠100", "不是大于 0 的整数"),
        ("门票130元（原价120元）", "门票价高于票面价"),
        ("满100送" + "长" * 31, "超过 30 个字"),
        ("半价", "没有这种优惠类型"),
    ],
)
def test_it_refuses_phrases(bring: Bring, phrase: str, reason: str) -> None:
    job = bring(kind(), SHORT.removesuffix(",折扣"), f"{BAKERY},A-1,面包,{phrase}")
    assert [problem[2] for problem in problems(job)] == [reason]


def test_a_phrase_leaves_the_columns_of_terms_empty(bring: Bring) -> None:
    job = bring(kind(), SHORT, f"{BAKERY},A-1,面包,满100减20,8.5")
    assert problems(job) == [(2, "折扣", "类型是一句完整的优惠内容，这一格却填了内容")]


CONDITIONS = "可用星期,可用时段,不可用日期,适用片区,适用单位,不适用单位,同行人数,不与其他优惠同享"


def test_every_condition_has_a_column(session: Session, bring: Bring) -> None:
    header = f"{SHORT},{CONDITIONS}"
    off = "春节 2027-02-10至2027-02-17；2027-05-01"
    row = f"{BAKERY},A-1,面包,折扣,9,周一至周五,11:00-14:00、22点到2点,{off},{CITY},{FACTORY},{HOTEL},4人,是"
    job = bring(kind(), header, row)
    assert (problems(job), counts(job)) == ([], (1, 0, 0, 0))
    [revision] = revisions(session, BAKERY, "A-1")
    ids = dict(session.execute(select(Enterprise.credit_code, Enterprise.id)).all())
    assert revision.conditions == {
        "weekdays": [1, 2, 3, 4, 5],
        "hours": [{"start": 660, "end": 840}, {"start": 1320, "end": 120}],
        "blackouts": [
            {"first": "2027-02-10", "last": "2027-02-17", "name": "春节"},
            {"first": "2027-05-01", "last": "2027-05-01"},
        ],
        "zones": [session.scalars(select(Zone.id).where(Zone.code == CITY)).one()],
        "employers": [ids[FACTORY]],
        "not_employers": [ids[HOTEL]],
        "party": "people",
        "people": 4,
        "exclusive": True,
    }
    assert counts(bring(kind(), header, row)) == (0, 0, 1, 0)
    assert counts(bring(kind(), header, row.replace(",4人,是", ",整桌,否"))) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("columns", "cells", "field", "reason"),
    [
        ("可用星期", "周八", "可用星期", "星期看不懂"),
        ("可用时段", "8:00-8:00", "可用时段", "时段看不懂，或者从几点到几点是一样的"),
        ("可用时段", "25:00-26:00", "可用时段", "时段看不懂，或者从几点到几点是一样的"),
        ("不可用日期", "2027-02-17至2027-02-10", "不可用日期", "日期看不懂，或者后一天早于前一天"),
        ("适用片区", "220204999000", "适用片区", "没有代码为 220204999000 的片区"),
        ("适用单位", credit_code(99), "适用单位", "没有这家企业"),
        ("适用单位,不适用单位", f"{FACTORY},{FACTORY}", "不适用单位", "同一个单位既在适用里又在不适用里"),
        ("同行人数", "1人", "同行人数", "同行人数看不懂"),
        ("不与其他优惠同享", "好", "不与其他优惠同享", "既不是“是”也不是“否”"),
        # 2026-12-05 is a Saturday.
        (
            "开始日期,结束日期,可用星期",
            "2026-12-05,2026-12-06,周一",
            "可用星期",
            "按这一格，有效期里没有一天能用",
        ),
    ],
)
def test_it_refuses_conditions(bring: Bring, columns: str, cells: str, field: str, reason: str) -> None:
    job = bring(kind(), f"{SHORT},{columns}", f"{BAKERY},A-1,面包,折扣,9,{cells}")
    assert problems(job) == [(2, field, reason)]


def test_two_exclusive_offers_of_one_merchant(bring: Bring) -> None:
    rows = (f"{BAKERY},A-{number},面包{number},折扣,9,是" for number in (1, 2))
    job = bring(kind(), f"{SHORT},不与其他优惠同享", *rows, f"{HOTEL},A-1,早餐,折扣,9,是")
    assert problems(job) == [(3, "不与其他优惠同享", "与“面包1”的日期和门店重叠，两个都写明不同享")]


LIMITS = (
    "总次数,总份数,让利预算(元),每店每日次数,每人每日次数,每人每周次数,每人每月次数,每人累计次数,"
    "每户每日次数,每户每周次数,每户每月次数,每户累计次数,间隔分钟"
)


def test_every_limit_has_a_column(session: Session, bring: Bring) -> None:
    header = f"{SHORT},{LIMITS}"
    row = f'{BAKERY},A-1,面包,折扣,9,500,900,"1,234.5",50,1,2,3,4,２,3,4,5,90'
    assert counts(bring(kind(), header, row)) == (1, 0, 0, 0)
    [revision] = revisions(session, BAKERY, "A-1")
    assert revision.limits == {
        "total": 500, "units": 900, "budget_fen": 123450, "outlet_day": 50,
        "holder_day": 1, "holder_week": 2, "holder_month": 3, "holder_ever": 4,
        "household_day": 2, "household_week": 3, "household_month": 4, "household_ever": 5,
        "cool_down_minutes": 90,
    }  # fmt: skip
    assert counts(bring(kind(), header, row)) == (0, 0, 1, 0)
    assert counts(bring(kind(), header, row.replace(",90", ",91"))) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("columns", "cells", "field", "reason"),
    [
        ("每人每日次数,每户每日次数", "3,2", "每人每日次数", "每人每日次数大于每户每日次数"),
        ("每人每月次数,每人次数", "3,2", "每人每月次数", "每人每月次数大于每人次数"),
        ("每人次数,每人累计次数", "3,2", "每人次数", "与每人累计次数说的不一样"),
        ("总次数,总份数", "3,2", "总次数", "总次数大于总份数"),
        ("让利预算(元)", "0", "让利预算(元)", "金额是 0"),
        ("让利预算(元)", "-1", "让利预算(元)", "数字是负的"),
        ("让利预算(元)", "1e309", "让利预算(元)", "金额看不懂"),
        ("让利预算(元)", "1000000000.01", "让利预算(元)", "预算超过 10 亿元"),
        ("每店每日次数", "0.5", "每店每日次数", "不是大于 0 的整数"),
        ("间隔分钟", "527041", "间隔分钟", "不是大于 0 的整数"),
    ],
)
def test_it_refuses_limits(bring: Bring, columns: str, cells: str, field: str, reason: str) -> None:
    job = bring(kind(), f"{SHORT},{columns}", f"{BAKERY},A-1,面包,折扣,9,{cells}")
    assert problems(job) == [(2, field, reason)]


def test_the_two_columns_of_one_limit_may_agree(session: Session, bring: Bring) -> None:
    bring(kind(), f"{SHORT},每人次数,每人累计次数", f"{BAKERY},A-1,面包,折扣,9,3,3")
    assert revisions(session, BAKERY, "A-1")[0].limits == {"holder_ever": 3}


@pytest.mark.parametrize("written", ['"2、1"', "2;1", '"1，2"', "1 2"])
def test_an_offer_at_some_outlets(session: Session, bring: Bring, written: str) -> None:
    row = f"{BAKERY},A-1,面包,折扣,9,,,,,,,,{written}"
    assert counts(bring(kind(), FULL, row)) == (1, 0, 0, 0)
    assert outlets_of(session, revisions(session, BAKERY, "A-1")[0]) == {"1", "2"}
    assert counts(bring(kind(), FULL, row)) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    "changed",
    [
        "点心,折扣,9,,,,,,,,",
        "面包,折扣,8,,,,,,,,",
        "面包,折扣,9,,,,2026-12-01,,,,",
        "面包,折扣,9,,,,,2026-12-01,,,",
        "面包,折扣,9,,,,,,9,,",
        "面包,折扣,9,,,,,,,3,",
        "面包,折扣,9,,,,,,,,1",
    ],
)
def test_every_change_is_a_revision(session: Session, bring: Bring, changed: str) -> None:
    bring(kind(), FULL, f"{BAKERY},A-1,面包,折扣,9,,,,,,,,", f"{HOTEL},A-1,面包,折扣,9,,,,,,,,")
    assert counts(bring(kind(), FULL, f"{BAKERY},A-1,{changed}")) == (0, 1, 0, 0)
    assert [revision.number for revision in revisions(session, BAKERY, "A-1")] == [1, 2]
    assert [revision.number for revision in revisions(session, HOTEL, "A-1")] == [1]
    assert counts(bring(kind(), FULL, f"{BAKERY},A-1,{changed}")) == (0, 0, 1, 0)


def test_approval_at_once_and_of_what_still_waits(session: Session, bring: Bring) -> None:
    waiting, new = f"{BAKERY},A-1,面包,折扣,9", f"{BAKERY},A-2,点心,折扣,8"
    bring(kind(), SHORT, waiting)
    assert counts(bring(kind(approving=True), SHORT, waiting, new)) == (1, 1, 0, 0)
    for code in ("A-1", "A-2"):
        [revision] = revisions(session, BAKERY, code)
        assert state(session, revision) is State.LIVE
    assert counts(bring(kind(approving=True), SHORT, waiting, new)) == (0, 0, 2, 0)


def test_what_the_organizer_returned_is_not_approved_by_importing_it_again(
    session: Session, bring: Bring
) -> None:
    row = f"{BAKERY},A-1,面包,折扣,9"
    bring(kind(), SHORT, row)
    [revision] = revisions(session, BAKERY, "A-1")
    return_to_merchant(session, revision, "名称太短", COMMAND_LINE, AT)
    assert counts(bring(kind(approving=True), SHORT, row)) == (0, 0, 1, 0)
    assert state(session, revision) is State.RETURNED


def test_it_refuses_a_withdrawn_offer(session: Session, bring: Bring) -> None:
    bring(kind(), SHORT, f"{BAKERY},A-1,面包,折扣,9", f"{BAKERY},A-2,点心,折扣,9")
    offer = session.scalars(select(Offer).where(Offer.code == "A-1")).one()
    withdraw(session, offer, COMMAND_LINE, AT)
    job = bring(kind(), SHORT, f"{BAKERY},A-1,面包,折扣,8", f"{BAKERY},A-2,点心,折扣,9")
    assert problems(job) == [(2, "优惠编号", "这个优惠已经撤回")]


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        ("A-1,面包,打折,,,,,,,,,", "类型", "没有这种优惠类型"),
        ("A-1,面包,折扣,,,,,,,,,", "折扣", "没有填写"),
        ("A-1,面包,折扣,85,,,,,,,,", "折扣", "折扣看不懂，或者有两种理解"),
        ("A-1,面包,折扣,9,100,,,,,,,", "满(元)", "类型是折扣，这一格却填了内容"),
        ("A-1,面包,满减,,100,,,,,,,", "减(元)", "没有填写"),
        ("A-1,面包,满减,,0,0,,,,,,", "满(元)", "金额是 0"),
        ("A-1,面包,满减,,100,120,,,,,,", "减(元)", "减的金额大于满的金额"),
        ("A-1,面包,联盟价,,,,-9,,,,,", "联盟价(元)", "数字是负的"),
        ("A-1,面包,折扣,9,,,,2026-12-02,2026-12-01,,,", "结束日期", "结束日期早于开始日期"),
        ("A-1,面包,折扣,9,,,,,2026-11-22,,,", "结束日期", "结束日期已经过去"),
        ("A-1,面包,折扣,9,,,,,,5,6,", "每人次数", "每人次数大于总次数"),
        ("A-1,面包,折扣,9,,,,,,0,,", "总次数", "不是大于 0 的整数"),
        ("A-1,面包,折扣,9,,,,,,,,1;9", "门店编号", "找不到编号为 9 的门店"),
        (f"A-1,{'长' * 61},折扣,9,,,,,,,,", "优惠名称", "超过 60 个字"),
        ("历史数据,面包,折扣,9,,,,,,,,", "优惠编号", "这个优惠编号是系统保留的"),
    ],
)
def test_it_refuses(bring: Bring, cells: str, field: str, reason: str) -> None:
    job = bring(kind(), FULL, f"{BAKERY},{cells}")
    assert problems(job)[0] == (2, field, reason)
    assert counts(job) == (0, 0, 0, 1)


def test_it_refuses_unknown_merchants_and_twins(bring: Bring) -> None:
    job = bring(
        kind(),
        SHORT,
        f"{credit_code(80)},A-1,面包,折扣,9",
        f"{BAKERY},A-1,面包,折扣,9",
        f"{BAKERY},A-1,面包,折扣,8",
        f"{HOTEL},A-1,面包,折扣,8",
    )
    assert sorted(problems(job)) == [
        (2, "统一社会信用代码", "没有这家企业"),
        (3, "优惠编号", "与第 4 行重复"),
        (4, "优惠编号", "与第 3 行重复"),
    ]


def test_words_that_the_law_forbids_and_bare_comparisons_are_refused(bring: Bring, session: Session) -> None:
    first = bring(kind(), SHORT, f"{BAKERY},A-1,全城最佳面包,折扣,8")
    assert "最佳" in str(problems(first))
    second = bring(kind(), SHORT, f"{BAKERY},A-1,原价 100 的蛋糕,折扣,8")
    assert "原价" in str(problems(second))


def test_a_file_leaves_picture_and_evidence_as_they_are(bring: Bring, session: Session) -> None:
    bring(kind(), SHORT, f"{BAKERY},A-1,面包,折扣,8")
    [old] = revisions(session, BAKERY, "A-1")
    said = Evidence(basis="对面的价签")
    draft = Draft("A-1", "面包", Discount(pay_permille=700), showing=Showing(evidence=said))
    submit(session, old.merchant_id, draft, COMMAND_LINE, AT)
    bring(kind(), SHORT, f"{BAKERY},A-1,面包,折扣,6")
    newest = revisions(session, BAKERY, "A-1")[-1]
    assert showings(session, [newest.id])[newest.id].evidence == said
