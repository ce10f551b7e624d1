"""Joining a family by a link: a name, a proven phone, and the pass is there."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.passes import household
from alliance.people.models import Holder
from tests.web.people import Scene, text
from tests.web.test_auth_code import sent
from tests.web.visits import post

PHONE = "13700000001"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    app.extensions["settings"].code_sender = "outbox"
    return Scene(app, session, monkeypatch)


def link(scene: Scene) -> str:
    scene.session.commit()
    token = household.invite(scene.session, scene.world.mechanic, 5, COMMAND_LINE, scene.at)
    scene.session.commit()
    return f"/join/{token}"


def ask(browser: FlaskClient, path: str, phone: str = PHONE, name: str = "赵敏"):
    return post(browser, path, {"name": name, "phone": phone})


def prove(scene: Scene, browser: FlaskClient):
    return post(browser, "/join", {"code": sent(scene.app)[-1]["code"]})


def dependants(scene: Scene) -> list[Holder]:
    return list(household.household_of(scene.afresh(), scene.world.mechanic.id, scene.at).dependants)


def test_who_proves_a_phone_has_a_pass(scene):
    path, browser = link(scene), scene.app.test_client()
    page = text(browser.get(path))
    assert "张**" in page
    assert "吉林市车天下二手车经销有限公司" in page
    assert "张喆明" not in page
    assert ask(browser, path).location == "/join"
    assert "137****0001" in text(browser.get("/join"))
    assert prove(scene, browser).location == "/pass"
    assert "赵*" in text(browser.get("/pass"))
    assert [(holder.name, holder.phone) for holder in dependants(scene)] == [("赵敏", "+8613700000001")]
    # Later the phone signs in like any other.
    other = scene.app.test_client()
    post(other, "/sign-in/code", {"phone": PHONE})
    assert post(other, "/sign-in/verify", {"code": sent(scene.app)[-1]["code"]}).status_code == 303
    assert "赵*" in text(other.get("/pass"))


def test_a_link_is_good_once(scene):
    path, first, second = link(scene), scene.app.test_client(), scene.app.test_client()
    ask(first, path)
    code = sent(scene.app)[-1]["code"]
    ask(second, path, "13700000002", "钱多")
    assert post(first, "/join", {"code": code}).location == "/pass"
    answer = prove(scene, second)
    assert (answer.status_code, "邀请已失效" in text(answer)) == (410, True)
    for answer in (second.get(path), ask(second, path)):
        assert (answer.status_code, "邀请已失效" in text(answer)) == (410, True)
    assert len(dependants(scene)) == 1


@pytest.mark.parametrize("token", ["x" * 22, "1", "%00", "x" * 500])
def test_a_link_that_was_never_made_leads_nowhere(scene, token):
    answer = scene.app.test_client().get(f"/join/{token}")
    assert answer.status_code == 410
    assert ask(scene.app.test_client(), f"/join/{token}").status_code == 410


def test_an_old_link_leads_nowhere(scene):
    path = link(scene)
    scene.later(days=7)
    assert scene.app.test_client().get(path).status_code == 410


def test_who_has_a_pass_is_told_only_after_the_proof(scene):
    """Whoever has a link could otherwise ask who is a member."""
    path, browser = link(scene), scene.app.test_client()
    assert ask(browser, path, "13800000002").location == "/join"
    answer = prove(scene, browser)
    assert (answer.status_code, "您已经有会员码" in text(answer)) == (409, True)
    assert dependants(scene) == []
    # The link is still good for whom it was meant.
    ask(browser, path)
    assert prove(scene, browser).location == "/pass"


def test_the_employee_who_opens_the_own_link_is_told_whom_it_is_for(scene):
    path, browser = link(scene), scene.browser(Role.HOLDER, holder_id=scene.world.mechanic.id)
    # The browser's account has the phone of a holder.
    scene.world.mechanic.phone = "+8613900000001"
    scene.session.commit()
    answer = browser.get(path)
    assert (answer.status_code, "您已经有会员码" in text(answer)) == (200, True)


def test_who_is_signed_in_proves_nothing_again(scene):
    """A cashier, say, whose husband works for a member."""
    path, browser = link(scene), scene.cashier()
    page = text(browser.get(path))
    assert "您已用 139****0001 登录" in page
    assert post(browser, path, {"name": "赵敏"}).location == "/pass"
    assert [holder.phone for holder in dependants(scene)] == ["+8613900000001"]
    assert "赵*" in text(browser.get("/pass"))
    assert sent(scene.app) == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "phone": PHONE}, "请填写您的姓名。"),
        ({"name": "长" * 61, "phone": PHONE}, "姓名最多 60 个字。"),
        ({"name": "赵敏", "phone": "123"}, "手机号不对"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(scene, form, words):
    answer = post(scene.app.test_client(), link(scene), form)
    assert (answer.status_code, words in text(answer)) == (422, True)
    assert sent(scene.app) == []


def test_a_wrong_code_is_no_proof_and_tries_run_out(scene):
    path, browser = link(scene), scene.app.test_client()
    ask(browser, path)
    right = sent(scene.app)[-1]["code"]
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        answer = post(browser, "/join", {"code": wrong})
        assert (answer.status_code, "验证码不对" in text(answer)) == (422, True)
    assert post(browser, "/join", {"code": right}).status_code == 429
    assert dependants(scene) == []


def test_one_link_sends_few_codes_whatever_the_phones(scene):
    path, browser = link(scene), scene.app.test_client()
    answers = [ask(browser, path, f"1370000001{number}").status_code for number in range(7)]
    assert answers == [303] * 5 + [429] * 2
    assert len(sent(scene.app)) == 5


def test_without_asking_there_is_nothing_to_prove(scene):
    assert scene.app.test_client().get("/join").location == "/sign-in"
    answer = post(scene.app.test_client(), "/join", {"code": "123456"})
    assert answer.location == "/sign-in"
    assert scene.afresh().scalar(select(func.count()).where(Holder.sponsor_id.is_not(None))) == 0


def test_one_household_sends_few_codes_whatever_its_links(scene):
    browser = scene.app.test_client()
    answers = []
    for number in range(16):
        path = link(scene)
        answers.append(ask(browser, path, f"137000001{number:02}").status_code)
        invitation = household.find_invitation(scene.session, path.rpartition("/")[2], scene.at)
        household.withdraw(scene.session, invitation, COMMAND_LINE, scene.at)
        scene.session.commit()
    assert answers == [303] * 15 + [429]
