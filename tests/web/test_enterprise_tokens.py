"""接口令牌 and 被拒绝的核销 in the enterprise's office."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from alliance.accounts.models import ApiToken
from alliance.accounts.tokens import create_token, token_for
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.redemptions.refusals import remember
from alliance.refused import Reason, Refused
from tests.web.people import Scene, text
from tests.web.visits import post


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def office(scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}"


def form(scene, **changes) -> dict[str, str]:
    return {"id": str(uuid4()), "name": "一号收银机", "outlet": str(scene.world.dairy_shop.id)} | changes


def tokens(scene) -> list[ApiToken]:
    return list(scene.afresh().scalars(select(ApiToken)))


def test_a_new_token_is_shown_once(scene, office):
    admin, sent = scene.admin(), form(scene)
    answer = post(admin, f"{office}/tokens", sent)
    [plain] = set(re.findall(r"alc_[\w-]{43}", text(answer)))
    [token] = tokens(scene)
    assert token_for(scene.session, plain).id == token.id
    assert (token.id, token.name, token.outlet_id) == (
        UUID(sent["id"]), "一号收银机", scene.world.dairy_shop.id,
    )  # fmt: skip
    assert token.created_by_id is not None
    listed = text(admin.get(f"{office}/tokens"))
    for shown in ("一号收银机", "乳业直营店", "还没有用过"):
        assert shown in listed
    assert plain not in listed
    again = post(admin, f"{office}/tokens", sent, follow_redirects=True)
    assert "而且只显示过一次" in text(again)
    assert plain not in text(again)
    assert len(tokens(scene)) == 1


def test_a_token_of_every_outlet_is_not_what_the_form_starts_with(scene, office):
    admin = scene.admin()
    chosen = f'<option selected value="{scene.world.dairy_shop.id}">'
    assert chosen in text(admin.get(f"{office}/tokens"))
    post(admin, f"{office}/tokens", form(scene, outlet=""))
    [token] = tokens(scene)
    assert (token.merchant_id, token.outlet_id) == (scene.world.dairy.id, None)
    assert "全部门店" in text(admin.get(f"{office}/tokens"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"name": " "}, "请写明给谁用"), ({"name": "长" * 61}, "用途最多 60 个字"), ({"id": "x"}, "页面已失效")],
)
def test_a_form_that_does_not_fit_makes_none(scene, office, changes, said):
    answer = post(scene.admin(), f"{office}/tokens", form(scene, **changes))
    assert answer.status_code == 422
    assert said in text(answer)
    assert tokens(scene) == []


def test_another_enterprises_outlet_cannot_be_chosen(scene, office):
    sent = form(scene, outlet=str(scene.world.garage_hall.id))
    assert post(scene.admin(), f"{office}/tokens", sent).status_code == 422
    assert tokens(scene) == []


def test_a_token_is_revoked_with_who_and_when(scene, office):
    admin = scene.admin()
    post(admin, f"{office}/tokens", form(scene))
    [token] = tokens(scene)
    scene.later(hours=1)
    for _ in range(2):
        answer = post(admin, f"{office}/tokens/{token.id}/revoke", follow_redirects=True)
        scene.later(minutes=1)
    page = text(answer)
    assert "已停用" in page
    assert "2026-03-04 13:00 第1人" in page
    assert "确认停用" not in page
    [token] = tokens(scene)
    assert token.revoked_at == scene.at - timedelta(minutes=2)
    assert token.revoked_by_id is not None
    deeds = scene.session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"token:{token.id}"))
    assert sorted(deeds) == ["token.create", "token.revoke"]


def test_another_enterprises_token_is_not_there(scene, office):
    session, garage = scene.session, scene.world.garage
    foreign, _ = create_token(session, "车行", garage.id, None, None, COMMAND_LINE, scene.at)
    reports, _ = create_token(session, "统计", None, None, None, COMMAND_LINE, scene.at)
    session.commit()
    admin = scene.admin()
    for other in (foreign.id, reports.id, uuid4()):
        assert post(admin, f"{office}/tokens/{other}/revoke").status_code == 404
    page = text(admin.get(f"{office}/tokens"))
    assert "车行" not in page
    assert "统计" not in page
    assert post(admin, f"/enterprises/{garage.id}/tokens", form(scene)).status_code == 404
    assert scene.cashier().get(f"{office}/tokens").status_code == 403
    assert {token.revoked_at for token in tokens(scene)} == {None}


# --- refused attempts -------------------------------------------------------------------------------------


@pytest.fixture
def refused(scene):
    """Two at the shop, a day apart, one at the kiosk and one at the garage."""
    world, yesterday = scene.world, scene.at - timedelta(days=1)
    for outlet, reason, at in (
        (world.dairy_shop, Reason.EXPIRED, scene.at),
        (world.dairy_shop, Reason.REVOKED, yesterday),
        (world.dairy_kiosk, Reason.LIMIT_TOTAL, scene.at),
        (world.garage_hall, Reason.MALFORMED, scene.at),
    ):
        remember(scene.session, world.counter(outlet), Refused(reason), at, uuid4())
    scene.session.commit()


def headlines(client, url: str) -> list[str]:
    page = text(client.get(url))
    return re.findall(r"<td>(会员码已过期|会员码已停用|优惠已领完|不是会员码)", page)


@pytest.mark.usefixtures("refused")
def test_refusals_are_listed_by_outlet_and_day_in_plain_words(scene, office):
    admin, shop = scene.admin(), scene.world.dairy_shop.id
    url = f"{office}/refused"
    assert set(headlines(admin, url)) == {"会员码已停用", "会员码已过期", "优惠已领完"}
    assert headlines(admin, f"{url}?outlet={shop}") == ["会员码已过期", "会员码已停用"]
    assert headlines(admin, f"{url}?outlet={shop}&day=2026-03-03") == ["会员码已停用"]
    assert headlines(admin, f"{url}?day=2026-01-01") == []
    assert "没有被拒绝的核销" in text(admin.get(f"{url}?day=2026-01-01"))
    assert "请顾客刷新会员码后重扫" in text(admin.get(url))


def test_older_ones_are_on_the_next_page(scene, office):
    world = scene.world
    for minutes in range(51):
        reason = Reason.REVOKED if minutes == 0 else Reason.EXPIRED
        remember(scene.session, world.counter(), Refused(reason), scene.later(minutes=1))
    scene.session.commit()
    admin = scene.admin()
    first = text(admin.get(f"{office}/refused?outlet={world.dairy_shop.id}"))
    assert first.count("会员码已过期") == 50
    [older] = re.findall(r'href="([^"]*cursor=[^"]*)"', first)
    assert headlines(admin, older.replace("&amp;", "&")) == ["会员码已停用"]


def test_filters_that_mean_nothing_are_named(scene, office):
    admin = scene.admin()
    for query in ("day=gestern", f"outlet={scene.world.garage_hall.id}", "cursor=x"):
        assert admin.get(f"{office}/refused?{query}").status_code == 422
    assert scene.cashier().get(f"{office}/refused").status_code == 403
    assert admin.get(f"/enterprises/{scene.world.garage.id}/refused").status_code == 404
