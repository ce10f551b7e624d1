"""家属 on the employee's phone: cards, links, and who may do what to whom."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.offers.models import Audience
from alliance.offers.pricing import Discount
from alliance.passes import household
from alliance.passes.household import household_of
from alliance.people.employment import employment_on, leave
from alliance.people.models import Holder, Invitation
from alliance.refused import Reason
from tests.phones import Phone
from tests.web.people import Scene, address, attempts, scanned, text
from tests.web.test_devices import enrolment
from tests.web.visits import post

JSON = {"Accept": "application/json"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def family(scene: Scene, who: Holder | None = None) -> list[Holder]:
    employee = who or scene.world.mechanic
    return list(household_of(scene.afresh(), employee.id, scene.at).dependants)


def add(browser: FlaskClient, name: str = "张小宝", who: str = "named"):
    return post(browser, "/family/cards", {"who": who, "name": name})


def enrol(browser: FlaskClient, phone: Phone, holder: Holder | None = None):
    form = {"enrolment": enrolment(browser, phone.key)} | ({"holder": holder.id} if holder else {})
    answer = post(browser, "/pass/device", form, headers=JSON)
    if answer.status_code == 200:
        phone.credential = answer.json["credential"]
    return answer


def test_an_empty_family_says_what_it_is_for(scene):
    page = text(scene.holder().get("/family"))
    assert "还没有家属" in page
    assert "最多 5 位，还可以添加 5 位" in page


def test_a_child_under_14_leaves_no_name_whatever_was_typed(scene):
    browser = scene.holder()
    assert add(browser, "张小小", "young").status_code == 303
    assert add(browser, " 张桂兰 ").status_code == 303
    assert [holder.name for holder in family(scene)] == ["", "张桂兰"]
    page = text(browser.get("/family"))
    assert "孩子 1" in page
    assert "张桂兰" in page
    assert "张小小" not in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"who": "named", "name": " "}, "请填写姓名。"),
        ({"who": "named", "name": "长" * 61}, "姓名最多 60 个字。"),
        ({"who": "neighbour", "name": "老王"}, "请选择是谁。"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(scene, form, words):
    answer = post(scene.holder(), "/family/cards", form)
    assert (answer.status_code, words in text(answer)) == (422, True)
    assert family(scene) == []


def test_a_full_house_is_told_what_to_do(scene):
    browser = scene.holder()
    for _ in range(4):
        add(browser, who="young")
    post(browser, "/family/invitations", {})
    for more in ("/family/cards", "/family/invitations"):
        answer = post(browser, more, {"who": "young"})
        assert answer.status_code == 303
        assert "最多添加 5 位家属" in text(browser.get("/family"))
    assert len(family(scene)) == 4
    assert "生成邀请链接" not in text(browser.get("/family"))


def test_the_link_is_shown_once(scene):
    browser = scene.holder()
    post(browser, "/family/invitations", {})
    shown = text(browser.get("/family"))
    assert re.search(r'value="http://localhost/join/[\w-]{22}"', shown)
    again = text(browser.get("/family"))
    assert "/join/" not in again
    assert "等待家人领取" in again


def test_an_invitation_is_withdrawn_by_whom_it_is_of(scene):
    browser = scene.holder()
    post(browser, "/family/invitations", {})
    id_ = scene.afresh().scalars(select(Invitation.id)).one()
    other = scene.browser(Role.HOLDER, holder_id=scene.world.salesman.id)
    assert post(other, "/family/invitations/withdraw", {"invitation_id": id_}).status_code == 404
    assert post(browser, "/family/invitations/withdraw", {"invitation_id": "x"}).status_code == 422
    assert post(browser, "/family/invitations/withdraw", {"invitation_id": id_}).status_code == 303
    assert "还没有家属" in text(browser.get("/family"))


def test_an_invitation_that_was_used_cannot_be_withdrawn(scene):
    """The page may be old: whoever presses the button must not believe that nobody has joined."""
    browser, world = scene.holder(), scene.world
    token = household.invite(scene.session, world.mechanic, 5, COMMAND_LINE, scene.at)
    found = household.find_invitation(scene.session, token, scene.at)
    household.join(scene.session, found, "赵敏", "+8613700000001", COMMAND_LINE, scene.at)
    id_ = found.id
    scene.session.commit()
    post(browser, "/family/invitations/withdraw", {"invitation_id": id_})
    page = text(browser.get("/family"))
    assert "撤回不了" in page
    assert "邀请已撤回" not in page


def test_a_family_that_has_changed_too_often_is_told_so(scene):
    browser = scene.holder()
    for _ in range(3):
        add(browser)
        [son] = family(scene)
        post(browser, "/family/remove", {"holder_id": son.id})
    add(browser)
    assert "30 天内已有 3 位家属离开" in text(browser.get("/family"))
    assert family(scene) == []


@pytest.mark.parametrize("name", ["\u3000\u200b ", "\u202e\u2060", "\x1b\n"])
def test_a_name_that_nobody_sees_is_none(scene, name):
    answer = add(scene.holder(), name)
    assert (answer.status_code, "请填写姓名。" in text(answer)) == (422, True)


def test_a_name_is_kept_without_what_nobody_sees(scene):
    add(scene.holder(), "\u202e张\u200b小\n宝\x1b")
    assert [holder.name for holder in family(scene)] == ["张小 宝"]


def test_a_card_shows_its_own_code_on_the_employees_phone(scene):
    """And the counter sees a masked name, or for a young child none."""
    browser, own = scene.holder(), Phone()
    add(browser)
    add(browser, who="young")
    son, young = family(scene)
    enrol(browser, own)
    page = text(browser.get("/pass"))
    assert page.count("data-pass ") == 3
    assert "张小宝" not in page
    assert "*宝" in page
    shop, cashier = address(scene.world.dairy_shop), scene.cashier()
    for holder, seen in ((son, "张**"), (young, "不满 14 岁的孩子")):
        phone = Phone()
        assert enrol(browser, phone, holder).status_code == 200
        id_ = scanned(scene, cashier, shop, phone.show(scene.at))
        assert seen in text(cashier.get(f"{shop}/scans/{id_}"))
    code = post(browser, "/pass/credential", {"holder": son.id}, headers=JSON).json["code"]
    assert "张**" in text(cashier.get(f"{shop}/scans/{scanned(scene, cashier, shop, code)}"))


def test_a_phone_that_is_not_bound_carries_no_card(scene):
    browser = scene.holder()
    add(browser)
    [son] = family(scene)
    answer = enrol(browser, Phone(), son)
    assert (answer.status_code, answer.json["reason"]) == (409, "too_many_devices")


def test_removing_the_phone_removes_its_cards(scene):
    browser, own, card = scene.holder(), Phone(), Phone()
    add(browser)
    [son] = family(scene)
    enrol(browser, own)
    enrol(browser, card, son)
    second = scene.holder()
    key = re.search(r'name="key_id" value="(\w+)"', text(second.get("/devices")))[1]
    assert post(second, "/devices/remove", {"key_id": key}).status_code == 303
    refused(scene, card.show(scene.at), Reason.REVOKED)
    # The child's card is on the other phone, once that is bound.
    enrol(second, Phone())
    assert enrol(second, Phone(), son).status_code == 200


def refused(scene: Scene, shown: str, reason: Reason) -> None:
    shop = address(scene.world.dairy_shop)
    post(scene.cashier(), f"{shop}/scans", {"id": "01890000-0000-7000-8000-000000000001", "text": shown})
    assert attempts(scene)[-1].reason == reason


def test_nobody_shows_a_strangers_card(scene):
    browser = scene.holder()
    add(browser)
    [son] = family(scene)
    other = scene.browser(Role.HOLDER, holder_id=scene.world.salesman.id)
    enrol(other, Phone())
    for asked in (son.id, scene.world.mechanic.id, 987654):
        assert post(other, "/pass/credential", {"holder": asked}, headers=JSON).status_code == 404
        form = {"enrolment": enrolment(other, Phone().key), "holder": asked}
        assert post(other, "/pass/device", form, headers=JSON).status_code == 404
    assert post(other, "/family/remove", {"holder_id": son.id}).status_code == 404
    assert family(scene) == [son]


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
def test_a_number_that_no_row_can_have_is_nobody(scene, number):
    """SQLite cannot even be asked for it."""
    assert post(scene.holder(), "/family/remove", {"holder_id": number}).status_code == 404
    removal = {"holder_id": number, "key_id": "00"}
    assert post(scene.organizer(), "/organizer/phones/remove", removal).status_code == 404
    desk = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)
    sheet = f"/enterprises/{scene.world.garage.id}/people/cards"
    assert post(desk, sheet, {"employment_id": number}).status_code == 303


def test_who_is_removed_is_dead_at_once(scene):
    browser, card = scene.holder(), Phone()
    add(browser)
    [son] = family(scene)
    enrol(browser, Phone())
    enrol(browser, card, son)
    assert post(browser, "/family/remove", {"holder_id": son.id}).status_code == 303
    refused(scene, card.show(scene.at), Reason.REVOKED)
    assert post(browser, "/pass/credential", {"holder": son.id}, headers=JSON).status_code == 404
    assert text(browser.get("/pass")).count("data-pass ") == 1


def test_an_adult_sees_whose_family_it_is_and_can_leave(scene):
    world = scene.world
    wife = world.dependant(world.mechanic, "赵敏")
    wife.phone = "+8613700000001"
    scene.session.commit()
    browser = scene.browser(Role.HOLDER, holder_id=wife.id)
    page = text(browser.get("/family"))
    assert "您是 张喆明 的家属" in page
    # A family member has no family of its own here.
    for path in ("/family/cards", "/family/invitations"):
        assert post(browser, path, {"who": "young"}).status_code == 404
    # Hers is not on his phone.
    assert post(scene.holder(), "/pass/credential", {"holder": wife.id}, headers=JSON).status_code == 404
    assert post(browser, "/family/leave", {}).status_code == 303
    assert family(scene) == []
    assert browser.get("/pass").status_code == 403


def test_an_employee_cannot_leave_the_own_family(scene):
    browser = scene.holder()
    assert post(browser, "/family/leave", {}).location == "/family"
    assert post(browser, "/pass/credential", {}, headers=JSON).status_code == 200


def test_a_leaver_adds_nobody(scene):
    browser, session = scene.holder(), scene.session
    today = business_date(scene.at)
    leave(session, employment_on(session, scene.world.mechanic.id, today), today, scene.at)
    session.commit()
    for path in ("/family/cards", "/family/invitations"):
        post(browser, path, {"who": "young"})
        assert "您目前没有在职单位" in text(browser.get("/family"))
    assert family(scene) == []


def test_each_sees_the_offers_that_are_for_them(scene):
    world = scene.world
    wife = world.dependant(world.mechanic, "赵敏")
    world.live_offer(world.dairy, "SELF", Discount(pay_permille=900), audience=Audience.EMPLOYEE)
    world.live_offer(world.dairy, "FAMILY", Discount(pay_permille=700), audience=Audience.DEPENDANT)
    scene.session.commit()
    own, hers = (
        text(scene.browser(Role.HOLDER, holder_id=who.id).get("/offers")) for who in (world.mechanic, wife)
    )
    assert ("优惠SELF" in own, "优惠FAMILY" in own) == (True, True)
    assert ("优惠SELF" in hers, "优惠FAMILY" in hers) == (False, True)
    assert own.count("仅限") == 2


def test_the_records_of_the_cards_are_with_the_employees_own(scene):
    browser, world = scene.holder(), scene.world
    add(browser)
    [son] = family(scene)
    wife = world.dependant(world.mechanic, "赵敏")
    wife.phone = "+8613700000001"
    for holder, gross in ((son, 1100), (wife, 2200), (world.mechanic, 3300)):
        world.redeem(gross, holder=holder)
    scene.session.commit()
    page = text(browser.get("/redemptions"))
    assert [amount in page for amount in ("¥8.80", "¥17.60", "¥26.40")] == [True, False, True]
