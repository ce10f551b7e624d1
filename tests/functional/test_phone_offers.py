"""The offers on a phone: readable by everybody, in light and dark, Chinese and English, with long names."""

import os
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from alliance.enterprises.models import Category
from alliance.offers.conditions import Conditions, Hours
from alliance.offers.limits import Limits
from alliance.offers.pricing import Discount, Gift, Threshold
from tests.cluster import ROOT
from tests.functional.gallery import Gallery
from tests.functional.scene import PHONE
from tests.web.people import Scene, text
from tests.web.visits import post

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = os.environ.get("ALLIANCE_SHOTS", "")


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    """Offers of every kind of moment: now, later, used up, kept, new, with names as long as they come."""
    scene = Scene(app, session, monkeypatch)
    world = scene.world
    world.dairy.category, world.garage.category = Category.GROCERIES, Category.CARS
    world.dairy.name = "吉林市船营经济开发区松花江畔喆㛃乳业（集团）有限责任公司第二分公司"
    evening = Conditions(weekdays=(1, 3, 5), hours=(Hours(start=1020, end=1260),))
    off = Threshold(threshold_fen=10000, off_fen=2000)
    world.live_offer(world.dairy, "晚市鲜奶下午茶双人套餐", off, conditions=evening)
    world.live_offer(world.garage, "一次", Discount(pay_permille=500), limits=Limits(holder_ever=1))
    world.redeem(offer="一次", outlet=world.garage_hall)
    session.commit()
    return scene


@pytest.fixture
def phone(scene):
    """A holder with a favourite, who comes again when there is something new."""
    phone = scene.holder()
    post(
        phone, f"/offers/{scene.world.milk.merchant_id}/{scene.world.milk.offer_id}/favourite", {"keep": "1"}
    )
    post(phone, "/offers/visit")
    scene.world.at = scene.later(days=7)
    scene.world.live_offer(scene.world.garage, "保养", Gift(gift="玻璃水", threshold_fen=20000))
    scene.session.commit()
    return phone


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_can_read_the_list_and_an_offer(page: Page, scene, phone, language, scheme):
    post(phone, "/language", {"language": language})
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=scheme)
    milk = scene.world.milk
    gone = scene.world.live_offer(
        scene.world.dairy, "以后", Discount(pay_permille=900), starts_on=(scene.at + timedelta(days=9)).date()
    )
    scene.session.commit()
    for name, path in (
        ("list", "/offers"),
        ("none", "/offers?q=没有"),
        ("offer", f"/offers/{milk.merchant_id}/{milk.offer_id}"),
        ("missing", f"/offers/{gone.merchant_id}/{gone.offer_id}"),
    ):
        gallery = Gallery(page)
        page.unroute_all()
        gallery.hang(text(phone.get(path)))
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{language}-{scheme}.png", full_page=True)
        # As a driver evaluates it: the page's own policy lets no other script in.
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run()")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == [], name
        assert gallery.faults == [], name
