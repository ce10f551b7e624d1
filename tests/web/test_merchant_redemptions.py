"""What was redeemed at the counter: the answer, today's list, and undoing."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from alliance.offers.models import LimitCounter
from alliance.offers.pricing import Discount
from alliance.redemptions.models import RefusedAttempt, Reversal
from alliance.redemptions.reverse import Authority, reverse
from alliance.refused import Reason
from alliance.store import new_id
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
    scene.world.redeem(gross_fen, id_=id_, **more)
    scene.session.commit()
    return id_


def reversals(scene) -> list[Reversal]:
    return list(scene.afresh().scalars(select(Reversal)))


# --- the answer --------------------------------------------------------------------------------------


def test_the_answer_is_one_large_word_and_the_amount_to_collect(scene, counter, shop):
    page = text(counter.get(f"{shop}/redemptions/{redeemed(scene, 10005)}"))
    for shown in ("已核销", "请收款", "¥80.04", "原价 ¥100.05 · 优惠 ¥20.01", "张**", "优惠MILK", "下一位"):
        assert shown in page
    assert "张喆明" not in page
    assert "answer-no" not in page


def test_later_it_is_a_record_and_nothing_to_collect(scene, counter, shop):
    id_ = redeemed(scene)
    scene.later(minutes=11)
    page = text(counter.get(f"{shop}/redemptions/{id_}"))
    assert "请收款" not in page
    assert "实付" in page


@pytest.mark.parametrize("gross_fen", [100, 999_999, 1_000_000_000])
def test_a_long_amount_is_shown_whole(scene, counter, shop, gross_fen):
    id_ = redeemed(scene, gross_fen)
    amount = f"¥{gross_fen * 8 // 1000:,}.{gross_fen * 8 // 10 % 100:02d}"
    assert f">{amount}<" in text(counter.get(f"{shop}/redemptions/{id_}"))


def test_other_outlets_redemptions_are_not_there(scene, counter, shop):
    world = scene.world
    foreign = redeemed(scene, offer="WASH", outlet=world.garage_hall)
    for id_ in (redeemed(scene, outlet=world.dairy_kiosk), foreign, uuid4()):
        assert counter.get(f"{shop}/redemptions/{id_}").status_code == 404
        data = {"id": str(uuid4()), "reason": "其他"}
        assert post(counter, f"{shop}/redemptions/{id_}/reversal", data).status_code == 404
    assert reversals(scene) == []


# --- today's list ------------------------------------------------------------------------------------


def test_the_list_has_todays_of_this_outlet_and_their_sums(scene, counter, shop):
    world = scene.world
    redeemed(scene, 10005)
    redeemed(scene, 20000, holder=world.salesman)
    redeemed(scene, 30000, at=scene.at - timedelta(days=1))
    redeemed(scene, 40000, outlet=world.dairy_kiosk)
    page = text(counter.get(f"{shop}/redemptions"))
    assert page.count('class="entry"') == 2
    assert "<dd>2</dd>" in page
    assert "<dd>¥240.04</dd>" in page
    assert "<dd>¥60.01</dd>" in page
    assert "张**" in page
    assert "李*" in page


def test_reversed_ones_stay_on_the_list_and_out_of_the_sums(scene, counter, shop):
    world = scene.world
    gone, less = redeemed(scene, 10000), redeemed(scene, 20000)
    reverse(
        scene.session, world.counter(), new_id(), gone, "顾客退货", scene.at, authority=Authority.MERCHANT
    )
    reverse(
        scene.session,
        world.counter(),
        new_id(),
        less,
        "顾客退货",
        scene.at,
        refund_fen=6000,
        authority=Authority.MERCHANT,
    )
    scene.session.commit()
    page = text(counter.get(f"{shop}/redemptions"))
    assert page.count('class="entry"') == 2
    assert "<dd>1</dd>" in page
    assert "<dd>¥100.00</dd>" in page
    assert "<dd>¥25.00</dd>" in page
    assert "已冲正" in page
    assert "部分退款" in page


def test_undoing_is_offered_for_ten_minutes(scene, counter, shop):
    id_ = redeemed(scene)
    undo = f"{shop}/redemptions/{id_}#undo"
    assert undo in text(counter.get(f"{shop}/redemptions"))
    scene.later(minutes=10, seconds=1)
    assert undo not in text(counter.get(f"{shop}/redemptions"))
    assert undo in text(scene.admin().get(f"{shop}/redemptions"))


def test_an_empty_day_says_what_to_do(scene, counter, shop):
    redeemed(scene, outlet=scene.world.dairy_kiosk)
    assert "今天还没有核销" in text(counter.get(f"{shop}/redemptions"))


# --- undoing -----------------------------------------------------------------------------------------


def undo(counter, shop, id_, **form):
    data = {"id": str(uuid4()), "reason": "金额输错"} | form
    return post(counter, f"{shop}/redemptions/{id_}/reversal", data)


def test_it_takes_everything_back_and_says_what_to_refund(scene, counter, shop):
    world = scene.world
    world.live_offer(world.dairy, "ONE", Discount(pay_permille=800), limit_total=1)
    id_ = redeemed(scene, 10005, offer="ONE")
    answer = undo(counter, shop, id_)
    assert answer.location == f"{shop}/redemptions/{id_}"
    [fact] = reversals(scene)
    assert (fact.gross_fen, fact.discount_fen, fact.paid_fen, fact.uses) == (-10005, -2001, -8004, -1)
    assert fact.reason == "金额输错"
    assert fact.account_id is not None
    assert [row.used for row in scene.session.scalars(select(LimitCounter))] == [0]
    page = text(counter.get(answer.location))
    assert "已冲正" in page
    assert "已收款的请退回" in page
    assert "¥80.04" in page
    assert "确认冲正" not in page


def test_a_double_press_is_one_reversal(scene, counter, shop):
    id_, form = redeemed(scene), str(uuid4())
    assert {undo(counter, shop, id_, id=form).status_code for _ in range(2)} == {302}
    assert len(reversals(scene)) == 1


def test_another_one_finds_it_reversed(scene, counter, shop):
    id_ = redeemed(scene)
    undo(counter, shop, id_)
    answer = undo(counter, shop, id_)
    assert answer.status_code == 422
    assert "不能冲正" in text(answer)
    assert "这笔核销已全部冲正" in text(answer)
    assert len(reversals(scene)) == 1


def test_a_cashier_has_ten_minutes(scene, counter, shop):
    id_ = redeemed(scene)
    scene.later(minutes=10)
    assert "确认冲正" in text(counter.get(f"{shop}/redemptions/{id_}"))
    scene.later(seconds=1)
    assert "确认冲正" not in text(counter.get(f"{shop}/redemptions/{id_}"))
    answer = undo(counter, shop, id_)
    assert answer.status_code == 422
    assert "请联系本企业管理员处理" in text(answer)
    assert reversals(scene) == []
    [attempt] = scene.session.scalars(select(RefusedAttempt))
    assert attempt.reason == Reason.UNDO_TOO_LATE


def test_the_administrator_may_at_any_time(scene, shop):
    id_ = redeemed(scene)
    scene.later(days=40)
    admin = scene.admin()
    assert "确认冲正" in text(admin.get(f"{shop}/redemptions/{id_}"))
    assert undo(admin, shop, id_).status_code == 302
    assert len(reversals(scene)) == 1


@pytest.mark.parametrize("form", [{"reason": ""}, {"reason": "随便"}, {"id": ""}, {"id": "x"}])
def test_it_wants_one_of_the_reasons(scene, counter, shop, form):
    id_ = redeemed(scene)
    answer = undo(counter, shop, id_, **form)
    assert answer.status_code == 422
    assert "已核销" in text(answer)
    assert 'class="wrong"' in text(answer)
    assert reversals(scene) == []


def test_the_wrong_method(scene, counter, shop):
    assert counter.get(f"{shop}/redemptions/{redeemed(scene)}/reversal").status_code == 405
