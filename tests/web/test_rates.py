"""How often a program may call."""

import time
from uuid import uuid4

import pytest
from flask import Flask

from alliance import create_app
from alliance.config import Settings
from alliance.web.rates import Windows
from tests.web.till import Pos, is_problem


@pytest.fixture
def app(settings: Settings) -> Flask:
    settings.api_reads_per_minute, settings.api_writes_per_minute = 4, 3
    settings.api_strangers_per_minute = 2
    app = create_app(settings)
    app.testing = True
    return app


@pytest.fixture
def pos(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Pos:
    # No minute may end in the middle of a test.
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    return Pos(app)


def is_limited(response) -> None:
    is_problem(response, 429, "too_many_requests")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert response.headers["X-RateLimit-Remaining"] == "0"


def left(response) -> tuple[int, int]:
    return int(response.headers["X-RateLimit-Limit"]), int(response.headers["X-RateLimit-Remaining"])


def test_reads_and_writes_are_counted_apart_and_per_token(pos: Pos) -> None:
    assert [left(pos.get("redemptions")) for _ in range(4)] == [(4, 3), (4, 2), (4, 1), (4, 0)]
    is_limited(pos.get("redemptions"))
    is_limited(pos.get("reversals"))
    body = pos.body()
    assert [left(pos.post(body)) for _ in range(3)] == [(3, 2), (3, 1), (3, 0)]
    is_limited(pos.post(body))
    is_limited(pos.post({"id": str(uuid4())}, path="scans"))
    assert left(pos.get("redemptions", pos.hq)) == (4, 3)
    assert int(pos.get("redemptions", pos.hq).headers["X-RateLimit-Reset"]) >= time.time()


def test_a_refusal_is_counted_and_carries_no_retry_after_of_ours(pos: Pos) -> None:
    answer = pos.post(pos.body(presentation="HELLO"))
    is_problem(answer, 422, "malformed")
    assert left(answer) == (3, 2)
    assert "Retry-After" not in answer.headers


def test_who_shows_no_token_of_ours_is_counted_by_address(pos: Pos) -> None:
    is_problem(pos.get("redemptions", "alc_wrong"), 401, "unauthenticated")
    is_problem(pos.client.get("/api/v1/redemptions"), 401, "unauthenticated")
    is_limited(pos.get("redemptions", "alc_another"))
    is_limited(pos.client.get("/api/v1/openapi.json"))
    elsewhere = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
    assert pos.client.get("/api/v1/openapi.json", **elsewhere).status_code == 200
    # A till at the same address has its own count.
    assert pos.get("redemptions").status_code == 200


def test_pages_are_not_counted(pos: Pos) -> None:
    for path in ("/sign-in", "/healthz"):
        for _ in range(5):
            answer = pos.client.get(path)
            assert answer.status_code == 200
            assert not [name for name in dict(answer.headers) if name.startswith("X-RateLimit")]


def test_each_application_counts_for_itself(pos: Pos, settings: Settings) -> None:
    for _ in range(4):
        pos.get("redemptions")
    other = create_app(settings).test_client()
    headers = {"Authorization": f"Bearer {pos.token}"}
    assert left(other.get("/api/v1/redemptions", headers=headers)) == (4, 3)


def test_a_paused_lock_keeps_its_own_retry_after(pos: Pos, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate limit's headers do not push a request that may be repeated at once to the next minute."""
    from alliance.refused import Reason, Refused

    def busy(*_, **__):
        raise Refused(Reason.IN_FLIGHT)

    monkeypatch.setattr("alliance.web.api.redemptions.redeem_at_once", busy)
    answer = pos.post(pos.body())
    is_problem(answer, 409, "in_flight")
    assert answer.headers["Retry-After"] == "1"


def test_a_window_is_a_minute_from_the_first_call_and_is_forgotten() -> None:
    windows = Windows()
    assert [windows.count("a", 2, now).left for now in (100.0, 159.9, 160.0)] == [1, 0, 1]
    windows.count("b", 2, 161.0)
    windows.count("b", 2, 300.0)
    assert windows._open.keys() == {"b"}
