"""The enterprise's offers: submitting, revising, withdrawing, and every field that can be wrong."""

import re
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from alliance.accounts.models import Role
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.enterprises.models import Enterprise
from alliance.offers.historical import historical_revision
from alliance.offers.life import Draft, approve, return_to_merchant, submit
from alliance.offers.live import live
from alliance.offers.models import Offer, OfferRevision, OfferRevisionOutlet, OfferWithdrawal
from alliance.offers.pricing import (
    AlliancePrice,
    AmountOff,
    BuyGet,
    Discount,
    Gift,
    Service,
    Threshold,
    Ticket,
    read_terms,
)
from tests.web.people import Scene, text
from tests.web.visits import form_token, post

FORM = {"title": "员工日全场八折", "code": "DAY-1", "kind": "discount", "zhe": "8"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def offers(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}/offers"


def revision(scene, code: str = "DAY-1") -> OfferRevision:
    """The newest revision of the dairy's offer with this code."""
    mine = (Offer.merchant_id == OfferRevision.merchant_id, Offer.id == OfferRevision.offer_id)
    query = select(OfferRevision).join(Offer, mine[0] & mine[1])
    dairy = query.where(Offer.merchant_id == scene.world.dairy.id, Offer.code == code)
    return scene.afresh().scalars(dairy.order_by(OfferRevision.number.desc())).first()


def count(scene, entity=OfferRevision) -> int:
    return scene.afresh().scalar(select(func.count()).select_from(entity))


# --- a new one ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "terms"),
    [
        ({"kind": "discount", "zhe": "8.5"}, Discount(pay_permille=850)),
        ({"kind": "discount", "zhe": "８．８折"}, Discount(pay_permille=880)),
        ({"kind": "discount", "zhe": "9.95"}, Discount(pay_permille=995)),
        ({"kind": "discount", "zhe": "0.01"}, Discount(pay_permille=1)),
        (
            {"kind": "threshold", "threshold": "1,000", "off": "¥２０"},
            Threshold(threshold_fen=100000, off_fen=2000),
        ),
        (
            {"kind": "threshold", "threshold": "50元", "off": "50"},
            Threshold(threshold_fen=5000, off_fen=5000),
        ),
        ({"kind": "alliance_price", "unit_price": "3.5"}, AlliancePrice(unit_price_fen=350)),
        ({"kind": "alliance_price", "unit_price": "0"}, AlliancePrice(unit_price_fen=0)),
        ({"kind": "amount_off", "off_once": "５元"}, AmountOff(off_fen=500)),
        (
            {"kind": "threshold", "threshold": "100", "off": "20", "repeat": "y"},
            Threshold(threshold_fen=10000, off_fen=2000, repeat=True),
        ),
        ({"kind": "buy_get", "buy": "２", "free": "1"}, BuyGet(buy=2, free=1)),
        ({"kind": "gift", "gift": "毛巾", "gift_from": "200"}, Gift(gift="毛巾", threshold_fen=20000)),
        ({"kind": "gift", "gift": "毛巾"}, Gift(gift="毛巾", threshold_fen=0)),
        (
            {"kind": "ticket", "face_price": "１２０", "ticket_price": "99"},
            Ticket(face_price_fen=12000, ticket_price_fen=9900),
        ),
        ({"kind": "service"}, Service()),
    ],
)
def test_each_kind_as_people_type_it(scene, admin, offers, fields, terms):
    answer = post(admin, f"{offers}/new", FORM | {"zhe": ""} | fields)
    assert answer.status_code == 302, text(answer)
    new = revision(scene)
    assert read_terms(new.terms) == terms
    assert (new.title, new.number, new.starts_on, new.ends_on) == ("员工日全场八折", 1, None, None)
    assert new.limits == {}
    assert answer.location == f"{offers}/{new.offer_id}"
    assert "待审核" in text(admin.get(answer.location))


def test_for_the_family_only_and_the_organizer_sees_it(scene, admin, offers):
    """A new revision starts from it, and one for everybody is a difference."""
    new = revision_after(scene, admin, f"{offers}/new", {"audience": "dependant"})
    assert (new.audience, "仅限家属" in text(admin.get(f"{offers}/{new.offer_id}"))) == ("dependant", True)
    desk = scene.organizer()
    url = f"/organizer/offers/{new.merchant_id}/{new.id}"
    assert "仅限家属" in text(desk.get("/organizer/offers"))
    post(desk, f"{url}/approve", {})
    chosen = re.findall(r"<input[^>]* checked[^>]*>", text(admin.get(f"{offers}/{new.offer_id}/edit")))
    assert 'value="dependant"' in chosen[1]
    second = revision_after(scene, admin, f"{offers}/{new.offer_id}/edit", {"audience": "everyone"})
    page = text(desk.get(f"/organizer/offers/{second.merchant_id}/{second.id}"))
    assert ("仅限家属" in page, "本人和家属" in page) == (True, True)


def revision_after(scene, admin, url: str, fields: dict[str, str]) -> OfferRevision:
    """What the form makes."""
    assert post(admin, url, FORM | fields).status_code == 302
    return revision(scene)


def test_days_limits_and_outlets(scene, admin, offers):
    more = {
        "starts_on": "2026-03-10",
        "ends_on": "2026/4/1",
        "total": "１,000",
        "holder_ever": "2",
        "outlets": str(scene.world.dairy_kiosk.id),
    }
    assert post(admin, f"{offers}/new", FORM | more).status_code == 302
    new = revision(scene)
    assert (new.starts_on, new.ends_on) == (date(2026, 3, 10), date(2026, 4, 1))
    assert new.limits == {"total": 1000, "holder_ever": 2}
    [held] = scene.session.scalars(select(OfferRevisionOutlet))
    assert (held.revision_id, held.outlet_id) == (new.id, scene.world.dairy_kiosk.id)
    page = text(admin.get(f"{offers}/{new.offer_id}"))
    assert "2026年3月10日至4月1日" in page
    assert "共1,000次，还剩1,000次，每人限2次" in page
    assert "乳业奶站" in page


def test_every_limit_as_people_type_it(scene, admin, offers):
    typed = {
        "total": "5,000", "units": "９０００", "budget_fen": "¥1,234.5", "outlet_day": "50",
        "holder_day": "1", "holder_week": "2", "holder_month": "3", "holder_ever": "4",
        "household_day": "2", "household_week": "3", "household_month": "4", "household_ever": "5",
        "cool_down_minutes": "90",
    }  # fmt: skip
    answer = post(admin, f"{offers}/new", FORM | typed)
    assert answer.status_code == 302, text(answer)
    assert revision(scene).limits == {
        "total": 5000, "units": 9000, "budget_fen": 123450, "outlet_day": 50,
        "holder_day": 1, "holder_week": 2, "holder_month": 3, "holder_ever": 4,
        "household_day": 2, "household_week": 3, "household_month": 4, "household_ever": 5,
        "cool_down_minutes": 90,
    }  # fmt: skip
    words = "共5,000次，还剩5,000次，共9,000份，还剩9,000份，让利共¥1,234.50，还剩¥1,234.50，每店每天50次"
    assert words in text(admin.get(answer.location))
    page = text(admin.get(f"{answer.location}/edit"))
    for name, value in (("total", "5000"), ("budget_fen", "1234.5"), ("cool_down_minutes", "90")):
        assert f'id="{name}"' in page
        assert f'value="{value}"' in page


def test_what_the_other_kinds_fields_hold_does_not_matter(scene, admin, offers):
    assert post(admin, f"{offers}/new", FORM | {"off": "x", "unit_price": "-1"}).status_code == 302


def test_it_goes_to_the_organizer_and_to_the_audit_trail(scene, admin, offers):
    post(admin, f"{offers}/new", FORM)
    entry = scene.afresh().scalars(select(AuditEntry).where(AuditEntry.action == "offer.submit")).all()[-1]
    assert entry.enterprise_id == scene.world.dairy.id
    assert entry.account_id == revision(scene).submitted_by_id is not None
    assert revision(scene).id not in [row.id for row in scene.session.scalars(live(date(2026, 3, 4)))]


def test_a_code_is_suggested_that_is_free(scene, admin, offers):
    assert 'value="2603-01"' in text(admin.get(f"{offers}/new"))
    post(admin, f"{offers}/new", FORM | {"code": "2603-01"})
    assert 'value="2603-02"' in text(admin.get(f"{offers}/new"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": "  "}, "请填写优惠名称。"),
        ({"title": "长" * 61}, "优惠名称最多 60 个字。"),
        ({"code": ""}, "请填写优惠编号。"),
        ({"code": "MILK"}, "这个编号已经用过，请换一个。"),
        ({"code": "历史数据"}, "这个编号已经用过，请换一个。"),
        ({"code": "A B"}, "优惠编号只能用"),
        ({"code": "0" * 32}, "优惠编号最多 20 个字。"),
        ({"kind": ""}, "请选择优惠方式。"),
        ({"kind": "historical"}, "请选择优惠方式。"),
        ({"audience": "neighbour"}, "请选择适用人群。"),
        ({"zhe": ""}, "请填写折扣。"),
        ({"zhe": "100"}, "折扣要大于 0、小于 10"),
        ({"zhe": "100折"}, "折扣要大于 0、小于 10"),
        ({"zhe": "10"}, "折扣要大于 0、小于 10"),
        ({"zhe": "0"}, "折扣要大于 0、小于 10"),
        ({"zhe": "-1"}, "折扣要大于 0、小于 10"),
        ({"zhe": "8.555"}, "折扣要大于 0、小于 10"),
        ({"zhe": "1e309"}, "折扣要大于 0、小于 10"),
        ({"kind": "threshold", "threshold": "", "off": "1"}, "请填写满多少元。"),
        ({"kind": "threshold", "threshold": "1e309", "off": "1"}, "金额不对"),
        ({"kind": "threshold", "threshold": "100", "off": "-1"}, "金额要大于 0。"),
        ({"kind": "threshold", "threshold": "100", "off": "0.005"}, "金额不对"),
        ({"kind": "threshold", "threshold": "100", "off": "100.01"}, "减的金额比满的金额还大"),
        ({"kind": "threshold", "threshold": "99999999999", "off": "1"}, "金额不能超过 ¥10,000,000.00。"),
        ({"kind": "alliance_price", "unit_price": "-0.01"}, "金额不能是负数。"),
        ({"kind": "alliance_price", "unit_price": ""}, "请填写联盟价。"),
        ({"starts_on": "2026-03-10", "ends_on": "2026-03-09"}, "结束日期早于开始日期"),
        ({"ends_on": "2026-03-03"}, "结束日期已经过去"),
        ({"ends_on": "2026-02-30"}, "日期不对"),
        ({"starts_on": "下周一"}, "日期不对"),
        ({"starts_on": "0001-01-01"}, "日期不对"),
        ({"total": "0"}, "请输入 1 到 1,000,000,000 之间的整数。"),
        ({"total": "1.5"}, "请输入 1 到 1,000,000,000 之间的整数。"),
        ({"total": "99999999999999999999"}, "请输入 1 到 1,000,000,000 之间的整数。"),
        ({"total": "5", "holder_ever": "6"}, "“每人累计”比“总次数”还大"),
        ({"holder_day": "4"}, "“每人每天”比“每人累计”还大"),
        ({"household_month": "2", "holder_month": "3"}, "“每人每月”比“每户每月”还大"),
        ({"total": "9", "units": "8"}, "“总次数”比“总份数”还大"),
        ({"budget_fen": "0"}, "金额要大于 0。"),
        ({"budget_fen": "1e309"}, "金额不对"),
        ({"budget_fen": "1000000000.01"}, "金额不能超过 ¥1,000,000,000.00。"),
        ({"cool_down_minutes": "-5"}, "请输入 1 到 527,040 之间的整数。"),
        ({"outlets": "00000000-0000-7000-8000-000000000000"}, "选了不属于本企业的门店"),
        ({"outlets": "x"}, "选了不属于本企业的门店"),
        ({"kind": "amount_off", "off_once": "0"}, "金额要大于 0。"),
        ({"kind": "buy_get", "buy": "0", "free": "1"}, "请输入 1 到 99 之间的整数。"),
        ({"kind": "gift", "gift": ""}, "请填写赠品名称。"),
        ({"kind": "ticket", "face_price": "120", "ticket_price": "120.01"}, "联盟门票价比票面价还高"),
        ({"kind": "ticket", "face_price": "1e309", "ticket_price": "1"}, "金额不对"),
        ({"hours": "8:00-8:00"}, "从几点到几点不能一样"),
        ({"hours": "25:00-26:00"}, "时段不对"),
        ({"hours": "中午"}, "时段不对"),
        ({"party": "people"}, "请填写连本人最多几人，至少 2 人。"),
        ({"party": "crowd"}, "请选择同行人数。"),
        ({"people": "1e3"}, "请输入 1 到 99 之间的整数。"),
        # 2026-03-07 is a Saturday.
        ({"weekdays": "1", "starts_on": "2026-03-07", "ends_on": "2026-03-08"}, "没有这样的星期几"),
        ({"weekdays": "8"}, "请重新勾选星期几。"),
        ({"zones": "999"}, "选了不存在的片区"),
    ],
)
def test_what_cannot_stand_is_said_at_its_field_and_the_rest_is_kept(scene, admin, offers, fields, words):
    before = count(scene)
    answer = post(admin, f"{offers}/new", FORM | {"holder_ever": "3"} | fields)
    assert answer.status_code == 422
    page = text(answer)
    assert words in page
    assert "还有 1 处要修改" in page
    for name, value in (FORM | {"holder_ever": "3"} | fields).items():
        if name not in ("kind", "audience", "outlets", "title", "party", "weekdays", "zones"):
            assert f'name="{name}"' in page
            assert f'value="{value}"' in page
    assert count(scene) == before


def test_a_code_in_full_width_is_the_same_code(admin, offers):
    answer = post(admin, f"{offers}/new", FORM | {"code": "ＭＩＬＫ"})
    assert "这个编号已经用过，请换一个。" in text(answer)


def test_another_merchants_outlet_cannot_be_chosen(scene, admin, offers):
    assert "车天下展厅" not in text(admin.get(f"{offers}/new"))
    answer = post(admin, f"{offers}/new", FORM | {"outlets": str(scene.world.garage_hall.id)})
    assert answer.status_code == 422


def test_another_merchants_code_is_no_duplicate(scene, admin, offers):
    assert post(admin, f"{offers}/new", FORM | {"code": "WASH"}).status_code == 302


# --- the list and the page ---------------------------------------------------------------------------


def test_the_list_has_every_own_offer_with_its_state(scene, admin, offers):
    world = scene.world
    historical_revision(scene.session, world.dairy.id, scene.at)
    submit(
        scene.session,
        world.dairy.id,
        Draft("NEW", "新品尝鲜", Discount(pay_permille=900)),
        COMMAND_LINE,
        scene.at,
    )
    ended = world.live_offer(world.dairy, "OLD", Discount(pay_permille=700), ends_on=date(2026, 3, 4))
    scene.session.commit()
    scene.later(days=1)
    page = text(admin.get(offers))
    for shown in ("优惠MILK", "生效中", "新品尝鲜", "待审核", "已结束", f"{offers}/{ended.offer_id}"):
        assert shown in page
    assert "优惠WASH" not in page
    assert "历史数据" not in page


def test_a_revision_in_waiting_leaves_the_approved_one_in_force(scene, admin, offers):
    world = scene.world
    again = Draft("MILK", "优惠MILK", Discount(pay_permille=900))
    later = submit(scene.session, world.dairy.id, again, COMMAND_LINE, scene.at)
    scene.session.commit()
    listed = text(admin.get(offers))
    assert "第 2 版待审核" in listed
    assert listed.count(">生效中</span>") == 1
    page = text(admin.get(f"{offers}/{world.milk.offer_id}"))
    assert "目前门店按第 1 版执行：8折。" in page
    approve(scene.session, later, COMMAND_LINE, scene.at)
    scene.session.commit()
    page = text(admin.get(f"{offers}/{world.milk.offer_id}"))
    assert "目前门店按" not in page
    assert "已被新版本替换" in page


def test_a_returned_revision_says_why(scene, admin, offers):
    draft = Draft("NEW", "新品尝鲜", Discount(pay_permille=100))
    back = submit(scene.session, scene.world.dairy.id, draft, COMMAND_LINE, scene.at)
    return_to_merchant(scene.session, back, "一折太低，请核对。", COMMAND_LINE, scene.at)
    scene.session.commit()
    page = text(admin.get(f"{offers}/{back.offer_id}"))
    assert "已退回" in page
    assert "请修改后重新提交。原因：一折太低，请核对。" in page


def test_without_offers_it_says_what_to_do(scene):
    new = Enterprise(credit_code="91220204MA00000236", name="船营区北山训练基地", created_at=scene.at)
    scene.session.add(new)
    scene.session.flush()
    page = text(
        scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=new.id).get(f"/enterprises/{new.id}/offers")
    )
    assert "还没有优惠" in page
    assert "新建优惠" in page


# --- revising ----------------------------------------------------------------------------------------


def test_the_form_starts_from_the_last_revision(scene, admin, offers):
    world = scene.world
    last = world.live_offer(
        world.dairy,
        "MJ",
        Threshold(threshold_fen=10050, off_fen=2000),
        limit_total=1500,
        ends_on=date(2026, 4, 1),
        outlet_ids=(world.dairy_kiosk.id,),
    )
    scene.session.commit()
    page = text(admin.get(f"{offers}/{last.offer_id}/edit"))
    for value in ("优惠MJ", "100.5", "20", "1500", "2026-04-01"):
        assert f'value="{value}"' in page
    # How, for whom, with whom, and where.
    assert page.count("checked") == 4
    assert 'name="code"' not in page


def test_an_edit_is_a_new_revision_of_the_same_offer(scene, admin, offers):
    old = scene.world.milk
    answer = post(admin, f"{offers}/{old.offer_id}/edit", {"title": "更优惠", "kind": "discount", "zhe": "7"})
    assert answer.status_code == 302, text(answer)
    new = revision(scene, "MILK")
    assert (new.offer_id, new.number, new.title) == (old.offer_id, 2, "更优惠")
    assert read_terms(scene.session.get_one(OfferRevision, (old.merchant_id, old.id)).terms) == Discount(
        pay_permille=800
    )
    assert scene.world.milk.id in [row.id for row in scene.session.scalars(live(date(2026, 3, 4)))]


def test_a_bad_edit_changes_nothing(scene, admin, offers):
    before = count(scene)
    url = f"{offers}/{scene.world.milk.offer_id}/edit"
    answer = post(admin, url, {"title": "", "kind": "discount", "zhe": "11"})
    assert answer.status_code == 422
    assert "还有 2 处要修改" in text(answer)
    assert count(scene) == before


def test_a_limit_below_what_is_used_is_said_at_its_field(scene, admin, offers):
    world = scene.world
    last = world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limit_total=5)
    world.redeem(offer="CAP")
    world.redeem(offer="CAP")
    scene.session.commit()
    answer = post(admin, f"{offers}/{last.offer_id}/edit", FORM | {"total": "1"})
    assert answer.status_code == 422
    assert "已经用掉的比这个数多" in text(answer)


def test_a_withdrawn_offer_cannot_be_revised(scene, admin, offers):
    url = f"{offers}/{scene.world.milk.offer_id}"
    post(admin, f"{url}/withdraw")
    before = count(scene)
    for answer in (admin.get(f"{url}/edit"), post(admin, f"{url}/edit", FORM)):
        assert answer.location == url
    assert "这个优惠已撤回，不能再修改" in text(admin.get(url))
    assert count(scene) == before


# --- withdrawing -------------------------------------------------------------------------------------


def test_withdrawing_asks_first_and_takes_effect_at_once(scene, admin, offers):
    url = f"{offers}/{scene.world.milk.offer_id}"
    assert "确认撤回" in text(admin.get(url))
    assert post(admin, f"{url}/withdraw").location == url
    assert scene.world.milk.id not in [row.id for row in scene.afresh().scalars(live(date(2026, 3, 4)))]
    page = text(admin.get(url))
    assert "已撤回" in page
    assert "确认撤回" not in page
    assert post(admin, f"{url}/withdraw").status_code == 302
    assert count(scene, OfferWithdrawal) == 1


# --- whose -------------------------------------------------------------------------------------------


def test_another_merchants_offer_and_no_offer_are_not_there(scene, admin, offers):
    historical = historical_revision(scene.session, scene.world.dairy.id, scene.at)
    scene.session.commit()
    for offer_id in (scene.world.wash.offer_id, uuid4(), historical.offer_id):
        assert admin.get(f"{offers}/{offer_id}").status_code == 404
        assert admin.get(f"{offers}/{offer_id}/edit").status_code == 404
        assert post(admin, f"{offers}/{offer_id}/edit", FORM).status_code == 404
        assert post(admin, f"{offers}/{offer_id}/withdraw").status_code == 404
    foreign = f"/enterprises/{scene.world.garage.id}/offers"
    assert admin.get(foreign).status_code == 404
    assert post(admin, f"{foreign}/new", FORM).status_code == 404
    assert count(scene, OfferWithdrawal) == 0


def test_a_post_needs_the_forms_token(scene, admin, offers):
    before = count(scene)
    assert admin.post(f"{offers}/new", data=FORM).status_code == 400
    assert count(scene) == before


def test_the_wrong_method(scene, admin, offers):
    assert admin.get(f"{offers}/{scene.world.milk.offer_id}/withdraw").status_code == 405
    assert admin.put(f"{offers}/new", headers={"X-CSRFToken": form_token(admin)}).status_code == 405


# --- conditions --------------------------------------------------------------------------------------


def test_every_condition_as_people_type_it(scene, admin, offers):
    world = scene.world
    typed = {
        "weekdays": ["1", "2", "3", "4", "5"],
        "hours": "１１：００—14:00、22点-2点",
        "blackouts": "春节 2027-02-10至2027-02-17\n2027/5/1",
        "zones": [str(world.west.id)],
        "employers": f"{world.garage.credit_code}\n{world.dairy.name}",
        "party": "people",
        "people": "4",
        "exclusive": "y",
    }
    answer = post(admin, f"{offers}/new", FORM | typed)
    assert answer.status_code == 302, text(answer)
    assert revision(scene).conditions == {
        "weekdays": [1, 2, 3, 4, 5],
        "hours": [{"start": 660, "end": 840}, {"start": 1320, "end": 120}],
        "blackouts": [
            {"first": "2027-02-10", "last": "2027-02-17", "name": "春节"},
            {"first": "2027-05-01", "last": "2027-05-01"},
        ],
        "zones": [world.west.id],
        "employers": [world.garage.id, world.dairy.id],
        "party": "people",
        "people": 4,
        "exclusive": True,
    }
    page = text(admin.get(answer.location))
    for words in (
        "周一至周五 11:00–14:00、22:00–次日2:00",
        "春节 2027年2月10日–2月17日不可用",
        "2027年5月1日不可用",
        f"仅限南京街道的单位和{world.garage.name}、{world.dairy.name}的员工",
        "同行的人可一起用，连本人最多4人",
        "不与其他优惠同享",
    ):
        assert words in page
    # The next revision starts from all of it, and the organizer sees it.
    before = revision(scene).conditions
    form = text(admin.get(f"{answer.location}/edit"))
    assert "11:00-14:00、22:00-2:00" in form
    again = typed | {
        "hours": "11:00-14:00、22:00-2:00",
        "employers": f"{world.garage.name}\n{world.dairy.name}",
    }
    assert post(admin, f"{answer.location}/edit", FORM | again).status_code == 302
    assert revision(scene).conditions == before
    url = f"/organizer/offers/{revision(scene).merchant_id}/{revision(scene).id}"
    assert "春节 2027年2月10日–2月17日不可用" in text(scene.organizer().get(url))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"blackouts": "2027-02-17至2027-02-10"}, "后一天不能早于前一天"),
        ({"blackouts": "春节那几天"}, "日期不对"),
        ({"employers": "没有这家公司"}, "找不到这些单位：没有这家公司。"),
        ({"not_employers": "没有这家公司"}, "找不到这些单位：没有这家公司。"),
        (
            {"blackouts": "2026-03-05至2026-03-06", "starts_on": "2026-03-05", "ends_on": "2026-03-06"},
            "有效期里的日子都不可用",
        ),
    ],
)
def test_what_is_written_in_lines_is_kept_too(scene, admin, offers, fields, words):
    answer = post(admin, f"{offers}/new", FORM | fields)
    assert (answer.status_code, words in text(answer)) == (422, True)
    for value in fields.values():
        assert value in text(answer)


def test_nobody_is_both_let_in_and_kept_out(scene, admin, offers):
    name = scene.world.garage.name
    answer = post(admin, f"{offers}/new", FORM | {"employers": name, "not_employers": name})
    assert "同一个单位既写在可用里又写在不可用里" in text(answer)


def test_two_exclusive_offers_at_one_time_and_place(scene, admin, offers):
    """The same days and outlets: refused. Other outlets, other days, or one withdrawn: not."""
    shop, kiosk = (str(outlet.id) for outlet in (scene.world.dairy_shop, scene.world.dairy_kiosk))
    first = {"code": "A", "exclusive": "y", "outlets": shop, "ends_on": "2026-03-31"}
    assert post(admin, f"{offers}/new", FORM | first).status_code == 302
    id_ = revision(scene, "A").offer_id
    again = FORM | {"code": "B", "exclusive": "y"}
    answer = post(admin, f"{offers}/new", again)
    assert (answer.status_code, "与“员工日全场八折”的日期和门店重叠" in text(answer)) == (422, True)
    for number, apart in enumerate(
        ({"outlets": kiosk}, {"outlets": shop, "starts_on": "2026-04-01"}, {"exclusive": ""})
    ):
        fields = {name: value for name, value in (again | apart).items() if value}
        assert post(admin, f"{offers}/new", fields | {"code": f"C{number}"}).status_code == 302
    # It is not in its own way.
    assert post(admin, f"{offers}/{id_}/edit", FORM | first).status_code == 302
    for code in ("A", "C0", "C1"):
        post(admin, f"{offers}/{revision(scene, code).offer_id}/withdraw", {})
    assert post(admin, f"{offers}/new", again).status_code == 302
