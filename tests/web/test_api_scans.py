"""``POST /api/v1/scans``, and redeeming what was scanned."""

from typing import Any
from uuid import uuid4

import pytest

from alliance import clock
from alliance.offers.conditions import Conditions, Party
from alliance.offers.limits import Limits
from alliance.offers.pricing import Service, Threshold, Ticket
from alliance.redemptions.models import Redemption, RefusedAttempt, Scan
from tests.web.till import Pos, is_problem
from tests.web.visits import store_of


@pytest.fixture
def pos(app) -> Pos:
    return Pos(app)


def scan(pos: Pos, token: str | None = None, **changes: Any) -> Any:
    body = {"id": str(uuid4()), "presentation": pos.shown(), **changes}
    return pos.post(body, token, "scans")


def offers(answer: Any) -> dict[str, Any]:
    return {offer["code"]: offer for offer in answer.get_json()["offers"]}


def test_a_scan_lists_what_may_be_redeemed_with_its_price(pos: Pos) -> None:
    answer = scan(pos, gross_fen=10000)
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["holder"] == {"name": "张**", "employer": "吉林市车天下二手车经销有限公司"}
    found = offers(answer)
    assert found.keys() == {"MILK", "CAP", "T"}
    assert found["MILK"]["price"] == {"gross_fen": 10000, "discount_fen": 2000, "paid_fen": 8000}
    assert (found["MILK"]["terms"], found["T"]["terms"]) == ("8折", "满100减10")
    assert (found["MILK"]["remaining"], found["CAP"]["remaining"]) == ({}, {"total": 1})
    assert {offer["reason"] for offer in found.values()} == {None}


def test_it_says_why_an_offer_would_be_refused(pos: Pos) -> None:
    pos.redeem(offer="CAP")
    found = offers(scan(pos, gross_fen=9999))
    assert (found["T"]["price"], found["T"]["reason"]) == (None, "below_threshold")
    assert (found["CAP"]["price"], found["CAP"]["reason"]) == (None, "limit_total")
    assert found["CAP"]["remaining"] == {"total": 0}
    without_amount = offers(scan(pos))
    assert [without_amount[code]["reason"] for code in ("T", "CAP", "MILK")] == [None, "limit_total", None]
    assert without_amount["MILK"]["price"] is None


def test_tickets_and_services_say_what_they_take_and_cost(pos: Pos) -> None:
    """One amount is asked about; what has its own is priced all the same."""
    with store_of(pos.app) as session:
        pos.world.session = session
        pos.world.live_offer(pos.world.dairy, "TICKET", Ticket(face_price_fen=12000, ticket_price_fen=9900))
        alone = Conditions(party=Party.PEOPLE, people=4, exclusive=True)
        pos.world.live_offer(pos.world.dairy, "WASHING", Service(), conditions=alone)
    answer = scan(pos, gross_fen=10000, quantity=2)
    found = offers(answer)
    assert found["TICKET"]["price"] == {"gross_fen": 24000, "discount_fen": 4200, "paid_fen": 19800}
    assert found["WASHING"]["price"] == {"gross_fen": 0, "discount_fen": 0, "paid_fen": 0}
    assert [found[code]["takes"] for code in ("MILK", "TICKET", "WASHING")] == [
        "amount",
        "quantity",
        "nothing",
    ]
    assert found["WASHING"]["conditions"] == ["同行的人可一起用，连本人最多4人", "不与其他优惠同享"]
    body = {"id": str(uuid4()), "scan": answer.get_json()["id"], "offer": "TICKET", "quantity": 3}
    booked = pos.post(body)
    assert (booked.status_code, booked.get_json()["paid_fen"]) == (201, 29700)
    body = {"id": str(uuid4()), "scan": answer.get_json()["id"], "offer": "WASHING"}
    is_problem(pos.post(body), 422, "offer_exclusive")
    is_problem(pos.post(body | {"gross_fen": 1}), 422, "amount_fixed")
    is_problem(pos.post(body | {"offer": "MILK"}), 422, "amount_missing")


@pytest.mark.parametrize("gross", ["1e309", "-1", "0.005", '"１２０"', "1e3", "true"])
def test_amounts_that_are_none(pos: Pos, gross: str) -> None:
    text = f'{{"id": "{uuid4()}", "presentation": "1", "offer": "MILK", "gross_fen": {gross}}}'
    is_problem(pos.post(text.encode()), 422, "invalid_request")


SHORT = [
    # Of several that are short, redeem meets the holder's first, then the household's, the outlet's, all's.
    ({"total": 1, "units": 1, "holder_day": 1, "household_ever": 1, "outlet_day": 1}, 1),
    ({"total": 1, "units": 1, "household_ever": 1, "outlet_day": 1}, 1),
    ({"total": 1, "units": 2, "outlet_day": 1}, 2),
    ({"total": 1, "units": 2}, 1),
    ({"total": 1, "budget_fen": 1500}, 1),
    ({"budget_fen": 1500, "units": 2}, 2),
    ({"holder_ever": 1, "cool_down_minutes": 10}, 1),
    # What is too large by itself is told before what is short.
    ({"holder_ever": 1, "units": 2}, 3),
    ({"holder_ever": 1, "cool_down_minutes": 10, "budget_fen": 1500}, 2),
    # The price comes before the limits.
    ({"cool_down_minutes": 10}, 1),
]


@pytest.mark.parametrize(("limits", "quantity"), SHORT)
@pytest.mark.parametrize("gross_fen", [10000, 20000, 1])
def test_price_and_redeem_tell_the_same_reason(
    pos: Pos, limits: dict[str, int], quantity: int, gross_fen: int
) -> None:
    with store_of(pos.app) as session:
        world, terms = pos.world, Threshold(threshold_fen=1000, off_fen=1000)
        world.session = session
        world.live_offer(world.dairy, "SHORT", terms, limits=Limits(**limits))
    pos.redeem(offer="SHORT")
    answer = scan(pos, gross_fen=gross_fen, quantity=quantity)
    told = offers(answer)["SHORT"]["reason"]
    order = {"id": str(uuid4()), "scan": answer.get_json()["id"], "offer": "SHORT"}
    done = pos.post(order | {"gross_fen": gross_fen, "quantity": quantity})
    assert told == done.get_json().get("reason")
    assert told is not None


def test_sent_again_it_is_the_same_scan_and_a_new_price(pos: Pos) -> None:
    body = {"id": str(uuid4()), "presentation": pos.shown()}
    first = pos.post(body | {"gross_fen": 100}, path="scans").get_json()
    again = pos.post(body | {"gross_fen": 200}, path="scans").get_json()
    assert (again["id"], again["expires_at"]) == (first["id"], first["expires_at"])
    assert again["offers"][0]["price"]["gross_fen"] == 200
    assert pos.count(Scan) == 1
    is_problem(pos.post(body | {"presentation": pos.shown()}, path="scans"), 422, "body_mismatch")


def test_the_scan_is_redeemed_by_its_id(pos: Pos) -> None:
    made = scan(pos).get_json()["id"]
    body = {"id": str(uuid4()), "scan": made, "offer": "MILK", "gross_fen": 5000}
    answer = pos.post(body | {"pos": "P1", "terminal": "T1", "cashier": "小王", "receipt_no": "R1"})
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["paid_fen"] == 4000
    shown = pos.get(f"redemptions/{body['id']}").get_json()
    kept = {name: shown[name] for name in ("pos", "terminal", "cashier", "receipt_no")}
    assert kept == {"pos": "P1", "terminal": "T1", "cashier": "小王", "receipt_no": "R1"}
    is_problem(pos.post(body | {"id": str(uuid4()), "scan": str(uuid4())}), 404, "scan_not_found")


@pytest.mark.parametrize("both", [True, False])
def test_either_a_presentation_or_a_scan(pos: Pos, both: bool) -> None:
    body = {"id": str(uuid4()), "offer": "MILK", "gross_fen": 1}
    body |= {"scan": str(uuid4()), "presentation": "X"} if both else {}
    response = pos.post(body)
    is_problem(response, 422, "invalid_request")
    assert "presentation" in response.get_json()["errors"][0]["message"]
    assert pos.count(Redemption) == 0


def test_a_merchants_token_names_the_outlet_by_code_or_id(pos: Pos) -> None:
    kiosk = pos.world.dairy_kiosk
    response = pos.post(pos.body(), pos.hq)
    is_problem(response, 422, "invalid_request")
    assert response.get_json()["errors"][0]["field"] == "outlet"
    for named in ("D2", str(kiosk.id)):
        answer = pos.post(pos.body(outlet=named), pos.hq)
        assert answer.status_code == 201, answer.text
        assert answer.get_json()["outlet"]["code"] == "D2"
    is_problem(pos.post(pos.body(outlet="G1"), pos.hq), 422, "wrong_outlet")
    is_problem(scan(pos, pos.hq, outlet="D9"), 422, "wrong_outlet")
    assert pos.count(RefusedAttempt) == 0


def test_an_outlets_token_is_of_its_own_outlet_only(pos: Pos) -> None:
    assert pos.post(pos.body(outlet="D1")).status_code == 201
    for named in ("D2", "G1", "D9", str(pos.world.dairy_kiosk.id)):
        is_problem(pos.post(pos.body(outlet=named)), 422, "wrong_outlet")
    assert pos.count(Redemption) == 1
    assert pos.count(RefusedAttempt) == 4


def test_a_scan_of_another_outlet_is_refused(pos: Pos) -> None:
    made = scan(pos, pos.hq, outlet="D2").get_json()["id"]
    body = {"id": str(uuid4()), "scan": made, "offer": "MILK", "gross_fen": 5000}
    is_problem(pos.post(body), 422, "wrong_outlet")
    assert pos.post(body | {"outlet": "D2"}, pos.hq).status_code == 201


@pytest.mark.parametrize("name", ["pos", "terminal", "cashier", "receipt_no"])
@pytest.mark.parametrize("value", ["x" * 65, "a\0b", 7])
def test_metadata_that_does_not_fit(pos: Pos, name: str, value: object) -> None:
    response = pos.post(pos.body(**{name: value}))
    is_problem(response, 422, "invalid_request")
    assert [error["field"] for error in response.get_json()["errors"]] == [name]


# --- printed cards -----------------------------------------------------------------------------------


def card_of(pos: Pos) -> str:
    """The mechanic's card; the one before is dead."""
    with store_of(pos.app) as session:
        pos.world.session = session
        return pos.world.card(at=clock.now(), anew=True).text


def test_a_printed_card_is_scanned_compared_and_redeemed(pos):
    card = card_of(pos)
    body = {"id": str(uuid4()), "presentation": card, "gross_fen": 50_000}
    answer = pos.post(body, path="scans").get_json()
    assert (answer["class"], answer["compare_name"], answer["card_left_fen"]) == ("printed", True, 50_000)
    assert answer["holder"]["name"] == "张**"
    order = {"id": str(uuid4()), "scan": answer["id"], "offer": "MILK", "gross_fen": 50_000}
    is_problem(pos.post(order), 422, "name_not_compared")
    told = pos.post(order | {"name_compared": True})
    assert told.status_code == 201
    assert pos.post(order | {"name_compared": True}).data == told.data
    again = pos.post(body | {"id": str(uuid4())}, path="scans").get_json()
    milk = next(offer for offer in again["offers"] if offer["code"] == "MILK")
    assert again["card_left_fen"] == 10_000
    assert (milk["price"], milk["reason"]) == (None, "card_ceiling")
    order = {"id": str(uuid4()), "scan": again["id"], "offer": "MILK", "gross_fen": 12_502}
    problem = pos.post(order | {"name_compared": True})
    is_problem(problem, 409, "card_ceiling")
    assert "¥100.00" in problem.get_json()["detail"]


def test_a_printed_card_is_not_redeemed_in_one_call(pos):
    is_problem(pos.post(pos.body(presentation=card_of(pos))), 422, "name_not_compared")
    is_problem(pos.post(pos.body(presentation=card_of(pos), name_compared=True)), 422, "name_not_compared")


def test_what_is_no_card_is_said_to_be_none(pos):
    answer = pos.post({"id": str(uuid4()), "presentation": pos.shown()}, path="scans").get_json()
    assert (answer["class"], answer["compare_name"], answer["card_left_fen"]) == ("short_lived", False, None)
    with store_of(pos.app) as session:
        pos.world.session = session
        phone = pos.world.phone(at=clock.now()).show(clock.now())
    answer = pos.post({"id": str(uuid4()), "presentation": phone}, path="scans").get_json()
    assert answer["class"] == "device"
