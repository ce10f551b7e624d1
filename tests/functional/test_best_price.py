"""最优惠 in real browsers: a picture and its evidence up to the phone; a lower price up to the verdict."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.functional.scene import DESK, PHONE
from tests.pictures.photos import gps_photo, heic, photo

pytestmark = pytest.mark.browser


def choose(page: Page, field: str, place: Path, raw: bytes) -> None:
    """Pick a file; the script uploads it at once."""
    place.write_bytes(raw)
    page.locator(f"#{field}-file").set_input_files(place)


def thumbs(page: Page, field: str):
    return page.locator(f"[data-name={field}] .thumbs img")


def submit(admin: Page) -> None:
    """The last step of the form."""
    admin.get_by_role("link", name="确认").click()
    admin.get_by_role("button", name="提交审核").click()


def submit_offer(admin: Page, tmp_path: Path) -> None:
    admin.get_by_role("link", name="优惠", exact=True).click()
    admin.get_by_role("link", name="新建优惠").click()
    admin.get_by_label("优惠名称").fill("全城最佳鲜牛奶")
    admin.get_by_text("联盟价/成本价", exact=True).click()
    admin.locator("#unit_price").fill("4.50")
    admin.get_by_role("link", name="图片与依据").click()
    choose(admin, "picture", tmp_path / "a.jpg", heic())
    expect(admin.get_by_text("这是苹果手机的 HEIC 照片")).to_be_visible()
    choose(admin, "picture", tmp_path / "b.jpg", photo(size=(3000, 2000)))
    expect(thumbs(admin, "picture")).to_have_count(1)
    expect(admin.get_by_text("这是苹果手机的 HEIC 照片")).to_be_hidden()
    expect(admin.locator("#picture-choose")).to_be_hidden()
    admin.get_by_text("最优惠的依据").click()
    admin.get_by_label("市场价").fill("5.80")
    submit(admin)
    # It is said at its field, and the picture is still there.
    expect(admin.locator("#title-wrong")).to_contain_text("不许用“最佳”这样的词")
    expect(thumbs(admin, "picture")).to_have_count(1)
    admin.get_by_label("优惠名称").fill("鲜牛奶")
    submit(admin)
    expect(admin.get_by_text("填了市场价就要有依据，请在下面")).to_be_visible()
    choose(admin, "photos", tmp_path / "c.jpg", gps_photo())
    expect(thumbs(admin, "photos")).to_have_count(1)
    submit(admin)
    expect(admin.get_by_text("已提交，等待主办方审核")).to_be_visible()


def test_from_the_evidence_to_a_lower_price_elsewhere_and_its_verdict(screens, tmp_path):
    admin = screens.open("admin", DESK)
    submit_offer(admin, tmp_path)
    organizer = screens.open("organizer", DESK)
    organizer.get_by_role("link", name="鲜牛奶").click()
    expect(organizer.locator(".photo img")).to_have_js_property("naturalWidth", 40)
    expect(organizer.locator("img.offer-picture")).to_have_js_property("naturalWidth", 1600)
    organizer.get_by_role("button", name="通过").click()

    phone = screens.open("mechanic", PHONE)
    phone.get_by_role("link", name="优惠", exact=True).click()
    card = phone.get_by_role("listitem").filter(has_text="鲜牛奶")
    expect(card.locator("img")).to_have_js_property("naturalWidth", 1600)
    expect(card).to_contain_text("市场价 ¥5.80")
    card.get_by_role("link", name="鲜牛奶").click()
    phone.get_by_role("link", name="别处更便宜").click()
    phone.get_by_label("在哪里").fill("解放路大润发")
    phone.get_by_label("那里卖多少").fill("４.20")
    choose(phone, "picture", tmp_path / "tag.jpg", gps_photo())
    expect(thumbs(phone, "picture")).to_have_count(1)
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("等商户答复")).to_be_visible()

    admin.get_by_role("link", name="概览").click()
    admin.get_by_role("link", name="去答复").click()
    admin.get_by_role("link", name="鲜牛奶").click()
    expect(admin.get_by_text("¥4.20")).to_be_visible()
    expect(admin.get_by_text("mechanic")).to_have_count(0)
    admin.get_by_text("说明情况").click()
    admin.get_by_label("答复", exact=True).fill("那是临期产品")
    admin.get_by_role("button", name="提交答复").click()
    expect(admin.get_by_text("商户已答复")).to_be_visible()

    organizer.get_by_role("link", name="别处更便宜").click()
    organizer.get_by_role("link", name="鲜牛奶").click()
    organizer.get_by_text("不成立", exact=True).click()
    organizer.get_by_role("button", name="裁定").click()
    expect(organizer.get_by_text("已裁定")).to_be_visible()

    phone.reload()
    expect(phone.get_by_text("那是临期产品")).to_be_visible()
    expect(phone.get_by_text("主办方认定不成立")).to_be_visible()
    expect(phone.locator("main img")).to_have_js_property("naturalWidth", 40)
    assert screens.faults == []
