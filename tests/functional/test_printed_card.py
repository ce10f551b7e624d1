"""A printed card from the printer to the counter: read off the paper, compared, bounded, and revoked."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserType, Page, expect

from tests.functional.scene import DESK, PHONE, Screens, looking_at

pytestmark = pytest.mark.browser

#: Millimetres of paper as points of a PDF.
POINTS = 72 / 25.4


def person(screens: Screens) -> Page:
    """The dairy's office, at the page of its milkman."""
    desk = screens.open("admin", DESK, device_scale_factor=3)
    desk.get_by_role("link", name="员工").click()
    desk.get_by_role("link", name="王小乐").click()
    return desk


def on_paper(desk: Page) -> Image.Image:
    """What the printer puts there, at 288 dpi."""
    desk.emulate_media(media="print")
    paper = Image.open(io.BytesIO(desk.locator(".print-page").first.screenshot()))
    desk.emulate_media(media="screen")
    return paper


def codes(paper: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(paper)]


def sheets(desk: Page) -> list[tuple[float, float]]:
    """Width and height (mm) of each sheet of paper that comes out."""
    desk.emulate_media(media="print")
    pdf = desk.pdf(prefer_css_page_size=True)
    desk.emulate_media(media="screen")
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(float(width) / POINTS, float(height) / POINTS) for width, height in boxes]


def scan(counter: Page, code: str) -> None:
    """As a scanner gun does."""
    expect(counter.get_by_text("没有找到摄像头")).to_be_visible()
    counter.get_by_label("数字码或扫码枪").fill(code)
    counter.keyboard.press("Enter")


def compare(counter: Page) -> None:
    """The cashier looks at the card."""
    expect(counter.get_by_role("heading", name="请核对会员卡上的姓名")).to_be_visible()
    expect(counter.get_by_text("王**")).to_be_visible()
    expect(counter.get_by_text("王小乐")).to_have_count(0)
    confirm = counter.get_by_role("button", name="确认核销")
    expect(confirm).to_be_disabled()
    counter.get_by_text("已核对，姓名一致").click()
    expect(confirm).to_be_enabled()


def test_from_the_printer_to_the_counter_and_to_its_end(screens):
    desk = person(screens)
    desk.get_by_role("button", name="打印会员卡").click()
    expect(desk.locator(".member-code svg")).to_be_visible()
    desk.emulate_media(color_scheme="dark")
    paper = on_paper(desk)
    [code] = codes(paper)
    assert code == desk.locator("[data-card-code]").get_attribute("data-card-code")
    # Black on white, whatever the screen likes: its corner is paper.
    assert paper.convert("L").getpixel((2, 2)) == 255
    assert [tuple(map(round, sheet)) for sheet in sheets(desk)] == [(86, 54)]
    desk.get_by_role("link", name="返回").click()
    expect(desk.get_by_text("补打", exact=True)).to_be_visible()

    counter = screens.open("cashier", DESK)
    scan(counter, code)
    compare(counter)
    counter.get_by_label("原价").fill("100")
    expect(counter.locator("[data-part=paid]")).to_have_text("¥80.00")
    counter.get_by_role("button", name="确认核销").click()
    expect(counter.get_by_role("heading", name="已核销")).to_be_visible()

    # The same card, and more than is left of the day.
    counter.get_by_role("link", name="下一位").click()
    scan(counter, code)
    compare(counter)
    expect(counter.get_by_text("今天还能付 ¥420.00")).to_be_visible()
    counter.get_by_label("原价").fill("600")
    expect(counter.locator("[data-part=problem]")).to_contain_text("这位顾客今天还剩 ¥420.00")
    counter.get_by_role("button", name="确认核销").click()
    expect(counter.get_by_role("heading", name="不能核销")).to_be_visible()
    expect(counter.get_by_text("请减少金额，或请顾客出示手机上的会员码。")).to_be_visible()
    counter.get_by_role("link", name="返回修改").click()
    # It has to be looked at again.
    compare(counter)

    desk.get_by_text("补打", exact=True).click()
    desk.get_by_role("button", name="确认补打").click()
    [new] = codes(on_paper(desk))
    assert new != code
    counter.get_by_role("link", name="取消，返回扫码").click()
    scan(counter, code)
    expect(counter.get_by_role("heading", name="不能核销")).to_be_visible()
    expect(counter.locator("[data-why]")).to_contain_text("已被停用")
    counter.get_by_role("button", name="下一位").click()
    scan(counter, new)
    compare(counter)


def test_a_sheet_for_everybody_is_cut_into_cards(shared_screens):
    desk = shared_screens.open("admin", DESK, device_scale_factor=3)
    desk.get_by_role("link", name="员工").click()
    desk.get_by_text("打印会员卡").click()
    desk.get_by_role("button", name="打印所有没有会员卡的人").click()
    expect(desk.locator(".member-code svg").first).to_be_visible()
    shown = [card.get_attribute("data-card-code") for card in desk.locator("[data-card-code]").all()]
    assert sorted(codes(on_paper(desk))) == sorted(shown)
    assert [tuple(map(round, sheet)) for sheet in sheets(desk)] == [(210, 297)]
    card = desk.locator(".member-card").first.bounding_box()
    assert card
    assert (round(card["width"] / 96 * 25.4, 1), round(card["height"] / 96 * 25.4, 1)) == (85.6, 54.0)


def test_a_card_that_lies_under_the_camera_is_read_once(
    screens, tmp_path: Path, browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
):
    desk = person(screens)
    desk.get_by_role("button", name="打印会员卡").click()
    expect(desk.locator(".member-code svg")).to_be_visible()
    picture = tmp_path / "card.png"
    on_paper(desk).save(picture)
    with looking_at(picture, browser_type, browser_type_launch_args) as camera:
        counter = screens.open("cashier", PHONE, camera)
        counter.wait_for_url("**/scans/*")
        compare(counter)
        counter.get_by_role("link", name="取消，返回扫码").click()
        # Shown anew it would be read again; this one has not been taken away.
        expect(counter.get_by_text("这张会员卡刚才扫过，要再扫一次请先移开几秒")).to_be_visible()
