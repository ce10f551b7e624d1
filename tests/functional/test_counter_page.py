"""The cashier's page in a real browser: gun, digits, photo, a network that fails, and a double press."""

import re

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from sqlalchemy import func, select

from alliance.redemptions.models import Redemption, Scan
from tests.functional.scene import DESK, PHONE, code_on, digits_on

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(shared_screens) -> Page:
    page = shared_screens.open("mechanic", PHONE, device_scale_factor=2)
    expect(page.locator("[data-code] svg")).to_be_visible()
    return page


@pytest.fixture
def counter(shared_screens) -> Page:
    page = shared_screens.open("cashier", DESK)
    expect(page.get_by_text("没有找到摄像头")).to_be_visible()
    return page


@pytest.fixture
def counted(shared_database):
    """A function that says how many rows of a table this test has added so far."""

    def count(entity) -> int:
        shared_database.rollback()
        return shared_database.scalar(select(func.count()).select_from(entity))

    before = {entity: count(entity) for entity in (Redemption, Scan)}
    return lambda entity: count(entity) - before[entity]


def test_a_scanner_gun_types_into_the_page_as_it_is(counter, phone):
    # A gun is a fast keyboard that ends with Enter; nobody has touched the page.
    counter.keyboard.type(code_on(phone))
    counter.keyboard.press("Enter")
    counter.wait_for_url("**/scans/*")
    expect(counter.get_by_text("张**")).to_be_visible()


def test_a_gun_still_works_after_a_press_beside_the_field(counter, phone):
    counter.get_by_text("没有找到摄像头").click()
    counter.keyboard.type(code_on(phone))
    counter.keyboard.press("Enter")
    counter.wait_for_url("**/scans/*")


def test_a_photo_of_the_code_does_as_well(counter, phone, tmp_path):
    picture = tmp_path / "photo.png"
    phone.screenshot(path=picture)
    counter.locator("[data-photo]").set_input_files(picture)
    counter.wait_for_url("**/scans/*")


def test_a_photo_without_a_code_says_so(counter, tmp_path):
    picture = tmp_path / "photo.png"
    Image.new("RGB", (640, 480), "gray").save(picture)
    counter.locator("[data-photo]").set_input_files(picture)
    expect(counter.get_by_text("照片里没有读到会员码")).to_be_visible()


def test_a_refusal_fills_the_page_until_the_next_customer(counter, phone):
    counter.get_by_label("数字码或扫码枪").fill("00000000")
    counter.keyboard.press("Enter")
    expect(counter.get_by_role("heading", name="不能核销")).to_be_visible()
    expect(counter.get_by_role("button", name="下一位")).to_be_focused()
    counter.keyboard.press("Enter")
    expect(counter.get_by_role("heading", name="不能核销")).to_be_hidden()
    counter.get_by_label("数字码或扫码枪").fill(digits_on(phone))
    counter.keyboard.press("Enter")
    counter.wait_for_url("**/scans/*")


def test_when_the_network_fails_it_sends_the_same_scan_again(counter, phone, counted, shared_screens):
    sent: list[str] = []

    def lose_the_first_answers(route: Route) -> None:
        sent.append(route.request.post_data)
        # The first never arrives; the second does, and only its answer is lost.
        if len(sent) == 1:
            route.abort("connectionreset")
        elif len(sent) == 2:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    counter.route("**/scans", lose_the_first_answers)
    counter.get_by_label("数字码或扫码枪").fill(digits_on(phone))
    counter.keyboard.press("Enter")
    expect(counter.get_by_text("网络不通，正在重试，不会重复记账")).to_be_visible()
    counter.wait_for_url("**/scans/*")
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert counted(Scan) == 1
    shared_screens.forgive("ERR_CONNECTION_RESET")


def test_a_cashier_can_stop_the_retries(counter, shared_screens):
    counter.route("**/scans", lambda route: route.abort("connectionreset"))
    counter.get_by_label("数字码或扫码枪").fill("12345678")
    counter.keyboard.press("Enter")
    counter.get_by_role("button", name="不再重试").click()
    expect(counter.get_by_role("button", name="不再重试")).to_be_hidden()
    expect(counter.get_by_label("数字码或扫码枪")).to_have_value("")
    shared_screens.forgive("ERR_CONNECTION_RESET")


def test_the_price_follows_what_is_typed_and_a_double_press_is_one_redemption(counter, phone, counted):
    counter.get_by_label("数字码或扫码枪").fill(digits_on(phone))
    counter.keyboard.press("Enter")
    counter.wait_for_url("**/scans/*")
    amount, paid = counter.get_by_label("原价"), counter.locator("[data-part=paid]")
    expect(amount).to_be_focused()
    amount.press_sequentially("12")
    expect(paid).to_have_text("¥9.60")
    amount.press_sequentially("0")
    expect(paid).to_have_text("¥96.00")
    amount.fill("-5")
    expect(counter.get_by_text("金额要大于 0。")).to_be_visible()
    expect(paid).to_be_hidden()
    amount.fill("１２０")
    expect(paid).to_have_text("¥96.00")
    counter.get_by_role("button", name="确认核销").dblclick(no_wait_after=True)
    expect(counter.get_by_role("heading", name="已核销")).to_be_visible()
    assert counted(Redemption) == 1
    counter.get_by_role("link", name="下一位").click()
    expect(counter).to_have_url(re.compile(r"/counter/\d+/[0-9a-f-]{36}$"))


def test_it_works_without_javascript(shared_screens, phone):
    counter = shared_screens.open("cashier", PHONE, java_script_enabled=False)
    counter.get_by_label("数字码或扫码枪").fill(digits_on(phone))
    counter.get_by_role("button", name="核对").click()
    counter.get_by_label("原价").fill("50")
    counter.get_by_role("button", name="确认核销").click()
    expect(counter.locator(".answer-amount")).to_have_text("¥40.00")


def test_a_wrong_amount_is_corrected(counter, phone, counted):
    counter.get_by_label("数字码或扫码枪").fill(digits_on(phone))
    counter.keyboard.press("Enter")
    counter.get_by_label("原价").fill("1280")
    counter.get_by_role("button", name="确认核销").click()
    expect(counter.locator(".answer-amount")).to_have_text("¥1,024.00")
    counter.get_by_text("改金额", exact=True).click()
    counter.get_by_label("正确的原价").fill("128")
    counter.locator("#correct").get_by_text("金额输错").click()
    counter.get_by_role("button", name="确认改金额").dblclick(no_wait_after=True)
    expect(counter.get_by_role("heading", name="已改金额")).to_be_visible()
    expect(counter.locator(".answer-label")).to_have_text("请退给顾客")
    expect(counter.locator(".answer-amount")).to_have_text("¥921.60")
    expect(counter.locator(".answer-sums")).to_contain_text("改后实付 ¥102.40")
    assert counted(Redemption) == 2
    counter.get_by_role("link", name="今日记录").click()
    expect(counter.get_by_text("金额已改")).to_have_count(1)
