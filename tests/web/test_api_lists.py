"""Looking up, listing and reconciling what a till has redeemed and reversed."""

import base64
import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from alliance import clock
from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.redemptions.models import Reversal
from alliance.redemptions.reverse import Authority, reverse
from tests.web.till import Pos, is_problem
from tests.web.visits import store_of

#: Places in a list that have no moment in UTC.
FIRST, LAST = (
    base64.urlsafe_b64encode(f"{moment}|01a20cff-0188-715c-8d4c-853e1aaa58ab".encode()).decode()
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
)


@pytest.fixture
def pos(app) -> Pos:
    return Pos(app)


@pytest.fixture
def noise(pos: Pos) -> None:
    """The kiosk's and the garage's, so that a missing filter shows."""
    with store_of(pos.app) as session:
        world = pos.world
        world.session = session
        for offer, outlet in (("MILK", world.dairy_kiosk), ("WASH", world.garage_hall)):
            id_ = uuid4()
            world.redeem(3000, offer=offer, outlet=outlet, id_=id_)
            reverse(
                session,
                world.counter(outlet),
                uuid4(),
                id_,
                "顾客退货",
                world.at,
                refund_fen=100,
                authority=Authority.MERCHANT,
            )


def garage_token(pos: Pos) -> str:
    with store_of(pos.app) as session:
        garage = pos.world.garage
        return create_token(session, "garage", garage.id, None, None, COMMAND_LINE, pos.world.at)[1]


def test_a_redemption_as_it_stands(pos: Pos) -> None:
    answer = pos.redeem()
    shown = pos.get(f"redemptions/{answer['id']}").get_json()
    assert {name: shown[name] for name in answer} == answer
    assert (shown["state"], shown["reversals"], shown["corrects_id"], shown["corrected_by_id"]) == (
        "posted", [], None, None,
    )  # fmt: skip
    today = clock.business_date(clock.now())
    assert (shown["business_date"], shown["posted_month"]) == (str(today), f"{today:%Y-%m}")
    assert shown["left"] == {"gross_fen": 10000, "discount_fen": 2000, "paid_fen": 8000}

    refund = pos.reverse(answer, refund_fen=3000).get_json()
    shown = pos.get(f"redemptions/{answer['id']}").get_json()
    assert shown["state"] == "partially_refunded"
    assert shown["left"] == {"gross_fen": 6250, "discount_fen": 1250, "paid_fen": 5000}
    assert [back["id"] for back in shown["reversals"]] == [refund["id"]]
    assert {name: shown["reversals"][0][name] for name in refund} == refund

    pos.reverse(answer)
    shown = pos.get(f"redemptions/{answer['id']}").get_json()
    assert (shown["state"], shown["left"]["paid_fen"], len(shown["reversals"])) == ("reversed", 0, 2)
    assert shown["paid_fen"] == 8000


def test_another_outlets_and_another_merchants_are_not_there(pos: Pos) -> None:
    answer = pos.post(pos.body(outlet="D2"), pos.hq).get_json()
    absent = pos.get(f"redemptions/{uuid4()}")
    is_problem(absent, 404, "redemption_not_found")
    for token in (pos.token, garage_token(pos)):
        foreign = pos.get(f"redemptions/{answer['id']}", token)
        assert (foreign.status_code, foreign.data) == (404, absent.data)
        body = {"id": str(uuid4()), "reason": "顾客退货"}
        is_problem(
            pos.post(body, token, f"redemptions/{answer['id']}/reversals"), 404, "redemption_not_found"
        )
    assert pos.get(f"redemptions/{answer['id']}", pos.hq).status_code == 200
    assert pos.count(Reversal) == 0


def test_a_reversal_is_told_again_word_for_word(pos: Pos) -> None:
    answer, body = pos.redeem(), {"id": str(uuid4()), "reason": "顾客退货", "refund_fen": 3000}
    path = f"redemptions/{answer['id']}/reversals"
    first, again = pos.post(body, path=path), pos.post(body, path=path)
    assert (first.status_code, first.headers.get("Idempotency-Replayed")) == (201, None)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert first.data == again.data
    assert first.get_json()["paid_fen"] == -3000
    is_problem(pos.post(body | {"refund_fen": 2999}, path=path), 422, "body_mismatch")
    is_problem(pos.reverse(answer, refund_fen=5001), 422, "refund_exceeds_paid")
    assert pos.reverse(answer).get_json()["whole"] is True
    is_problem(pos.reverse(answer), 422, "reversed_already")
    assert pos.count(Reversal) == 2


@pytest.mark.parametrize("changes", [{"reason": ""}, {"reason": "x" * 201}, {"refund_fen": 0}, {"id": 1}])
def test_a_reversal_that_does_not_fit(pos: Pos, changes: dict[str, Any]) -> None:
    response = pos.reverse(pos.redeem(), **changes)
    is_problem(response, 422, "invalid_request")
    assert [error["field"] for error in response.get_json()["errors"]] == [*changes]


def pages(pos: Pos, path: str, name: str, token: str | None = None) -> list[list[str]]:
    """The ids of each page; one more redemption arrives after every page."""
    found, cursor = [], ""
    while cursor is not None:
        answer = pos.get(f"{path}{cursor}", token).get_json()
        found.append([row["id"] for row in answer[name]])
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
        pos.reverse(pos.redeem(gross_fen=5000), refund_fen=100)
    return found


@pytest.mark.usefixtures("noise")
@pytest.mark.parametrize("name", ["redemptions", "reversals"])
def test_pages_go_back_in_time_whatever_arrives_meanwhile(pos: Pos, name: str) -> None:
    made = [pos.redeem() for _ in range(5)]
    back = [pos.reverse(each, refund_fen=500).get_json() for each in made]
    expected = [row["id"] for row in reversed(made if name == "redemptions" else back)]
    found = pages(pos, f"{name}?limit=2", name)
    assert found == [expected[:2], expected[2:4], expected[4:]]


@pytest.mark.usefixtures("noise")
def test_lists_are_of_an_outlet_and_of_days(pos: Pos) -> None:
    pos.redeem()
    today = clock.business_date(clock.now())
    tomorrow = today + timedelta(days=1)

    def outlets(query: str, token: str) -> set[str]:
        return {
            row["outlet"]["code"] for row in pos.get(f"redemptions?{query}", token).get_json()["redemptions"]
        }

    assert outlets("", pos.token) == outlets("outlet=D1", pos.hq) == {"D1"}
    assert outlets("", pos.hq) == outlets(f"from={today}&to={today}", pos.hq) == {"D1", "D2"}
    assert outlets(f"from={tomorrow}", pos.hq) == outlets(f"to={today - timedelta(days=1)}", pos.hq) == set()
    backs = pos.get("reversals?outlet=D2", pos.hq).get_json()["reversals"]
    assert [(row["outlet"]["code"], row["paid_fen"], row["reason"]) for row in backs] == [
        ("D2", -100, "顾客退货")
    ]
    is_problem(pos.get("redemptions?outlet=D2"), 422, "wrong_outlet")
    is_problem(pos.get("reversals?outlet=G1", pos.hq), 422, "wrong_outlet")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "from=1", "to=20260101", "from=9999-12-31", "cursor=x", "cursor=YQ==",
     "cursor=MjAyNi0wMS0wMXxh", f"cursor={FIRST}", f"cursor={LAST}", "cursor=%E9%95%BF",
     "outlet=" + "x" * 41],
)  # fmt: skip
@pytest.mark.parametrize("path", ["redemptions", "reversals", "refused-attempts"])
def test_a_query_that_does_not_fit_is_named(pos: Pos, path: str, query: str) -> None:
    response = pos.get(f"{path}?{query}")
    is_problem(response, 422, "invalid_request")
    assert response.get_json()["errors"][0]["field"] == query.split("=")[0]


@pytest.mark.usefixtures("noise")
def test_refused_attempts(pos: Pos) -> None:
    turned_down = pos.body(presentation="00000000")
    pos.post(turned_down)
    pos.post(pos.body(presentation="HELLO", outlet="D2"), pos.hq)
    found = pos.get("refused-attempts?limit=1", pos.hq).get_json()
    assert [(row["outlet"]["code"], row["reason"]) for row in found["refused_attempts"]] == [
        ("D2", "malformed")
    ]
    older = pos.get(f"refused-attempts?cursor={found['next_cursor']}", pos.hq).get_json()
    assert [row["request_id"] for row in older["refused_attempts"]] == [turned_down["id"]]
    assert older["next_cursor"] is None
    own = pos.get("refused-attempts").get_json()["refused_attempts"]
    assert [row["reason"] for row in own] == ["unknown_code"]
    today = clock.business_date(clock.now())
    for query, count in ((f"from={today}&to={today}", 2), (f"to={today - timedelta(days=1)}", 0)):
        assert len(pos.get(f"refused-attempts?{query}", pos.hq).get_json()["refused_attempts"]) == count
    assert pos.get("refused-attempts", garage_token(pos)).get_json()["refused_attempts"] == []


def digest(answers: list[dict[str, Any]]) -> str:
    """As docs/api.md says a till should compute it, from what it was answered."""
    lines = sorted(
        b"%s,%d,%d,%d\n" % (each["id"].encode(), each["gross_fen"], each["discount_fen"], each["paid_fen"])
        for each in answers
    )
    return hashlib.sha256(b"".join(lines)).hexdigest()


@pytest.mark.usefixtures("noise")
def test_a_day_is_reconciled(pos: Pos) -> None:
    made = [pos.redeem(gross_fen=gross) for gross in (10005, 20000, 30000)]
    back = [pos.reverse(made[0]).get_json(), pos.reverse(made[1], refund_fen=1000).get_json()]
    today = clock.business_date(clock.now())
    [shop] = pos.get(f"reconciliation?date={today}").get_json()["outlets"]
    assert shop["outlet"] == {"code": "D1", "name": "乳业直营店"}
    for side, answers in (("redemptions", made), ("reversals", back)):
        assert shop[side]["count"] == len(answers)
        assert shop[side]["digest"] == digest(answers)
        assert shop[side]["lines"] is None
        for name in ("gross_fen", "discount_fen", "paid_fen"):
            assert shop[side][name] == sum(each[name] for each in answers)
            assert shop["net"][name] == sum(each[name] for each in (*made, *back))
    [detailed] = pos.get(f"reconciliation?date={today}&detail=1").get_json()["outlets"]
    assert digest(detailed["redemptions"]["lines"]) == shop["redemptions"]["digest"]
    assert detailed["reversals"]["lines"] == sorted(
        ({name: each[name] for name in detailed["reversals"]["lines"][0]} for each in back),
        key=lambda line: line["id"],
    )


@pytest.mark.usefixtures("noise")
def test_a_merchant_reconciles_every_outlet(pos: Pos) -> None:
    today = clock.business_date(clock.now())
    both = pos.get(f"reconciliation?date={today}", pos.hq).get_json()["outlets"]
    assert [(each["outlet"]["code"], each["redemptions"]["count"]) for each in both] == [("D1", 0), ("D2", 1)]
    assert both[0]["redemptions"]["digest"] == hashlib.sha256(b"").hexdigest()
    assert pos.get(f"reconciliation?date={today}&outlet=D2", pos.hq).get_json()["outlets"] == [both[1]]
    is_problem(pos.get(f"reconciliation?date={today}&outlet=G1", pos.hq), 422, "wrong_outlet")
    is_problem(pos.get("reconciliation", pos.hq), 422, "invalid_request")
    yesterday = today - timedelta(days=1)
    for each in pos.get(f"reconciliation?date={yesterday}", pos.hq).get_json()["outlets"]:
        assert (each["redemptions"]["count"], each["net"]["paid_fen"]) == (0, 0)
