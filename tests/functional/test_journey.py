"""The main job from end to end, in real browsers: submit → approve → show → scan → redeem → figures."""

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.functional.scene import DESK, PHONE, digits_on, looking_at

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(screens) -> Page:
    """The mechanic's phone, with the code on it."""
    page = screens.open("mechanic", PHONE, device_scale_factor=2)
    expect(page.locator("[data-code] svg")).to_be_visible()
    return page


@pytest.fixture
def camera(phone, tmp_path, browser_type, browser_type_launch_args: dict[str, Any]):
    """A Chromium whose camera looks at the mechanic's phone as it is now."""
    picture = tmp_path / "phone.png"
    phone.screenshot(path=picture)
    with looking_at(picture, browser_type, browser_type_launch_args) as browser:
        yield browser


def figures(desk: Page) -> dict[str, Decimal]:
    """The headline figures and the mechanic's cell of the zone table, as the data officer reads them."""
    desk.get_by_role("link", name="流通统计", exact=True).click()
    names = ("净核销笔数", "净核销额", "让利额")
    cards = {name: desk.locator(".figure", has=desk.get_by_text(name, exact=True)) for name in names}
    found = {
        name: number(card.locator("dd").first.inner_text()) if card.count() else Decimal(0)
        for name, card in cards.items()
    }
    desk.get_by_role("link", name="流向", exact=True).click()
    expect(desk.get_by_role("heading", name="流向", level=1)).to_be_visible()
    # The picture stands before the table, which is there all the same.
    table = desk.locator("table[aria-labelledby=zones-caption]")
    if table.count():
        column = table.locator("thead th").all_text_contents().index("德胜街道")
        row = table.locator("tbody tr", has=desk.locator("th", has_text="南京街道"))
        found["南京→德胜"] = number((row.locator("th, td").nth(column).text_content() or "").strip())
    return found


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[¥,%]", "", text).replace("—", "0"))


def submit_offer(page: Page) -> None:
    page.get_by_role("link", name="优惠", exact=True).click()
    page.get_by_role("link", name="新建优惠").click()
    page.get_by_label("优惠名称").fill("联盟员工专享满百减二十")
    page.get_by_text("满减", exact=True).click()
    page.get_by_label("满", exact=True).fill("１００")
    page.get_by_label("减", exact=True).fill("20")
    expect(page.locator(".phone-frame")).to_contain_text("满100减20")
    page.get_by_role("link", name="限量").click()
    page.get_by_label("总次数").fill("500")
    page.get_by_role("link", name="确认").click()
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("已提交，等待主办方审核")).to_be_visible()


def approve_offer(page: Page) -> None:
    page.get_by_role("link", name="联盟员工专享满百减二十").click()
    expect(page.get_by_role("row", name="优惠内容")).to_contain_text("满100减20")
    page.get_by_role("button", name="通过").click()
    expect(page.get_by_text("已通过")).to_be_visible()


def test_from_the_offer_to_the_figures(screens, request):
    admin = screens.open("admin", DESK)
    submit_offer(admin)
    desk = screens.open("organizer", DESK)
    approve_offer(desk)
    officer = screens.open("data officer", DESK)
    before = figures(officer)

    # The phone shows its code from here on, so that it is fresh when the camera sees it.
    camera: Browser = request.getfixturevalue("camera")
    counter = screens.open("cashier", PHONE, camera)
    counter.wait_for_url("**/scans/*")
    expect(counter.get_by_text("张**")).to_be_visible()

    # Another counter sees the very same code.
    other = screens.open("cashier", PHONE, camera)
    expect(other.get_by_role("heading", name="不能核销")).to_be_visible()
    expect(other.get_by_text("同一个会员码只能扫一次，请顾客刷新会员码后重扫。")).to_be_visible()

    counter.get_by_text("满100减20").click()
    counter.get_by_label("原价").fill("128.50")
    expect(counter.locator("[data-part=paid]")).to_have_text("¥108.50")
    counter.get_by_role("button", name="确认核销").click()
    expect(counter.get_by_role("heading", name="已核销")).to_be_visible()
    expect(counter.locator(".answer-amount")).to_have_text("¥108.50")

    after = figures(officer)
    assert after["净核销笔数"] == before["净核销笔数"] + 1
    assert after["净核销额"] == before["净核销额"] + Decimal("108.50")
    assert after["让利额"] == before["让利额"] + Decimal("20.00")
    assert after["南京→德胜"] == before.get("南京→德胜", 0) + Decimal("108.50")

    counter.get_by_role("link", name="今日记录").click()
    expect(counter.get_by_role("listitem")).to_contain_text(["张**"])
    admin.get_by_role("link", name="优惠", exact=True).click()
    expect(admin.get_by_role("row", name="联盟员工专享满百减二十")).to_contain_text("499/500次")


def test_by_the_digits_below_the_code(screens, phone):
    counter = screens.open("cashier", PHONE)
    expect(counter.get_by_text("没有找到摄像头")).to_be_visible()
    digits = digits_on(phone)
    assert re.fullmatch(r"\d{4} \d{4}", digits)
    counter.get_by_label("数字码或扫码枪").fill(digits)
    counter.get_by_role("button", name="核对").click()
    counter.wait_for_url("**/scans/*")
    expect(counter.get_by_text("张**")).to_be_visible()
    counter.get_by_label("原价").fill("10")
    counter.get_by_role("button", name="确认核销").click()
    expect(counter.locator(".answer-amount")).to_have_text("¥8.00")
