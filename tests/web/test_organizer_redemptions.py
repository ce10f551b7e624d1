"""The organizer finds one redemption by its number and reverses it, also after the close."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.redemptions.models import Redemption, RefusedAttempt, Reversal
from alliance.redemptions.months import close
from alliance.redemptions.redeem import Order, redeem_at_once
from tests.web.people import Scene, text
from tests.web.visits import post

URL = "/organizer/redemptions"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def desk(scene):
    return scene.organizer()


def redeemed(scene, receipt_no=None, outlet=None, offer="MILK") -> UUID:
    world, id_ = scene.world, uuid4()
    scene.session.commit()
    shown, order = world.shown(at=scene.at).text, Order(id_, offer, 10000, receipt_no=receipt_no)
    redeem_at_once(scene.session, world.keyring, world.counter(outlet), shown, order, scene.at)
    scene.session.commit()
    return id_


def give_back(desk, scene, id_, **form):
    data = {"id": str(uuid4()), "amount": "", "reason": "商户同意退货"} | form
    return post(desk, f"{URL}/{scene.world.dairy.id}/{id_}/reversal", data)


def reversals(scene) -> list[Reversal]:
    return list(scene.afresh().scalars(select(Reversal).order_by(Reversal.id)))


# --- finding -----------------------------------------------------------------------------------------


def test_by_its_id(scene, desk):
    redeemed(scene)
    id_ = redeemed(scene)
    assert desk.get(f"{URL}?number={id_}").location == f"{URL}/{scene.world.dairy.id}/{id_}"
    assert desk.get(f"{URL}?number={str(id_).upper()}&merchant={scene.world.dairy.id}").status_code == 302
    assert "没有找到这笔核销" in text(desk.get(f"{URL}?number={id_}&merchant={scene.world.garage.id}"))


def test_by_the_receipt_number_of_a_merchant(scene, desk):
    dairy, garage = scene.world.dairy.id, scene.world.garage.id
    id_ = redeemed(scene, "A-1")
    redeemed(scene, "A-1", scene.world.garage_hall, "WASH")
    assert desk.get(f"{URL}?number=A-1&merchant={dairy}").location == f"{URL}/{dairy}/{id_}"
    answer = desk.get(f"{URL}?number=A-1")
    assert answer.status_code == 422
    assert "按小票号查找时请选择商户" in text(answer)
    assert "没有找到这笔核销" in text(desk.get(f"{URL}?number=A-2&merchant={garage}"))


def test_a_number_that_was_used_again_asks_which(scene, desk):
    ids = [redeemed(scene, "A-1") for _ in range(2)]
    page = text(desk.get(f"{URL}?number=A-1&merchant={scene.world.dairy.id}"))
    for id_ in ids:
        assert f"/{id_}" in page
    assert "张**" not in page


NOT_FITTING = ["?number=", "?number=x&merchant=999", "?number=x&merchant=y", f"?number={'9' * 65}"]


@pytest.mark.parametrize("query", NOT_FITTING)
def test_what_does_not_fit(scene, desk, query):
    answer = desk.get(URL + query)
    assert answer.status_code == 422
    assert 'class="wrong"' in text(answer)


def test_there_is_nothing_to_browse_and_nobody_is_named(scene, desk):
    id_ = redeemed(scene)
    assert str(id_) not in text(desk.get(URL))
    page = text(desk.get(f"{URL}/{scene.world.dairy.id}/{id_}"))
    assert "¥80.00" in page
    assert "张" not in page
    assert "吉林市车天下二手车经销有限公司" not in page


# --- giving back -------------------------------------------------------------------------------------


def test_all_of_it(scene, desk):
    id_ = redeemed(scene)
    page = text(desk.get(give_back(desk, scene, id_).location))
    for shown in ("已冲正，结果见下。", "-¥80.00", "商户同意退货", "记入2026年3月"):
        assert shown in page
    assert "确认冲正" not in page
    [fact] = reversals(scene)
    assert (fact.paid_fen, fact.uses) == (-8000, -1)
    assert fact.account_id is not None


def test_after_the_close_as_an_adjustment(scene):
    id_ = redeemed(scene)
    scene.at = datetime(2026, 5, 2, tzinfo=UTC)
    desk = scene.organizer()
    close(scene.afresh(), date(2026, 3, 1), COMMAND_LINE, scene.at)
    scene.session.commit()
    assert "冲正会作为调整记入2026年5月" in text(desk.get(f"{URL}/{scene.world.dairy.id}/{id_}"))
    page = text(desk.get(give_back(desk, scene, id_, amount="8").location))
    assert "记入2026年5月" in page
    assert "还剩 ¥72.00" in page
    [fact] = reversals(scene)
    assert (fact.business_date, fact.posted_month) == (date(2026, 3, 4), date(2026, 5, 1))


def test_a_double_press_is_one_reversal(scene, desk):
    id_, minted = redeemed(scene), str(uuid4())
    assert {give_back(desk, scene, id_, id=minted).status_code for _ in range(2)} == {302}
    assert len(reversals(scene)) == 1


def test_a_refusal_is_shown_at_the_amount(scene, desk):
    id_ = redeemed(scene)
    answer = give_back(desk, scene, id_, amount="80.01")
    assert answer.status_code == 422
    assert "退款金额超过剩余的实付金额" in text(answer)
    assert reversals(scene) == []
    # Nobody was turned down at a counter.
    assert scene.session.scalars(select(RefusedAttempt)).all() == []


@pytest.mark.parametrize("form", [{"reason": ""}, {"reason": "长" * 201}, {"amount": "x"}, {"id": "x"}])
def test_what_does_not_fit_is_shown_again(scene, desk, form):
    answer = give_back(desk, scene, redeemed(scene), **form)
    assert answer.status_code == 422
    assert 'class="wrong"' in text(answer)
    assert reversals(scene) == []


def test_only_the_organizer(scene):
    id_ = redeemed(scene)
    for stranger in (scene.admin(), scene.browser(Role.ZONE_ORGANIZER, zone_id=scene.world.root.id)):
        assert stranger.get(URL).status_code == 403
        assert give_back(stranger, scene, id_).status_code == 403
    assert scene.afresh().get_one(Redemption, (scene.world.dairy.id, id_)).paid_fen == 8000
    assert reversals(scene) == []


def test_what_is_not_there_and_the_wrong_method(scene, desk):
    id_ = redeemed(scene)
    assert desk.get(f"{URL}/{scene.world.garage.id}/{id_}").status_code == 404
    assert give_back(desk, scene, uuid4()).status_code == 404
    assert desk.get(f"{URL}/{scene.world.dairy.id}/{id_}/reversal").status_code == 405
