"""The employee's phone in a real browser: the code renews itself, and says so when it cannot."""

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.functional.scene import PHONE

pytestmark = pytest.mark.browser

CODE = "[data-code] svg"


@pytest.fixture
def phone(shared_screens) -> Page:
    page = shared_screens.open("mechanic", PHONE)
    expect(page.locator(CODE)).to_be_visible()
    return page


def read(page: Page) -> str:
    """What a scanner reads from the screen as it is."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    return found[0].text if found else ""


def asked_again(page: Page) -> None:
    """Wait until the page has asked for its next code, and has drawn it."""
    with page.expect_response("**/pass/credential") as answer:
        page.clock.fast_forward("00:41")
    answer.value.finished()


def test_the_code_is_wide_and_scans_from_the_screen(phone):
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]{180,260}", read(phone))
    box = phone.locator(CODE).bounding_box()
    viewbox = phone.locator(CODE).get_attribute("viewBox").split()
    modules = int(viewbox[2])
    assert box["width"] * (modules - 8) / modules >= 0.7 * PHONE["width"]


def test_it_scans_in_dark_mode_too(phone):
    phone.emulate_media(color_scheme="dark")
    assert read(phone)


def test_it_renews_itself_before_it_ends(shared_screens):
    page = shared_screens.open("mechanic", PHONE)
    page.clock.install()
    page.reload()
    expect(page.locator(CODE)).to_be_visible()
    first, digits = read(page), page.locator("[data-typed]").inner_text()
    asked_again(page)
    expect(page.locator("[data-typed]")).not_to_have_text(digits)
    assert read(page) not in ("", first)


def test_without_a_network_it_says_so_and_comes_back_by_itself(shared_screens):
    page = shared_screens.open("mechanic", PHONE)
    page.clock.install()
    page.reload()
    expect(page.locator(CODE)).to_be_visible()
    page.route("**/pass/credential", lambda route: route.abort("internetdisconnected"))
    page.clock.fast_forward("00:41")
    expect(page.get_by_text("现在的码暂时还能用")).to_be_visible()
    expect(page.locator(CODE)).to_be_visible()
    page.clock.fast_forward("00:30")
    expect(page.get_by_text("网络不通，会员码无法更新，正在重新连接")).to_be_visible()
    expect(page.locator(CODE)).to_have_count(0)
    page.unroute("**/pass/credential")
    page.clock.fast_forward("00:10")
    expect(page.locator(CODE)).to_be_visible()
    expect(page.get_by_text("网络不通")).to_have_count(0)
    shared_screens.forgive("ERR_INTERNET_DISCONNECTED")


def test_a_page_that_comes_back_to_the_front_renews_at_once(phone):
    with phone.expect_response("**/pass/credential"):
        phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
