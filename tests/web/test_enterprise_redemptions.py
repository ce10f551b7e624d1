"""The enterprise's redemptions, day by day."""

from datetime import timedelta
from uuid import uuid4

import pytest

from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.reverse import Authority, reverse
from alliance.web.enterprise import redemptions
from tests.web.people import Scene, address, text


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def url(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}/redemptions"


def redeemed(scene, gross_fen: int = 10000, **more):
    id_ = uuid4()
    scene.world.redeem(gross_fen, id_=id_, **more)
    return id_


def test_each_is_there_with_what_became_of_it(scene, url):
    world, session = scene.world, scene.session
    plain, part, gone, old = (redeemed(scene, gross) for gross in (11000, 12000, 13000, 14000))
    by = {"authority": Authority.MERCHANT}
    reverse(session, world.counter(), uuid4(), part, "顾客退货", scene.at, refund_fen=600, **by)
    reverse(session, world.counter(), uuid4(), gone, "顾客退货", scene.at, **by)
    new = uuid4()
    what = Correction(new, uuid4(), old, 15000, 1, "金额输错")
    correct(session, world.counter(), Authority.CASHIER, what, scene.at)
    session.commit()
    page = text(scene.admin().get(url))
    shop = address(world.dairy_shop)
    for id_ in (plain, part, gone, old, new):
        assert f'href="{shop}/redemptions/{id_}"' in page
    for shown in ("正常", "部分退款", "已冲正", "金额已改", "改后的一笔", "改前的一笔"):
        assert shown in page
    for amount in ("¥88.00", "¥90.00", "原 ¥96.00", "¥120.00"):
        assert amount in page
    assert "张**" in page
    assert "张喆明" not in page


def test_of_one_day_and_outlet(scene, url):
    world, yesterday = scene.world, scene.at - timedelta(days=1)
    redeemed(scene, 10000)
    redeemed(scene, 20000, outlet=world.dairy_kiosk)
    redeemed(scene, 30000, at=yesterday)
    redeemed(scene, 40000, offer="WASH", outlet=world.garage_hall)
    scene.session.commit()
    admin = scene.admin()

    def amounts(query: str) -> list[str]:
        page = text(admin.get(url + query))
        shown = ("¥80.00", "¥160.00", "¥240.00", "¥200.00")
        return [fen for fen in shown if f"<strong>{fen}</strong>" in page]

    assert amounts("") == ["¥80.00", "¥160.00"]
    assert amounts(f"?outlet={world.dairy_kiosk.id}") == ["¥160.00"]
    assert amounts("?day=2026-03-03") == ["¥240.00"]
    assert amounts(f"?day=2026-03-03&outlet={world.dairy_kiosk.id}") == []


def test_a_day_without_any_says_what_to_do(scene, url):
    page = text(scene.admin().get(url))
    assert "这一天没有核销" in page
    assert "请换一天" in page


NOBODYS = "?outlet=018f4f6e-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    "query",
    ["?day=", "?day=x", "?day=2026-02-30", "?outlet=x", NOBODYS],
)
def test_filters_that_do_not_fit(scene, url, query):
    answer = scene.admin().get(url + query)
    assert answer.status_code == 422
    assert 'class="wrong"' in text(answer)


def test_a_busy_day_is_cut_and_says_so(scene, url, monkeypatch):
    monkeypatch.setattr(redemptions, "MOST", 2)
    for _ in range(3):
        redeemed(scene)
    scene.session.commit()
    page = text(scene.admin().get(url))
    assert "只显示最近的 2 笔" in page
    assert page.count("正常") == 2


def test_only_the_own_enterprises(scene, url):
    assert scene.admin().get(f"/enterprises/{scene.world.garage.id}/redemptions").status_code == 404
    assert scene.cashier().get(url).status_code == 403
