"""优惠 on the phone: what can be used when, how it is found, one offer by itself, and what is one's own."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from alliance.accounts.models import Role
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.enterprises.models import Category
from alliance.offers.conditions import Conditions, Hours, Span
from alliance.offers.favourites import Favourite
from alliance.offers.life import Draft, submit, withdraw
from alliance.offers.limits import Limits
from alliance.offers.models import Audience, Offer, Side
from alliance.offers.pauses import pause
from alliance.offers.pricing import AlliancePrice, Discount
from alliance.offers.visits import OffersVisit
from alliance.web.extensions import db
from tests.web.people import Scene, text
from tests.web.visits import form_token, post


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def phone(scene):
    return scene.holder()


def offered(scene, code="NEW", merchant=None, **more):
    """One more offer, committed; the title is 优惠 and the code."""
    revision = scene.world.live_offer(
        merchant or scene.world.dairy, code, more.pop("terms", Discount(pay_permille=900)), **more
    )
    scene.session.commit()
    return revision


def address(revision) -> str:
    return f"/offers/{revision.merchant_id}/{revision.offer_id}"


def titles(page: str) -> list[str]:
    """The offers on a page, in their order."""
    return re.findall(r"<h3><a[^>]*>优惠(\w+)</a></h3>", page)


def sections(page: str) -> dict[str, list[str]]:
    """The offers under each heading."""
    parts = re.split(r'<h2 id="when-\w+">(.*?)</h2>', page)[1:]
    return {heading: titles(part) for heading, part in zip(parts[::2], parts[1::2], strict=True)}


def of_revision(scene, revision) -> Offer:
    return scene.afresh().get_one(Offer, (revision.merchant_id, revision.offer_id))


# --- when --------------------------------------------------------------------------------------------


def test_it_lists_what_is_live_today_of_every_merchant(phone, scene):
    world, today = scene.world, business_date(scene.at)
    offered(scene, "TOMORROW", starts_on=today + timedelta(days=1))
    offered(scene, "UNIT", world.garage, terms=AlliancePrice(unit_price_fen=350))
    gone = offered(scene, "GONE")
    withdraw(scene.session, of_revision(scene, gone), COMMAND_LINE, scene.at)
    scene.session.commit()
    page = text(phone.get("/offers"))
    assert sections(page).keys() == {"现在可用"}
    assert set(titles(page)) == {"MILK", "WASH", "UNIT"}
    for shown in ("8折", "5折", "联盟价 ¥3.50/份", "吉林市松花江乳业有限公司"):
        assert shown in page


def test_now_comes_first_then_later_then_what_is_used_up(phone, scene):
    """It is a Wednesday noon."""
    world, today = scene.world, business_date(scene.at)
    for code, conditions in (
        ("SUNDAY", Conditions(weekdays=(7,), hours=(Hours(start=600, end=660),))),
        ("EVENING", Conditions(hours=(Hours(start=17 * 60, end=18 * 60),))),
        ("OFF", Conditions(blackouts=(Span(first=today, last=today),))),
        ("NOON", Conditions(hours=(Hours(start=660, end=800),))),
    ):
        offered(scene, code, conditions=conditions)
    offered(scene, "ONCE", limit_holder=1)
    world.redeem(offer="ONCE")
    scene.session.commit()
    page = text(phone.get("/offers"))
    found = sections(page)
    assert list(found) == ["现在可用", "晚些时候可用", "已用完"]
    assert set(found["现在可用"]) == {"MILK", "WASH", "NOON"}
    assert found["晚些时候可用"] == ["EVENING", "OFF", "SUNDAY"]
    assert found["已用完"] == ["ONCE"]
    for words in ("今天17:00起可用", "明天起可用", "3月8日（周日）10:00起可用", "本人还剩0次"):
        assert words in page


def test_an_offer_that_cools_down_comes_later(phone, scene):
    offered(scene, "COOL", limits=Limits(cool_down_minutes=90))
    scene.world.redeem(offer="COOL")
    scene.session.commit()
    page = text(phone.get("/offers"))
    assert sections(page)["晚些时候可用"] == ["COOL"]
    assert "今天13:30起可用" in page


def test_it_leaves_out_what_is_for_others_and_what_has_no_day_left(phone, scene):
    """The mechanic's garage stands in the west."""
    world, today = scene.world, business_date(scene.at)
    for code, conditions, ends_on in (
        ("NEAR", Conditions(zones=(world.root.id,), hours=(Hours(start=22 * 60, end=2 * 60),)), None),
        ("EAST", Conditions(zones=(world.east.id,)), None),
        ("OUT", Conditions(not_employers=(world.garage.id,)), None),
        ("LAST", Conditions(hours=(Hours(start=480, end=540),)), today),
    ):
        offered(scene, code, conditions=conditions, ends_on=ends_on)
    page = text(phone.get("/offers"))
    assert set(titles(page)) == {"MILK", "WASH", "NEAR"}
    assert "22:00–次日2:00" in page
    assert "仅限船营区单位员工" in page


def test_it_says_what_this_holder_has_left(phone, scene):
    world = scene.world
    offered(scene, "TWICE", limit_total=500, limit_holder=2)
    world.redeem(offer="TWICE", holder=world.mechanic)
    world.redeem(offer="TWICE", holder=world.salesman)
    scene.session.commit()
    assert "共500次，还剩498次，每人限2次，本人还剩1次" in text(phone.get("/offers"))


def test_a_family_members_phone_shows_what_the_family_may_use(scene):
    """With the limits of the household, and the zone of the employee's employer."""
    world = scene.world
    offered(scene, "STAFF", audience=Audience.EMPLOYEE)
    offered(scene, "FAMILY", audience=Audience.DEPENDANT)
    offered(scene, "WEST", conditions=Conditions(zones=(world.west.id,)))
    offered(scene, "HOME", limits=Limits(household_ever=1))
    world.redeem(offer="HOME", holder=world.mechanic)
    member = scene.browser(Role.HOLDER, holder_id=world.dependant(world.mechanic, "张小喆").id)
    found = sections(text(member.get("/offers")))
    assert set(found["现在可用"]) == {"MILK", "WASH", "FAMILY", "WEST"}
    assert found["已用完"] == ["HOME"]
    staff = scene.session.scalars(select(Offer).where(Offer.code == "STAFF")).one()
    assert "这个优惠现在用不了" in text(member.get(f"/offers/{staff.merchant_id}/{staff.id}"))


def test_without_offers_it_says_what_comes(phone, scene):
    for offer in scene.session.scalars(select(Offer)):
        withdraw(scene.session, offer, COMMAND_LINE, scene.at)
    scene.session.commit()
    page = text(phone.get("/offers"))
    assert "现在还没有优惠" in page
    assert "请过几天再来看看" in page


# --- looking for something ---------------------------------------------------------------------------


def test_the_own_zone_comes_first_and_says_so(phone, scene):
    offered(scene, "SHOP", outlet_ids=(scene.world.dairy_shop.id,))
    page = text(phone.get("/offers"))
    # The dairy's kiosk stands in the west like the garage; its shop does not.
    assert titles(page)[-1] == "SHOP"
    assert "同一片区 · 南京街道" in page
    assert "其他片区 · 德胜街道" in page


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("milk", ["MILK"]),
        ("ＭＩＬＫ", ["MILK"]),
        ("松花江", ["MILK"]),
        ("  松花江　优惠 ", ["MILK"]),
        ("车·天下", ["WASH"]),
        ("松花江 wash", []),
        ("%", ["MILK", "WASH"]),
    ],
)
def test_it_finds_titles_and_merchants_however_they_are_typed(phone, typed, found):
    page = text(phone.get("/offers", query_string={"q": typed}))
    assert sorted(titles(page)) == found
    assert ("没有找到这样的优惠" in page) == (not found)


def test_filters_stand_in_the_url_and_add_up(phone, scene):
    world = scene.world
    world.dairy.category, world.garage.category = Category.GROCERIES, Category.CARS
    offered(scene, "SHOP", outlet_ids=(world.dairy_shop.id,))
    for query, found in (
        ({"category": "cars"}, {"WASH"}),
        ({"zone": world.east.id}, {"MILK", "SHOP"}),
        ({"merchant": world.dairy.id}, {"MILK", "SHOP"}),
        ({"merchant": world.dairy.id, "zone": world.west.id}, {"MILK"}),
        ({"category": "cars", "q": "松花江"}, set()),
    ):
        assert set(titles(text(phone.get("/offers", query_string=query)))) == found, query
    page = text(phone.get("/offers", query_string={"category": "cars", "zone": world.west.id}))
    assert f'<option value="{world.west.id}" selected>南京街道</option>' in page
    assert '<input type="hidden" name="category" value="cars">' in page
    assert "食品百货" in page


@pytest.mark.parametrize(
    "query",
    [
        "category=dragons",
        "zone=x",
        "zone=99999999999999999999999",
        "merchant=-1",
        "only=mine",
        "after=nothing",
        "q=" + "长" * 5000,
        "q=%F0%9F%90%BC",
    ],
)
def test_what_no_page_of_ours_asks_is_no_error(phone, query):
    assert phone.get(f"/offers?{query}").status_code == 200


def test_more_are_on_the_next_page_under_the_same_filters(phone, scene):
    for number in range(45):
        scene.world.live_offer(scene.world.dairy, f"N{number:02d}", Discount(pay_permille=900))
    scene.session.commit()
    path, seen = "/offers?q=松花江", []
    for length in (20, 20, 6):
        page = text(phone.get(path))
        assert len(titles(page)) == length
        assert "共 46 个优惠" in page
        seen += titles(page)
        more = re.search(r'href="(/offers\?after=[^"]*)">看更多', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert len(set(seen)) == 46
    assert not path
    assert "回到开头" in page


def statements(app, phone, path: str) -> int:
    """How many statements a page takes."""
    with app.app_context():
        engine, seen = db.engine, []
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    # Each listener stays, but counts into a list of its own.
    assert phone.get(path).status_code == 200
    return len(seen)


def test_two_hundred_offers_take_as_many_statements_as_one_of_each(app, phone, scene):
    world = scene.world
    full = {
        "conditions": Conditions(zones=(world.root.id,), not_employers=(world.dairy.id,)),
        "limits": Limits(total=10, holder_day=2, household_week=3),
        "outlet_ids": (world.dairy_shop.id,),
    }
    first = offered(scene, "A000", **full)
    phone.get("/offers")
    few = [statements(app, phone, path) for path in ("/offers", address(first), "/pass")]
    for number in range(200):
        world.live_offer(world.dairy, f"B{number:03d}", Discount(pay_permille=900), **full)
    scene.session.commit()
    many = [statements(app, phone, path) for path in ("/offers", address(first), "/pass")]
    assert many == few
    assert max(many) <= 30


# --- one offer ---------------------------------------------------------------------------------------


def test_one_offer_says_everything(phone, scene):
    world = scene.world
    revision = offered(
        scene,
        "FULL",
        outlet_ids=(world.dairy_shop.id,),
        limits=Limits(total=9, holder_day=2),
        conditions=Conditions(weekdays=(1, 2, 3, 4, 5), not_employers=(world.dairy.id,)),
        ends_on=business_date(scene.at) + timedelta(days=30),
    )
    page = text(phone.get(address(revision)))
    for shown in (
        "优惠FULL",
        "9折",
        "现在可用",
        "周一至周五",
        "吉林市松花江乳业有限公司员工不可用",
        "共9次，还剩9次，每人每天2次，本人今天还剩2次",
        "至2026年4月3日",
        "乳业直营店",
        "其他片区 · 德胜街道",
        "别处更便宜",
        "去出示会员码",
        "这家商户的其他优惠",
    ):
        assert shown in page, shown
    assert titles(page) == ["MILK"]
    assert "乳业奶站" not in page


def test_a_poster_leads_who_has_not_signed_in_through_signing_in(app, scene):
    answer = app.test_client().get(address(scene.world.milk))
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?next=")


@pytest.mark.parametrize(
    "path", ["/offers/{m}/00000000-0000-7000-8000-000000000000", "/offers/0/{o}", "/offers/9{nines}/{o}"]
)
def test_what_was_never_offered_is_not_there(phone, scene, path):
    milk = scene.world.milk
    answer = phone.get(path.format(m=milk.merchant_id, o=milk.offer_id, nines="9" * 30))
    assert answer.status_code == 404
    assert "优惠MILK" not in text(answer)


def test_what_is_not_approved_is_not_there(phone, scene):
    draft = Draft(code="DRAFT", title="还没审核", terms=Discount(pay_permille=900))
    revision = submit(scene.session, scene.world.dairy.id, draft, COMMAND_LINE, scene.at)
    scene.session.commit()
    assert phone.get(address(revision)).status_code == 404
    assert post(phone, f"{address(revision)}/favourite", {"keep": "1"}).status_code == 404


def test_what_is_not_to_be_had_says_why_and_shows_the_others(phone, scene):
    world, today = scene.world, business_date(scene.at)
    paused, withdrawn = offered(scene, "PAUSED"), offered(scene, "GONE")
    east = offered(scene, "EAST", conditions=Conditions(zones=(world.east.id,)))
    coming = offered(scene, "COMING", starts_on=today + timedelta(days=9))
    ended = offered(scene, "ENDED", ends_on=today)
    pause_it(scene, paused)
    withdraw(scene.session, of_revision(scene, withdrawn), COMMAND_LINE, scene.at)
    scene.session.commit()
    for revision, words in (
        (paused, "已暂停，恢复以后可以再用"),
        (withdrawn, "已经结束"),
        (east, "它只给部分单位或部分人使用"),
        (coming, "还没开始，2026年3月13日起可用"),
    ):
        answer = phone.get(address(revision))
        page = text(answer)
        assert answer.status_code == 200
        assert words in page
        assert "优惠MILK" in page
        assert revision.title not in page
    scene.later(days=1)
    assert "已经结束" in text(phone.get(address(ended)))


def pause_it(scene, revision) -> None:
    pause(scene.session, of_revision(scene, revision), Side.MERCHANT, "", COMMAND_LINE, scene.at)
    scene.session.commit()


@pytest.mark.parametrize("path", ["/offers", "/offers/{m}/{o}"])
def test_who_is_no_holder_has_no_offers(scene, path):
    milk = scene.world.milk
    assert scene.cashier().get(path.format(m=milk.merchant_id, o=milk.offer_id)).status_code == 403


def test_the_wrong_method(phone, scene):
    headers = {"X-CSRFToken": form_token(phone)}
    milk = address(scene.world.milk)
    assert phone.post(milk, headers=headers).status_code == 405
    assert phone.get(f"{milk}/favourite").status_code == 405
    # No number: not a merchant's, and not a page.
    assert phone.get("/offers/visit").status_code == 405


# --- favourites --------------------------------------------------------------------------------------


def test_an_offer_is_put_by_and_taken_out(phone, scene):
    milk = scene.world.milk
    for _twice in range(2):
        assert post(phone, f"{address(milk)}/favourite", {"keep": "1"}).status_code == 303
    kept = scene.afresh().scalars(select(Favourite)).one()
    assert (kept.holder_id, kept.offer_id) == (scene.world.mechanic.id, milk.offer_id)
    assert kept.at == scene.at
    assert "取消收藏" in text(phone.get(address(milk)))
    assert titles(text(phone.get("/offers?only=kept"))) == ["MILK"]
    post(phone, f"{address(milk)}/favourite", {"keep": "0"})
    assert scene.afresh().scalar(select(func.count()).select_from(Favourite)) == 0
    assert "还没有收藏" in text(phone.get("/offers?only=kept"))


def test_favourites_are_nobody_elses(phone, scene):
    """Not those of a colleague, of the trail, or of the merchant."""
    post(phone, f"{address(scene.world.milk)}/favourite", {"keep": "1"})
    before = scene.afresh().scalar(select(func.count()).select_from(AuditEntry))
    post(phone, f"{address(scene.world.wash)}/favourite", {"keep": "1"})
    post(phone, "/offers/visit")
    assert scene.afresh().scalar(select(func.count()).select_from(AuditEntry)) == before
    colleague = scene.browser(Role.HOLDER, holder_id=scene.world.salesman.id)
    assert titles(text(colleague.get("/offers?only=kept"))) == []
    post(colleague, f"{address(scene.world.milk)}/favourite", {"keep": "0"})
    assert sorted(titles(text(phone.get("/offers?only=kept")))) == ["MILK", "WASH"]
    assert "收藏" not in text(scene.admin().get(f"/office/{scene.world.dairy.id}/offers"))


def test_what_is_over_can_still_be_taken_out(phone, scene):
    milk = scene.world.milk
    post(phone, f"{address(milk)}/favourite", {"keep": "1"})
    withdraw(scene.session, of_revision(scene, milk), COMMAND_LINE, scene.at)
    scene.session.commit()
    assert "取消收藏" in text(phone.get(address(milk)))


def test_a_favourite_needs_the_forms_token(phone, scene):
    assert phone.post(f"{address(scene.world.milk)}/favourite", data={"keep": "1"}).status_code == 400


# --- what is new -------------------------------------------------------------------------------------


def look(scene, phone) -> str:
    """The list as a browser with scripts looks at it: it says so where the page asks for it."""
    page = text(phone.get("/offers"))
    if "data-visit" in page:
        assert post(phone, "/offers/visit").status_code == 303
    return page


def marked(page: str) -> list[str]:
    """The offers that are marked as new."""
    return [titles(card)[0] for card in page.split('<li class="card">')[1:] if ">新</span>" in card]


def approved_now(scene, code: str):
    scene.world.at = scene.at
    return offered(scene, code)


def test_the_first_visit_marks_nothing_and_the_next_what_came_since(phone, scene):
    assert marked(look(scene, phone)) == []
    scene.later(days=2)
    approved_now(scene, "FRESH")
    scene.later(hours=3)
    page = text(phone.get("/pass"))
    assert "1 个新优惠" in page
    page = look(scene, phone)
    assert marked(page) == ["FRESH"]
    assert "新 1" in page
    assert titles(text(phone.get("/offers?only=new"))) == ["FRESH"]
    # The same visit: still new, and not written again.
    scene.later(minutes=20)
    page = text(phone.get("/offers"))
    assert "data-visit" not in page
    assert marked(page) == ["FRESH"]
    # The next: nothing came.
    scene.later(hours=1)
    assert marked(look(scene, phone)) == []
    assert "个新优惠" not in text(phone.get("/pass"))


def test_what_others_may_use_is_not_new(phone, scene):
    look(scene, phone)
    scene.later(days=1)
    scene.world.at = scene.at
    offered(scene, "EAST", conditions=Conditions(zones=(scene.world.east.id,)))
    assert "个新优惠" not in text(phone.get("/pass"))
    assert marked(look(scene, phone)) == []


def test_a_visit_is_written_at_most_once_an_hour(phone, scene):
    first = scene.at
    post(phone, "/offers/visit")
    scene.later(minutes=59)
    post(phone, "/offers/visit")
    visit = scene.afresh().scalars(select(OffersVisit)).one()
    assert (visit.holder_id, visit.at, visit.before) == (scene.world.mechanic.id, first, None)
    scene.later(minutes=1)
    post(phone, "/offers/visit")
    visit = scene.afresh().scalars(select(OffersVisit)).one()
    scene.session.refresh(visit)
    assert (visit.at, visit.before) == (scene.at, first)


def test_looking_at_the_list_changes_nothing_by_itself(phone, scene):
    phone.get("/offers")
    assert scene.afresh().scalar(select(func.count()).select_from(OffersVisit)) == 0


def test_a_visit_needs_the_forms_token(phone):
    assert phone.post("/offers/visit").status_code == 400
