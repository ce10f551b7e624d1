"""A phone and a scanner that have no network: the code is shown and verified all the same."""

import time

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from alliance import clock
from alliance.audit.trail import COMMAND_LINE
from alliance.passes.cards import print_card, revoke_card
from alliance.passes.devices import remove
from alliance.passes.keys import Keyring
from alliance.passes.models import PassDevice
from alliance.people.models import Holder
from tests.functional.scene import DESK, PHONE, Screens, code_on
from tests.processes import SECRET

pytestmark = pytest.mark.browser

CODE = "[data-code] svg"
#: When the page has last written down what it verifies with; 0 when it has not.
TRUSTED_AT = """() => new Promise((done) => {
  const opening = indexedDB.open("alliance-scanner");
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onerror = () => done(0);
  opening.onsuccess = () => {
    const asking = opening.result.transaction("trust").objectStore("trust").get("now");
    asking.onsuccess = () => { opening.result.close(); done(asking.result?.fetchedAt ?? 0); };
  };
})"""


@pytest.fixture
def phone(shared_screens) -> Page:
    page = shared_screens.open("mechanic", PHONE, device_scale_factor=2)
    expect(page.locator(CODE)).to_be_visible()
    return page


@pytest.fixture
def counter(shared_screens, phone) -> Page:
    # There are neither keys nor a list before the first phone was enrolled.
    return loaded_counter(shared_screens)


def loaded_counter(screens: Screens) -> Page:
    """The cashier's page, on a clock that the test moves, with keys and list."""
    page = screens.open("cashier", DESK)
    page.clock.install()
    page.reload()
    expect(page.get_by_text("没有找到摄像头")).to_be_visible()
    trusted_after(page, 0)
    return page


def trusted_after(page: Page, moment: float) -> None:
    """Wait until keys and list are newer than that."""
    deadline = time.monotonic() + 20
    while page.evaluate(TRUSTED_AT) <= moment:
        assert time.monotonic() < deadline, "the page has no keys and no list"


def drawn_anew(phone: Page) -> str:
    before = phone.locator(CODE).inner_html()
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(phone.locator(CODE)).not_to_have_js_property("innerHTML", before)
    return code_on(phone)


def scan(counter: Page, text: str, verdict: str) -> None:
    """Type the code as a gun does, read the verdict, and stop the retries."""
    counter.get_by_label("数字码或扫码枪").fill(text)
    counter.keyboard.press("Enter")
    # The page holds every verdict and shows one.
    shown = counter.locator("[data-verdict]:visible")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text(verdict)
    counter.get_by_role("button", name="不再重试").click()
    counter.clock.fast_forward(2_000)
    expect(counter.locator("[data-offline]")).to_be_hidden()


def test_the_server_is_gone_and_the_code_is_verified(stoppable) -> None:
    screens, running = stoppable
    phone = screens.open("mechanic", PHONE, device_scale_factor=2)
    expect(phone.locator(CODE)).to_be_visible()
    counter = loaded_counter(screens)
    running.close()

    code = drawn_anew(phone)
    expect(phone.get_by_text("网络不通，会员码照常使用")).to_be_visible()
    scan(counter, code, "已离线核对：会员码是真的，没有过期。")
    scan(counter, code, "这个码刚才已经核对过")
    scan(counter, code[:200] + ("0" if code[200] != "0" else "1") + code[201:], "断网时认不出来")

    picture = drawn_anew(phone)
    counter.clock.fast_forward("03:00")
    scan(counter, picture, "这个码已过期，可能是截图")


def test_a_removed_phone_is_known_as_soon_as_the_list_is(counter, phone, shared_database, shared_screens):
    counter.route("**/scans", lambda route: route.abort("internetdisconnected"))
    scan(counter, drawn_anew(phone), "有效")
    device = shared_database.scalars(select(PassDevice)).one()
    remove(shared_database, device, "丢失", COMMAND_LINE, clock.now())
    shared_database.commit()
    before = counter.evaluate(TRUSTED_AT)
    counter.evaluate("window.dispatchEvent(new Event('online'))")
    trusted_after(counter, before)
    scan(counter, drawn_anew(phone), "这个会员码已被停用")
    shared_screens.forgive("ERR_INTERNET_DISCONNECTED")


def test_a_printed_card_needs_the_network(counter, phone, shared_database, shared_screens):
    """Signed as well as a phone's code, and the scanner can see that: only the server knows whose it is."""
    holder = shared_database.scalars(select(Holder.id).where(Holder.name == "张喆明")).one()
    now, keyring = clock.now(), Keyring(SECRET)
    card = print_card(shared_database, keyring, holder, COMMAND_LINE, now, anew=True)
    shared_database.commit()
    counter.route("**/scans", lambda route: route.abort("internetdisconnected"))
    scan(counter, card.text, "打印的会员卡需要联网核验")
    at = 120
    altered = card.text[:at] + ("0" if card.text[at] != "0" else "1") + card.text[at + 1 :]
    scan(counter, altered, "断网时认不出来")
    revoke_card(shared_database, card.card, "丢失", COMMAND_LINE, clock.now())
    shared_database.commit()
    before = counter.evaluate(TRUSTED_AT)
    counter.evaluate("window.dispatchEvent(new Event('online'))")
    trusted_after(counter, before)
    scan(counter, card.text, "这个会员码已被停用")
    shared_screens.forgive("ERR_INTERNET_DISCONNECTED")


def test_after_a_day_without_network_it_says_that_it_cannot_verify(counter, phone, shared_screens):
    counter.route("**/*", lambda route: route.abort("internetdisconnected"))
    counter.clock.fast_forward(24 * 3_600_000)
    scan(counter, drawn_anew(phone), "核对资料已过期")
    shared_screens.forgive("ERR_INTERNET_DISCONNECTED")


def test_a_page_opened_again_remembers(counter, phone, shared_screens):
    """Keys and list outlive the page; the server's time too."""
    refuse = "**/{time,.well-known/alliance-keys,api/v1/status-list,counter/*/*/scans}"
    counter.route(refuse, lambda route: route.abort("internetdisconnected"))
    counter.reload()
    expect(counter.get_by_text("没有找到摄像头")).to_be_visible()
    scan(counter, drawn_anew(phone), "有效")
    shared_screens.forgive("ERR_INTERNET_DISCONNECTED")
