"""会员卡: printed by HR and by the holder, in the answer only; compared and bounded at the counter."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from alliance.audit.models import AuditEntry
from alliance.clock import business_date
from alliance.passes import cards
from alliance.passes.models import CardRevocation, PrintedCard
from alliance.people.employment import employment_on, leave
from alliance.redemptions.models import CardSpending, Redemption
from alliance.refused import Reason
from tests.web.people import Scene, address, attempts, scanned, text
from tests.web.test_enterprise_people import hr, people, person
from tests.web.visits import post

CODE = re.compile(r'data-card-code="([^"]+)"')


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def printed(answer: TestResponse) -> list[str]:
    """The codes on a page of cards."""
    assert answer.status_code == 200
    return CODE.findall(text(answer))


def number(scene: Scene) -> int:
    found = scene.afresh().scalar(select(func.count()).select_from(PrintedCard)) or 0
    scene.session.commit()
    return found


def reason(scene: Scene, code: str) -> str | None:
    """What the counter says to a card."""
    asked = {"id": str(uuid4()), "text": code}
    shop = address(scene.world.dairy_shop)
    answer = post(scene.cashier(), f"{shop}/scans", asked, headers={"Accept": "application/json"})
    return answer.json["reason"] if answer.status_code >= 400 else None


def actions(scene: Scene) -> list[str]:
    found = scene.afresh().scalars(select(AuditEntry.action).where(AuditEntry.action.like("card.%")))
    return list(found)


# --- the office --------------------------------------------------------------------------------------


def test_one_card_is_printed_in_the_answer_and_nowhere_else(scene):
    desk, where = hr(scene), person(scene)
    assert "打印会员卡" in text(desk.get(where))
    answer = post(desk, f"{where}/card")
    [code] = printed(answer)
    page = text(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    last = (business_date(scene.at) + timedelta(days=179)).isoformat()
    for words in (scene.world.mechanic.name, scene.world.garage.name, last, "异业联盟"):
        assert words in page
    shown = text(desk.get(where))
    assert code not in shown
    assert last in shown
    assert reason(scene, code) is None
    # A reload prints nothing, and kills nothing.
    again = post(desk, f"{where}/card", follow_redirects=True)
    assert "已有一张有效的会员卡" in text(again)
    assert number(scene) == 1
    assert reason(scene, code) is None
    assert actions(scene) == ["card.issue"]


def test_printed_again_the_lost_one_is_dead(scene):
    desk, where = hr(scene), person(scene)
    [lost] = printed(post(desk, f"{where}/card"))
    [new] = printed(post(desk, f"{where}/card", {"anew": "yes"}))
    assert (reason(scene, lost), reason(scene, new)) == ("revoked", None)
    assert actions(scene) == ["card.issue", "card.reprint"]


def test_revoked_it_is_dead(scene):
    desk, where = hr(scene), person(scene)
    [code] = printed(post(desk, f"{where}/card"))
    card = scene.afresh().scalars(select(PrintedCard)).one()
    scene.session.commit()
    for _ in range(2):
        answer = post(desk, f"{where}/card/revoke", {"card_id": card.cti.hex()})
        assert answer.status_code == 303
    assert reason(scene, code) == "revoked"
    assert scene.afresh().scalars(select(CardRevocation.reason)).all() == [cards.BY_EMPLOYER]
    assert actions(scene) == ["card.issue", "card.revoke"]
    assert post(desk, f"{where}/card/revoke", {"card_id": "x"}).status_code == 422
    assert post(desk, f"{where}/card/revoke", {"card_id": "00" * 8}).status_code == 404


def test_a_sheet_of_those_ticked_and_of_all_who_have_none(scene):
    desk, where = hr(scene), people(scene)
    ticked = {"employment_id": person(scene).rpartition("/")[2]}
    assert "请先勾选要打印的人" in text(post(desk, f"{where}/cards", follow_redirects=True))
    answer = post(desk, f"{where}/cards", ticked)
    assert len(printed(answer)) == 1
    assert "每页 10 张" in text(answer)
    assert "已有一张有效的会员卡" in text(post(desk, f"{where}/cards", ticked, follow_redirects=True))
    answer = post(desk, f"{where}/cards", {"all": "yes"})
    assert scene.world.salesman.name in text(answer)
    assert scene.world.mechanic.name not in text(answer)
    assert "在职的人都已有会员卡" in text(post(desk, f"{where}/cards", {"all": "yes"}, follow_redirects=True))
    # Not even by asking for both are all of them printed anew.
    post(desk, f"{where}/cards", {"all": "yes", "anew": "yes"})
    assert number(scene) == 2
    assert len(printed(post(desk, f"{where}/cards", ticked | {"anew": "yes"}))) == 1
    assert number(scene) == 3
    assert "有效期至" in text(desk.get(where))


def test_a_sheet_has_no_more_than_a_hundred(scene):
    for n in range(102):
        scene.world.employee(scene.world.garage, f"Z{n:03d}", f"员工{n:03d}", f"+8613700000{n:03d}")
    desk, where = hr(scene), people(scene)
    answer = post(desk, f"{where}/cards", {"all": "yes"})
    assert len(printed(answer)) == 100
    assert "一次最多打 100 张" in text(answer)
    assert len(printed(post(desk, f"{where}/cards", {"all": "yes"}))) == 4


def test_another_enterprises_people_get_no_card_here(scene):
    desk, where = hr(scene), people(scene)
    theirs = person(scene, scene.world.milkman).rpartition("/")[2]
    post(desk, f"{where}/cards", {"employment_id": theirs})
    assert post(desk, f"{where}/{theirs}/card").status_code == 404
    assert number(scene) == 0
    card = scene.world.card(scene.world.milkman)
    scene.session.commit()
    assert post(desk, f"{person(scene)}/card/revoke", {"card_id": card.card.cti.hex()}).status_code == 404
    assert scene.admin().get(where).status_code == 404
    assert post(scene.admin(), f"{where}/cards", {"all": "yes"}).status_code == 404
    assert post(scene.cashier(), f"{where}/cards", {"all": "yes"}).status_code == 403
    assert hr(scene).get(f"{where}/cards").status_code == 405


def test_a_leaver_gets_none_and_the_card_is_dead(scene):
    desk, where = hr(scene), person(scene)
    [code] = printed(post(desk, f"{where}/card"))
    post(desk, f"{where}/leave")
    assert reason(scene, code) == "not_entitled"
    assert "本人已离职" in text(post(desk, f"{where}/card", {"anew": "yes"}, follow_redirects=True))
    post(desk, f"{where}/resume")
    assert reason(scene, code) is None


# --- the holder --------------------------------------------------------------------------------------


def test_the_holder_prints_and_revokes_the_own_card(scene):
    phone: FlaskClient = scene.holder()
    assert "还没有会员卡" in text(phone.get("/card"))
    assert "/card" in text(phone.get("/pass"))
    [code] = printed(post(phone, "/card"))
    assert post(phone, "/card").status_code == 303
    assert reason(scene, code) is None
    [new] = printed(post(phone, "/card", {"anew": "yes"}))
    assert (reason(scene, code), reason(scene, new)) == ("revoked", None)
    card_id = re.search(r'name="card_id" value="(\w+)"', text(phone.get("/card")))
    assert card_id
    assert post(phone, "/card/revoke", {"card_id": "00" * 8}).status_code == 404
    assert post(phone, "/card/revoke", {"card_id": card_id[1]}).status_code == 303
    assert reason(scene, new) == "revoked"
    assert post(phone, "/card/revoke", {"card_id": card_id[1]}).status_code == 404


def test_an_elder_has_a_card_too_and_a_child_without_a_name_none(scene):
    """Printed by the employee on whose phone they are; nobody else's are."""
    world = scene.world
    elder, child = world.dependant(world.mechanic, "王桂兰"), world.dependant(world.mechanic, "")
    strangers = world.dependant(world.salesman, "李大山")
    scene.session.commit()
    phone = scene.holder()
    [code] = printed(post(phone, "/card", {"holder": elder.id}))
    assert reason(scene, code) is None
    page = text(phone.get("/card"))
    assert ("王桂兰" in page, page.count("还没有会员卡")) == (True, 1)
    assert post(phone, "/card", {"holder": strangers.id}).status_code == 404
    assert post(phone, "/card", {"holder": child.id}).status_code == 422
    card_id = re.search(r'name="card_id" value="(\w+)"', page)[1]
    assert post(phone, "/card/revoke", {"card_id": card_id}).status_code == 404
    assert post(phone, "/card/revoke", {"card_id": card_id, "holder": elder.id}).status_code == 303
    assert reason(scene, code) == "revoked"


def test_anothers_card_is_not_the_holders(scene):
    card = scene.world.card(scene.world.salesman)
    scene.session.commit()
    phone = scene.holder()
    assert cards.number_of(card.card) not in text(phone.get("/card"))
    assert post(phone, "/card/revoke", {"card_id": card.card.cti.hex()}).status_code == 404


# --- the counter -------------------------------------------------------------------------------------


@pytest.fixture
def code(scene) -> str:
    made = scene.world.card()
    scene.session.commit()
    return made.text


def order(scan_id, amount="100", **more) -> dict[str, str]:
    return {"id": str(uuid4()), "scan_id": str(scan_id), "amount": amount, "quantity": "1", **more}


def test_the_cashier_is_told_to_compare_and_charges_nothing_before(scene, code):
    counter, shop = scene.cashier(), address(scene.world.dairy_shop)
    scan_id = scanned(scene, counter, shop, code)
    page = text(counter.get(f"{shop}/scans/{scan_id}"))
    for words in ("请核对会员卡上的姓名", "张**", scene.world.garage.name, "已核对", "¥500.00"):
        assert words in page
    assert scene.world.mechanic.name not in page
    wanted = order(scan_id, offer=str(scene.world.milk.offer_id))
    refused = post(counter, f"{shop}/redemptions", wanted)
    assert refused.status_code == 422
    assert "核对会员卡上的姓名" in text(refused)
    assert "返回修改" in text(refused)
    assert [attempt.reason for attempt in attempts(scene)] == [Reason.NAME_NOT_COMPARED]
    scene.session.commit()
    assert post(counter, f"{shop}/redemptions", wanted | {"compared": "y"}).status_code == 302
    fact = scene.afresh().scalars(select(Redemption)).one()
    assert fact.paid_fen == 8000
    assert scene.session.scalars(select(CardSpending.used_fen)).one() == 8000


def test_a_phones_page_asks_for_nothing_of_the_kind(scene):
    counter, shop = scene.cashier(), address(scene.world.dairy_shop)
    scan_id = scanned(scene, counter, shop)
    page = text(counter.get(f"{shop}/scans/{scan_id}"))
    assert "会员卡" not in page
    wanted = order(scan_id, offer=str(scene.world.milk.offer_id))
    assert post(counter, f"{shop}/redemptions", wanted).status_code == 302


def test_the_price_says_before_it_is_charged_that_the_ceiling_is_reached(scene, code):
    counter, shop = scene.cashier(), address(scene.world.dairy_shop)
    scan_id = scanned(scene, counter, shop, code)
    asked = {"offer": str(scene.world.milk.offer_id), "quantity": "1"}

    def price(amount: str) -> dict[str, str]:
        return post(counter, f"{shop}/scans/{scan_id}/price", asked | {"amount": amount}).json

    assert price("625")["paid"] == "¥500.00"
    assert "今天还剩 ¥500.00" in price("626")["problem"]
    wanted = order(scan_id, "625", offer=asked["offer"], compared="y")
    assert post(counter, f"{shop}/redemptions", wanted).status_code == 302
    assert "今天已用完" in price("1")["problem"]
    refused = post(counter, f"{shop}/redemptions", order(scan_id, "1", offer=asked["offer"], compared="y"))
    assert refused.status_code == 409
    assert "今天已用完" in text(refused)
    assert "¥0.00" in text(counter.get(f"{shop}/scans/{scan_id}"))


@pytest.mark.parametrize("holder", ["", "x", "987654", str(10**30)])
def test_a_card_of_nobody_is_not_ones_own(scene, holder):
    """With ``anew`` it would be the own card that dies."""
    browser = scene.holder()
    [code] = printed(post(browser, "/card"))
    assert post(browser, "/card", {"holder": holder, "anew": "yes"}).status_code == 404
    assert reason(scene, code) is None


def test_who_is_not_entitled_is_told_so_on_a_page(scene):
    browser, session = scene.holder(), scene.session
    today = business_date(scene.at)
    leave(session, employment_on(session, scene.world.mechanic.id, today), today, scene.at)
    session.commit()
    answer = post(browser, "/card")
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert "您目前不在成员企业的名册中" in text(answer)
