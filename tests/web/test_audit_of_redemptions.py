"""Who redeemed and reversed, and from where, stands in the audit trail: once per fact."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from alliance.accounts.models import Account
from alliance.accounts.tokens import create_token
from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from tests.web.people import Scene, address, scanned
from tests.web.visits import post


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    return Scene(app, session, monkeypatch)


def entries(scene) -> list[AuditEntry]:
    wanted = select(AuditEntry).where(AuditEntry.action.like("redemption.%")).order_by(AuditEntry.id)
    return list(scene.afresh().scalars(wanted))


def test_at_the_counter(scene):
    counter, shop, id_ = scene.cashier(), address(scene.world.dairy_shop), str(uuid4())
    form = {"id": id_, "offer": str(scene.world.milk.offer_id), "amount": "100.05", "quantity": "1"}
    form["scan_id"] = str(scanned(scene, counter, shop))
    from_there = {"environ_overrides": {"REMOTE_ADDR": "2001:db8::7"}}
    for _ in range(2):
        assert post(counter, f"{shop}/redemptions", form, **from_there).status_code == 302
    undo = {"id": str(uuid4()), "reason": "金额输错"}
    assert post(counter, f"{shop}/redemptions/{id_}/reversal", undo, **from_there).status_code == 302
    redeemed, undone = entries(scene)
    cashier = scene.session.scalars(select(Account.id)).one()
    for entry, action in ((redeemed, "redemption.redeem"), (undone, "redemption.reverse")):
        assert (entry.action, entry.subject) == (action, f"redemption:{id_}")
        assert (entry.account_id, entry.token_id, entry.address) == (cashier, None, "2001:db8::7")
        assert (entry.enterprise_id, entry.at) == (scene.world.dairy.id, scene.at)
    shop_id = str(scene.world.dairy_shop.id)
    assert redeemed.detail == {"outlet": shop_id, "offer": "MILK", "paid_fen": 8004}
    assert undone.detail == {"outlet": shop_id, "refund_fen": 8004}


def test_by_a_till(scene):
    shop = scene.world.dairy_shop
    token, plain = create_token(
        scene.session, "till", shop.merchant_id, shop.id, None, COMMAND_LINE, scene.at
    )
    scene.session.commit()
    body = {"id": str(uuid4()), "offer": "MILK", "gross_fen": 10000, "presentation": scene.shown().text}
    answer = scene.app.test_client().post(
        "/api/v1/redemptions",
        json=body,
        headers={"Authorization": f"Bearer {plain}"},
        environ_overrides={"REMOTE_ADDR": "10.1.2.3"},
    )
    assert answer.status_code == 201, answer.text
    [entry] = entries(scene)
    assert (entry.account_id, entry.token_id, entry.address) == (None, token.id, "10.1.2.3")
    # A refusal is remembered elsewhere.
    again = scene.app.test_client().post(
        "/api/v1/redemptions", json=body | {"id": str(uuid4())}, headers={"Authorization": f"Bearer {plain}"}
    )
    assert again.status_code == 409
    assert len(entries(scene)) == 1
