"""The page of one scan: usable offers, the price while typing, and the confirmed redemption."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.offers.conditions import Conditions, Hours
from alliance.offers.limits import Limits
from alliance.offers.pricing import AlliancePrice, Discount, Service, Threshold, Ticket
from alliance.passes.issue import pass_of, revoke
from alliance.people.employment import employment_on, leave
from alliance.redemptions.models import Channel, Redemption
from alliance.redemptions.redeem import redeem as redeem_verb
from alliance.refused import Reason
from tests.web.people import Scene, address, attempts, scanned, text
from tests.web.visits import post

JSON = {"Accept": "application/json"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def counter(scene):
    return scene.cashier()


@pytest.fixture
def shop(scene) -> str:
    return address(scene.world.dairy_shop)


def order(scene, scan_id, **changes) -> dict[str, str]:
    offer = str(scene.world.milk.offer_id)
    form = {"id": str(uuid4()), "scan_id": str(scan_id), "offer": offer, "amount": "100.05", "quantity": "1"}
    return form | changes


def facts(scene) -> list[Redemption]:
    return list(scene.afresh().scalars(select(Redemption)))


# --- the scan's page ---------------------------------------------------------------------------------


def test_it_shows_the_customer_masked_and_what_is_usable_here(scene, counter, shop):
    world = scene.world
    world.live_offer(world.dairy, "MJ", Threshold(threshold_fen=10000, off_fen=2000), limit_holder=1)
    world.live_offer(world.dairy, "KIOSK", Discount(pay_permille=100), outlet_ids=(world.dairy_kiosk.id,))
    page = text(counter.get(f"{shop}/scans/{scanned(scene, counter, shop)}"))
    for shown in ("张**", "吉林市车天下二手车经销有限公司", "8折", "满100减20", "本人还剩1次"):
        assert shown in page
    for hidden in ("张喆明", "优惠WASH", "优惠KIOSK"):
        assert hidden not in page


def test_a_single_offer_is_chosen_already(scene, counter, shop):
    page = text(counter.get(f"{shop}/scans/{scanned(scene, counter, shop)}"))
    assert page.count('name="offer"') == 1
    assert "checked" in page


def test_an_offer_that_is_used_up_cannot_be_chosen(scene, counter, shop):
    world = scene.world
    world.live_offer(world.dairy, "ONCE", Discount(pay_permille=900), limit_total=1)
    world.redeem(offer="ONCE", holder=world.salesman)
    page = text(counter.get(f"{shop}/scans/{scanned(scene, counter, shop)}"))
    assert "还剩0次" in page
    assert page.count("disabled") == 1


def test_it_says_what_the_family_and_the_outlet_have_left_today(scene, counter, shop):
    world = scene.world
    limits = Limits(outlet_day=5, household_day=3, cool_down_minutes=30)
    world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limits=limits)
    son = world.dependant(world.mechanic, "张小宝")
    world.redeem(offer="CAP", holder=son)
    page = text(counter.get(f"{shop}/scans/{scanned(scene, counter, shop)}"))
    words = "每店每天5次，本店今天还剩4次，每户每天3次，全家今天还剩2次，两次至少间隔30分钟"
    assert words in page
    assert page.count("disabled") == 0
    shown = scene.shown(holder=son).text
    page = text(counter.get(f"{shop}/scans/{scanned(scene, counter, shop, shown)}"))
    assert f"{words}，12:30以后可以再用" in page
    assert page.count("disabled") == 1


def test_each_look_at_the_page_mints_another_redemption(scene, counter, shop):
    url = f"{shop}/scans/{scanned(scene, counter, shop)}"
    ids = {text(counter.get(url)).split('name="id"')[1].split('value="')[1][:36] for _ in range(2)}
    assert len(ids) == 2


def test_after_ten_minutes_it_asks_for_a_new_scan(scene, counter, shop):
    url = f"{shop}/scans/{scanned(scene, counter, shop)}"
    scene.later(minutes=10)
    page = text(counter.get(url))
    assert "这次扫码已超时" in page
    assert "确认核销" not in page


def test_an_outlet_without_offers_says_what_to_do(scene):
    world = scene.world
    world.live_offer(world.dairy, "MILK", Discount(pay_permille=800), outlet_ids=(world.dairy_kiosk.id,))
    counter = scene.cashier()
    shop = address(world.dairy_shop)
    page = text(counter.get(f"{shop}/scans/{scanned(scene, counter, shop)}"))
    assert "本店今天没有可用的优惠" in page


def test_who_left_meanwhile_is_refused_on_the_page_too(scene, counter, shop):
    id_ = scanned(scene, counter, shop)
    today = business_date(scene.at)
    leave(scene.session, employment_on(scene.session, scene.world.mechanic.id, today), today, scene.at)
    scene.session.commit()
    answer = counter.get(f"{shop}/scans/{id_}")
    assert answer.status_code == 422
    assert "顾客今天不在成员企业的名册中" in text(answer)


def test_another_outlets_scan_is_not_there(scene, counter, shop):
    kiosk = address(scene.world.dairy_kiosk)
    admin = scene.admin()
    id_ = scanned(scene, admin, kiosk)
    assert admin.get(f"{kiosk}/scans/{id_}").status_code == 200
    assert counter.get(f"{shop}/scans/{id_}").status_code == 404
    assert counter.get(f"{shop}/scans/{uuid4()}").status_code == 404
    assert post(counter, f"{shop}/scans/{id_}/price").status_code == 404


# --- the price ---------------------------------------------------------------------------------------


def price(counter, shop, scan_id, **form):
    return post(counter, f"{shop}/scans/{scan_id}/price", form, headers=JSON).json


def test_it_prices_while_the_cashier_types(scene, counter, shop):
    world = scene.world
    piece = world.live_offer(world.dairy, "LMJ", AlliancePrice(unit_price_fen=350))
    id_ = scanned(scene, counter, shop)
    milk = str(world.milk.offer_id)
    assert price(counter, shop, id_, offer=milk, amount="１００．０５", quantity="1") == {
        "paid": "¥80.04",
        "discount": "¥20.01",
    }
    assert price(counter, shop, id_, offer=str(piece.offer_id), amount="9.9", quantity="2")["paid"] == "¥7.00"
    assert facts(scene) == []


@pytest.mark.parametrize(
    ("amount", "quantity", "words"),
    [
        ("", "1", "请输入原价。"),
        ("1e309", "1", "金额不对"),
        ("0.005", "1", "金额不对"),
        ("-1", "1", "金额要大于 0。"),
        ("0", "1", "金额要大于 0。"),
        ("10000000.01", "1", "金额不能超过 ¥10,000,000.00。"),
        ("88", "0", "1 到 9,999 之间的整数"),
        ("88", "x", "1 到 9,999 之间的整数"),
        ("88", "1", "消费满 ¥100.00 才能使用这个优惠"),
    ],
)
def test_what_cannot_be_priced_is_said_in_words(scene, counter, shop, amount, quantity, words):
    off = scene.world.live_offer(scene.world.dairy, "MJ", Threshold(threshold_fen=10000, off_fen=2000))
    id_ = scanned(scene, counter, shop)
    answer = price(counter, shop, id_, offer=str(off.offer_id), amount=amount, quantity=quantity)
    assert words in answer["problem"]
    assert attempts(scene) == []


def test_an_offer_outside_the_scan_has_no_price(scene, counter, shop):
    id_ = scanned(scene, counter, shop)
    wash = str(scene.world.wash.offer_id)
    assert "找不到这个优惠" in price(counter, shop, id_, offer=wash, amount="100", quantity="1")["problem"]


# --- redeeming ---------------------------------------------------------------------------------------


def test_it_redeems_and_leads_to_the_answer(scene, counter, shop):
    form = order(scene, scanned(scene, counter, shop))
    answer = post(counter, f"{shop}/redemptions", form)
    assert answer.location == f"{shop}/redemptions/{form['id']}"
    [fact] = facts(scene)
    assert (fact.gross_fen, fact.discount_fen, fact.paid_fen) == (10005, 2001, 8004)
    assert (fact.channel, fact.outlet_id) == (Channel.COUNTER, scene.world.dairy_shop.id)
    assert fact.account_id is not None


def test_tickets_take_a_number_and_services_nothing(scene, counter, shop):
    """What the page does not ask for is not sent; the answer says what to collect."""
    world = scene.world
    ticket = world.live_offer(world.dairy, "T", Ticket(face_price_fen=12000, ticket_price_fen=9900))
    service = world.live_offer(world.dairy, "S", Service())
    id_ = scanned(scene, counter, shop)
    page = text(counter.get(f"{shop}/scans/{id_}"))
    for takes in ("amount", "quantity", "nothing"):
        assert f'data-takes="{takes}"' in page
    assert price(counter, shop, id_, offer=str(ticket.offer_id), quantity="３")["paid"] == "¥297.00"
    assert price(counter, shop, id_, offer=str(service.offer_id), quantity="1")["paid"] == "¥0.00"
    for offer, quantity, paid in ((ticket, "3", "¥297.00"), (service, "1", "¥0.00")):
        form = order(scene, id_, offer=str(offer.offer_id), quantity=quantity)
        del form["amount"]
        answer = post(counter, f"{shop}/redemptions", form)
        assert answer.status_code == 302
        assert paid in text(counter.get(answer.location))
    assert [fact.gross_fen for fact in facts(scene)] == [36000, 0]
    assert "¥297.00" in text(counter.get(f"{shop}/redemptions"))


def test_another_amount_than_the_tickets_say_is_refused(scene, counter, shop):
    world = scene.world
    ticket = world.live_offer(world.dairy, "T", Ticket(face_price_fen=12000, ticket_price_fen=9900))
    form = order(scene, scanned(scene, counter, shop), offer=str(ticket.offer_id))
    answer = post(counter, f"{shop}/redemptions", form)
    assert (answer.status_code, "这个优惠的金额是定好的" in text(answer)) == (422, True)


def test_what_cannot_be_used_now_is_said_with_why(scene, counter, shop):
    """Closed, for another's staff, beside another offer; what is at another outlet is not spoken of."""
    world = scene.world
    # The world's noon; an hour later it would be open.
    later = Conditions(hours=(Hours(start=13 * 60, end=14 * 60),), weekdays=(1, 2, 3, 4, 5))
    closed = world.live_offer(world.dairy, "LATER", Discount(pay_permille=500), conditions=later)
    kept_out = Conditions(not_employers=(world.garage.id,))
    world.live_offer(world.dairy, "OUT", Discount(pay_permille=500), conditions=kept_out)
    elsewhere = (world.dairy_kiosk.id,)
    world.live_offer(world.dairy, "KIOSK", Discount(pay_permille=1), conditions=later, outlet_ids=elsewhere)
    id_ = scanned(scene, counter, shop)
    page = text(counter.get(f"{shop}/scans/{id_}"))
    assert str(closed.offer_id) not in page
    for words in ("优惠LATER", "不在可用时段", "周一至周五 13:00–14:00", "优惠OUT", "不对该单位开放"):
        assert words in page
    assert "优惠KIOSK" not in page
    answer = post(counter, f"{shop}/redemptions", order(scene, id_, offer=str(closed.offer_id)))
    assert (answer.status_code, "不在可用的日期或时段" in text(answer)) == (422, True)


def test_an_exclusive_offer_is_refused_beside_another(scene, counter, shop):
    world = scene.world
    alone = Conditions(exclusive=True)
    offer = world.live_offer(world.dairy, "ALONE", Discount(pay_permille=500), conditions=alone)
    id_ = scanned(scene, counter, shop)
    assert "不与其他优惠同享" in text(counter.get(f"{shop}/scans/{id_}"))
    assert post(counter, f"{shop}/redemptions", order(scene, id_)).status_code == 302
    answer = post(counter, f"{shop}/redemptions", order(scene, id_, offer=str(offer.offer_id)))
    assert (answer.status_code, "两个不能一起用" in text(answer)) == (422, True)
    assert len(facts(scene)) == 1


def test_a_double_press_is_one_redemption(scene, counter, shop):
    form = order(scene, scanned(scene, counter, shop))
    first, second = (post(counter, f"{shop}/redemptions", form) for _ in range(2))
    assert first.location == second.location
    assert len(facts(scene)) == 1


def test_two_offers_of_one_scan_are_two_redemptions(scene, counter, shop):
    other = scene.world.live_offer(scene.world.dairy, "MJ", Threshold(threshold_fen=10000, off_fen=2000))
    id_ = scanned(scene, counter, shop)
    for offer in (scene.world.milk, other):
        post(counter, f"{shop}/redemptions", order(scene, id_, offer=str(offer.offer_id)))
    assert len(facts(scene)) == 2
    page = text(counter.get(f"{shop}/scans/{id_}"))
    assert "这次扫码已核销“优惠MILK”，实付 ¥80.04。" in page


@pytest.mark.parametrize("amount", ["", "abc", "1e309", "-1", "0", "0.005", "1.2.3"])
def test_a_bad_amount_comes_back_at_its_field_with_everything_typed(scene, counter, shop, amount):
    form = order(scene, scanned(scene, counter, shop), amount=amount, quantity="3")
    answer = post(counter, f"{shop}/redemptions", form)
    assert answer.status_code == 422
    page = text(answer)
    assert "field-wrong" in page
    assert f'value="{amount}"' in page
    assert 'value="3"' in page
    assert form["id"] in page
    assert facts(scene) == []
    assert attempts(scene) == []


def test_without_an_offer_it_asks_for_one(scene, counter, shop):
    answer = post(counter, f"{shop}/redemptions", order(scene, scanned(scene, counter, shop), offer=""))
    assert answer.status_code == 422
    assert "请选择优惠。" in text(answer)


def test_a_refusal_fills_the_page_and_leads_back_with_the_input(scene, counter, shop):
    off = scene.world.live_offer(scene.world.dairy, "MJ", Threshold(threshold_fen=10000, off_fen=2000))
    id_ = scanned(scene, counter, shop)
    form = order(scene, id_, offer=str(off.offer_id), amount="88")
    answer = post(counter, f"{shop}/redemptions", form)
    assert answer.status_code == 422
    page = text(answer)
    assert "不能核销" in page
    assert "消费满 ¥100.00 才能使用这个优惠，请核对金额。" in page
    assert "返回修改" in page
    [attempt] = attempts(scene)
    assert (attempt.reason, attempt.request_id) == (Reason.BELOW_THRESHOLD, UUID(form["id"]))
    back = text(counter.get(f"{shop}/scans/{id_}?offer={off.offer_id}&amount=88&quantity=1"))
    assert 'value="88"' in back
    assert form["id"] not in back


def test_the_last_unit_goes_once(scene, counter, shop):
    offer = scene.world.live_offer(scene.world.dairy, "ONE", Discount(pay_permille=900), limit_total=1)
    ids = [scanned(scene, counter, shop) for _ in range(2)]
    first, second = (
        post(counter, f"{shop}/redemptions", order(scene, id_, offer=str(offer.offer_id))) for id_ in ids
    )
    assert (first.status_code, second.status_code) == (302, 409)
    assert "这个优惠的总次数已用完" in text(second)
    assert len(facts(scene)) == 1


def test_a_scan_that_is_over_cannot_be_corrected(scene, counter, shop):
    form = order(scene, scanned(scene, counter, shop))
    scene.later(minutes=11)
    answer = post(counter, f"{shop}/redemptions", form)
    assert answer.status_code == 422
    assert "扫码后十分钟内有效" in text(answer)
    assert "返回修改" not in text(answer)


def test_a_pass_revoked_after_the_scan_is_refused(scene, counter, shop):
    form = order(scene, scanned(scene, counter, shop))
    held = pass_of(scene.afresh(), scene.world.mechanic.id, scene.at)
    revoke(scene.session, held, "丢失", COMMAND_LINE, scene.at)
    scene.session.commit()
    assert "这个会员码已被停用" in text(post(counter, f"{shop}/redemptions", form))
    assert facts(scene) == []


def test_another_outlets_scan_is_refused(scene, counter, shop):
    id_ = scanned(scene, scene.admin(), address(scene.world.dairy_kiosk))
    answer = post(counter, f"{shop}/redemptions", order(scene, id_))
    assert answer.status_code == 422
    assert "这次扫码属于另一家门店" in text(answer)
    assert facts(scene) == []


@pytest.mark.parametrize("broken", [{"scan_id": ""}, {"scan_id": "x"}, {"id": ""}, {"id": "x"}])
def test_a_form_that_no_page_made_is_turned_down(scene, counter, shop, broken):
    form = order(scene, scanned(scene, counter, shop)) | broken
    assert post(counter, f"{shop}/redemptions", form).status_code == 422
    assert facts(scene) == []


def test_a_scan_that_nobody_made_is_refused(scene, counter, shop):
    assert post(counter, f"{shop}/redemptions", order(scene, uuid4())).status_code == 404


def test_a_failure_of_ours_is_no_refusal(scene, counter, shop, monkeypatch, app):
    def broken(*args):
        redeem_verb(*args)
        raise RuntimeError

    monkeypatch.setattr("alliance.web.merchant.scans.redeem_scan", broken)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    form = order(scene, scanned(scene, counter, shop))
    assert post(counter, f"{shop}/redemptions", form).status_code == 500
    assert facts(scene) == []
    assert attempts(scene) == []
