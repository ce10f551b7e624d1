"""How far a grant reaches."""

from uuid import uuid4

import pytest

from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Grant, Role
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.enterprises.placement import move_enterprise
from alliance.web.relations import merchant_in_zone, outlet_of_own_enterprise, own_enterprise, own_outlet
from tests.world import NOON, World


@pytest.fixture
def world(session) -> World:
    return World(session)


@pytest.fixture
def give(session):
    def give(role, **scope) -> Grant:
        account = find_or_create_account(session, "+8613900000001", "张喆", NOON)
        return grant(session, account, role, COMMAND_LINE, NOON, **scope)

    return give


def outlet(place) -> dict[str, object]:
    return {"merchant_id": place.merchant_id, "outlet_id": place.id}


def test_an_administrator_reaches_the_outlets_that_the_enterprise_has(session, world, give):
    admin = give(Role.ENTERPRISE_ADMIN, enterprise_id=world.dairy.id)
    assert outlet_of_own_enterprise(session, admin, outlet(world.dairy_shop), NOON)
    assert outlet_of_own_enterprise(session, admin, outlet(world.dairy_kiosk), NOON)
    assert not outlet_of_own_enterprise(session, admin, outlet(world.garage_hall), NOON)
    absent = {"merchant_id": world.dairy.id, "outlet_id": uuid4()}
    assert not outlet_of_own_enterprise(session, admin, absent, NOON)
    mixed = {"merchant_id": world.dairy.id, "outlet_id": world.garage_hall.id}
    assert not outlet_of_own_enterprise(session, admin, mixed, NOON)


def test_a_cashier_reaches_the_outlets_that_were_given_and_no_sibling(session, world, give):
    cashier = give(Role.CASHIER, enterprise_id=world.dairy.id, outlets=[world.dairy_shop])
    assert own_outlet(session, cashier, outlet(world.dairy_shop), NOON)
    assert not own_outlet(session, cashier, outlet(world.dairy_kiosk), NOON)
    assert not own_outlet(session, cashier, outlet(world.garage_hall), NOON)


def test_the_office_is_of_one_enterprise(session, world, give):
    admin = give(Role.ENTERPRISE_ADMIN, enterprise_id=world.dairy.id)
    assert own_enterprise(session, admin, {"enterprise_id": world.dairy.id}, NOON)
    assert not own_enterprise(session, admin, {"enterprise_id": world.garage.id}, NOON)


def test_a_zone_organizer_reaches_the_merchants_of_the_subtree(session, world, give):
    merchants = [{"merchant_id": one.id} for one in (world.dairy, world.garage)]
    reached = {}
    for name in ("east", "west", "root"):
        organizer = give(Role.ZONE_ORGANIZER, zone_id=getattr(world, name).id)
        reached[name] = [merchant_in_zone(session, organizer, one, NOON) for one in merchants]
    assert reached == {"east": [True, False], "west": [False, True], "root": [True, True]}
    absent = {"merchant_id": 987654321}
    assert not merchant_in_zone(session, give(Role.ZONE_ORGANIZER, zone_id=world.root.id), absent, NOON)


def test_a_merchant_that_moves_changes_hands_on_the_day(session, world, give):
    east = give(Role.ZONE_ORGANIZER, zone_id=world.east.id)
    move_enterprise(session, world.garage, world.east.id, business_date(world.later(days=1)), world.at)
    session.flush()
    garage = {"merchant_id": world.garage.id}
    assert not merchant_in_zone(session, east, garage, NOON)
    assert merchant_in_zone(session, east, garage, world.later(days=1))
