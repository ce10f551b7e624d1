"""Chinese for everybody, English for whoever chooses it."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from alliance import clock
from alliance.accounts.grants import find_or_create_account
from alliance.accounts.passwords import hash_password
from alliance.store import new_id
from alliance.web.merchant.forms import CORRECTIONS, REASONS
from tests.test_translations import CHINESE
from tests.web.people import Scene
from tests.web.visits import post, store_of

#: The language of a request decides nothing that a database would notice.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "a good password"
JSON = {"Accept": "application/json"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def text(answer) -> str:
    return answer.get_data(as_text=True)


def choose(client: FlaskClient, language: str, next_: str = "/sign-in"):
    return post(client, "/language", {"language": language}, query_string={"next": next_})


def in_english(client: FlaskClient) -> FlaskClient:
    choose(client, "en")
    return client


def speaks(client: FlaskClient, path: str = "/sign-in") -> str:
    found = re.search(r'<html lang="(.+?)">', text(client.get(path)))
    assert found is not None
    return found.group(1)


# --- the choice --------------------------------------------------------------------------------------


@pytest.mark.parametrize("preferred", ["", "en", "en-US,en;q=0.9", "fr", "zh-CN"])
def test_it_is_chinese_whatever_the_browser_prefers(client, preferred):
    page = text(client.get("/sign-in", headers={"Accept-Language": preferred}))
    assert '<html lang="zh-CN">' in page
    assert "登录" in page
    assert "Sign in" not in page


def test_there_and_back(client):
    assert choose(client, "en").status_code == 303
    page = text(client.get("/sign-in", headers={"Accept-Language": "zh-CN"}))
    assert '<html lang="en">' in page
    assert "Sign in" in page
    choose(client, "zh")
    assert speaks(client) == "zh-CN"


def test_the_switch_offers_the_other_language_in_its_own_words(client):
    assert '<button class="button-plain" name="language" value="en" lang="en">English</button>' in text(
        client.get("/sign-in")
    )
    assert '<button class="button-plain" name="language" value="zh" lang="zh">中文</button>' in text(
        in_english(client).get("/sign-in")
    )


def test_the_switch_leads_back_to_the_same_page(client):
    page = text(client.get("/sign-in?next=/pass"))
    action = unescape(re.search(r'action="(/language.*?)"', page).group(1))
    assert post(client, action, {"language": "en"}).location == "/sign-in?next=/pass"


def test_a_page_that_only_a_post_shows_is_not_gone_back_to(scene):
    cashier, shop = scene.cashier(), scene.world.dairy_shop
    page = text(post(cashier, f"/counter/{shop.merchant_id}/{shop.id}/scans", {"text": ""}))
    assert 'action="/language"' in page
    assert post(cashier, "/language", {"language": "en"}).location == "/"


@pytest.mark.parametrize("language", ["", "fr", "zh_Hans_CN", "../en", "x" * 1000])
def test_another_language_there_is_not(client, language):
    assert choose(client, language).status_code == 400
    assert speaks(client) == "zh-CN"


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example", "evil"]
)
def test_it_never_goes_to_somebody_elses_site(client, next_):
    assert choose(client, "en", next_).location == "/"


def test_it_needs_the_forms_token_and_a_post(client):
    assert client.post("/language", data={"language": "en"}).status_code == 400
    assert client.get("/language?language=en").status_code == 405
    assert speaks(client) == "zh-CN"


def test_it_outlives_signing_in_and_out(app, client):
    with store_of(app) as session:
        account = find_or_create_account(session, "+8613900000001", "张喆", clock.now())
        account.password_hash = hash_password(PASSWORD)
    in_english(client)
    post(client, "/sign-in", {"phone": "13900000001", "password": PASSWORD})
    assert speaks(client, "/") == "en"
    with client.session_transaction() as cookie:
        assert "_user_id" in cookie
    post(client, "/sign-out")
    assert speaks(client) == "en"


def test_signing_in_keeps_nothing_else(app, client):
    with store_of(app) as session:
        account = find_or_create_account(session, "+8613900000001", "张喆", clock.now())
        account.password_hash = hash_password(PASSWORD)
    with in_english(client).session_transaction() as cookie:
        cookie["awaiting_code"] = "+8613900000001"
        old = cookie["csrf_token"]
    post(client, "/sign-in", {"phone": "13900000001", "password": PASSWORD})
    with client.session_transaction() as cookie:
        assert "awaiting_code" not in cookie
        assert cookie.get("csrf_token") != old


# --- the pages ---------------------------------------------------------------------------------------


def own_words(scene: Scene, page: str) -> str:
    """The page without the names in the world, and without what is Chinese on purpose."""
    world = scene.world
    named = (world.dairy, world.garage, world.root, world.east, world.west)
    named += (world.dairy_shop, world.dairy_kiosk, world.garage_hall)
    names = [thing.name for thing in named] + [world.milk.title, world.wash.title]
    # Names of people, which the pages mask, and of the accounts that the scene makes.
    page = re.sub(r"张\*\*|第\d+人", "", page)
    for name in names:
        page = page.replace(name, "")
    # The switch itself, and the words under which a reversal's reason is kept in either language.
    page = page.replace('lang="zh">中文<', "")
    for reason in REASONS | CORRECTIONS:
        page = page.replace(f'value="{reason}"', "")
    return page


def english_pages(scene: Scene) -> Iterator[tuple[str, str]]:
    """An address of each surface, and what it says."""
    world = scene.world
    world.redeem(offer="MILK", outlet=world.dairy_shop, id_=(id_ := new_id()))
    scene.session.commit()
    counter = f"/counter/{world.dairy.id}/{world.dairy_shop.id}"
    addresses = {
        in_english(scene.app.test_client()): ["/sign-in"],
        in_english(scene.holder()): ["/pass", "/offers", "/redemptions"],
        in_english(scene.cashier()): [counter, f"{counter}/redemptions", f"{counter}/redemptions/{id_}"],
        in_english(scene.admin()): [
            f"/enterprises/{world.dairy.id}",
            f"/enterprises/{world.dairy.id}/offers",
            f"/enterprises/{world.dairy.id}/offers/new",
        ],
        in_english(scene.organizer()): ["/organizer", "/organizer/offers", "/organizer/circulation"],
    }
    for client, paths in addresses.items():
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, path
            yield path, text(answer)


def test_english_pages_have_no_chinese_of_ours(scene):
    """In no attribute either: what scripts show stands there."""
    left = {
        path: re.findall(rf".{{0,40}}{CHINESE.pattern}.*", own_words(scene, page))
        for path, page in english_pages(scene)
    }
    assert {path: found for path, found in left.items() if found} == {}


def test_what_went_wrong_is_said_in_english_too(scene, client):
    wrong = text(post(in_english(client), "/sign-in", {"phone": "12", "password": ""}))
    assert "This is not a mobile number. Enter all 11 digits." in wrong
    assert "Enter the password, or sign in with a code." in wrong
    shop = scene.world.dairy_shop
    scans = f"/counter/{shop.merchant_id}/{shop.id}/scans"
    refused = post(
        in_english(scene.cashier()), scans, {"id": str(new_id()), "text": "00000000"}, headers=JSON
    )
    assert refused.json["title"] == "8-digit code not found"
    missing = text(in_english(scene.organizer()).get("/nothing"))
    assert '<html lang="en">' in missing
    assert "Page not found" in missing
