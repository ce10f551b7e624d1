"""The phone in a real browser: a new code every fifteen seconds that needs no server; and without a key."""

import re
from urllib.parse import urlsplit

import base45
import cbor2
import pytest
from playwright.sync_api import Page, Route, expect

from alliance import clock
from alliance.audit.trail import COMMAND_LINE
from alliance.passes.keys import in_force
from alliance.passes.rotation import drop
from tests.functional.scene import PHONE, code_on, digits_on

pytestmark = pytest.mark.browser

CODE = "[data-code] svg"
#: What makes a browser one that keeps nothing.
NO_STORE = "Object.defineProperty(window, 'indexedDB', { value: undefined })"


def counter_of(text: str) -> int:
    """The number that the phone gave this code."""
    _, proof = cbor2.loads(base45.b45decode(text))
    return cbor2.loads(cbor2.loads(proof).value[2])[-65539]


def next_code(page: Page, passes: str = "00:15") -> str:
    """Let the page's clock pass and wait for another code."""
    before = page.locator(CODE).inner_html()
    page.clock.fast_forward(passes)
    expect(page.locator(CODE)).not_to_have_js_property("innerHTML", before)
    return code_on(page)


@pytest.fixture
def phone(shared_screens) -> Page:
    """The mechanic's phone, on a clock that the test moves."""
    page = shared_screens.open("mechanic", PHONE, device_scale_factor=2)
    page.clock.install()
    page.reload()
    expect(page.locator(CODE)).to_be_visible()
    return page


def test_the_code_is_wide_and_scans_from_the_screen(phone):
    assert re.fullmatch(r"NLG[0-9A-Z $%*+\-./:]{440,459}", code_on(phone))
    box = phone.locator(CODE).bounding_box()
    modules = int(phone.locator(CODE).get_attribute("viewBox").split()[2])
    assert modules == 61 + 8
    assert box["width"] * (modules - 8) / modules >= 0.7 * PHONE["width"]


def test_it_scans_in_dark_mode_too(phone):
    phone.emulate_media(color_scheme="dark")
    assert code_on(phone)


def test_every_fifteen_seconds_another_code_and_no_question_to_the_server(phone):
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    codes = [code_on(phone), *(next_code(phone) for _ in range(4))]
    numbers = [counter_of(code) for code in codes]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert asked == []


def test_numbers_go_up_across_reloads_and_tabs(phone):
    last = counter_of(code_on(phone))
    phone.reload()
    expect(phone.locator(CODE)).to_be_visible()
    after = counter_of(code_on(phone))
    assert after > last
    other = phone.context.new_page()
    other.goto("/pass")
    expect(other.locator(CODE)).to_be_visible()
    numbers = [counter_of(code_on(page)) for page in (other, phone)]
    for page in (other, phone) * 3:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_load_state("networkidle")
        numbers.append(counter_of(code_on(page)))
    assert len(set(numbers[1:])) >= 7
    other.close()


def test_the_private_key_does_not_leave(phone):
    """Not even the page itself can read it."""
    found = phone.evaluate(
        """async () => {
          const database = await new Promise((done) => {
            const opening = indexedDB.open("alliance-pass");
            opening.onsuccess = () => done(opening.result);
          });
          const records = await new Promise((done) => {
            const asking = database.transaction("devices").objectStore("devices").getAll();
            asking.onsuccess = () => done(asking.result);
          });
          const [{ key }] = records;
          const read = await crypto.subtle.exportKey("jwk", key).then(() => "read", (error) => error.name);
          return [records.length, key.extractable, key.type, read];
        }"""
    )
    assert found == [1, False, "private", "InvalidAccessError"]


def test_a_clock_a_day_off_is_set_by_the_server(shared_screens):
    page = shared_screens.open("mechanic", PHONE, device_scale_factor=2)
    true = page.evaluate("Date.now()")
    page.clock.install(time=(true - 86_400_000) / 1000)
    page.reload()
    expect(page.locator(CODE)).to_be_visible()
    _, proof = cbor2.loads(base45.b45decode(code_on(page)))
    time = cbor2.loads(cbor2.loads(proof).value[2])[6]
    assert abs(time - true / 1000) < 20


def test_it_renews_in_silence_when_a_day_has_passed(phone):
    ahead = 25 * 3_600_000
    phone.route("**/time", lambda route: tell(route, phone.evaluate("Date.now()") + ahead))
    with phone.expect_response("**/pass/device") as answer:
        phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert answer.value.ok
    expect(phone.locator(CODE)).to_be_visible()


def test_it_renews_at_once_when_its_signing_key_is_dropped(phone, shared_database):
    for key in shared_database.scalars(in_force()).all():
        drop(shared_database, key, COMMAND_LINE, clock.now(), compromised=True)
    shared_database.commit()
    before = base45.b45decode(code_on(phone))[10:18]
    with phone.expect_response("**/pass/device") as answer:
        phone.reload()
    assert answer.value.ok
    text = answer.value.json()["credential"]
    assert base45.b45decode(text)[8:16] != before
    expect(phone.locator(CODE)).to_be_visible()
    # It does not ask for more, although its list of keys is older than its credential.
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(urlsplit(request.url).path))
    with phone.expect_response("**/time"):
        phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    next_code(phone)
    assert asked == ["/time"]


def tell(route: Route, milliseconds: float) -> None:
    now = f"new Date({milliseconds}).toISOString()"
    route.fulfill(json={"now": route.request.frame.evaluate(now)})


def test_without_a_network_it_goes_on_and_says_so(phone, shared_screens):
    phone.route("**/*", lambda route: route.abort("internetdisconnected"))
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(phone.get_by_text("网络不通，会员码照常使用")).to_be_visible()
    first = code_on(phone)
    assert next_code(phone) not in ("", first)
    phone.get_by_role("button", name="扫不了码，用数字码").click()
    expect(phone.get_by_text("数字码需要联网，现在请出示二维码")).to_be_visible()
    phone.clock.fast_forward(6 * 86_400_000)
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(phone.get_by_text("会员码还能用一两天，请尽快联网更新")).to_be_visible()
    phone.clock.fast_forward(86_400_000)
    expect(phone.get_by_text("会员码需要联网更新")).to_be_visible()
    expect(phone.locator(CODE)).to_have_count(0)
    phone.unroute_all()
    phone.get_by_role("button", name="重试").click()
    expect(phone.locator(CODE)).to_be_visible()
    shared_screens.forgive("ERR_INTERNET_DISCONNECTED")


def test_digits_are_there_on_demand_and_end_with_their_minute(phone):
    assert re.fullmatch(r"\d{4} \d{4}", digits_on(phone))
    phone.clock.fast_forward("01:01")
    expect(phone.locator("[data-typed]")).to_be_empty()
    expect(phone.get_by_role("button", name="扫不了码，用数字码")).to_be_visible()


def test_it_can_be_kept_among_the_applications(phone):
    link = phone.locator("link[rel=manifest]").get_attribute("href")
    manifest = phone.context.request.get(link).json()
    assert (manifest["start_url"], manifest["display"]) == ("/pass", "standalone")
    for icon in manifest["icons"]:
        answer = phone.context.request.get(icon["src"])
        assert answer.headers["content-type"].startswith(icon["type"])


# --- a phone that keeps no key -------------------------------------------------------------------------


@pytest.fixture
def keyless(shared_screens) -> Page:
    page = shared_screens.open("mechanic", PHONE, device_scale_factor=2)
    page.add_init_script(NO_STORE)
    page.clock.install()
    page.reload()
    expect(page.locator(CODE)).to_be_visible()
    return page


def asked_again(page: Page) -> None:
    """Wait until the page has asked for its next code, and has drawn it."""
    with page.expect_response("**/pass/credential") as answer:
        page.clock.fast_forward("00:41")
    answer.value.finished()


def test_without_a_key_the_server_gives_the_code_and_its_digits(keyless):
    assert re.fullmatch(r"RRQ[0-9A-Z $%*+\-./:]{180,200}", code_on(keyless))
    assert re.fullmatch(r"\d{4} \d{4}", keyless.locator("[data-typed]").inner_text())


def test_without_a_key_it_renews_itself_before_it_ends(keyless):
    first, digits = code_on(keyless), keyless.locator("[data-typed]").inner_text()
    asked_again(keyless)
    expect(keyless.locator("[data-typed]")).not_to_have_text(digits)
    assert code_on(keyless) not in ("", first)


def test_without_key_and_network_it_says_so_and_comes_back_by_itself(keyless, shared_screens):
    keyless.route("**/pass/credential", lambda route: route.abort("internetdisconnected"))
    keyless.clock.fast_forward("00:41")
    expect(keyless.get_by_text("现在的码暂时还能用")).to_be_visible()
    expect(keyless.locator(CODE)).to_be_visible()
    keyless.clock.fast_forward("00:30")
    expect(keyless.get_by_text("网络不通，会员码无法更新，正在重新连接")).to_be_visible()
    expect(keyless.locator(CODE)).to_have_count(0)
    keyless.unroute("**/pass/credential")
    keyless.clock.fast_forward("00:10")
    expect(keyless.locator(CODE)).to_be_visible()
    expect(keyless.get_by_text("网络不通")).to_have_count(0)
    shared_screens.forgive("ERR_INTERNET_DISCONNECTED")


def test_without_a_key_a_page_that_comes_back_renews_at_once(keyless):
    with keyless.expect_response("**/pass/credential"):
        keyless.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
