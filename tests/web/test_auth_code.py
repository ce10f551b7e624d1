"""Signing in with a one-time code."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from alliance import clock
from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Account, Attempt, Grant, OneTimeCode, Role, SignIn
from alliance.audit.trail import COMMAND_LINE
from tests.web.visits import post, store_of
from tests.world import World

PHONE, UNKNOWN = "13900000001", "13900000008"
#: A mechanic who stands in the roster and has never signed in.
IN_ROSTER = "13800000001"


@pytest.fixture(autouse=True)
def world(app) -> None:
    app.extensions["settings"].code_sender = "outbox"
    with store_of(app) as session:
        World(session)
        account = find_or_create_account(session, f"+86{PHONE}", "张喆", clock.now())
        grant(session, account, Role.ORGANIZER, COMMAND_LINE, clock.now())


def sent(app) -> list[dict[str, str]]:
    outbox = app.extensions["settings"].instance_path / "outbox.jsonl"
    return [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []


def ask(client, phone=PHONE):
    return post(client, "/sign-in/code", {"phone": phone})


def answer_with(client, code):
    return post(client, "/sign-in/verify", {"code": code})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def count(app, entity) -> int:
    with store_of(app) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(entity))


def test_the_code_signs_in(app, client):
    answer = ask(client)
    assert (answer.status_code, answer.location) == (303, "/sign-in/verify")
    page = client.get("/sign-in/verify").get_data(as_text=True)
    assert "139****0001" in page
    assert PHONE not in page
    (message,) = sent(app)
    assert message["phone"] == f"+86{PHONE}"
    assert message["code"] not in page
    assert answer_with(client, message["code"]).location == "/"
    assert client.get("/").location == "/organizer"


@pytest.mark.parametrize("typed", ["{0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}", " {0} ", "full-width"])
def test_a_code_is_read_as_people_type_it(app, client, typed):
    ask(client)
    code = sent(app)[-1]["code"]
    full_width = code.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    assert answer_with(client, full_width if typed == "full-width" else typed.format(code)).status_code == 303


def test_somebody_in_the_roster_needs_no_account_before(app, client):
    ask(client, IN_ROSTER)
    assert answer_with(client, sent(app)[-1]["code"]).status_code == 303
    assert client.get("/").location == "/pass"
    with store_of(app) as session:
        account = session.scalars(sa.select(Account).where(Account.phone == f"+86{IN_ROSTER}")).one()
        assert account.name == "张喆明"
        assert session.scalars(sa.select(Grant.role).where(Grant.account_id == account.id)).all() == [
            "holder"
        ]


def test_an_unknown_phone_gets_the_same_answers_and_no_message(app, client):
    pages = []
    for phone in (PHONE, UNKNOWN):
        asked = ask(client, phone)
        page = client.get("/sign-in/verify").get_data(as_text=True)
        refused = answer_with(client, "not it")
        masked = f"{phone[:3]}****{phone[-4:]}"
        text = (page + refused.get_data(as_text=True)).replace(masked, "MASKED")
        shown = "\n".join(line for line in text.splitlines() if "csrf" not in line)
        pages.append((asked.status_code, asked.location, refused.status_code, shown))
    assert pages[0] == pages[1]
    assert [message["phone"] for message in sent(app)] == [f"+86{PHONE}"]
    assert count(app, Account) == 1


def test_a_code_works_once(app, client):
    ask(client)
    code = sent(app)[-1]["code"]
    answer_with(client, code)
    post(client, "/sign-out")
    with client.session_transaction() as cookie:
        cookie["awaiting_code"] = f"+86{PHONE}"
    assert answer_with(client, code).status_code == 422
    assert count(app, SignIn) == 1


def test_a_code_dies_after_five_minutes(app, client, monkeypatch):
    ask(client)
    later = clock.now() + timedelta(minutes=5)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = answer_with(client, sent(app)[-1]["code"])
    assert answer.status_code == 422
    assert "不对或已过期" in answer.get_data(as_text=True)


def test_a_code_is_of_the_phone_it_was_sent_to(app, client):
    ask(client, IN_ROSTER)
    code = sent(app)[-1]["code"]
    ask(client, PHONE)
    assert answer_with(client, code).status_code == 422


def test_after_five_wrong_codes_the_right_one_waits(app, client, monkeypatch):
    ask(client)
    code = sent(app)[-1]["code"]
    for _ in range(5):
        assert answer_with(client, wrong(code)).status_code == 422
    answer = answer_with(client, code)
    assert answer.status_code == 429
    assert "5 分钟后" in answer.get_data(as_text=True)
    assert count(app, SignIn) == 0


def test_another_browser_has_no_tries_of_its_own(app, client):
    ask(client)
    code = sent(app)[-1]["code"]
    for _ in range(5):
        other = app.test_client()
        with other.session_transaction() as cookie:
            cookie["awaiting_code"] = f"+86{PHONE}"
        assert answer_with(other, wrong(code)).status_code == 422
    assert answer_with(client, code).status_code == 429


@pytest.mark.parametrize("phone", [PHONE, UNKNOWN])
def test_five_codes_an_hour_and_no_more(app, client, monkeypatch, phone):
    for _ in range(5):
        assert ask(client, phone).status_code == 303
    answer = ask(client, phone)
    assert answer.status_code == 429
    assert "一小时后" in answer.get_data(as_text=True)
    assert len(sent(app)) == (5 if phone == PHONE else 0)
    later = clock.now() + timedelta(hours=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert ask(client, phone).status_code == 303


def test_the_store_holds_neither_code_nor_unknown_phone(app, client):
    ask(client)
    ask(client, UNKNOWN)
    with store_of(app) as session:
        assert session.scalars(sa.select(OneTimeCode.phone)).all() == [f"+86{PHONE}"]
        rows = repr(session.execute(sa.select(Attempt.__table__)).all())
    assert PHONE not in rows
    assert UNKNOWN not in rows


def test_without_having_asked_there_is_nothing_to_verify(client):
    assert client.get("/sign-in/verify").location == "/sign-in"
    assert answer_with(client, "123456").location == "/sign-in"


@pytest.mark.parametrize("path", ["/sign-in/code", "/sign-in/verify"])
def test_it_needs_the_forms_token(app, client, path):
    ask(client)
    answer = client.post(path, data={"phone": PHONE, "code": sent(app)[-1]["code"]})
    assert answer.status_code == 400
    assert len(sent(app)) == 1
    assert count(app, SignIn) == 0


@pytest.mark.parametrize("phone", ["", "12345", "1.38E+10", "0432-6200000"])
def test_what_is_no_mobile_number_is_told_so(app, client, phone):
    answer = ask(client, phone)
    assert answer.status_code == 422
    assert "手机号" in answer.get_data(as_text=True)
    assert count(app, Attempt) == 0


@pytest.mark.parametrize("code", ["", "x" * 1000, "12345", "1234567", "٣٤٥٦٧٨"])
def test_what_is_no_code_is_refused(app, client, code):
    ask(client)
    assert answer_with(client, code).status_code == 422


def test_the_code_of_one_browser_signs_in_only_who_asked(app, client):
    """Whoever merely knows the code, without the phone in the session, is sent back."""
    ask(client)
    assert answer_with(app.test_client(), sent(app)[-1]["code"]).location == "/sign-in"
