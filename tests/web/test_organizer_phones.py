"""A lost phone, removed by the organizer."""

import pytest
from sqlalchemy import select

from alliance.accounts.models import Role
from alliance.passes import cose
from alliance.passes.devices import BY_ORGANIZER
from alliance.passes.models import DeviceRevocation
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from alliance.store import new_id
from tests.web.people import Scene, text
from tests.web.visits import post

URL = "/organizer/phones"


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def test_it_is_found_by_the_whole_number_and_removed(scene):
    phone = scene.world.phone()
    other = scene.world.phone(scene.world.salesman)
    desk = scene.organizer()
    page = text(post(desk, URL, {"phone": "138 0000 0001"}))
    assert "张** " in page
    assert "吉林市车天下二手车经销有限公司" in page
    assert "13800000001" not in page.replace('value="138 0000 0001"', "")
    form = {"holder_id": scene.world.mechanic.id, "key_id": cose.thumbprint(phone.key.point).hex()}
    assert post(desk, f"{URL}/remove", form).location == URL
    gone = scene.afresh().scalars(select(DeviceRevocation)).one()
    assert (gone.key_id, gone.reason) == (cose.thumbprint(phone.key.point), BY_ORGANIZER)
    shown = (scene.session, scene.world.keyring, scene.world.counter(), new_id())
    with pytest.raises(Refused) as refused:
        scan(*shown, phone.show(scene.at), scene.at)
    assert refused.value.reason is Reason.REVOKED
    scan(*shown, other.show(scene.at), scene.at)
    scene.session.commit()
    assert "没有绑定手机" in text(post(desk, URL, {"phone": "13800000001"}))


def test_an_adult_of_a_family_is_found_too(scene):
    wife = scene.world.dependant(scene.world.mechanic, "赵敏")
    wife.phone = "+8613700000001"
    scene.session.commit()
    page = text(post(scene.organizer(), URL, {"phone": "13700000001"}))
    assert "赵*" in page
    assert "没有绑定手机，不用移除。" in page


@pytest.mark.parametrize(
    ("phone", "status", "words"),
    [("13800000009", 200, "没有这个手机号"), ("0001", 422, "手机号不对"), ("", 422, "请输入手机号。")],
)
def test_nobody_is_found_by_less(scene, phone, status, words):
    answer = post(scene.organizer(), URL, {"phone": phone})
    assert (answer.status_code, words in text(answer)) == (status, True)


def test_a_phone_of_somebody_else_is_not_there(scene):
    phone, desk = scene.world.phone(), scene.organizer()
    key = cose.thumbprint(phone.key.point).hex()
    for holder_id in (scene.world.salesman.id, 987654, ""):
        assert post(desk, f"{URL}/remove", {"holder_id": holder_id, "key_id": key}).status_code == 404
    assert (
        post(desk, f"{URL}/remove", {"holder_id": scene.world.mechanic.id, "key_id": "x"}).status_code == 422
    )


def test_others_have_no_such_page(scene):
    for browser in (scene.admin(), scene.holder(), scene.browser(Role.DATA_OFFICER)):
        assert browser.get(URL).status_code == 403
        assert post(browser, URL, {"phone": "13800000001"}).status_code == 403
