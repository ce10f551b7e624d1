"""改金额 through the API: both or neither, once per id, within the token's reach."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from alliance import clock
from alliance.audit.models import AuditEntry
from alliance.offers.pricing import AlliancePrice
from alliance.redemptions.models import Channel, Redemption, RefusedAttempt, Reversal
from alliance.refused import Reason
from tests.web.till import Pos, is_problem
from tests.web.visits import store_of


@pytest.fixture
def pos(app: Flask) -> Pos:
    return Pos(app)


def body(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "reversal_id": str(uuid4()),
        "gross_fen": 5005,
        "reason": "金额输错",
    } | changes


def correct(pos: Pos, redemption: dict[str, Any], token: str | None = None, **changes: Any) -> Any:
    return pos.post(body(**changes), token, f"redemptions/{redemption['id']}/correction")


def test_another_takes_its_place(pos: Pos) -> None:
    old = pos.redeem(receipt_no="A-17", pos="P1", quantity=3)
    asked = body()
    response = pos.post(asked, path=f"redemptions/{old['id']}/correction")
    assert response.status_code == 201, response.text
    new = response.get_json()
    assert (new["id"], new["corrects_id"]) == (asked["id"], old["id"])
    assert (new["gross_fen"], new["discount_fen"], new["paid_fen"]) == (5005, 1001, 4004)
    same = ("redeemed_at", "outlet", "offer", "holder", "quantity", "receipt_no")
    assert [new[name] for name in same] == [old[name] for name in same]
    back = new["reversal"]
    assert (back["id"], back["redemption_id"], back["whole"]) == (asked["reversal_id"], old["id"], True)
    assert (back["gross_fen"], back["paid_fen"]) == (-10000, -8000)

    shown = pos.get(f"redemptions/{new['id']}").get_json()
    assert {name: shown[name] for name in new if name != "reversal"} == {
        name: value for name, value in new.items() if name != "reversal"
    }
    assert (shown["state"], shown["channel"], shown["pos"]) == ("posted", "api", "P1")
    shown = pos.get(f"redemptions/{old['id']}").get_json()
    assert (shown["state"], shown["corrected_by_id"]) == ("reversed", new["id"])
    assert [{name: each[name] for name in back} for each in shown["reversals"]] == [back]


def test_it_is_told_again_word_for_word(pos: Pos) -> None:
    old, asked = pos.redeem(), body()
    path = f"redemptions/{old['id']}/correction"
    first, again = pos.post(asked, path=path), pos.post(asked, path=path)
    assert (first.status_code, first.headers.get("Idempotency-Replayed")) == (201, None)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert first.data == again.data
    for changes in (
        {"gross_fen": 5006}, {"quantity": 1}, {"reason": "其他"}, {"reversal_id": str(uuid4())},
    ):  # fmt: skip
        is_problem(pos.post(asked | changes, path=path), 422, "body_mismatch")
    assert (pos.count(Redemption), pos.count(Reversal)) == (2, 1)


def test_of_one_redemption_once(pos: Pos) -> None:
    old = pos.redeem()
    new = correct(pos, old).get_json()
    is_problem(correct(pos, old), 422, "reversed_already")
    assert correct(pos, new, gross_fen=7000).get_json()["reversal"]["paid_fen"] == -4004
    is_problem(correct(pos, {"id": uuid4()}), 404, "redemption_not_found")
    reversed_ = pos.redeem()
    assert pos.reverse(reversed_).status_code == 201
    is_problem(correct(pos, reversed_), 422, "reversed_already")


def test_a_refusal_leaves_the_old_one_and_binds_no_id(pos: Pos) -> None:
    old, asked = pos.redeem(offer="T"), body(gross_fen=9999)
    path = f"redemptions/{old['id']}/correction"
    is_problem(pos.post(asked, path=path), 422, "below_threshold")
    assert (pos.count(Redemption), pos.count(Reversal)) == (1, 0)
    with store_of(pos.app) as session:
        attempt = session.scalars(select(RefusedAttempt)).one()
        assert (attempt.reason, str(attempt.request_id)) == (Reason.BELOW_THRESHOLD, asked["id"])
    assert pos.post(asked | {"gross_fen": 20000}, path=path).status_code == 201


def test_the_last_use_is_not_lost_in_between(pos: Pos) -> None:
    assert correct(pos, pos.redeem(offer="CAP")).status_code == 201
    is_problem(pos.post(pos.body(offer="CAP")), 409, "limit_total")


def test_how_many_may_be_corrected_too(pos: Pos) -> None:
    with store_of(pos.app) as session:
        pos.world.session = session
        pos.world.live_offer(pos.world.dairy, "UNIT", AlliancePrice(unit_price_fen=350))
    old = pos.redeem(offer="UNIT", gross_fen=1000, quantity=2)
    new = correct(pos, old, gross_fen=2000, quantity=4).get_json()
    assert (new["quantity"], new["paid_fen"]) == (4, 1400)


def test_an_imported_one_stays(pos: Pos) -> None:
    old = pos.redeem()
    with store_of(pos.app) as session:
        session.execute(update(Redemption).values(channel=Channel.IMPORT))
    is_problem(correct(pos, old), 422, "not_correctable")


def test_another_outlets_is_not_there(pos: Pos) -> None:
    kiosk = pos.post(pos.body(outlet="D2"), pos.hq).get_json()
    is_problem(correct(pos, kiosk), 404, "redemption_not_found")
    assert correct(pos, kiosk, pos.hq).status_code == 201
    is_problem(correct(pos, kiosk, pos.reports), 403, "forbidden")
    is_problem(correct(pos, kiosk, "alc_wrong"), 401, "unauthenticated")


def test_it_is_on_record_with_the_token(pos: Pos) -> None:
    old = pos.redeem()
    new = correct(pos, old).get_json()
    with store_of(pos.app) as session:
        which = AuditEntry.action.in_(("redemption.reverse", "redemption.correct"))
        back, made = session.scalars(select(AuditEntry).where(which).order_by(AuditEntry.id))
        assert back.token_id == made.token_id is not None
        assert (back.subject, made.subject) == (f"redemption:{old['id']}", f"redemption:{new['id']}")
        outlet = str(pos.world.dairy_shop.id)
        assert back.detail == {"outlet": outlet, "refund_fen": 8000}
        assert made.detail == {"outlet": outlet, "offer": "MILK", "paid_fen": 4004, "corrects": old["id"]}


def test_the_day_adds_up(pos: Pos) -> None:
    new = correct(pos, pos.redeem()).get_json()
    day = clock.business_date(clock.now())
    [outlet] = pos.get(f"reconciliation?date={day}").get_json()["outlets"]
    assert outlet["net"] == {name: new[name] for name in ("gross_fen", "discount_fen", "paid_fen")}


@pytest.mark.parametrize(
    "changes",
    [{"gross_fen": 0}, {"quantity": 0}, {"reason": ""}, {"reversal_id": "1"}, {"id": 1}, {"outlet": "D1"}],
)
def test_what_does_not_fit(pos: Pos, changes: dict[str, Any]) -> None:
    response = correct(pos, pos.redeem(), **changes)
    is_problem(response, 422, "invalid_request")
    assert [error["field"] for error in response.get_json()["errors"]] == [*changes]
