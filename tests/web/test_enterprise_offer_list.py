"""The console of offers and the notices: filters, what is left, the file, the badge."""

import csv
import io
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from alliance.accounts.models import Role
from alliance.clock import business_date
from alliance.offers.limits import Limits
from alliance.offers.models import NoticeKind, OfferNotice, OfferNoticeRead
from alliance.offers.notices import tell
from alliance.offers.pricing import Discount
from alliance.redemptions.reverse import Authority, reverse
from alliance.web.enterprise import notice_lines, offer_list
from tests.web.people import Scene, text
from tests.web.visits import post

TERMS = Discount(pay_permille=800)


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    scene = Scene(app, session, monkeypatch)
    world, today = scene.world, business_date(scene.at)
    world.live_offer(world.dairy, "CAP", TERMS, limits=Limits(total=2, budget_fen=500_00))
    world.live_offer(world.dairy, "SOON", TERMS, ends_on=today + timedelta(2), limits=Limits(units=10))
    world.live_offer(world.garage, "CAP", TERMS, limits=Limits(total=50))
    session.commit()
    return scene


@pytest.fixture
def admin(scene):
    return scene.admin()


@pytest.fixture
def home(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}"


def listed(page: str) -> list[str]:
    """The codes of the offers, in order."""
    return re.findall(r"折 · ([\w.\-]+)", page.split("<tbody>")[1]) if "<tbody>" in page else []


def used(scene, offer: str, times: int = 1) -> None:
    for _ in range(times):
        scene.world.redeem(10000, offer=offer)
    scene.session.commit()


def test_what_is_left_and_how_often_it_was_used(scene, admin, home):
    used(scene, "CAP")
    used(scene, "MILK", 3)
    back = uuid4()
    scene.world.redeem(10000, offer="CAP", id_=back)
    reverse(
        scene.session, scene.world.counter(), uuid4(), back, "退货", scene.at, authority=Authority.MERCHANT
    )
    scene.session.commit()
    rows = text(admin.get(f"{home}/offers")).split("<tr>")
    [cap] = [row for row in rows if "· CAP" in row]
    for shown in ("1/2次", "¥480.00/¥500.00", ">1次<", "生效中", "长期"):
        assert shown in cap
    [milk] = [row for row in rows if "· MILK" in row]
    assert (">3次<" in milk, "不限" in milk) == (True, True)
    [soon] = [row for row in rows if "· SOON" in row]
    assert ("2026-03-06" in soon, "还有2天" in soon, "10/10份" in soon) == (True, True, True)


def test_by_state_by_name_and_in_order(scene, admin, home):
    used(scene, "CAP", 2)
    offers = f"{home}/offers"
    assert listed(text(admin.get(f"{offers}?state=used_up"))) == ["CAP"]
    assert listed(text(admin.get(f"{offers}?state=live"))) == ["SOON", "MILK"]
    assert listed(text(admin.get(f"{offers}?q=ＳＯＯ"))) == ["SOON"]
    assert listed(text(admin.get(f"{offers}?q=优惠mil"))) == ["MILK"]
    assert listed(text(admin.get(offers))) == ["SOON", "CAP", "MILK"]
    assert listed(text(admin.get(f"{offers}?sort=end")))[0] == "SOON"
    assert listed(text(admin.get(f"{offers}?sort=left")))[0] == "CAP"
    assert listed(text(admin.get(f"{offers}?sort=title"))) == ["CAP", "MILK", "SOON"]
    empty = text(admin.get(f"{offers}?state=returned"))
    assert "没有这样的优惠" in empty
    assert admin.get(f"{offers}?state=nonsense").status_code == 422
    assert admin.get(f"{offers}.csv?sort=nonsense").status_code == 422


def test_drafts_stand_first_and_under_their_own_state(scene, admin, home):
    post(admin, f"{home}/offers/new", {"title": "没写完的", "do": "save"})
    page = text(admin.get(f"{home}/offers"))
    assert page.index("没写完的") < page.index("· SOON")
    page = text(admin.get(f"{home}/offers?state=draft"))
    assert ("没写完的" in page, listed(page)) == (True, [])
    assert "没写完的" in text(admin.get(f"{home}/offers?q=没写"))
    for elsewhere in ("state=live", "q=优惠MILK", f"after={scene.world.milk.offer_id}"):
        assert "没写完的" not in text(admin.get(f"{home}/offers?{elsewhere}"))


def test_page_by_page(scene, admin, home, monkeypatch):
    monkeypatch.setattr(offer_list, "ROWS", 2)
    page = text(admin.get(f"{home}/offers?sort=title"))
    assert listed(page) == ["CAP", "MILK"]
    following = re.search(r'href="([^"]*after=[^"]*)"', page)[1].replace("&amp;", "&")
    page = text(admin.get(following))
    assert listed(page) == ["SOON"]
    assert "after=" not in page
    assert listed(text(admin.get(f"{home}/offers?after=gone"))) == ["SOON", "CAP"]


def test_the_file_has_what_the_filters_leave_and_no_formula(scene, admin, home):
    world = scene.world
    revision = world.live_offer(world.dairy, "-1+2", TERMS)
    used(scene, "CAP")
    answer = admin.get(f"{home}/offers.csv?state=live&sort=title")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert {row["优惠编号"].lstrip("'") for row in rows} == {"-1+2", "CAP", "MILK", "SOON"}
    assert not any(row["优惠编号"].startswith("-") for row in rows)
    [cap] = [row for row in rows if row["优惠编号"] == "CAP"]
    assert (cap["已用次数"], cap["剩余"], cap["状态"]) == ("1", "1/2次；¥480.00/¥500.00", "生效中")
    assert revision.merchant_id == world.dairy.id


# --- notices -----------------------------------------------------------------------------------------


def test_the_badge_counts_what_this_account_has_not_read(scene, admin, home):
    other = scene.admin()
    assert '<span class="count" aria-label="3 条未读">3</span>' in text(admin.get(home))
    page = text(admin.get(f"{home}/notices"))
    assert page.count("未读</span>") == 3
    assert "“优惠SOON”通过了审核" in page
    [url] = re.findall(r'action="([^"]*)"', page.split("优惠SOON")[1])[:1]
    answer = post(admin, url)
    soon = scene.afresh().scalar(select(OfferNoticeRead))
    assert soon is not None
    assert answer.location.startswith(f"{home}/offers/")
    assert "2 条未读" in text(admin.get(home))
    post(admin, f"{home}/notices/read")
    assert "条未读" not in text(admin.get(home))
    assert "未读" not in text(admin.get(f"{home}/notices")).split("<main>")[1]
    assert "3 条未读" in text(other.get(home))


def test_every_kind_in_words_with_its_reason(scene, admin, home):
    milk = scene.world.milk
    desk = scene.organizer()
    url = f"/organizer/offers/{milk.merchant_id}/{milk.id}"
    post(desk, f"{url}/pause", {"pause_reason": "顾客投诉"})
    post(desk, f"{url}/resume")
    for kind in (NoticeKind.NEARLY_USED_UP, NoticeKind.USED_UP, NoticeKind.ENDING):
        tell(scene.afresh(), milk.merchant_id, milk.offer_id, kind, milk.id, scene.at)
        scene.session.commit()
    page = text(admin.get(f"{home}/notices"))
    for words in ("主办方暂停了“优惠MILK”", "主办方恢复了“优惠MILK”", "已用掉九成", "已用完", "结束；想继续"):
        assert words in page
    assert page.count("原因：顾客投诉") == 1


def test_notices_page_by_page(scene, admin, home, monkeypatch):
    monkeypatch.setattr(notice_lines, "ROWS", 2)
    page = text(admin.get(f"{home}/notices"))
    assert page.count("查看优惠") == 2
    following = re.search(r'href="([^"]*cursor=[^"]*)"', page)[1]
    assert text(admin.get(following)).count("查看优惠") == 1
    assert admin.get(f"{home}/notices?cursor=nonsense").status_code == 422


def test_without_notices_it_says_what_will_come(scene):
    scene.session.execute(OfferNotice.__table__.delete())
    scene.session.commit()
    page = text(scene.admin().get(f"/enterprises/{scene.world.dairy.id}/notices"))
    assert "没有通知" in page


def test_anothers_notices_are_not_there(scene, admin, home):
    garage = scene.world.garage.id
    foreign = scene.session.scalar(select(OfferNotice.id).where(OfferNotice.merchant_id == garage))
    assert admin.get(f"/enterprises/{garage}/notices").status_code == 404
    for url in (f"{home}/notices/{foreign}/read", f"/enterprises/{garage}/notices/{foreign}/read"):
        assert post(admin, url).status_code == 404
    assert admin.get(f"{home}/notices/{foreign}/read").status_code == 405
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=garage)
    post(other, f"/enterprises/{garage}/notices/read")
    read = scene.afresh().scalars(select(OfferNoticeRead.merchant_id)).all()
    assert set(read) == {garage}
    assert scene.session.scalar(select(func.count()).select_from(OfferNoticeRead)) == 2
