"""收银员: who may cash at which outlet; added, taken away, and refused from the next request on."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import select

from alliance.accounts.models import Account, Grant, GrantOutlet, Role
from alliance.audit.models import AuditEntry
from tests.web.people import Scene, address, scanned, text
from tests.web.visits import browser_of, post

PHONE = "139 1234 5678"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def page(scene: Scene) -> str:
    return f"/enterprises/{scene.world.dairy.id}/cashiers"


def form(scene: Scene, **changes: str) -> dict[str, str]:
    return {"phone": PHONE, "name": "赵小满", "outlet": str(scene.world.dairy_shop.id)} | changes


def cashier(scene: Scene):
    """The browser of whoever has that phone."""
    return browser_of(
        scene.app, scene.afresh().scalars(select(Account.id).where(Account.phone.endswith("12345678"))).one()
    )


def taken(scene: Scene, outlet) -> tuple[str, dict[str, str]]:
    """The form that takes the cashier of that phone away from an outlet: where it goes, and what it sends."""
    wanted = select(Grant.id).join(Account, Account.id == Grant.account_id)
    grant_id = (
        scene.afresh()
        .scalars(wanted.where(Account.phone.endswith("12345678")).order_by(Grant.id.desc()))
        .first()
    )
    return f"{grant_id}/remove", {"outlet_id": str(outlet.id)}


def entries(scene: Scene) -> list[tuple[str, object]]:
    """What the trail says of grants since the administrator's own."""
    wanted = select(AuditEntry).where(AuditEntry.action.like("grant.%")).order_by(AuditEntry.id)
    return [(entry.action, entry.detail.get("outlets")) for entry in scene.afresh().scalars(wanted)][1:]


def test_nobody_yet(scene, page):
    shown = text(scene.admin().get(page))
    assert "还没有收银员" in shown
    assert "添加收银员" in shown


def test_somebody_is_added_and_may_cash(scene, page):
    admin, world = scene.admin(), scene.world
    answer = post(admin, page, form(scene), follow_redirects=True)
    shown = text(answer)
    for words in ("就能在“乳业直营店”收银", "139****5678", "赵**", "2026-03-04 12:00"):
        assert words in shown
    assert "赵小满" not in shown
    assert "12345678" not in shown
    browser = cashier(scene)
    assert browser.get(address(world.dairy_shop)).status_code == 200
    assert browser.get(address(world.dairy_kiosk)).status_code == 404
    # Another outlet, a day later; the first one again adds nothing.
    scene.later(days=1)
    for outlet in (world.dairy_kiosk, world.dairy_shop):
        post(admin, page, form(scene, outlet=str(outlet.id), name="别的名字"))
    assert browser.get(address(world.dairy_kiosk)).status_code == 200
    shown = text(admin.get(page))
    assert re.findall(r"2026-03-0\d 12:00", shown) == ["2026-03-04 12:00", "2026-03-05 12:00"]
    assert "别" not in shown.split("<form", 2)[1]
    shop, kiosk = str(world.dairy_shop.id), str(world.dairy_kiosk.id)
    assert entries(scene) == [("grant.give", [shop]), ("grant.give", [kiosk])]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"phone": "12345"}, "手机号不对"),
        ({"phone": ""}, "请输入手机号"),
        ({"name": " "}, "请填写姓名"),
        ({"name": "长" * 61}, "姓名最多 60 个字"),
    ],
)
def test_a_form_that_does_not_fit_adds_nobody(scene, page, changes, said):
    answer = post(scene.admin(), page, form(scene, **changes))
    assert answer.status_code == 422
    assert said in text(answer)
    assert scene.afresh().scalars(select(GrantOutlet)).all() == []


def test_another_enterprises_outlet_cannot_be_chosen(scene, page):
    answer = post(scene.admin(), page, form(scene, outlet=str(scene.world.garage_hall.id)))
    assert answer.status_code == 422
    assert scene.afresh().scalars(select(GrantOutlet)).all() == []


def test_who_is_taken_away_is_refused_at_the_next_request(scene, page):
    """From one outlet of two, then from the last; what was accepted is told again either way."""
    admin, world = scene.admin(), scene.world
    for outlet in (world.dairy_shop, world.dairy_kiosk):
        post(admin, page, form(scene, outlet=str(outlet.id)))
    browser, shop = cashier(scene), address(world.dairy_shop)
    order = {"id": str(uuid4()), "scan_id": str(scanned(scene, browser, shop)), "amount": "100.05"}
    order |= {"offer": str(world.milk.offer_id), "quantity": "1"}
    assert post(browser, f"{shop}/redemptions", order).status_code == 302
    for outlet, status in ((world.dairy_shop, 404), (world.dairy_kiosk, 403)):
        path, sent = taken(scene, outlet)
        for _ in range(2):
            answer = post(admin, f"{page}/{path}", sent, follow_redirects=True)
            assert "已取消" in text(answer)
        assert browser.get(shop).status_code == status
        assert post(browser, f"{shop}/scans", {"id": str(uuid4()), "text": "x"}).status_code == status
        again = post(browser, f"{shop}/redemptions", order)
        assert again.status_code == 200
        assert "¥80.04" in text(again)
    assert "还没有收银员" in text(admin.get(page))
    [grant] = scene.afresh().scalars(select(Grant).where(Grant.role == Role.CASHIER))
    assert (grant.revoked_at, grant.revoked_by_id) == (scene.at, grant.granted_by_id)
    assert entries(scene)[2:] == [("grant.revoke", [str(world.dairy_shop.id)]), ("grant.revoke", None)]
    # The way back is to add once more.
    post(admin, page, form(scene))
    assert browser.get(shop).status_code == 200


def test_another_enterprises_cashier_is_not_there(scene, page):
    post(scene.admin(), page, form(scene))
    path, sent = taken(scene, scene.world.dairy_shop)
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)
    theirs = f"/enterprises/{scene.world.garage.id}/cashiers"
    for where in (page, theirs):
        assert post(other, f"{where}/{path}", sent).status_code == 404
    assert "139****5678" not in text(other.get(theirs))
    assert scene.cashier().get(page).status_code == 403
    assert scene.app.test_client().get(page).status_code == 303
    assert scene.admin().get(f"{page}/{path}").status_code == 405
    # An administrator's grant is no cashier's.
    wanted = select(Grant.id).where(
        Grant.role == Role.ENTERPRISE_ADMIN, Grant.enterprise_id == scene.world.dairy.id
    )
    admins = scene.afresh().scalars(wanted).first()
    assert post(scene.admin(), f"{page}/{admins}/remove", sent).status_code == 404
    assert post(scene.admin(), f"{page}/{path}", {"outlet_id": "x"}).status_code == 422
    assert (
        scene.afresh()
        .scalars(select(GrantOutlet).where(GrantOutlet.outlet_id == scene.world.dairy_shop.id))
        .all()
    )


def test_the_organizer_reads_it_in_the_trail(scene, page):
    post(scene.admin(), page, form(scene))
    shown = text(scene.organizer().get("/organizer/audit"))
    assert "授予身份" in shown
    assert "门店 乳业直营店" in shown
