"""The API as a POS and a report program use it."""

import json
from typing import Any
from uuid import uuid4

import base45
import pytest
from flask import Flask
from sqlalchemy import select

from alliance import clock
from alliance.accounts.models import ApiToken
from alliance.accounts.tokens import revoke_token, token_for
from alliance.audit.trail import COMMAND_LINE
from alliance.redemptions.models import Redemption, RefusedAttempt
from alliance.refused import Reason
from alliance.web.words import FAULTS, REFUSALS, Fault
from tests.web.till import Pos, is_problem
from tests.web.visits import store_of


@pytest.fixture
def pos(app: Flask) -> Pos:
    return Pos(app)


def test_a_redemption(pos: Pos) -> None:
    body = pos.body(quantity=2, receipt_no="A-17")
    response = pos.post(body)
    assert response.status_code == 201, response.text
    answer = response.get_json()
    assert answer["id"] == body["id"]
    assert (answer["gross_fen"], answer["discount_fen"], answer["paid_fen"]) == (10000, 2000, 8000)
    assert answer["holder"] == {"name": "张**", "employer": "吉林市车天下二手车经销有限公司"}
    assert (answer["quantity"], answer["receipt_no"], answer["outlet"]["code"]) == (2, "A-17", "D1")
    with store_of(pos.app) as session:
        fact = session.scalars(select(Redemption)).one()
        assert (fact.token_id, fact.account_id) == (token_for(session, pos.token).id, None)


def test_a_retry_gets_the_same_bytes(pos: Pos) -> None:
    body = pos.body()
    first, again = pos.post(body), pos.post(json.dumps(dict(reversed(body.items())), indent=3))
    assert (again.status_code, again.data) == (201, first.data)
    assert pos.count(Redemption) == 1
    is_problem(pos.post(body | {"gross_fen": 10001}), 422, "body_mismatch")


def test_crafted_codes_are_refused_not_crashed_on(pos: Pos) -> None:
    raw = base45.b45decode(pos.shown())
    for crafted in (
        raw[:-64] + b"\xff" * 64,
        b"\xd2\x84\xc4\x82\x39\x1a\x2b\xff",
        b"\xd8\x64\x39\x1f\xff" * 9,
    ):
        is_problem(pos.post(pos.body(presentation=base45.b45encode(crafted).decode())), 422, "malformed")


def test_the_offers_id_names_it_too(pos: Pos) -> None:
    assert pos.post(pos.body(offer=str(pos.world.milk.offer_id))).status_code == 201


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", None])
def test_only_json_is_read(pos: Pos, kind: str | None) -> None:
    headers = {"Authorization": f"Bearer {pos.token}"}
    raw = json.dumps(pos.body())
    answer = pos.client.post("/api/v1/redemptions", data=raw, headers=headers, content_type=kind)
    is_problem(answer, 415, "unsupported_media_type")
    assert pos.count(Redemption) == 0


def test_refusals_have_their_reason_and_are_remembered(pos: Pos) -> None:
    used = pos.body()
    pos.post(used)
    is_problem(pos.post(used | {"id": str(uuid4())}), 409, "already_presented")
    is_problem(pos.post(pos.body(presentation="HELLO")), 422, "malformed")
    is_problem(pos.post(pos.body(presentation="00000000")), 422, "unknown_code")
    is_problem(pos.post(pos.body(offer="NOTHING")), 404, "offer_not_found")
    is_problem(pos.post(pos.body(offer="T", gross_fen=9999)), 422, "below_threshold")
    assert pos.post(pos.body(offer="CAP")).status_code == 201
    is_problem(pos.post(pos.body(offer="CAP")), 409, "limit_total")
    assert pos.count(Redemption) == 2
    with store_of(pos.app) as session:
        reasons = session.scalars(select(RefusedAttempt.reason).order_by(RefusedAttempt.id)).all()
    assert reasons == [
        "already_presented", "malformed", "unknown_code", "offer_not_found", "below_threshold", "limit_total",
    ]  # fmt: skip


def test_a_refusal_binds_nothing(pos: Pos) -> None:
    """The same id and the same code, once the amount is right: the refusal took neither."""
    body = pos.body(offer="T", gross_fen=9999)
    is_problem(pos.post(body), 422, "below_threshold")
    assert pos.post(body | {"gross_fen": 10000}).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"gross_fen": 0}, {"gross_fen": -1}, {"gross_fen": 1.5}, {"gross_fen": "100"}, {"gross_fen": True},
        {"gross_fen": 10**30}, {"quantity": 0}, {"quantity": 10**9}, {"id": "1"},
        {"id": None}, {"offer": ""}, {"offer": "长" * 41}, {"offer": ["MILK"]}, {"presentation": ""},
        {"presentation": "A" * 4096}, {"receipt_no": "x" * 65}, {"more": 1},
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named(pos: Pos, changes: dict[str, Any]) -> None:
    response = pos.post(pos.body(**changes))
    is_problem(response, 422, "invalid_request")
    assert [error["field"] for error in response.get_json()["errors"]] == [*changes]
    assert pos.count(Redemption) == 0


# Whether there has to be an amount depends on the offer: ``amount_missing`` (test_api_scans.py).
@pytest.mark.parametrize("missing", ["id", "offer"])
def test_a_field_that_is_missing_is_named(pos: Pos, missing: str) -> None:
    body = pos.body(presentation="A")
    del body[missing]
    response = pos.post(body)
    is_problem(response, 422, "invalid_request")
    assert [error["field"] for error in response.get_json()["errors"]] == [missing]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"text"',
        b"\xff\xfe",
        b'{"id": NaN}',
        b'{"a":' * 5000,
        b"{" + b" " * 999_000,
    ],
    ids=["empty", "open", "list", "null", "number", "string", "bytes", "nan", "deep", "large"],
)
def test_a_body_that_is_none(pos: Pos, raw: bytes) -> None:
    response = pos.post(raw)
    assert response.status_code in {400, 413, 422}, response.text
    assert response.mimetype == "application/problem+json"


def test_text_that_no_database_holds(pos: Pos) -> None:
    for text in ("\x00", "MILK\x00", "\ud800"):
        for field in ("offer", "presentation", "receipt_no"):
            raw = json.dumps(pos.body() | {field: text})
            response = pos.post(raw.encode())
            assert 400 <= response.status_code < 500, (field, text, response.text)
    assert pos.count(Redemption) == 0


def test_only_an_outlets_token_redeems(pos: Pos) -> None:
    body = pos.body()
    is_problem(pos.client.post("/api/v1/redemptions", json=body), 401, "unauthenticated")
    is_problem(pos.post(body, token="alc_wrong"), 401, "unauthenticated")
    is_problem(pos.post(body, token=pos.reports), 403, "forbidden")
    with store_of(pos.app) as session:
        revoke_token(
            session, session.get_one(ApiToken, token_for(session, pos.token).id), COMMAND_LINE, clock.now()
        )
    is_problem(pos.post(body), 401, "unauthenticated")
    assert pos.count(Redemption) == 0


def test_the_wrong_method_and_type(pos: Pos) -> None:
    headers = {"Authorization": f"Bearer {pos.token}"}
    is_problem(pos.client.delete("/api/v1/redemptions", headers=headers), 405, "method_not_allowed")
    response = pos.client.post("/api/v1/redemptions", data={"id": "1"}, headers=headers)
    assert 400 <= response.status_code < 500
    is_problem(pos.client.get("/api/v1/nothing", headers=headers), 404, "not_found")


def circulation(pos: Pos, query: str, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token or pos.reports}"}
    return pos.client.get(f"/api/v1/circulation?{query}", headers=headers)


def test_circulation(pos: Pos) -> None:
    pos.post(pos.body())
    today = clock.business_date(clock.now())
    answer = circulation(pos, f"from={today}&to={today}").get_json()
    assert (answer["redemptions"], answer["paid_fen"], answer["zone_retention"]) == (1, 8000, 0.0)
    flow = answer["zone_flow_paid_fen"]
    assert flow["zones"] == [pos.world.east.code, pos.world.west.code]
    assert flow["rows_holder_zone_columns_outlet_zone"] == [[0, 0], [8000, 0]]
    west = circulation(pos, f"from={today}&to={today}&zone={pos.world.west.code}").get_json()
    assert (west["redemptions"], west["outlet_hhi"], west["zone_retention"]) == (0, None, None)


def test_a_zones_token_sees_its_zone_only(pos: Pos) -> None:
    pos.post(pos.body())
    today = clock.business_date(clock.now())
    period = f"from={today}&to={today}"
    assert circulation(pos, period, pos.east).get_json()["paid_fen"] == 8000
    foreign = circulation(pos, f"{period}&zone={pos.world.west.code}", pos.east)
    nothing = circulation(pos, f"{period}&zone=999999999999", pos.east)
    is_problem(foreign, 404, "not_found")
    assert foreign.data == nothing.data
    is_problem(circulation(pos, period, pos.token), 403, "forbidden")


@pytest.mark.parametrize(
    "query",
    [
        "", "from=2026-01-01", "from=2026-01-02&to=2026-01-01", "from=yesterday&to=today",
        "from=0001-01-01&to=9999-12-31", "from=9999-12-01&to=10000-01-01", "from=2026-02-30&to=2026-03-01",
        "from=2026-01-01&to=2026-01-01&zone=%00",
        "from=2026-01-01&to=2026-01-01&zone=1234567890123",
    ],
)  # fmt: skip
def test_a_period_that_is_none(pos: Pos, query: str) -> None:
    response = circulation(pos, query)
    assert response.status_code in {400, 422}, response.text
    assert response.mimetype == "application/problem+json"


def test_every_reason_has_words() -> None:
    assert REFUSALS.keys() == set(Reason)
    assert FAULTS.keys() == set(Fault)


def test_the_description_is_whole(pos: Pos) -> None:
    spec = pos.client.get("/api/v1/openapi.json").get_json()
    assert spec["openapi"].startswith("3.1")
    assert set(spec["paths"]) == {
        f"/api/v1/{path}"
        for path in (
            "scans",
            "redemptions",
            "redemptions/{redemption_id}",
            "redemptions/{redemption_id}/correction",
            "redemptions/{redemption_id}/reversals",
            "redemptions/{redemption_id}/correction",
            "reversals",
            "reconciliation",
            "refused-attempts",
            "circulation",
            "circulation/{table_name}",
        )
    }
    text = json.dumps(spec)
    references = {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}
    for reference in references:
        found = spec
        for name in reference.split("/"):
            assert name in found, reference
            found = found[name]
    assert references >= {"components/schemas/Problem", "components/schemas/RedemptionRequest"}
    declared = {
        reason
        for operations in spec["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for content in response["content"].values()
        for part in content["schema"].get("allOf", ())
        for reason in part.get("properties", {}).get("reason", {}).get("enum", ())
    }
    # A cashier's ten minutes end, a token's do not.
    of_pages = {Reason.UNDO_TOO_LATE}
    of_phones = {Reason.DEVICE_REMOVED, Reason.TOO_MANY_DEVICES, Reason.TOO_MANY_REBINDINGS}
    assert set(Reason) - declared == of_pages | of_phones
    reasons = spec["components"]["schemas"]["Reason"]["enum"]
    assert reasons == [str(reason) for reason in Reason]
