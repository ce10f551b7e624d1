"""改金额 and 退款 at the counter: who may, what is said, and what it comes to."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from alliance.audit.trail import COMMAND_LINE
from alliance.clock import month_of
from alliance.offers.pricing import AlliancePrice, Threshold
from alliance.redemptions.models import Channel, Redemption, RefusedAttempt, Reversal
from alliance.redemptions.months import close
from alliance.refused import Reason
from tests.web.people import Scene, address, text
from tests.web.visits import post


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def counter(scene):
    return scene.cashier()


@pytest.fixture
def shop(scene) -> str:
    return address(scene.world.dairy_shop)


def redeemed(scene, gross_fen: int = 10000, **more) -> UUID:
    id_ = uuid4()
    scene.session.commit()
    scene.world.redeem(gross_fen, id_=id_, **more)
    scene.session.commit()
    return id_


def correct(counter, shop, id_, amount="50", **form):
    minted = {"id": str(uuid4()), "reversal_id": str(uuid4())}
    data = minted | {"amount": amount, "quantity": "1", "reason": "金额输错"} | form
    return post(counter, f"{shop}/redemptions/{id_}/correction", data)


def refund(counter, shop, id_, amount="10", **form):
    data = {"id": str(uuid4()), "amount": amount, "reason": "顾客退货"} | form
    return post(counter, f"{shop}/redemptions/{id_}/refund", data)


def facts(scene, entity=Redemption) -> list:
    return list(scene.afresh().scalars(select(entity)))


def by_id(scene, id_: UUID) -> Redemption:
    return scene.afresh().get_one(Redemption, (scene.world.dairy.id, id_))


# --- 改金额 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "label", "difference"),
    [("1000", "请退给顾客", "¥7,200.00"), ("20000", "请再收款", "¥8,000.00"), ("10000", "金额没有变", None)],
)
def test_the_answer_is_what_to_collect_or_to_give_back(scene, counter, shop, amount, label, difference):
    id_ = redeemed(scene, 1_000_000)
    answer = correct(counter, shop, id_, amount)
    page = text(counter.get(answer.location))
    assert "已改金额" in page
    assert label in page
    assert "原实付 <del>¥8,000.00</del>" in page
    assert f"改后实付 <strong>¥{int(amount) * 8 / 10:,.2f}</strong>" in page
    assert (f">{difference}<" in page) if difference else ("answer-amount" not in page)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("120", {"label": "请再收款", "due": "¥16.00", "paid": "¥96.00", "discount": "¥24.00"}),
        ("50", {"label": "请退给顾客", "due": "¥40.00", "paid": "¥40.00", "discount": "¥10.00"}),
        ("100", {"label": "金额没有变，不用补退", "due": "", "paid": "¥80.00", "discount": "¥20.00"}),
        ("1.234", {"problem": "金额不对，请输入最多两位小数的数字，如 12.50。"}),
    ],
)
def test_what_it_would_come_to_is_shown_while_he_types(scene, counter, shop, typed, shown):
    url = f"{shop}/redemptions/{redeemed(scene, 10000)}/correction/price"
    answer = post(counter, url, {"amount": typed, "quantity": "1"})
    assert (answer.status_code, answer.get_json()) == (200, shown)
    assert len(facts(scene)) == 1


def test_it_reckons_with_what_was_refunded_and_with_the_old_rule(scene, counter, shop):
    terms = Threshold(threshold_fen=10000, off_fen=1000)
    scene.world.live_offer(scene.world.dairy, "T", terms)
    id_ = redeemed(scene, 20000, offer="T")
    assert refund(scene.admin(), shop, id_, "90").status_code == 302
    url = f"{shop}/redemptions/{id_}/correction/price"
    answer = post(counter, url, {"amount": "200", "quantity": "1"}).get_json()
    assert (answer["label"], answer["due"], answer["paid"]) == ("请再收款", "¥90.00", "¥190.00")
    assert "100" in post(counter, url, {"amount": "99", "quantity": "1"}).get_json()["problem"]


def test_the_price_of_anothers_is_not_told(scene, counter, shop):
    id_ = redeemed(scene)
    url = f"{address(scene.world.dairy_kiosk)}/redemptions/{id_}/correction/price"
    assert post(scene.admin(), url, {"amount": "1", "quantity": "1"}).status_code == 404
    url = f"{shop}/redemptions/{id_}/correction/price"
    assert post(scene.holder(), url, {"amount": "1", "quantity": "1"}).status_code == 403
    assert counter.get(url).status_code == 405


def test_the_old_one_leads_to_the_new_one(scene, counter, shop):
    id_ = redeemed(scene)
    new = correct(counter, shop, id_).location
    page = text(counter.get(f"{shop}/redemptions/{id_}"))
    assert "金额已改" in page
    assert f'href="{new}"' in page
    for gone in ("确认改金额", "确认冲正", "已收款的请退回"):
        assert gone not in page
    listed = text(counter.get(f"{shop}/redemptions"))
    assert "金额已改" in listed
    assert "已冲正" not in listed
    assert "<dd>¥40.00</dd>" in listed


def test_the_holder_sees_both(scene, counter, shop):
    correct(counter, shop, redeemed(scene))
    page = text(scene.holder().get("/redemptions"))
    assert "金额已改" in page
    assert "¥40.00" in page


def test_a_double_press_is_one_correction(scene, counter, shop):
    id_, minted = redeemed(scene), {"id": str(uuid4()), "reversal_id": str(uuid4())}
    assert {correct(counter, shop, id_, **minted).status_code for _ in range(2)} == {302}
    assert len(facts(scene)) == 2
    assert len(facts(scene, Reversal)) == 1


def test_the_cashier_is_on_record(scene, counter, shop):
    id_ = redeemed(scene)
    new = by_id(scene, UUID(correct(counter, shop, id_).location[-36:]))
    [back] = facts(scene, Reversal)
    assert new.corrects_id == id_
    assert new.account_id is not None
    assert (back.account_id, back.reason) == (new.account_id, "金额输错")


def test_only_a_price_per_piece_asks_how_many(scene, counter, shop):
    scene.world.live_offer(scene.world.dairy, "UNIT", AlliancePrice(unit_price_fen=350))
    assert 'for="correct-quantity"' not in text(counter.get(f"{shop}/redemptions/{redeemed(scene)}"))
    id_ = redeemed(scene, 500, offer="UNIT")
    assert 'for="correct-quantity"' in text(counter.get(f"{shop}/redemptions/{id_}"))
    new = by_id(scene, UUID(correct(counter, shop, id_, "20", quantity="4").location[-36:]))
    assert (new.paid_fen, new.quantity) == (1400, 4)


@pytest.mark.parametrize(
    "form",
    [{"amount": ""}, {"amount": "0"}, {"amount": "x"}, {"quantity": "0"}, {"reason": "随便"}, {"id": ""},
     {"reversal_id": "x"}],
)  # fmt: skip
def test_what_does_not_fit_is_shown_again(scene, counter, shop, form):
    id_ = redeemed(scene)
    answer = correct(counter, shop, id_, **form)
    assert answer.status_code == 422
    page = text(answer)
    assert 'class="wrong"' in page
    assert 'id="correct" open' in page
    assert 'id="undo" open' not in page
    assert len(facts(scene)) == 1


def test_a_refusal_says_why_and_leads_back(scene, counter, shop):
    scene.world.live_offer(scene.world.dairy, "T", Threshold(threshold_fen=10000, off_fen=2000))
    id_ = redeemed(scene, offer="T")
    answer = correct(counter, shop, id_, "99.99")
    assert answer.status_code == 422
    page = text(answer)
    for shown in ("不能改金额", "消费满 ¥100.00 才能使用这个优惠", f"{shop}/redemptions/{id_}"):
        assert shown in page
    assert facts(scene, Reversal) == []
    [attempt] = facts(scene, RefusedAttempt)
    assert attempt.reason == Reason.BELOW_THRESHOLD


def test_a_cashier_has_ten_minutes_and_the_administrator_until_the_close(scene, counter, shop):
    id_, other = redeemed(scene), redeemed(scene)
    admin = scene.admin()
    scene.later(minutes=10, seconds=1)
    assert "确认改金额" not in text(counter.get(f"{shop}/redemptions/{id_}"))
    assert "请联系本企业管理员处理" in text(correct(counter, shop, id_))
    # What was corrected long after is fresh to whoever has to collect.
    assert "请退给顾客" in text(admin.get(correct(admin, shop, id_).location))
    scene.later(days=40)
    close(scene.afresh(), month_of(by_id(scene, other).business_date), COMMAND_LINE, scene.at)
    scene.session.commit()
    # A browser does not stay signed in for that long.
    admin = scene.admin()
    page = text(admin.get(f"{shop}/redemptions/{other}"))
    assert "所在的月份已经结账" in page
    assert "确认" not in page
    for answer in (correct(admin, shop, other), refund(admin, shop, other)):
        assert answer.status_code == 409
        assert "只有主办方能冲正" in text(answer)


def test_what_was_imported_offers_no_correction(scene, counter, shop):
    id_ = redeemed(scene)
    by_id(scene, id_).channel = Channel.IMPORT
    scene.session.commit()
    page = text(counter.get(f"{shop}/redemptions/{id_}"))
    assert "确认改金额" not in page
    assert "确认冲正" in page
    assert "只能冲正或退款" in text(correct(counter, shop, id_))


def test_other_outlets_redemptions_are_not_there(scene, counter, shop):
    world = scene.world
    foreign = redeemed(scene, offer="WASH", outlet=world.garage_hall)
    for id_ in (redeemed(scene, outlet=world.dairy_kiosk), foreign, uuid4()):
        assert correct(counter, shop, id_).status_code == 404
        assert refund(scene.admin(), shop, id_).status_code == 404
    assert facts(scene, Reversal) == []


# --- 退款 --------------------------------------------------------------------------------------------


def test_the_administrator_refunds_a_part(scene, counter, shop):
    id_, admin = redeemed(scene), scene.admin()
    answer = refund(admin, shop, id_, "20")
    page = text(admin.get(answer.location))
    assert "已退款 ¥20.00，请退给顾客。" in page
    assert "部分退款后，实付还剩 ¥60.00。" in page
    assert "请收款" not in page
    [fact] = facts(scene, Reversal)
    assert (fact.paid_fen, fact.discount_fen, fact.reason) == (-2000, -500, "顾客退货")


def test_not_more_than_was_paid(scene, shop):
    id_, admin = redeemed(scene), scene.admin()
    answer = refund(admin, shop, id_, "80.01")
    assert answer.status_code == 422
    assert "不能退款" in text(answer)
    assert refund(admin, shop, id_, "").status_code == 422
    assert facts(scene, Reversal) == []


def test_what_is_left_to_refund_is_said(scene, shop):
    admin = scene.admin()
    id_ = redeemed(scene)
    refund(admin, shop, id_, "30")
    assert "最多还能退 ¥50.00" in text(refund(admin, shop, id_, "50.01"))
    scene.world.live_offer(scene.world.dairy, "GIFT", AlliancePrice(unit_price_fen=0))
    assert "没有可退的钱" in text(refund(admin, shop, redeemed(scene, 500, offer="GIFT"), "1"))


def test_a_cashier_refunds_nothing(scene, counter, shop):
    id_ = redeemed(scene)
    assert "退一部分款" not in text(counter.get(f"{shop}/redemptions/{id_}"))
    assert refund(counter, shop, id_).status_code == 403
    assert facts(scene, Reversal) == []


@pytest.mark.parametrize("deed", ["correction", "refund"])
def test_the_wrong_method(scene, counter, shop, deed):
    assert counter.get(f"{shop}/redemptions/{redeemed(scene)}/{deed}").status_code == 405
