"""Offers for employees themselves, or for their families: 本人 / 家属."""

from uuid import uuid4

import pytest

from alliance.offers.limits import Limits
from alliance.offers.models import Audience
from alliance.offers.pricing import Discount
from alliance.redemptions.redeem import Order, redeem, redeem_at_once
from alliance.redemptions.scan import frozen, scan
from alliance.refused import Reason, Refused
from tests.world import World


@pytest.fixture
def world(session) -> World:
    world = World(session)
    world.son = world.dependant(world.mechanic, "张小宝")
    world.live_offer(world.dairy, "SELF", Discount(pay_permille=900), audience=Audience.EMPLOYEE)
    world.live_offer(world.dairy, "FAMILY", Discount(pay_permille=700), audience=Audience.DEPENDANT)
    return world


def refused(call, *args, **kwargs) -> Reason:
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value.reason


def test_each_offer_is_for_whom_it_is_meant(world: World) -> None:
    for offer in ("MILK", "SELF"):
        world.redeem(offer=offer)
    for offer in ("MILK", "FAMILY"):
        world.redeem(offer=offer, holder=world.son)
    assert refused(world.redeem, offer="FAMILY") is Reason.OFFER_NOT_FOR_HOLDER
    assert refused(world.redeem, offer="SELF", holder=world.son) is Reason.OFFER_NOT_FOR_HOLDER


@pytest.mark.parametrize(
    ("who", "codes", "not_theirs"),
    [("mechanic", {"MILK", "SELF"}, "FAMILY"), ("son", {"MILK", "FAMILY"}, "SELF")],
)
def test_a_scan_freezes_what_is_for_its_holder(
    world: World, who: str, codes: set[str], not_theirs: str
) -> None:
    text, scan_id, counter = world.shown(getattr(world, who)).text, uuid4(), world.counter()
    made = scan(world.session, world.keyring, counter, scan_id, text, world.at)
    assert {revision.title for revision in world.session.scalars(frozen(made))} == {f"优惠{c}" for c in codes}
    asked = (world.session, counter, scan_id)
    order = Order(uuid4(), not_theirs, 1000)
    assert refused(redeem, *asked, order, world.at) is Reason.OFFER_NOT_FOR_HOLDER
    for code in codes:
        redeem(*asked, Order(uuid4(), code, 1000), world.at)


def test_another_outlet_is_told_before_the_limits_and_after_the_audience(world: World) -> None:
    kiosk = (world.dairy_kiosk.id,)
    world.live_offer(
        world.dairy, "K", Discount(pay_permille=900), outlet_ids=kiosk, audience=Audience.EMPLOYEE
    )
    assert refused(world.redeem, offer="K") is Reason.OFFER_NOT_HERE
    assert refused(world.redeem, offer="K", holder=world.son) is Reason.OFFER_NOT_FOR_HOLDER


def test_a_new_revision_changes_the_audience_for_scans_from_then_on(world: World) -> None:
    text, scan_id, counter = world.shown(world.son).text, uuid4(), world.counter()
    scan(world.session, world.keyring, counter, scan_id, text, world.at)
    world.live_offer(world.dairy, "FAMILY", Discount(pay_permille=700), audience=Audience.EMPLOYEE)
    # The scan has frozen what it was.
    redeem(world.session, counter, scan_id, Order(uuid4(), "FAMILY", 1000), world.at)
    at_once = (world.session, world.keyring, counter, world.shown(world.son).text)
    order = Order(uuid4(), "FAMILY", 1000)
    assert refused(redeem_at_once, *at_once, order, world.at) is Reason.OFFER_NOT_FOR_HOLDER


def test_a_household_shares_what_a_family_offer_allows(world: World) -> None:
    daughter, limits = world.dependant(world.mechanic, "张小月"), Limits(household_month=1)
    world.live_offer(
        world.dairy, "CAP", Discount(pay_permille=700), audience=Audience.DEPENDANT, limits=limits
    )
    world.redeem(offer="CAP", holder=world.son)
    assert refused(world.redeem, offer="CAP", holder=daughter) is Reason.LIMIT_HOUSEHOLD
    world.redeem(offer="CAP", holder=world.dependant(world.salesman, "李小雨"))
