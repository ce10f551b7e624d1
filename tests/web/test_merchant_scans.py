"""Where a cashier stands, and scanning: what is read, what is refused, and what is remembered of it."""

import sqlite3
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from alliance.accounts.models import Role
from alliance.redemptions.models import Scan
from alliance.refused import Reason
from tests.web.people import Scene, address, attempts, scanned, text
from tests.web.visits import form_token, post

JSON = {"Accept": "application/json"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def counter(scene):
    return scene.cashier()


@pytest.fixture
def shop(scene) -> str:
    return address(scene.world.dairy_shop)


# --- where -------------------------------------------------------------------------------------------


def test_a_cashier_of_one_outlet_is_led_there(counter, shop):
    assert counter.get("/counter").location == shop


def test_an_administrator_chooses_among_his_own_outlets(scene):
    page = text(scene.admin().get("/counter"))
    assert "乳业直营店" in page
    assert "乳业奶站" in page
    assert "车天下展厅" not in page


def test_a_cashier_of_two_outlets_chooses_among_them(scene):
    world = scene.world
    outlets = [world.dairy_shop, world.dairy_kiosk]
    page = text(scene.browser(Role.CASHIER, enterprise_id=world.dairy.id, outlets=outlets).get("/counter"))
    assert address(world.dairy_kiosk) in page
    assert address(world.garage_hall) not in page


def test_without_an_outlet_it_says_whom_to_ask(scene):
    page = text(scene.browser(Role.CASHIER, enterprise_id=scene.world.dairy.id).get("/counter"))
    assert "还没有可收银的门店" in page


def test_the_counter_says_where_it_is_and_where_its_decoder_lies(counter, shop):
    page = text(counter.get(shop))
    assert "乳业直营店" in page
    assert 'data-wasm="/static/dist/zxing_reader-' in page
    assert "playsinline muted" in page


@pytest.mark.parametrize("which", ["dairy_kiosk", "garage_hall"])
def test_another_outlet_is_not_there(scene, counter, which):
    other = address(getattr(scene.world, which))
    assert counter.get(other).status_code == 404
    data = {"id": str(uuid4()), "text": scene.shown().text}
    assert post(counter, f"{other}/scans", data).status_code == 404
    assert scene.afresh().scalar(select(func.count()).select_from(Scan)) == 0


# --- scanning ----------------------------------------------------------------------------------------


def test_the_page_script_gets_a_location(scene, counter, shop):
    id_ = uuid4()
    answer = post(counter, f"{shop}/scans", {"id": str(id_), "text": scene.shown().text}, headers=JSON)
    assert answer.status_code == 201
    assert answer.json == {"location": f"{shop}/scans/{id_}"}
    scan = scene.afresh().scalars(select(Scan)).one()
    assert (scan.id, scan.outlet_id) == (id_, scene.world.dairy_shop.id)
    assert scan.account_id is not None


def test_the_same_id_is_the_same_scan(scene, counter, shop):
    data = {"id": str(uuid4()), "text": scene.shown().text}
    first, second = (post(counter, f"{shop}/scans", data, headers=JSON) for _ in range(2))
    assert first.json == second.json
    assert scene.afresh().scalar(select(func.count()).select_from(Scan)) == 1


@pytest.mark.parametrize("written", ["{} {}", "{}{}", "  {} {}  "])
def test_the_typed_digits_do_as_well(scene, counter, shop, written):
    code = scene.shown().code
    scanned(scene, counter, shop, written.format(code[:4], code[4:]))


def test_full_width_digits_and_small_letters_are_read(scene, counter, shop):
    wide = scene.shown().code.translate({ord("0") + n: ord("０") + n for n in range(10)})
    scanned(scene, counter, shop, wide)
    scanned(scene, counter, shop, scene.shown().text.lower())


@pytest.mark.parametrize(
    ("shown", "reason", "words"),
    [
        ("http://example.org/", Reason.MALFORMED, "不是联盟会员码"),
        ("HELLO", Reason.MALFORMED, "不是联盟会员码"),
        ("00000000", Reason.UNKNOWN_CODE, "数字码不对或已失效"),
    ],
)
def test_what_is_no_pass_is_refused_and_remembered(scene, counter, shop, shown, reason, words):
    id_ = uuid4()
    answer = post(counter, f"{shop}/scans", {"id": str(id_), "text": shown}, headers=JSON)
    assert answer.status_code == 422
    assert answer.json["reason"] == reason
    assert words in answer.json["detail"]
    [attempt] = attempts(scene)
    assert (attempt.reason, attempt.request_id, attempt.outlet_id) == (
        reason,
        id_,
        scene.world.dairy_shop.id,
    )


def test_a_form_gets_the_refusal_over_the_whole_page(scene, counter, shop):
    shown = scene.shown().text
    scene.later(seconds=61)
    answer = post(counter, f"{shop}/scans", {"id": str(uuid4()), "text": shown})
    assert answer.status_code == 422
    assert "不能核销" in text(answer)
    assert "answer-no" in text(answer)
    assert "请顾客刷新会员码后重扫" in text(answer)
    assert "下一位" in text(answer)


def test_a_presentation_is_good_once(scene, counter, shop):
    shown = scene.shown().text
    scanned(scene, counter, shop, shown)
    answer = post(counter, f"{shop}/scans", {"id": str(uuid4()), "text": shown}, headers=JSON)
    assert answer.status_code == 409
    assert answer.json["detail"] == "同一个会员码只能扫一次，请顾客刷新会员码后重扫。"


@pytest.mark.parametrize(
    "form", [{"text": "  "}, {}, {"text": "A" * 1001}, {"id": "no-uuid", "text": "12345678"}, {"id": ""}]
)
def test_an_empty_or_broken_form_is_no_attempt(scene, counter, shop, form):
    for headers in ({}, JSON):
        answer = post(counter, f"{shop}/scans", {"id": str(uuid4())} | form, headers=headers)
        assert answer.status_code == 422
    assert attempts(scene) == []


def test_a_busy_database_is_said_and_leaves_no_trace(scene, counter, shop, monkeypatch):
    class Busy(Exception):
        sqlstate = "55P03"

    def busy(*_args):
        on_sqlite = scene.session.get_bind().dialect.name == "sqlite"
        cause = sqlite3.OperationalError("database is locked") if on_sqlite else Busy()
        raise OperationalError("INSERT", {}, cause)

    monkeypatch.setattr("alliance.web.merchant.scans.accept_scan", busy)
    answer = post(counter, f"{shop}/scans", {"id": str(uuid4()), "text": "12345678"}, headers=JSON)
    assert answer.status_code == 409
    assert answer.json["reason"] == "in_flight"
    assert attempts(scene) == []


@pytest.mark.parametrize(("method", "path"), [("get", "/scans"), ("put", "/redemptions"), ("delete", "")])
def test_the_wrong_method(counter, shop, method, path):
    headers = {"X-CSRFToken": form_token(counter)}
    assert getattr(counter, method)(shop + path, headers=headers).status_code == 405


def test_a_post_needs_the_forms_token(scene, counter, shop):
    data = {"id": str(uuid4()), "text": scene.shown().text}
    assert counter.post(f"{shop}/scans", data=data).status_code == 400
    assert scene.afresh().scalar(select(func.count()).select_from(Scan)) == 0
