"""The organizer's decision about offers; a zone's organizer decides about his zone's merchants only."""

import re
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from alliance.accounts.models import Role
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.enterprises.placement import move_enterprise
from alliance.offers.conditions import Conditions
from alliance.offers.life import Draft, submit, withdraw
from alliance.offers.limits import Limits
from alliance.offers.live import live
from alliance.offers.models import Audience, Offer, OfferApproval, OfferReturn, OfferRevision
from alliance.offers.pricing import Discount, Threshold
from alliance.web.organizer import all_offers
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


# --- several at once ---------------------------------------------------------------------------------


def ticked(*revisions: OfferRevision) -> dict[str, list[str]]:
    """What the page posts."""
    return {"revision": [f"{each.merchant_id}:{each.id}" for each in revisions]}


def test_those_that_are_ticked_are_approved_each_on_record(scene, organizer):
    first, second, third = (submitted(scene, code, f"新品{code}") for code in ("A", "B", "C"))
    page = text(organizer.get("/organizer/offers"))
    assert page.count("data-tick>") == 3
    answer = post(organizer, "/organizer/offers/approve", ticked(first, third))
    page = text(organizer.get(answer.location))
    assert "已通过 2 个优惠。" in page
    assert ("新品B" in page, "新品A" in page, "新品C" in page) == (True, False, False)
    yes = scene.afresh().scalars(select(OfferApproval.revision_id)).all()
    assert {first.id, third.id} <= set(yes)
    assert second.id not in yes
    subjects = select(AuditEntry.subject).where(
        AuditEntry.action == "offer.approve", AuditEntry.account_id.is_not(None)
    )
    assert set(scene.session.scalars(subjects)) == {f"offer_revision:{id_}" for id_ in (first.id, third.id)}


def test_with_nothing_ticked_it_says_what_to_do(scene, organizer, new):
    answer = post(organizer, "/organizer/offers/approve")
    assert answer.location == "/organizer/offers"
    assert "还没有勾选优惠" in text(organizer.get(answer.location))
    assert decisions(scene) == (0, 0)


def test_what_somebody_else_decided_meanwhile_is_named_and_the_rest_approved(scene, organizer):
    gone, good = submitted(scene, "A", "慢了一步"), submitted(scene, "B", "刚好")
    post(scene.organizer(), f"{address(gone)}/return", {"reason": "折扣太低"})
    answer = post(organizer, "/organizer/offers/approve", ticked(gone, good))
    page = text(organizer.get(answer.location))
    assert "已通过 1 个优惠。" in page
    assert "没有再动：慢了一步。" in page
    assert decisions(scene) == (1, 1)


def test_a_zone_organizer_approves_nothing_beyond_his_zone(scene):
    mine, other = (
        submitted(scene, "A", "本片区"),
        submitted(scene, "CAR", "外片区", merchant=scene.world.garage),
    )
    east = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.east.id)
    assert post(east, "/organizer/offers/approve", ticked(mine, other)).status_code == 404
    assert decisions(scene) == (0, 0)
    assert post(east, "/organizer/offers/approve", ticked(mine)).status_code == 302
    assert decisions(scene) == (1, 0)


@pytest.mark.parametrize(
    "name", ["", "1", "1:x", "x:y", "9" * 30 + f":{UUID(int=7)}", f"1:{UUID(int=7)}", f"²:{UUID(int=7)}"]
)
def test_what_is_no_revision_is_not_there(scene, organizer, new, name):
    answer = post(organizer, "/organizer/offers/approve", {"revision": [name, *ticked(new)["revision"]]})
    assert answer.status_code == 404
    assert decisions(scene) == (0, 0)
    assert organizer.get("/organizer/offers/approve").status_code == 405


def test_it_says_when_a_revision_would_be_used_up_at_once(scene, organizer):
    world = scene.world
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limit_total=5)
    new = submitted(scene, "CAP", "减少名额", limits=Limits(total=1))
    warning = "按这一版的总数已经用完"
    assert warning not in text(organizer.get(address(new)))
    world.redeem(offer="CAP")
    scene.session.commit()
    assert warning in text(organizer.get(address(new)))


# --- pausing, and all offers -------------------------------------------------------------------------


def test_the_organizer_pauses_with_a_reason_and_resumes(scene, organizer):
    milk = scene.world.milk
    assert post(organizer, f"{address(milk)}/pause", {"pause_reason": " "}).status_code == 422
    post(organizer, f"{address(milk)}/pause", {"pause_reason": "顾客投诉"})
    page = text(organizer.get(address(milk)))
    assert "暂停了这个优惠，原因：顾客投诉" in page
    assert milk.id not in [row.id for row in scene.afresh().scalars(live(business_date(scene.at)))]
    assert "顾客投诉" in text(scene.admin().get(f"/enterprises/{milk.merchant_id}/notices"))
    post(organizer, f"{address(milk)}/resume")
    assert milk.id in [row.id for row in scene.afresh().scalars(live(business_date(scene.at)))]


def test_pausing_beyond_the_zone_is_not_there(scene):
    west = scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.west.id)
    for deed in ("pause", "resume"):
        answer = post(west, f"{address(scene.world.milk)}/{deed}", {"pause_reason": "不行"})
        assert answer.status_code == 404


def test_what_is_not_granted_is_not_paused(scene, organizer, new):
    answer = post(organizer, f"{address(new)}/pause", {"pause_reason": "不行"})
    assert "不用暂停" in text(organizer.get(answer.location))


def test_all_offers_by_state_and_name(scene, organizer, new, monkeypatch):
    world = scene.world
    world.live_offer(world.garage, "CAP", Discount(pay_permille=900), limit_total=1)
    world.redeem(offer="CAP", outlet=world.garage_hall, holder=world.milkman)
    world.live_offer(world.dairy, "OLD", Discount(pay_permille=900), ends_on=business_date(scene.at))
    scene.session.commit()
    url = "/organizer/offers/all"

    def shown(query: str, desk=organizer) -> list[str]:
        page = text(desk.get(f"{url}?{query}"))
        return re.findall(r"折 · ([A-Z]+)", page)

    assert shown("") == ["OLD", "CAP", "NEW", "WASH", "MILK"]
    assert shown("state=used_up") == ["CAP"]
    assert shown("state=submitted") == ["NEW"]
    assert shown("state=live") == ["OLD", "WASH", "MILK"]
    assert shown("q=车天下") == ["CAP", "WASH"]
    assert shown("q=mil") == ["MILK"]
    assert shown("q=%25") == []
    east = scene.browser(Role.ZONE_ORGANIZER, zone_id=world.east.id)
    assert shown("state=live", east) == ["OLD", "MILK"]
    # A revision in waiting hides nothing of what is in force.
    submitted(scene, "MILK", "再来一版")
    assert shown("state=live", east) == ["OLD", "MILK"]
    assert shown("state=submitted", east) == ["NEW", "MILK"]
    scene.later(days=1)
    assert shown("state=ended") == ["OLD"]
    monkeypatch.setattr(all_offers, "ROWS", 2)
    page = text(organizer.get(url))
    following = re.search(r'href="([^"]*cursor=[^"]*)"', page)[1].replace("&amp;", "&")
    assert re.findall(r"折 · ([A-Z]+)", text(organizer.get(following))) == ["NEW", "WASH"]
    assert organizer.get(f"{url}?state=nonsense").status_code == 422
    assert organizer.get(f"{url}?cursor=nonsense").status_code == 422


# --- every field that can be edited is a difference --------------------------------------------------


def test_whatever_an_edit_changes_is_shown_as_changed(scene, organizer):
    changes = [
        {"title": "换个名字"},
        {"terms": Discount(pay_permille=700)},
        {"starts_on": date(2026, 4, 1)},
        {"ends_on": date(2026, 4, 1)},
        {"audience": Audience.DEPENDANT},
        {"conditions": Conditions(weekdays=(1, 2))},
        {"outlet_ids": (scene.world.dairy_kiosk.id,)},
        *({"limits": Limits(**{name: 3})} for name in Limits.model_fields),
    ]
    for change in changes:
        fields = {"title": "优惠MILK", "terms": Discount(pay_permille=800)} | change
        new = submitted(scene, "MILK", **fields)
        assert text(organizer.get(address(new))).count('class="changed"') == 1, change


def test_every_column_that_an_edit_can_change_is_tried_above():
    same = {"merchant_id", "id", "offer_id", "number", "submitted_at", "submitted_by_id"}
    tried = {"title", "terms", "starts_on", "ends_on", "limits", "audience", "conditions"}
    assert set(OfferRevision.__table__.columns.keys()) == same | tried


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
