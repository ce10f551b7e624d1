"""The page of offers: what each did, what is left of it, and what it does not tell."""

from datetime import date

import pytest

from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.offers.life import withdraw
from alliance.offers.limits import Limits
from alliance.offers.models import Offer
from alliance.offers.pricing import Discount
from tests.web.figures import EAST, MONTH, WEST, Figures, file_rows, keeps, table
from tests.web.people import Scene, text
from tests.web.visits import form_token
from tests.world import NOON

PAGE = f"/organizer/circulation/offers?period={MONTH}"
DAIRY, GARAGE, BAKERY = "吉林市松花江乳业有限公司", "吉林市车天下二手车经销有限公司", "吉林市北山面包房"
MILK, WASH, BUN = f"{DAIRY} 优惠MILK", f"{GARAGE} 优惠WASH", f"{BAKERY} 优惠BUN"


@pytest.fixture
def figures(app, session, monkeypatch) -> Figures:
    return Figures(Scene(app, session, monkeypatch))


@pytest.fixture
def officer(figures):
    return figures.scene.browser(Role.DATA_OFFICER)


@pytest.fixture
def organizer(figures):
    return figures.scene.organizer()


def test_what_each_offer_did(officer):
    lines = table(text(officer.get(PAGE)), "offers")
    # Redemptions, discount, rate, take-up, holders, gross, left, category.
    assert lines[MILK] == ["13", "¥456.90", "20.0%", "—", "12", "¥2,284.50", "—", "未分类"]
    assert lines[WASH] == ["7", "¥490.80", "50.0%", "—", "7", "¥981.60", "—", "未分类"]
    assert lines[BUN] == ["6", "¥97.50", "50.0%", "6.0%", "6", "¥195.00", "94", "餐饮"]
    assert list(lines) == [MILK, WASH, BUN]


def test_by_another_column(officer):
    lines = table(text(officer.get(f"{PAGE}&sort=take_up")), "offers")
    assert lines[BUN][0] == "6.0%"
    assert next(iter(lines)) == BUN
    assert list(table(text(officer.get(f"{PAGE}&sort=discount")), "offers")) == [WASH, MILK, BUN]


def test_take_up_is_of_all_time(figures, officer):
    world = figures.world
    world.redeem(2000, offer="BUN", outlet=figures.oven)
    figures.scene.session.commit()
    line = table(text(officer.get(PAGE)), "offers")[BUN]
    assert (line[0], line[3], line[6]) == ("6", "7.0%", "93")


def test_pieces_are_a_quota_too(figures, officer):
    world = figures.world
    world.live_offer(
        figures.bakery, "CAKE", Discount(pay_permille=900), limits=Limits(units=10, holder_day=5)
    )
    world.redeem(2000, offer="CAKE", outlet=figures.oven, quantity=4, at=world.at)
    figures.scene.session.commit()
    line = table(text(officer.get(PAGE.replace(MONTH, "2026-03"))), "offers")[f"{BAKERY} 优惠CAKE"]
    assert (line[0], line[3], line[6]) == ("1", "40.0%", "6")


def test_what_was_live_stands_there_without_a_use(figures, officer):
    world, session, at = figures.world, figures.scene.session, figures.at
    world.at = world.later(days=-40)
    for code, starts_on, ends_on in (
        ("LIVE", None, None),
        ("LAST", None, date(2026, 2, 1)),
        ("OVER", None, date(2026, 1, 31)),
        ("SOON", date(2026, 3, 1), None),
        ("GONE", None, None),
        ("ENDED", None, None),
    ):
        revision = world.live_offer(
            world.dairy, code, Discount(pay_permille=900), starts_on=starts_on, ends_on=ends_on
        )
        offer = session.get_one(Offer, (world.dairy.id, revision.offer_id))
        if code in ("GONE", "ENDED"):
            withdraw(session, offer, COMMAND_LINE, world.at if code == "GONE" else at)
    world.at = NOON
    world.live_offer(world.dairy, "LATE", Discount(pay_permille=900))
    session.commit()
    lines = table(text(officer.get(PAGE)), "offers")
    unused = {name.removeprefix(f"{DAIRY} 优惠") for name, cells in lines.items() if cells[0] == "0"}
    assert unused == {"LIVE", "LAST", "ENDED"}


def test_by_merchant_and_by_category(officer, figures):
    of_garage = f"{PAGE}&merchant={figures.world.garage.id}"
    assert list(table(text(officer.get(of_garage)), "offers")) == [WASH]
    assert list(table(text(officer.get(f"{PAGE}&category=dining")), "offers")) == [BUN]
    assert "没有符合条件的优惠" in text(officer.get(f"{of_garage}&category=dining"))


def test_small_groups_are_told_to_nobody_else(organizer, figures):
    keeps(organizer, PAGE, figures.secrets(), ["offers"])
    lines = table(text(organizer.get(PAGE)), "offers")
    assert lines[MILK] == ["未公布", "未公布", "未公布", "—", "未公布", "未公布", "—", "未分类"]
    for sort in ("redemptions", "discount", "rate", "holders"):
        assert list(table(text(organizer.get(f"{PAGE}&sort={sort}")), "offers")) == [BUN, MILK, WASH]


def test_the_quota_of_a_hidden_offer_is_not_told(figures, organizer, officer):
    world = figures.world
    world.live_offer(figures.bakery, "RARE", Discount(pay_permille=900), limit_total=50)
    world.redeem(2000, offer="RARE", outlet=figures.oven, at=figures.at)
    figures.scene.session.commit()
    name = f"{BAKERY} 优惠RARE"
    line = table(text(organizer.get(PAGE)), "offers")[name]
    assert (line[0], line[3], line[6]) == ("未公布", "未公布", "未公布")
    line = table(text(officer.get(PAGE)), "offers")[name]
    assert (line[0], line[3], line[6]) == ("1", "2.0%", "49")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_has_all_of_them(officer, form):
    rows = file_rows(officer, f"{PAGE}&table=offers", form)
    assert rows[0][:4] == ["优惠编号", "优惠", "商户", "行业"]
    assert [row[0] for row in rows[1:]] == ["MILK", "WASH", "BUN"]
    assert [float(cell) for cell in rows[3][4:]] == [6, 195, 97.5, 97.5, 6, 0.5, 100, 94, 0.06]


def test_a_zones_organizer_sees_his_zones_merchants(figures):
    west = figures.scene.browser(Role.ZONE_ORGANIZER, zone_id=figures.world.west.id)
    assert list(table(text(west.get(PAGE)), "offers")) == [WASH]
    assert west.get(f"{PAGE}&zone={EAST}").status_code == 404


def test_another_zones_redemptions_change_nothing(figures, officer):
    page = f"{PAGE}&zone={WEST}"
    before = table(text(officer.get(page)), "offers")
    figures.world.redeem(88800, at=figures.at)
    figures.scene.session.commit()
    assert table(text(officer.get(page)), "offers") == before


def test_a_running_month_and_one_without_offers(organizer):
    assert "这个周期还没有结束" in text(organizer.get(PAGE.replace(MONTH, "2026-03")))
    page = text(organizer.get(PAGE.replace(MONTH, "2019-03")))
    assert "这个周期没有优惠" in page
    assert "<table" not in page


@pytest.mark.parametrize("more", ["sort=name", "category=food", "page=0", "table=x&as=csv"])
def test_what_is_not_there(officer, more):
    assert officer.get(f"{PAGE}&{more}").status_code == 404


def test_others_do_not_see_it(figures):
    assert figures.scene.admin().get(PAGE).status_code == 403
    assert figures.scene.holder().get(PAGE).status_code == 403
    assert figures.scene.app.test_client().get(PAGE).status_code == 303


def test_the_wrong_method(organizer):
    assert organizer.post(PAGE, headers={"X-CSRFToken": form_token(organizer)}).status_code == 405
