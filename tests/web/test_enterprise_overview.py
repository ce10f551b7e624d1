"""The enterprise at a glance: its own figures, as merchant and as employer, and nobody else's."""

from datetime import timedelta
from uuid import uuid4

import pytest

from alliance.accounts.models import Role
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.enterprises.models import Enterprise
from alliance.offers.life import Draft, return_to_merchant, submit
from alliance.offers.pricing import Discount
from alliance.people.employment import employment_on, leave
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import new_id
from tests.web.people import Scene
from tests.web.visits import form_token


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def figures(client, enterprise_id: int) -> dict[str, str]:
    page = client.get(f"/enterprises/{enterprise_id}").get_data(as_text=True)
    cards = page.split('class="figure card"><dt>')[1:]
    return {card.split("</dt>")[0]: card.split("<dd>")[1].split("</dd>")[0] for card in cards}


def test_what_it_sold_and_what_its_people_spent(scene):
    world, undone = scene.world, uuid4()
    world.redeem(10005)
    world.redeem(20000, outlet=world.dairy_kiosk, at=scene.at - timedelta(days=2))
    world.redeem(70000, at=scene.at - timedelta(days=10))
    world.redeem(30000, id_=undone)
    reverse(
        scene.session, world.counter(), new_id(), undone, "顾客退货", scene.at, authority=Authority.MERCHANT
    )
    world.redeem(5000, offer="WASH", outlet=world.garage_hall, holder=world.milkman)
    world.redeem(9000, offer="WASH", outlet=world.garage_hall, holder=world.mechanic)
    today = business_date(scene.at)
    leave(scene.session, employment_on(scene.session, world.salesman.id, today), today, scene.at)
    scene.session.commit()
    assert figures(scene.admin(), world.dairy.id) == {
        "今日核销笔数": "1",
        "今日实付": "¥80.04",
        "本月核销笔数": "2",
        "本月实付": "¥240.04",
        "本月让利额": "¥60.01",
        "在职员工": "1",
        "员工本月核销笔数": "未公布",
        "员工本月省下": "未公布",
    }
    for number in range(4):
        holder = world.employee(world.dairy, f"1{number}", "赵一", f"+8613800001{number:03d}")
        world.redeem(1000, offer="WASH", outlet=world.garage_hall, holder=holder)
    scene.session.commit()
    shown = figures(scene.admin(), world.dairy.id)
    assert (shown["员工本月核销笔数"], shown["员工本月省下"]) == ("5", "¥45.00")
    other = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=world.garage.id)
    assert figures(other, world.garage.id)["在职员工"] == "1"


def test_it_names_what_was_returned_and_why(scene):
    world = scene.world
    for merchant, reason in ((world.dairy, "单价请核对"), (world.garage, "别家的原因")):
        draft = Draft(code="NEW", title="新优惠", terms=Discount(pay_permille=900))
        revision = submit(scene.session, merchant.id, draft, COMMAND_LINE, scene.at)
        return_to_merchant(scene.session, revision, reason, COMMAND_LINE, scene.at)
    page = scene.admin().get(f"/enterprises/{world.dairy.id}").get_data(as_text=True)
    assert "优惠“新优惠”被退回：单价请核对" in page
    assert "别家的原因" not in page
    assert "优惠MILK" in page
    assert "优惠WASH" not in page


def test_a_new_enterprise_is_told_how_to_begin(scene):
    new = Enterprise(credit_code="91220204MA00000236", name="船营区北山训练基地", created_at=scene.at)
    scene.session.add(new)
    scene.session.flush()
    admin = scene.browser(Role.ENTERPRISE_ADMIN, enterprise_id=new.id)
    page = admin.get(f"/enterprises/{new.id}").get_data(as_text=True)
    assert "还没有生效中的优惠" in page
    assert "还没有登记门店" in page


def test_another_enterprise_is_not_there(scene):
    admin = scene.admin()
    assert admin.get(f"/enterprises/{scene.world.garage.id}").status_code == 404
    assert admin.get("/enterprises/987654").status_code == 404
    assert scene.cashier().get(f"/enterprises/{scene.world.dairy.id}").status_code == 403


def test_the_wrong_method(scene):
    admin = scene.admin()
    headers = {"X-CSRFToken": form_token(admin)}
    assert admin.post(f"/enterprises/{scene.world.dairy.id}", headers=headers).status_code == 405
