"""Signing in with phone and password."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from alliance import clock
from alliance.accounts import passwords
from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Account, Attempt, Role, SignIn
from alliance.accounts.passwords import hash_password
from alliance.audit.trail import COMMAND_LINE
from alliance.web.extensions import db
from tests.web.visits import form_token, post, store_of

PHONE, PASSWORD = "13900000001", "a good password"
UNKNOWN = "13900000008"


@pytest.fixture(autouse=True)
def accounts(app) -> None:
    with store_of(app) as session:
        account = find_or_create_account(session, "+8613900000001", "张喆", clock.now())
        account.password_hash = hash_password(PASSWORD)
        grant(session, account, Role.ORGANIZER, COMMAND_LINE, clock.now())
        find_or_create_account(session, "+8613900000002", "没有密码", clock.now())


def attempt(client, phone=PHONE, password=PASSWORD, query=""):
    return post(client, f"/sign-in{query}", {"phone": phone, "password": password})


def count(app, entity) -> int:
    with store_of(app) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(entity))


def test_it_signs_in_and_leads_home(app, client):
    answer = attempt(client)
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/").location == "/organizer"
    with store_of(app) as session:
        row = session.scalars(sa.select(SignIn)).one()
        assert session.get(Account, row.account_id).phone == "+8613900000001"
        assert row.expires_at - row.created_at == timedelta(days=30)


@pytest.mark.parametrize(
    "typed", ["+86 139 0000 0001", "139-0000-0001", "１３９０００００００１", " 13900000001 "]
)
def test_a_phone_is_read_as_people_write_it(client, typed):
    assert attempt(client, phone=typed).status_code == 303


@pytest.mark.parametrize(
    ("phone", "password"),
    [
        (PHONE, "a wrong password"),
        (UNKNOWN, PASSWORD),
        ("13900000002", PASSWORD),
        ("13900000002", ""),
        (PHONE, ""),
        (PHONE, "x" * 10_000),
        ("12345", PASSWORD),
        ("", ""),
        ("13900000001' OR 1=1 --", PASSWORD),
        ("9" * 10_000, PASSWORD),
    ],
)
def test_it_refuses_anything_else_and_signs_nobody_in(app, client, phone, password):
    answer = attempt(client, phone, password)
    assert answer.status_code == 422
    assert count(app, SignIn) == 0
    assert client.get("/").location == "/sign-in"


def without_token(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrf" not in line)


def test_a_known_and_an_unknown_phone_get_the_same_page(client):
    pages = [
        attempt(client, phone, "a wrong password").get_data(as_text=True).replace(phone, "PHONE")
        for phone in (PHONE, UNKNOWN, "13900000002")
    ]
    assert len({without_token(page) for page in pages}) == 1
    assert "手机号或密码不对" in pages[0]


def test_a_known_and_an_unknown_phone_cost_the_same_work(app, client, monkeypatch):
    token, work = form_token(client), []
    real = passwords._hasher.verify
    spy = SimpleNamespace(verify=lambda stored, plain: work.append("hash") or real(stored, plain))
    monkeypatch.setattr(passwords, "_hasher", spy)

    def note(connection, cursor, statement, *_):
        work.append(statement)

    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", note)
    done = []
    for phone in (PHONE, UNKNOWN, "13900000002"):
        work.clear()
        client.post("/sign-in", data={"phone": phone, "password": "a wrong one", "csrf_token": token})
        done.append(list(work))
    assert done[0] == done[1] == done[2]
    assert done[0].count("hash") == 1


@pytest.mark.parametrize("phone", [PHONE, UNKNOWN])
def test_after_ten_wrong_tries_even_the_right_password_waits(app, client, phone, monkeypatch):
    for _ in range(10):
        assert attempt(client, phone, "a wrong password").status_code == 422
    answer = attempt(client, phone)
    assert answer.status_code == 429
    assert "15 分钟后再试" in answer.get_data(as_text=True)
    assert count(app, SignIn) == 0
    assert count(app, Attempt) == 10
    later = clock.now() + timedelta(minutes=15, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert attempt(client, phone).status_code == (303 if phone == PHONE else 422)


def test_signing_in_often_is_no_offence(app, client):
    for _ in range(12):
        assert attempt(client).status_code == 303
        post(client, "/sign-out")


def test_a_try_of_one_phone_does_not_count_for_another(client):
    for _ in range(11):
        attempt(client, UNKNOWN, "a wrong password")
    assert attempt(client).status_code == 303


def test_the_password_never_comes_back(client):
    page = attempt(client, PHONE, "my secret typo").get_data(as_text=True)
    assert "my secret typo" not in page
    assert PHONE in page


def test_it_needs_the_forms_token(app, client):
    answer = client.post("/sign-in", data={"phone": PHONE, "password": PASSWORD})
    assert answer.status_code == 400
    assert "页面已失效" in answer.get_data(as_text=True)
    assert count(app, SignIn) == 0
    assert count(app, Attempt) == 0


def test_whatever_the_browser_held_before_is_gone(app, client):
    """Session fixation: neither a planted cookie nor an old form token survives signing in."""
    before = form_token(client)
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    attempt(client)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
    answer = client.post("/sign-out", data={"csrf_token": before})
    assert answer.status_code == 400


def test_an_account_without_any_grant_is_told_so(client, app):
    with store_of(app) as session:
        account = find_or_create_account(session, "+8613900000003", "新来的", clock.now())
        account.password_hash = hash_password(PASSWORD)
    attempt(client, "13900000003")
    page = client.get("/")
    assert page.status_code == 200
    assert "还没有开通" in page.get_data(as_text=True)
