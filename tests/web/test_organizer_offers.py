"""The organizer's decision about offers; a zone's organizer decides about his zone's merchants only."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from alliance.accounts.models import Role
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.enterprises.placement import move_enterprise
from alliance.offers.life import Draft, submit, withdraw
from alliance.offers.limits import Limits
from alliance.offers.live import live
from alliance.offers.models import Offer, OfferApproval, OfferReturn, OfferRevision
from alliance.offers.pricing import Discount, Threshold
from tests.web.people import Scene, text
from tests.web.visits import form_token, post


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def organizer(scene):
    return scene.organizer()


@pytest.fixture
def new(scene) -> OfferRevision:
    return submitted(scene, "NEW", "新品尝鲜")


def submitted(scene, code: str, title: str, merchant=None, **draft) -> OfferRevision:
    draft = Draft(code, title, **{"terms": Discount(pay_permille=900)} | draft)
    merchant = merchant or scene.world.dairy
    revision = submit(scene.session, merchant.id, draft, COMMAND_LINE, scene.at)
    scene.session.commit()
    return revision


def address(revision: OfferRevision) -> str:
    return f"/organizer/offers/{revision.merchant_id}/{revision.id}"


def decisions(scene) -> tuple[int, int]:
    """Approvals and returns, without the world's own two approvals."""
    session = scene.afresh()
    approved, returned = (
        session.scalar(select(func.count()).select_from(entity)) for entity in (OfferApproval, OfferReturn)
    )
    return approved - 2, returned


# --- what waits --------------------------------------------------------------------------------------


def test_it_lists_what_waits_the_longest_first(scene, organizer, new):
    scene.later(minutes=1)
    submitted(scene, "CAR", "检测服务", scene.world.garage)
    gone = submitted(scene, "GONE", "已经撤回的")
    withdraw(
        scene.session, scene.session.get_one(Offer, (gone.merchant_id, gone.offer_id)), COMMAND_LINE, scene.at
    )
    scene.session.commit()
    for path in ("/organizer", "/organizer/offers"):
        page = text(organizer.get(path))
        assert page.index("新品尝鲜") < page.index("检测服务")
        for hidden in ("优惠MILK", "优惠WASH", "已经撤回的"):
            assert hidden not in page
    assert "有 2 个优惠等待审核" in text(organizer.get("/organizer"))


def test_only_the_newest_revision_of_an_offer_waits(scene, organizer):
    first = submitted(scene, "NEW", "第一稿")
    second = submitted(scene, "NEW", "第二稿")
    page = text(organizer.get("/organizer/offers"))
    assert address(second) in page
    assert address(first) not in page
    assert "商户后来又提交了新的一版。" in text(organizer.get(address(first)))


def test_the_home_shows_five_and_the_way_to_the_rest(scene, organizer):
    for number in range(6):
        submitted(scene, f"N{number}", f"第{number}个优惠")
    page = text(organizer.get("/organizer"))
    assert "第4个优惠" in page
    assert "第5个优惠" not in page
    assert "查看全部" in page
    assert "第5个优惠" in text(organizer.get("/organizer/offers"))


def test_nothing_waits(scene, organizer):
    assert "没有等待处理的事项" in text(organizer.get("/organizer"))
    assert "没有待审的优惠" in text(organizer.get("/organizer/offers"))


def test_a_data_officer_sees_figures_and_no_offers(scene, new):
    officer = scene.browser(Role.DATA_OFFICER)
    page = text(officer.get("/organizer"))
    assert "新品尝鲜" not in page
    assert "待审优惠" not in page
    assert officer.get("/organizer/offers").status_code == 403
    assert officer.get(address(new)).status_code == 403


# --- the zone's organizer ----------------------------------------------------------------------------


def test_a_zones_organizer_sees_his_zones_merchants(scene, new):
    car = submitted(scene, "CAR", "检测服务", scene.world.garage)
    east = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id)
    page = text(east.get("/organizer/offers"))
    assert "新品尝鲜" in page
    assert "检测服务" not in page
    assert east.get(address(car)).status_code == 404
    assert post(east, f"{address(car)}/approve").status_code == 404
    assert post(east, f"{address(car)}/return", {"reason": "不行"}).status_code == 404
    assert decisions(scene) == (0, 0)
    assert post(east, f"{address(new)}/approve").status_code == 302
    root = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.root.id)
    assert "检测服务" in text(root.get("/organizer/offers"))


def test_a_merchant_that_moved_away_is_no_longer_his(scene, new):
    east = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id)
    move_enterprise(scene.session, scene.world.dairy, scene.world.west.id, business_date(scene.at), scene.at)
    scene.session.commit()
    assert "新品尝鲜" not in text(east.get("/organizer/offers"))


# --- one offer ---------------------------------------------------------------------------------------


def test_a_first_revision_is_shown_in_plain_words(scene, organizer):
    terms = Threshold(threshold_fen=10000, off_fen=2000)
    outlets, limits = (scene.world.dairy_kiosk.id,), Limits(total=500, holder_ever=2)
    new = submitted(scene, "MJ", "满百减", terms=terms, limits=limits, outlet_ids=outlets)
    page = text(organizer.get(address(new)))
    for shown in (
        "满百减",
        "满100减20",
        "共500次，每人限2次",
        "乳业奶站",
        "长期有效",
        "松花江乳业",
        "待审核",
    ):
        assert shown in page
    assert "上次通过" not in page


def test_a_later_revision_is_shown_next_to_the_last_approved_one(scene, organizer):
    submitted(scene, "MILK", "从没通过的", terms=Discount(pay_permille=500))
    limits = Limits(household_week=2, cool_down_minutes=120)
    new = submitted(scene, "MILK", "优惠MILK", terms=Discount(pay_permille=850), limits=limits)
    page = text(organizer.get(address(new)))
    assert "与上次通过的第 1 版相比" in page
    assert "<del>8折</del>" in page
    assert "<ins>8.5折</ins>" in page
    assert "<del>不限次数</del>" in page
    assert "<ins>每户每周2次，两次至少间隔2小时</ins>" in page
    assert page.count('class="changed"') == 2


# --- the decision ------------------------------------------------------------------------------------


def test_approved_it_is_live_at_once(scene, organizer, new):
    answer = post(organizer, f"{address(new)}/approve")
    assert answer.location == "/organizer/offers"
    assert "已通过：吉林市松花江乳业有限公司的“新品尝鲜”。" in text(organizer.get(answer.location))
    assert new.id in [row.id for row in scene.afresh().scalars(live(business_date(scene.at)))]
    entry = scene.session.scalars(select(AuditEntry).where(AuditEntry.action == "offer.approve")).all()[-1]
    assert entry.account_id is not None
    page = text(organizer.get(address(new)))
    assert "2026-03-04 12:00 通过" in page
    assert "退回修改" not in page


def test_returned_it_says_why(scene, organizer, new):
    assert post(organizer, f"{address(new)}/return", {"reason": " 折扣太低，请核对 "}).status_code == 302
    [back] = scene.afresh().scalars(select(OfferReturn))
    assert (back.revision_id, back.reason) == (new.id, "折扣太低，请核对")
    assert "退回：折扣太低，请核对" in text(organizer.get(address(new)))
    assert "新品尝鲜" not in text(organizer.get("/organizer/offers")).split("<main>")[1]


@pytest.mark.parametrize("reason", ["", "   ", "长" * 301])
def test_a_return_needs_a_reason_of_fair_length(scene, organizer, new, reason):
    answer = post(organizer, f"{address(new)}/return", {"reason": reason})
    assert answer.status_code == 422
    assert 'class="wrong"' in text(answer)
    assert decisions(scene) == (0, 0)


@pytest.mark.parametrize("second", ["approve", "return"])
def test_the_first_decision_stands(scene, organizer, new, second):
    post(organizer, f"{address(new)}/approve")
    answer = post(organizer, f"{address(new)}/{second}", {"reason": "改主意了"})
    assert answer.location == address(new)
    assert "这一版刚才已经处理过了" in text(organizer.get(answer.location))
    assert decisions(scene) == (1, 0)


def test_a_withdrawn_offer_wants_no_decision(scene, organizer, new):
    withdraw(
        scene.session, scene.session.get_one(Offer, (new.merchant_id, new.offer_id)), COMMAND_LINE, scene.at
    )
    scene.session.commit()
    page = text(organizer.get(address(new)))
    assert "商户已撤回这个优惠，无需审核。" in page
    assert "退回修改" not in page


# --- whose and how -----------------------------------------------------------------------------------


def test_what_is_not_there(scene, organizer, new):
    wrong_merchant = f"/organizer/offers/{scene.world.garage.id}/{new.id}"
    for url in (wrong_merchant, f"/organizer/offers/{new.merchant_id}/{uuid4()}"):
        assert organizer.get(url).status_code == 404
        assert post(organizer, f"{url}/approve").status_code == 404
        assert post(organizer, f"{url}/return", {"reason": "不行"}).status_code == 404
    assert decisions(scene) == (0, 0)


def test_a_merchant_cannot_approve_his_own(scene, new):
    admin = scene.admin()
    assert post(admin, f"{address(new)}/approve").status_code == 403
    assert decisions(scene) == (0, 0)


def test_the_wrong_method_and_a_missing_token(scene, organizer, new):
    assert organizer.get(f"{address(new)}/approve").status_code == 405
    assert organizer.put(address(new), headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
    assert organizer.post(f"{address(new)}/approve").status_code == 400
    assert decisions(scene) == (0, 0)
