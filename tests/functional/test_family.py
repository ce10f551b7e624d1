"""The family in a real browser: a card a swipe away, also without network; a link that leads to a pass."""

import json

import base45
import cbor2
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.passes.models import DeviceCredential, Pass, PassDevice
from alliance.people.models import Holder
from tests.functional.scene import PHONE, code_on

pytestmark = pytest.mark.browser

SHOWN = "[data-code] svg"
INDEX = -65538


def name_behind(session: Session, code: str) -> str:
    """Whose code it is, as the store knows: the code itself names nobody."""
    message, _ = cbor2.loads(base45.b45decode(code))
    index = cbor2.loads(cbor2.loads(message).value[2])[INDEX]
    session.rollback()
    return session.scalars(
        select(Holder.name)
        .join(Pass, Pass.holder_id == Holder.id)
        .join(PassDevice, PassDevice.pass_id == Pass.id)
        .join(DeviceCredential, DeviceCredential.key_id == PassDevice.key_id)
        .where(DeviceCredential.status_index == index)
    ).one()


def card(page: Page, number: int):
    return page.locator("[data-pass]").nth(number)


def add_child(page: Page, name: str) -> None:
    page.goto("/family")
    page.get_by_label("姓名").fill(name)
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.get_by_text("已添加")).to_be_visible()


def swipe(page: Page, number: int) -> None:
    """As a finger does: the frame scrolls, and what fills it is shown."""
    frame = page.locator("[data-cards]")
    frame.evaluate("(frame, number) => frame.scrollTo({ left: frame.clientWidth * number })", number)
    expect(card(page, number).locator(SHOWN)).to_be_in_viewport(ratio=0.99)


def test_a_childs_card_is_a_swipe_away_and_needs_no_network(stoppable, session) -> None:
    screens, running = stoppable
    page = screens.open("mechanic", PHONE, device_scale_factor=2)
    add_child(page, "张小宝")
    page.goto("/pass")
    expect(card(page, 0).locator(SHOWN)).to_be_visible()
    assert name_behind(session, code_on(page)) == "张喆明"
    # Nothing is drawn, and no number used up, for a card that nobody looks at.
    expect(card(page, 1).locator(SHOWN)).to_have_count(0)
    swipe(page, 1)
    childs = code_on(page)
    assert name_behind(session, childs) == "张小宝"
    expect(page.get_by_role("button", name="*宝")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="本人").click()
    expect(card(page, 0).locator(SHOWN)).to_be_in_viewport(ratio=0.99)
    assert name_behind(session, code_on(page)) == "张喆明"

    running.close()
    swipe(page, 1)
    expect(card(page, 1).locator("[data-status]")).to_have_text("网络不通，会员码照常使用")
    again = code_on(page)
    assert again != childs
    assert name_behind(session, again) == "张小宝"


def test_a_card_that_was_never_turned_to_works_without_network(stoppable, session) -> None:
    """The page made it fresh beside its own."""
    screens, running = stoppable
    page = screens.open("mechanic", PHONE, device_scale_factor=2)
    add_child(page, "张小宝")
    page.goto("/pass")
    expect(card(page, 0).locator(SHOWN)).to_be_visible()
    page.wait_for_function(KEPT, arg=card(page, 1).get_attribute("data-holder"))
    running.close()
    swipe(page, 1)
    assert name_behind(session, code_on(page)) == "张小宝"


#: Whether a card's credential is on this phone.
KEPT = """(holder) => new Promise((done) => {
  const opening = indexedDB.open("alliance-pass");
  opening.onsuccess = () => {
    const asking = opening.result.transaction("devices").objectStore("devices").get(holder);
    asking.onsuccess = () => { opening.result.close(); done(Boolean(asking.result?.credential)); };
  };
})"""


def test_a_link_leads_to_a_pass(stoppable, session, tmp_path, browser, browser_context_args) -> None:
    screens, _ = stoppable
    page = screens.open("mechanic", PHONE)
    page.goto("/family")
    page.get_by_role("button", name="生成邀请链接").click()
    link = page.get_by_label("邀请链接").input_value()
    hers = browser.new_context(**browser_context_args | {"viewport": PHONE}).new_page()
    hers.goto(link)
    expect(hers.get_by_text("吉林市车天下二手车经销有限公司的 张** 邀请您")).to_be_visible()
    hers.get_by_label("您的姓名").fill("欧阳敏")
    hers.get_by_label("手机号").fill("13700000001")
    hers.get_by_role("button", name="获取验证码").click()
    hers.get_by_label("验证码").fill(sent_code(tmp_path))
    hers.get_by_role("button", name="领取会员码").click()
    expect(hers.locator(SHOWN)).to_be_visible()
    assert name_behind(session, code_on(hers)) == "欧阳敏"
    page.goto("/family")
    expect(page.get_by_text("欧阳敏", exact=True)).to_be_visible()
    page.get_by_text("移除", exact=True).click()
    page.get_by_role("button", name="确认移除").click()
    expect(page.get_by_text("已移除，会员码即刻失效。")).to_be_visible()
    hers.context.close()


def sent_code(tmp_path) -> str:
    outbox = tmp_path / "instance" / "outbox.jsonl"
    return json.loads(outbox.read_text().splitlines()[-1])["code"]
