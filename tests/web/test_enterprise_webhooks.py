"""The enterprise's page of its webhooks."""

import base64
import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from alliance.accounts.models import Role
from alliance.audit.models import AuditEntry
from alliance.config import Settings
from alliance.store import new_id
from alliance.webhooks.endpoints import MOST_ENDPOINTS
from alliance.webhooks.models import (
    EventType,
    Failure,
    OutboxEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSubscription,
)
from alliance.webhooks.signing import Sealer
from tests.web.people import Scene, text
from tests.web.visits import post

URL = "https://pos.example.com/hook"
ALL = ["redemption.created", "redemption.reversed", "redemption.refunded", "redemption.corrected"]


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def base(scene: Scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}/webhooks"


def add(scene: Scene, client, **changes):
    form = {"url": URL, "description": "财务对账", "events": ALL} | changes
    return post(client, f"{base(scene)}/new", form)


def endpoint(scene: Scene) -> WebhookEndpoint:
    return scene.afresh().scalars(select(WebhookEndpoint)).one()


def delivery(scene: Scene, status: int | None, failure: Failure | None = None) -> UUID:
    """An event of now that was tried once."""
    made, event_id = endpoint(scene), new_id()
    merchant_id, ended = made.merchant_id, {"delivered_at": scene.at} if status == 200 else {}
    scene.session.add(
        OutboxEvent(
            merchant_id=merchant_id,
            id=event_id,
            type=EventType.REDEMPTION_CREATED,
            payload='{"data":{"outlet":"乳业直营店"}}',
            at=scene.at,
            fanned_out_at=scene.at,
        )
    )
    scene.session.flush()
    key = {"merchant_id": merchant_id, "event_id": event_id, "endpoint_id": made.id}
    pending = {} if ended else {"next_attempt_at": scene.at}
    scene.session.add(WebhookDelivery(**key, attempts=1, tried_since=scene.at, **ended, **pending))
    scene.session.flush()
    scene.session.add(WebhookAttempt(**key, at=scene.at, status=status, failure=failure, milliseconds=1234))
    scene.session.commit()
    return event_id


def test_nothing_yet(scene):
    page = text(scene.admin().get(base(scene)))
    assert "还没有接收地址" in page
    assert f'href="{base(scene)}/new"' in page


def test_an_endpoint_is_added_and_its_secret_shown_once(scene, app):
    admin = scene.admin()
    answer = add(scene, admin, events=ALL[:2])
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", text(answer))
    made = endpoint(scene)
    assert (made.merchant_id, made.url, made.description) == (scene.world.dairy.id, URL, "财务对账")
    sealer = Sealer(app.extensions["settings"].secret_key)
    assert base64.b64decode(secret.removeprefix("whsec_")) == sealer.unseal(made.secret)
    assert set(scene.session.scalars(select(WebhookSubscription.type))) == set(ALL[:2])
    for path in (base(scene), f"{base(scene)}/{made.id}"):
        page = text(admin.get(path))
        assert "whsec" not in page
        assert "核销、冲正" in page
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": ""}, "请填写接收地址"),
        ({"url": "pos.example.com"}, "不是完整的网址"),
        ({"url": "ftp://pos.example.com/"}, "要以 https:// 开头"),
        ({"url": "https://a:b@pos.example.com/"}, "用户名和密码"),
        ({"url": "https://pos.example.com/#a"}, "不能有“#”"),
        ({"url": "https://-/"}, "主机名不对"),
        ({"url": "https://pos.example.com:22/"}, "端口只能是 443"),
        ({"url": "https://127.0.0.1/"}, "内网或本机地址"),
        ({"url": "https://pos.example.com/" + "a" * 500}, "地址太长"),
        ({"description": " "}, "请填写用途"),
        ({"description": "长" * 61}, "最多 60 个字"),
        ({"events": []}, "请至少勾选一项"),
        ({"events": ["webhook.test"]}, "请至少勾选一项"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(scene, changes, words):
    answer = add(scene, scene.admin(), **changes)
    assert answer.status_code == 422
    assert words in text(answer)
    assert scene.afresh().scalars(select(WebhookEndpoint)).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_plain_http_is_refused_in_production(scene, app):
    app.extensions["settings"] = Settings(environment="production", secret_key="x" * 32)
    assert "要以 https:// 开头" in text(add(scene, scene.admin(), url="http://pos.example.com/"))


def test_it_is_changed_without_a_new_secret(scene):
    client = scene.admin()
    add(scene, client)
    made = endpoint(scene)
    url = f"{base(scene)}/{made.id}/edit"
    page = text(client.get(url))
    assert f'value="{URL}"' in page
    assert len(re.findall(r"<input[^>]*checked", page)) == len(ALL)
    form = {"url": "https://new.example.com/in", "description": "新系统", "events": ALL[1:2]}
    answer = post(client, url, form)
    assert answer.status_code == 302
    page = text(client.get(answer.location))
    for words in ("已保存", "https://new.example.com/in", "新系统", "<dd>冲正</dd>"):
        assert words in page
    changed = endpoint(scene)
    assert (changed.secret, changed.previous_secret) == (made.secret, None)
    assert len(re.findall(r"<input[^>]*checked", text(client.get(url)))) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "https://10.0.0.1/x"}, "内网"),
        ({"events": []}, "至少勾选一项"),
        ({"description": ""}, "用途"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(scene, changes, words):
    client = scene.admin()
    add(scene, client)
    made = endpoint(scene)
    answer = post(
        client, f"{base(scene)}/{made.id}/edit", {"url": URL, "description": "新", "events": ALL} | changes
    )
    assert answer.status_code == 422
    assert words in text(answer)
    assert (endpoint(scene).url, endpoint(scene).description) == (URL, "财务对账")


def test_there_are_never_too_many(scene):
    admin = scene.admin()
    for number in range(MOST_ENDPOINTS):
        assert add(scene, admin, url=f"{URL}{number}").status_code == 200
    assert "已有 10 个" in text(add(scene, admin))
    first = scene.afresh().scalars(select(WebhookEndpoint)).first()
    post(admin, f"{base(scene)}/{first.id}/disable")
    add(scene, admin)
    answer = post(admin, f"{base(scene)}/{first.id}/enable", follow_redirects=True)
    assert "已有 10 个" in text(answer)


def test_disabling_and_enabling(scene):
    admin = scene.admin()
    add(scene, admin)
    page = f"{base(scene)}/{endpoint(scene).id}"
    assert "已停用" in text(post(admin, f"{page}/disable", follow_redirects=True))
    assert endpoint(scene).disabled_by_id is not None
    for path in ("test", f"deliveries/{delivery(scene, 200)}/redeliver"):
        assert "请先启用" in text(post(admin, f"{page}/{path}", follow_redirects=True))
    assert "正常" in text(post(admin, f"{page}/enable", follow_redirects=True))
    entries = scene.afresh().scalars(select(AuditEntry).where(AuditEntry.action.startswith("webhook.")))
    assert [(entry.action, entry.account_id is None) for entry in entries] == [
        ("webhook.add", False), ("webhook.disable", False), ("webhook.enable", False),
    ]  # fmt: skip


def test_an_endpoint_that_the_worker_disabled_says_so(scene):
    admin = scene.admin()
    add(scene, admin)
    endpoint(scene).disabled_at = scene.at
    scene.session.commit()
    page = text(admin.get(f"{base(scene)}/{endpoint(scene).id}"))
    assert "连续三天送不到，已于 2026-03-04 12:00 自动停用" in page
    overview = text(admin.get(f"/enterprises/{scene.world.dairy.id}"))
    assert "接口通知“财务对账”连续三天送不到，已自动停用。" in overview
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)
    assert "财务对账" not in text(other.get(f"/enterprises/{scene.world.garage.id}"))


def asked_for(client, scene) -> dict[str, str]:
    """What the page's form of a new secret sends."""
    page = text(client.get(f"{base(scene)}/{endpoint(scene).id}"))
    [form] = re.findall(r'<form[^>]*/secret".*?</form>', page, re.DOTALL)
    return {
        name: value
        for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)
        if name != "csrf_token"
    }


def test_another_new_secret_within_the_day_is_asked_for_twice(scene):
    admin = scene.admin()
    add(scene, admin)
    first, url = endpoint(scene).secret, f"{base(scene)}/{endpoint(scene).id}/secret"
    stale = asked_for(admin, scene)
    post(admin, url, stale)
    scene.later(hours=2)
    answer = post(admin, url, stale, follow_redirects=True)
    assert "刚换过密钥，没有再换" in text(answer)
    assert "旧密钥立即作废" in text(answer)
    assert endpoint(scene).previous_secret == first
    asked = asked_for(admin, scene)
    assert asked.keys() == {"seen", "ends_former"}
    assert "whsec_" in text(post(admin, url, asked))
    assert endpoint(scene).previous_secret != first


def test_a_new_secret(scene):
    admin = scene.admin()
    add(scene, admin)
    before = endpoint(scene).secret
    asked = asked_for(admin, scene)
    assert asked.keys() == {"seen"}
    answer = text(post(admin, f"{base(scene)}/{endpoint(scene).id}/secret", asked))
    assert "whsec_" in answer
    assert "旧密钥在 24 小时内仍然有效" in answer
    # A double click: the browser shows the second answer, so it has to hold the secret.
    again = text(post(admin, f"{base(scene)}/{endpoint(scene).id}/secret", asked))
    assert re.findall("whsec_[^<]+", again) == re.findall("whsec_[^<]+", answer)
    assert endpoint(scene).previous_secret == before
    page = text(admin.get(f"{base(scene)}/{endpoint(scene).id}"))
    assert "2026-03-05 12:00 前仍然有效" in page
    scene.later(hours=24)
    assert "前仍然有效" not in text(admin.get(f"{base(scene)}/{endpoint(scene).id}"))


def test_a_test_is_queued_for_this_endpoint(scene):
    admin = scene.admin()
    add(scene, admin)
    page = f"{base(scene)}/{endpoint(scene).id}"
    shown = text(post(admin, f"{page}/test", follow_redirects=True))
    assert "等待发送" in shown
    (event,) = scene.afresh().scalars(select(OutboxEvent))
    assert event.type == EventType.TEST


def test_the_log_and_sending_again(scene):
    admin = scene.admin()
    add(scene, admin)
    page = f"{base(scene)}/{endpoint(scene).id}"
    delivery(scene, 200)
    failed = delivery(scene, None, Failure.TIMEOUT)
    shown = text(admin.get(page))
    assert "已接收（200）" in shown
    assert "15 秒内没有答复" in shown
    detail = text(admin.get(f"{page}/deliveries/{failed}"))
    assert "1,234 毫秒" in detail
    assert "乳业直营店" in detail
    scene.later(minutes=5)
    post(admin, f"{page}/deliveries/{failed}/redeliver")
    again = scene.afresh().get_one(WebhookDelivery, (scene.world.dairy.id, failed, endpoint(scene).id))
    assert (again.next_attempt_at, again.attempts) == (scene.at, 0)


def test_the_log_goes_back_page_by_page(scene, monkeypatch):
    monkeypatch.setattr("alliance.web.enterprise.webhook_lines.PAGE", 2)
    admin = scene.admin()
    add(scene, admin)
    page = f"{base(scene)}/{endpoint(scene).id}"
    ids = [delivery(scene, 200) for _ in range(3)]
    first = text(admin.get(page))
    assert [f"deliveries/{id_}" in first for id_ in ids] == [False, True, True]
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    second = text(admin.get(older[1]))
    assert [f"deliveries/{id_}" in second for id_ in ids] == [True, False, False]
    assert "before=" not in second
    assert admin.get(f"{page}?before=nonsense").status_code == 200


def test_another_enterprises_endpoint_is_not_there(scene):
    add(scene, scene.admin())
    page = f"{base(scene)}/{endpoint(scene).id}"
    event_id = delivery(scene, 200)
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)
    theirs = page.replace(f"/{scene.world.dairy.id}/", f"/{scene.world.garage.id}/")
    for path in (page, theirs):
        assert other.get(path).status_code == 404
        assert other.get(f"{path}/deliveries/{event_id}").status_code == 404
        for deed in ("secret", "disable", "enable", "test", f"deliveries/{event_id}/redeliver"):
            assert post(other, f"{path}/{deed}").status_code == 404
    assert scene.admin().get(f"{base(scene)}/{uuid4()}").status_code == 404
    assert scene.cashier().get(page).status_code == 403
    assert scene.app.test_client().get(page).status_code == 303


def test_in_english(scene):
    admin = scene.admin()
    add(scene, admin)
    post(admin, "/language", {"language": "en"})
    delivery(scene, 302)
    page = text(admin.get(f"{base(scene)}/{endpoint(scene).id}"))
    assert "answered 302, a redirect; not followed" in page
    assert (
        re.findall("[一-鿿]+", re.sub("吉林市松花江乳业有限公司|财务对账|异业联盟|中文|第.人", "", page))
        == []
    )
