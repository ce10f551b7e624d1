"""Being signed in: the way on, the choice of capacities, and every way it ends."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from alliance import clock
from alliance.accounts.grants import find_or_create_account, grant, revoke
from alliance.accounts.models import Grant, Role, SignIn
from alliance.accounts.passwords import hash_password
from alliance.audit.trail import COMMAND_LINE
from tests.web.visits import browser_of, form_token, post, store_of
from tests.world import World

PASSWORD = "a good password"


@pytest.fixture
def account_id(app) -> int:
    with store_of(app) as session:
        account = find_or_create_account(session, "+8613900000001", "张喆", clock.now())
        account.password_hash = hash_password(PASSWORD)
        grant(session, account, Role.ORGANIZER, COMMAND_LINE, clock.now())
        return account.id


def signed_in(client) -> bool:
    return client.get("/").location != "/sign-in"


def sign_in(client, next_=""):
    query = {"next": next_} if next_ else {}
    form = {"phone": "13900000001", "password": PASSWORD, "csrf_token": form_token(client)}
    return client.post("/sign-in", data=form, query_string=query)


# --- the way on --------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_sign_in_and_then_back(client, account_id):
    sent = client.get("/organizer/circulation?from=2026-01-01&to=2026-01-31")
    assert sent.status_code == 303
    assert sent.location.startswith("/sign-in?next=")
    form = {"phone": "13900000001", "password": PASSWORD, "csrf_token": form_token(client)}
    assert (
        client.post(sent.location, data=form).location
        == "/organizer/circulation?from=2026-01-01&to=2026-01-31"
    )


@pytest.mark.parametrize("next_", ["/pass", "/enterprises/1?tab=offers", "/organizer#部分"])
def test_it_goes_on_to_a_path_of_ours(client, account_id, next_):
    assert sign_in(client, next_).status_code == 303
    assert client.get("/sign-in", query_string={"next": next_}).location.startswith(next_.partition("#")[0])


@pytest.mark.parametrize(
    "next_",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "evil.example",
        "http:evil.example",
        "//[evil.example",
        "/%09/../\\evil.example",
    ],
)
def test_it_never_goes_to_somebody_elses_site(client, account_id, next_):
    assert sign_in(client, next_).location == "/"
    assert client.get("/sign-in", query_string={"next": next_}).location == "/"


def test_the_next_page_survives_the_one_time_code(app, client):
    app.extensions["settings"].code_sender = "outbox"
    asked = post(client, "/sign-in/code?next=/pass", {"phone": "13900000001"})
    assert asked.location == "/sign-in/verify?next=/pass"
    assert 'action="/sign-in/verify?next=/pass"' in client.get(asked.location).get_data(as_text=True)


# --- capacities --------------------------------------------------------------------------------------


@pytest.fixture
def world(app):
    with store_of(app) as session:
        world = World(session)
        ids = {name: getattr(world, name).id for name in ("dairy", "garage", "mechanic", "east", "west")}
        ids["dairy_shop"] = world.dairy_shop.id
        person = find_or_create_account(session, "+8613800000001", "张喆明", clock.now())
        ids["person"] = person.id
    return ids


def give(app, world, role, **scope):
    with store_of(app) as session:
        person = find_or_create_account(session, "+8613800000001", "张喆明", clock.now())
        grant(session, person, role, COMMAND_LINE, clock.now(), **scope)


@pytest.mark.parametrize(
    ("role", "scope", "place"),
    [
        (Role.HOLDER, {"holder_id": "mechanic"}, "/pass"),
        (Role.CASHIER, {"enterprise_id": "dairy"}, "/counter"),
        (Role.ENTERPRISE_ADMIN, {"enterprise_id": "garage"}, "/enterprises/{garage}"),
        (Role.ORGANIZER, {}, "/organizer"),
        (Role.ZONE_ORGANIZER, {"zone_id": "east"}, "/organizer"),
        (Role.DATA_OFFICER, {}, "/organizer"),
    ],
)
def test_one_capacity_leads_straight_to_its_page(app, world, role, scope, place):
    give(app, world, role, **{key: world[name] for key, name in scope.items()})
    assert browser_of(app, world["person"]).get("/").location == place.format(**world)


def test_several_capacities_are_offered_with_what_they_are_of(app, world):
    give(app, world, Role.HOLDER, holder_id=world["mechanic"])
    give(app, world, Role.CASHIER, enterprise_id=world["dairy"])
    give(app, world, Role.ENTERPRISE_ADMIN, enterprise_id=world["garage"])
    page = browser_of(app, world["person"]).get("/").get_data(as_text=True)
    assert page.index('href="/pass"') < page.index('href="/counter"')
    assert f'href="/enterprises/{world["garage"]}"' in page
    assert "吉林市松花江乳业有限公司" in page
    assert "切换身份" in page


def test_two_zones_are_one_place(app, world):
    for zone in ("east", "west"):
        give(app, world, Role.ZONE_ORGANIZER, zone_id=world[zone])
    assert browser_of(app, world["person"]).get("/").location == "/organizer"


# --- the end -----------------------------------------------------------------------------------------


def test_signing_out_ends_the_session_on_the_server_too(app, account_id):
    client = browser_of(app, account_id)
    with client.session_transaction() as cookie:
        stolen = dict(cookie)
    answer = post(client, "/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert not signed_in(client)
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(stolen)
    assert not signed_in(thief)


def test_signing_out_here_leaves_the_other_device_alone(app, account_id):
    phone, desk = browser_of(app, account_id), browser_of(app, account_id)
    post(phone, "/sign-out")
    assert signed_in(desk)


def test_signing_out_without_being_signed_in_does_nothing(app, client):
    assert post(client, "/sign-out").location == "/sign-in"


def test_signing_out_needs_the_forms_token_and_a_post(app, account_id):
    client = browser_of(app, account_id)
    assert client.post("/sign-out").status_code == 400
    assert client.get("/sign-out").status_code == 405
    assert signed_in(client)


def test_a_session_ends_after_thirty_days(app, account_id, monkeypatch):
    client, began = browser_of(app, account_id), clock.now()
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(days=29, hours=23))
    assert signed_in(client)
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(days=30, minutes=1))
    assert not signed_in(client)


def test_revoking_the_session_or_the_grant_takes_effect_at_once(app, account_id):
    client = browser_of(app, account_id)
    assert client.get("/organizer").status_code == 200
    with store_of(app) as session:
        revoke(session, session.scalars(sa.select(Grant)).one(), COMMAND_LINE, clock.now())
    assert client.get("/organizer").status_code == 403
    with store_of(app) as session:
        session.execute(sa.update(SignIn).values(revoked_at=clock.now()))
    assert client.get("/organizer").status_code == 303


def test_a_phone_that_roams_stays_signed_in(app, account_id):
    client = browser_of(app, account_id)
    assert signed_in(client)
    client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    assert signed_in(client)


def test_a_forged_cookie_signs_nobody_in(app, account_id):
    client = browser_of(app, account_id)
    cookie = client.get_cookie("alliance")
    client.set_cookie("alliance", cookie.value[:-3] + "AAA")
    assert not signed_in(client)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client, account_id):
    header = sign_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header
    assert "Secure" not in header
