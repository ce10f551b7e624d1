"""The employee's phone: the pass and the record; and that each shows one holder's things only."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.passes.credential import verify
from alliance.passes.issue import pass_of, reissue, revoke
from alliance.passes.models import Pass, TypedCode
from alliance.people.employment import employment_on, leave
from alliance.people.models import Holder, HolderKind
from alliance.redemptions.models import Redemption
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import new_id
from tests.web.people import Scene, text
from tests.web.visits import form_token, post

JSON = {"Accept": "application/json"}


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


@pytest.fixture
def phone(scene):
    return scene.holder()


# --- the pass ----------------------------------------------------------------------------------------


def test_the_pass_page_names_the_holder_masked_and_the_employer(phone):
    page = text(phone.get("/pass"))
    assert "张**" in page
    assert "张喆明" not in page.replace("第1人", "")
    assert "吉林市车天下二手车经销有限公司" in page
    assert "吉林市松花江乳业有限公司" not in page


def test_reading_the_page_changes_nothing(phone, scene):
    phone.get("/pass")
    assert scene.afresh().scalar(select(func.count()).select_from(Pass)) == 0


def test_a_credential_is_signed_short_and_without_personal_data(phone, scene, app):
    answer = post(phone, "/pass/credential", headers=JSON)
    assert answer.status_code == 200
    body = answer.json
    credential = verify(scene.afresh(), app.extensions["keyring"], body["text"], scene.at)
    held = scene.session.scalars(select(Pass)).one()
    assert credential.status_index == held.status_index
    assert held.holder_id == scene.world.mechanic.id
    assert body["now"] == scene.at.isoformat()
    assert body["expires_at"] == (scene.at + timedelta(seconds=60)).isoformat()
    assert scene.session.get(TypedCode, body["code"]) is not None
    assert set(body) == {"text", "code", "expires_at", "now"}


def test_every_credential_is_a_new_one_of_the_same_pass(phone, scene):
    first, second = (post(phone, "/pass/credential", headers=JSON).json for _ in range(2))
    assert first["text"] != second["text"]
    assert first["code"] != second["code"]
    assert scene.afresh().scalar(select(func.count()).select_from(Pass)) == 1


def test_a_revoked_pass_is_not_renewed_until_it_is_issued_again(phone, scene):
    """Whoever found the phone must not undo the revocation by opening the page."""
    post(phone, "/pass/credential", headers=JSON)
    session, holder_id = scene.afresh(), scene.world.mechanic.id
    revoke(session, pass_of(session, holder_id, scene.at), "丢失", COMMAND_LINE, scene.at)
    session.commit()
    answer = post(phone, "/pass/credential", headers=JSON)
    assert (answer.status_code, answer.json["reason"]) == (422, "revoked")
    assert "重新发放" in answer.json["detail"]
    session = scene.afresh()
    reissue(session, holder_id, COMMAND_LINE, scene.at)
    session.commit()
    assert post(phone, "/pass/credential", headers=JSON).status_code == 200


def test_a_leaver_gets_words_and_no_code(phone, scene):
    today = business_date(scene.at)
    leave(scene.session, employment_on(scene.session, scene.world.mechanic.id, today), today, scene.at)
    scene.session.commit()
    answer = post(phone, "/pass/credential", headers=JSON)
    assert answer.status_code == 422
    assert answer.json["reason"] == "not_entitled"
    assert "您目前不在成员企业的名册中" in answer.json["detail"]
    assert "顾客" not in answer.json["detail"]
    assert scene.afresh().scalar(select(func.count()).select_from(TypedCode)) == 0
    assert "目前没有在职单位" in text(phone.get("/pass"))


def test_a_dependant_shows_the_sponsors_employer(scene):
    child = Holder(
        kind=HolderKind.DEPENDANT, name="张小喆", sponsor_id=scene.world.mechanic.id, created_at=scene.at
    )
    scene.session.add(child)
    scene.session.flush()
    phone = scene.browser(Role.HOLDER, holder_id=child.id)
    assert "吉林市车天下二手车经销有限公司" in text(phone.get("/pass"))
    assert post(phone, "/pass/credential", headers=JSON).status_code == 200


def test_a_credential_needs_the_forms_token(phone):
    assert phone.post("/pass/credential", headers=JSON).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/pass/credential"), ("post", "/pass"), ("put", "/offers")]
)
def test_the_wrong_method(phone, method, path):
    headers = {"X-CSRFToken": form_token(phone)}
    assert getattr(phone, method)(path, headers=headers).status_code == 405


@pytest.mark.parametrize("path", ["/pass", "/offers", "/redemptions"])
def test_who_is_no_holder_has_no_phone_pages(scene, path):
    assert scene.cashier().get(path).status_code == 403


# --- what was used -----------------------------------------------------------------------------------


def test_it_lists_my_redemptions_by_month_and_what_they_saved(phone, scene):
    world = scene.world
    world.redeem(10000, at=scene.at - timedelta(days=40))
    world.redeem(10005)
    world.redeem(20000, holder=world.salesman)
    scene.session.commit()
    page = text(phone.get("/redemptions"))
    assert page.index("2026年3月") < page.index("2026年1月")
    assert "实付 ¥80.04 · 省了 ¥20.01" in page
    assert "实付 ¥80.00 · 省了 ¥20.00" in page
    assert "乳业直营店" in page
    assert "¥160.00" not in page


def test_a_reversed_one_counts_nothing_and_says_so(phone, scene):
    world = scene.world
    world.redeem(10000, offer="WASH", outlet=world.garage_hall)
    world.redeem(10000)
    scene.session.flush()
    whole, part = (
        scene.session.scalars(select(Redemption).where(Redemption.merchant_id == merchant.id)).one()
        for merchant in (world.garage, world.dairy)
    )
    reverse(
        scene.session,
        world.counter(world.garage_hall),
        new_id(),
        whole.id,
        "顾客退货",
        scene.at,
        authority=Authority.MERCHANT,
    )
    reverse(
        scene.session,
        world.counter(),
        new_id(),
        part.id,
        "顾客退货",
        scene.at,
        refund_fen=4000,
        authority=Authority.MERCHANT,
    )
    scene.session.commit()
    page = text(phone.get("/redemptions"))
    assert "已冲正" in page
    assert "部分退款" in page
    assert "实付 ¥40.00 · 省了 ¥10.00" in page


def test_without_redemptions_it_says_how_to_begin(phone, scene):
    scene.world.redeem(holder=scene.world.salesman)
    scene.session.commit()
    assert "还没有使用记录" in text(phone.get("/redemptions"))
