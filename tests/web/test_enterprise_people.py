"""员工: HR's own people, found without a trace in a URL; phones removed and people let go in one click."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from alliance.accounts.models import Role, SignIn
from alliance.audit.models import AuditEntry
from alliance.clock import business_date
from alliance.passes import devices
from alliance.passes.models import DeviceRevocation, PassDevice
from alliance.people.employment import employment_on
from alliance.people.models import Employment
from tests.phones import Phone
from tests.web.people import Scene, address, text
from tests.web.test_devices import enrol, holder
from tests.web.visits import post


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def hr(scene: Scene) -> FlaskClient:
    """The garage's administrator."""
    return scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=scene.world.garage.id)


def people(scene: Scene) -> str:
    return f"/enterprises/{scene.world.garage.id}/people"


def person(scene: Scene, who=None) -> str:
    """The page of the mechanic, at whatever enterprise."""
    found = employment_on(scene.afresh(), (who or scene.world.mechanic).id, business_date(scene.at))
    scene.session.commit()
    return f"{people(scene)}/{found.id}"


def refused(scene: Scene, phone: Phone) -> str | None:
    """What the counter says to the phone's code."""
    shop = address(scene.world.dairy_shop)
    asked = {"id": str(uuid4()), "text": phone.show(scene.at)}
    answer = post(scene.cashier(), f"{shop}/scans", asked, headers={"Accept": "application/json"})
    return answer.json["reason"] if answer.status_code >= 400 else None


def test_the_list_has_everybody_of_this_enterprise_and_masks_phones(scene):
    page = text(hr(scene).get(people(scene)))
    assert scene.world.mechanic.name in page
    assert scene.world.salesman.name in page
    assert scene.world.milkman.name not in page
    assert scene.world.mechanic.phone.removeprefix("+86") not in page
    assert "在职 2 人" in page


@pytest.mark.parametrize("asked", ["name", "staff_no", "tail"])
def test_somebody_is_found_by_name_number_or_phone(scene, asked):
    mechanic = scene.world.mechanic
    employment = employment_on(scene.session, mechanic.id, business_date(scene.at))
    words = {"name": mechanic.name[:2], "staff_no": employment.staff_no, "tail": mechanic.phone[-4:]}
    browser = hr(scene)
    page = text(post(browser, people(scene), {"asked": words[asked]}))
    assert mechanic.name in page
    assert scene.world.salesman.name not in page


def test_what_is_not_found_and_what_is_not_asked(scene):
    browser = hr(scene)
    assert "没有找到“查无此人”" in text(post(browser, people(scene), {"asked": "查无此人"}))
    # A wildcard of the database's is an ordinary character to people.
    assert "没有找到“%”" in text(post(browser, people(scene), {"asked": "%"}))
    answer = post(browser, people(scene), {"asked": " "})
    assert answer.status_code == 422
    assert "请填写姓名、工号或手机号后四位" in text(answer)


def test_a_long_list_is_read_page_by_page(scene):
    for number in range(60):
        scene.world.employee(
            scene.world.garage, f"Z{number:03d}", f"员工{number:03d}", f"+8613700000{number:03d}"
        )
    browser = hr(scene)
    first, second = (text(browser.get(people(scene), query_string={"page": n})) for n in (1, 2))
    assert ("员工000" in first, "员工059" in first) == (True, False)
    assert ("员工000" in second, "员工059" in second) == (False, True)
    assert "下一页" in first
    assert "下一页" not in second
    assert "这一页没有人" in text(browser.get(people(scene), query_string={"page": 10**30}))


def test_a_leavers_code_is_refused_with_the_click_and_good_again_after_the_undo(scene):
    phone, browser = Phone(), holder(scene)
    phone.credential = enrol(browser, phone.key).json["credential"]
    assert refused(scene, phone) is None
    where, desk = person(scene), hr(scene)
    answer = post(desk, f"{where}/leave", {})
    assert answer.status_code == 303
    assert refused(scene, phone) == "not_entitled"
    # Where she binds phones from now on is not the former employer's business.
    assert "手机" not in text(desk.get(where)).split("</dl>")[1]
    page = text(desk.get(people(scene)))
    assert "在职 1 人" in page
    assert "最近离职" in page
    # Pressing twice is pressing once.
    assert [post(desk, f"{where}/resume", {}).status_code for _ in range(2)] == [303, 303]
    assert refused(scene, phone) is None
    actions = list(scene.afresh().scalars(select(AuditEntry.action)))
    assert [action for action in actions if action.startswith("employment")] == [
        "employment.leave", "employment.resume",
    ]  # fmt: skip


def test_who_works_elsewhere_by_now_is_not_taken_back(scene):
    where, desk = person(scene), hr(scene)
    post(desk, f"{where}/leave", {})
    session = scene.afresh()
    new = Employment(holder_id=scene.world.mechanic.id, enterprise_id=scene.world.dairy.id, staff_no="D9")
    session.add(new)
    session.commit()
    answer = post(desk, f"{where}/resume", {}, follow_redirects=True)
    assert "不能恢复" in text(answer)


def test_after_a_month_a_leaving_is_not_undone_here(scene):
    where = person(scene)
    post(hr(scene), f"{where}/leave", {})
    scene.later(days=30)
    desk = hr(scene)
    assert "最近离职" not in text(desk.get(people(scene)))
    assert post(desk, f"{where}/resume", {}).status_code == 404


def test_a_lost_phone_is_removed_and_signed_out(scene):
    lost = holder(scene)
    phone = Phone()
    phone.credential = enrol(lost, phone.key).json["credential"]
    where, desk = person(scene), hr(scene)
    key_id = scene.afresh().scalars(select(PassDevice.key_id)).one()
    scene.session.commit()
    assert key_id.hex() in text(desk.get(where))
    assert post(desk, f"{where}/phones/remove", {"key_id": key_id.hex()}).status_code == 303
    assert refused(scene, phone) == "revoked"
    assert lost.get("/pass").status_code == 303
    assert "还没有绑定手机" in text(desk.get(where))
    session = scene.afresh()
    assert session.get_one(DeviceRevocation, key_id).reason == devices.BY_EMPLOYER
    assert session.scalar(select(func.count()).where(SignIn.revoked_at.is_not(None))) == 1


def test_anothers_people_and_phones_are_not_there(scene):
    enrol(holder(scene, scene.world.milkman))
    key_id = scene.afresh().scalars(select(PassDevice.key_id)).one()
    theirs, own, desk = person(scene, scene.world.milkman), person(scene), hr(scene)
    assert desk.get(theirs).status_code == 404
    assert post(desk, f"{theirs}/leave", {}).status_code == 404
    assert post(desk, f"{own}/phones/remove", {"key_id": key_id.hex()}).status_code == 404
    assert post(desk, f"{theirs}/resume", {}).status_code == 404
    assert scene.admin().get(people(scene)).status_code == 404
    assert scene.cashier().get(people(scene)).status_code == 403
    assert scene.afresh().scalar(select(func.count()).select_from(DeviceRevocation)) == 0
