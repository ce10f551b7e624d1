"""How errors end, for people and for programs, whatever is thrown at the door."""

import json

import pytest
import sqlalchemy as sa

from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.refused import Reason, Refused
from alliance.web.errors import FAULT_OF_STATUS, status_of
from alliance.web.extensions import db
from alliance.web.policy import PUBLIC, RULES
from alliance.web.words import FAULTS, REFUSALS, Fault, remedy_for
from tests.web.visits import browser_of, form_token, store_of
from tests.world import NOON, World


@pytest.fixture
def token(app) -> str:
    with store_of(app) as session:
        shop = World(session).dairy_shop
        return create_token(session, "收银", shop.merchant_id, shop.id, None, COMMAND_LINE, NOON)[1]


@pytest.fixture
def failing(app, monkeypatch):
    """A function that makes two public routes, a page and an API, raise what it is given."""
    thrown = []

    def fail():
        raise thrown[0]

    for name, path in (("fails", "/fails"), ("api_fails", "/api/v1/fails")):
        app.add_url_rule(path, name, fail)
        monkeypatch.setitem(RULES, (name, "GET"), PUBLIC)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return thrown.append


def redeem(client, token, **options):
    return client.post("/api/v1/redemptions", headers={"Authorization": f"Bearer {token}"}, **options)


# --- the words ---------------------------------------------------------------------------------------


def test_every_reason_has_words_in_plain_chinese(app):
    with app.test_request_context():
        for words in [*REFUSALS.values(), *FAULTS.values()]:
            headline, remedy = str(words.headline), str(words.remedy)
            assert 2 <= len(headline) <= 10
            assert remedy.endswith("。")
            assert "！" not in headline + remedy
            assert "!" not in headline + remedy
    assert REFUSALS.keys() == set(Reason)
    assert FAULTS.keys() == set(Fault)


def test_a_refusal_names_its_amount(app):
    with app.test_request_context():
        refused = Refused(Reason.BELOW_THRESHOLD, threshold_fen=123450, gross_fen=1)
        assert "¥1,234.50" in remedy_for(refused)
        assert remedy_for(Refused(Reason.BELOW_THRESHOLD)) == str(REFUSALS[Reason.BELOW_THRESHOLD].remedy)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("in_flight", 409),
        ("already_presented", 409),
        ("limit_total", 409),
        ("limit_holder", 409),
        ("limit_household", 409),
        ("limit_day", 409),
        ("limit_budget", 409),
        ("cool_down", 409),
        ("scan_not_found", 404),
        ("offer_not_found", 404),
        ("redemption_not_found", 404),
        ("too_many_attempts", 429),
        ("body_mismatch", 422),
        ("expired", 422),
        ("malformed", 422),
    ],
)
def test_each_reason_has_its_status(reason, status):
    assert status_of(Reason(reason)) == status


# --- what is raised ----------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", list(Reason))
def test_a_refusal_that_no_route_caught_is_a_problem_or_a_page(client, failing, reason):
    failing(Refused(reason))
    answer = client.get("/api/v1/fails")
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": f"urn:alliance:problem:{reason}",
        "title": str(REFUSALS[reason].headline),
        "status": status_of(reason),
        "detail": str(REFUSALS[reason].remedy),
        "reason": str(reason),
    }
    page = client.get("/fails")
    assert page.status_code == answer.status_code
    assert str(REFUSALS[reason].headline) in page.get_data(as_text=True)


def locked() -> sa.exc.OperationalError:
    import sqlite3

    return sa.exc.OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))


@pytest.mark.parametrize(
    ("error", "status", "reason", "retry"),
    [
        (locked(), 409, "in_flight", "1"),
        (sa.exc.OperationalError("SELECT", {}, Exception("gone")), 503, "unavailable", "5"),
        (sa.exc.TimeoutError("no connection left"), 503, "unavailable", "5"),
        (sa.exc.DataError("INSERT", {}, Exception("out of range")), 422, "invalid_request", None),
        (sa.exc.IntegrityError("INSERT", {}, Exception("twice")), 500, "internal_error", None),
        (ZeroDivisionError("a bug with 13812345678 in it"), 500, "internal_error", None),
        (Refused(Reason.TOO_MANY_ATTEMPTS), 429, "too_many_attempts", "60"),
    ],
)
def test_trouble_inside_is_told_without_its_inside(client, failing, error, status, reason, retry):
    failing(error)
    for path in ("/api/v1/fails", "/fails"):
        answer = client.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == status
        assert answer.headers.get("Retry-After") == retry
        for leak in ("Traceback", "13812345678", "INSERT", "SELECT", "Error"):
            assert leak not in text
    assert client.get("/api/v1/fails").json["reason"] == reason


def test_an_error_that_is_logged_names_nobody(engine):
    wrong = sa.text("SELECT name FROM nothing WHERE name = :name AND phone = :phone")
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as caught:
        connection.execute(wrong, {"name": "张喆明", "phone": "+8613812345678"})
    assert "nothing" in str(caught.value)
    assert "张喆明" not in str(caught.value)
    assert "13812345678" not in str(caught.value)


def test_an_error_page_comes_up_without_the_database(app, client, monkeypatch):
    monkeypatch.setattr(type(db), "session", property(lambda self: 1 / 0))
    assert client.get("/nope").status_code == 404


# --- what is thrown at the door ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/static/nope.css",
        "/static/../config.py",
        "/static/%2e%2e/config.py",
        "/sign-in/",
        "/enterprises/abc",
        "/enterprises/-1",
        "/enterprises/9223372036854775808",
        "/enterprises/" + "9" * 400,
        "/counter/1/not-a-uuid",
        "/enterprises/%00",
        "/\x00",
        "/%ff%fe",
        "/" + "a" * 5000,
        "/;/..;/organizer",
    ],
)
def test_a_path_that_is_none_is_not_found(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/counter/1%2F00000000-0000-7000-8000-000000000000", "//organizer", "/pass?", "/%70ass"]
)
def test_another_spelling_of_a_path_is_guarded_like_the_path(client, path):
    answer = client.get(path, follow_redirects=True)
    assert answer.request.path == "/sign-in"


def test_the_largest_number_a_column_holds_is_merely_absent(app):
    with store_of(app) as session:
        from alliance.accounts.grants import find_or_create_account, grant
        from alliance.accounts.models import Role
        from alliance.audit.trail import COMMAND_LINE

        account = find_or_create_account(session, "+8613900000001", "主办", NOON)
        grant(session, account, Role.ORGANIZER, COMMAND_LINE, NOON)
        id_ = account.id
    path = f"/organizer/offers/{2**63 - 1}/00000000-0000-7000-8000-000000000000"
    assert browser_of(app, id_).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/code", "/sign-in/verify", "/sign-out"])
@pytest.mark.parametrize(
    "options",
    [
        {"data": b"\xff\xfe\x00=\x80", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"phone=%00&password=%00", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"phone=%ff%fe", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"{", "content_type": "application/json"},
        {"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=x"},
        {"data": b"x", "content_type": "multipart/form-data"},
        {"data": b"x", "content_type": "nonsense; charset=utf-99"},
        {"data": b"a=1&" * 2000, "content_type": "application/x-www-form-urlencoded"},
        {"data": b"", "query_string": "next=%00"},
        {"data": b"", "query_string": "next=%ff%fe"},
    ],
)
def test_bad_forms_are_the_callers_fault(client, path, options):
    answer = client.post(path, headers={"X-CSRFToken": form_token(client)}, **options)
    assert answer.status_code in (303, 400, 413, 422)


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/redemptions"])
def test_too_much_is_too_large(client, token, path):
    headers = {"Authorization": f"Bearer {token}", "X-CSRFToken": form_token(client)}
    answer = client.post(path, data=b"a" * 1_000_001, headers=headers, content_type="application/json")
    if path == "/sign-in":
        answer = client.post(path, data={"phone": "1" * 1_000_001}, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'"\\ud800"', 422),
        (b"[" * 100_000, 400),
        (b'{"id":' * 50_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"gross_fen": ' + b"9" * 5000 + b"}", 400),
        (b'{"gross_fen": ' + b"9" * 400 + b"}", 422),
        (b'{"gross_fen": NaN}', 422),
        (b'{"offer": "\\u0000", "presentation": "\\u0000"}', 422),
        (b'{"offer": "\\ud800", "presentation": "x"}', 422),
    ],
)
def test_bad_json_is_the_callers_fault(client, token, body, status):
    answer = redeem(client, token, data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["reason"] == {400: "malformed_request", 422: "invalid_request"}[status]


def test_each_wrong_field_is_named_in_chinese(client, token):
    body = {"presentation": "A", "gross_fen": -1, "quantity": "2", "surplus": 1, "offer": 5, "scan": "x"}
    answer = redeem(client, token, json=body)
    assert answer.status_code == 422
    errors = {error["field"]: error["message"] for error in answer.json["errors"]}
    assert errors == {
        "id": "缺少这一项",
        "scan": "应为 UUID",
        "offer": "应为文字",
        "gross_fen": "不能小于 1",
        "quantity": "应为整数",
        "surplus": "没有这一项",
    }


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer alc_wrong",
        "bearer \x80\xff",
        "Bearer a=b,c=d",
        "Basic Og==",
        "Nonsense",
        "",
    ],
)
def test_a_wrong_authorization_is_told_how_to_do_it(client, header):
    answer = client.post("/api/v1/redemptions", json={}, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert answer.json["reason"] == "unauthenticated"


def test_a_wrong_method_says_which_are_right(client):
    answer = client.get("/api/v1/scans")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.json["reason"] == "method_not_allowed"


def test_a_script_of_a_page_gets_problems_too(client):
    answer = client.get("/pass", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert client.get("/nope", headers={"Accept": "text/html,*/*;q=0.8"}).content_type.startswith("text/html")
    assert client.get("/nope", headers={"Accept": "garbage;;q=x"}).status_code == 404


def test_every_status_that_is_answered_has_a_fault_of_its_own():
    assert len(set(FAULT_OF_STATUS.values())) == len(FAULT_OF_STATUS)


def test_the_description_is_public_and_of_the_api_only(client):
    description = json.loads(client.get("/api/v1/openapi.json").data)
    assert description["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in description["paths"])
    assert "/api/v1/docs" not in description["paths"]
    assert description["components"]["securitySchemes"].keys() == {"pos_token", "report_token"}
