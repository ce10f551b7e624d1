"""Enrolling a phone and the list of phones: one holder's only, and gone in one step."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from alliance.accounts.models import Role, SignIn
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.passes import cose, devices
from alliance.passes.issue import pass_of, revoke
from alliance.passes.models import DeviceRevocation, PassDevice
from alliance.people.employment import employment_on, leave
from alliance.web.device_words import device_words
from tests.phones import KeyPair, Phone
from tests.web.people import Scene, address, scanned, text
from tests.web.visits import post

JSON = {"Accept": "application/json"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def enrolment(browser: FlaskClient, key: KeyPair) -> str:
    """What the page's script sends."""
    page = text(browser.get("/pass"))
    challenge = page.split('data-challenge="')[1].split('"')[0]
    payload = cose.canonical(cose.cose_key(key.point))
    return cose.to_text(cose.seal(cose.ES256_HEADER, payload, key.private, bytes.fromhex(challenge)))


def enrol(browser: FlaskClient, key: KeyPair | None = None):
    made = enrolment(browser, key or KeyPair())
    return post(browser, "/pass/device", {"enrolment": made}, headers=JSON)


def holder(scene: Scene, who=None) -> FlaskClient:
    """A browser of the mechanic's one account; each call is another sign-in."""
    return scene.browser(Role.HOLDER, holder_id=(who or scene.world.mechanic).id)


def test_a_phone_is_enrolled_and_its_code_is_scanned(scene):
    phone, browser = Phone(), holder(scene)
    answer = enrol(browser, phone.key)
    assert answer.status_code == 200
    assert set(answer.json) == {"credential", "expires_at", "renew_at", "now"}
    phone.credential = answer.json["credential"]
    shop = address(scene.world.dairy_shop)
    shown = phone.show(scene.at)
    scanned(scene, scene.cashier(), shop, shown)
    page = text(browser.get("/pass"))
    assert scene.world.mechanic.name not in page.replace("第1人", "")


def test_the_challenge_is_the_sessions_own(scene):
    made = enrolment(holder(scene), KeyPair())
    answer = post(holder(scene), "/pass/device", {"enrolment": made}, headers=JSON)
    assert (answer.status_code, answer.json["reason"]) == (422, "malformed")
    assert post(holder(scene), "/pass/device", {}, headers=JSON).json["reason"] == "malformed"
    assert scene.afresh().scalar(select(func.count()).select_from(PassDevice)) == 0


def test_a_new_binding_is_announced_on_the_other_phone(scene):
    """Not on itself, not the first one, not for ever, and not once it is removed."""
    first, second = holder(scene), holder(scene)
    enrol(first)
    assert "绑定了您的会员码" not in text(first.get("/pass"))
    scene.later(hours=1)
    enrol(second)
    page = text(first.get("/pass"))
    assert "2026-03-04 13:00 在另一台设备（其他设备）上绑定了您的会员码" in page
    assert "绑定了您的会员码" not in text(second.get("/pass"))
    # The same phone with a new key is no news.
    enrol(second)
    assert text(first.get("/pass")).count("绑定了您的会员码") == 1
    scene.later(days=7)
    assert "绑定了您的会员码" not in text(first.get("/pass"))


def test_who_removes_the_announced_phone_is_told_no_more(scene):
    first, second = holder(scene), holder(scene)
    enrol(first)
    enrol(second)
    [key] = re.findall(r'name="key_id" value="(\w+)"', text(first.get("/devices")))
    post(first, "/devices/remove", {"key_id": key})
    assert "绑定了您的会员码" not in text(first.get("/pass"))


def test_a_third_phone_is_told_what_to_do(scene):
    assert [enrol(holder(scene)).status_code for _ in range(2)] == [200, 200]
    answer = enrol(holder(scene))
    assert (answer.status_code, answer.json["reason"]) == (409, "too_many_devices")
    assert "我的设备" in answer.json["detail"]


def test_who_is_not_entitled_gets_no_credential(scene):
    browser, other = holder(scene), holder(scene, scene.world.salesman)
    enrol(browser)
    session, today = scene.afresh(), business_date(scene.at)
    leave(session, employment_on(session, scene.world.mechanic.id, today), today, scene.at)
    revoke(session, pass_of(session, scene.world.salesman.id, scene.at), "丢失", COMMAND_LINE, scene.at)
    session.commit()
    assert enrol(browser).json["reason"] == "not_entitled"
    assert enrol(other).json["reason"] == "revoked"


def test_the_list_shows_every_binding_with_its_date(scene):
    """Whoever binds a phone to a pass is seen by its holder."""
    first, second = holder(scene), holder(scene)
    enrol(first)
    enrol(holder(scene, scene.world.salesman))
    scene.later(days=1)
    enrol(second)
    enrol(second)
    page = text(first.get("/devices"))
    assert page.count("绑定于") == 2
    assert page.count("本机") == 1
    assert "2026-03-05" in page
    assert "同一登录重新绑定" in page
    actions = scene.afresh().scalars(select(AuditEntry.action)).all()
    assert actions.count("device.enrol") == 4


def test_removing_a_phone_ends_its_session_too(scene):
    mine, lost = holder(scene), holder(scene)
    enrol(mine)
    enrol(lost)
    session = scene.afresh()
    row = session.scalars(select(PassDevice).order_by(PassDevice.enrolled_at, PassDevice.sign_in_id)).all()
    with lost.session_transaction() as cookie:
        device = next(found for found in row if str(found.sign_in_id) == cookie["_user_id"])
    session.commit()
    answer = post(mine, "/devices/remove", {"key_id": device.key_id.hex()})
    assert answer.status_code == 303
    assert "已移除" in text(mine.get("/devices"))
    assert lost.get("/pass").status_code == 303
    session = scene.afresh()
    revocation = session.get_one(DeviceRevocation, device.key_id)
    assert revocation.reason == devices.BY_HOLDER
    assert session.get_one(SignIn, device.sign_in_id).revoked_at == scene.at
    # Pressing twice changes nothing.
    assert post(mine, "/devices/remove", {"key_id": device.key_id.hex()}).status_code == 303


def test_a_strangers_phone_is_not_there(scene):
    enrol(holder(scene, scene.world.salesman))
    key_id = scene.afresh().scalars(select(PassDevice.key_id)).one()
    scene.session.commit()
    assert post(holder(scene), "/devices/remove", {"key_id": key_id.hex()}).status_code == 404
    assert post(holder(scene), "/devices/remove", {"key_id": "00" * 32}).status_code == 404
    assert post(holder(scene), "/devices/remove", {"key_id": "zz"}).status_code == 422
    assert scene.afresh().scalar(select(func.count()).select_from(DeviceRevocation)) == 0


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0", "iPhone（微信）"),
        ("Mozilla/5.0 (Linux; Android 14; V2309A Build/UP1A) MicroMessenger/8", "安卓手机 V2309A（微信）"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36", "安卓手机"),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) ArkWeb/4.1", "鸿蒙手机"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Windows"),
        ("", "其他设备"),
    ],
)  # fmt: skip
def test_what_a_phone_is_called(app, agent, words):
    with app.test_request_context():
        assert device_words(agent) == words


def test_the_time_and_the_manifest_are_for_everybody(client, scene):
    assert client.get("/time").json == {"now": scene.at.isoformat()}
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    assert answer.json["short_name"] == "会员码"
