"""Leaving kills every code of the employee and the family at once; taking back undoes it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.clock import business_date
from alliance.passes.entitlement import entitlement
from alliance.passes.issue import pass_of
from alliance.passes.leaving import NotTakenBack, let_go, take_back
from alliance.people.employment import employment_on
from alliance.people.models import Employment, EmploymentChange, Holder
from alliance.refused import Reason, Refused
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


@pytest.fixture
def employment(world: World) -> Employment:
    found = employment_on(world.session, world.mechanic.id, business_date(world.at))
    assert found is not None
    return found


def refusal(world: World, holder: Holder) -> Reason | None:
    held = pass_of(world.session, holder.id, world.at)
    try:
        entitlement(world.session, held.id, business_date(world.at))
    except Refused as refused:
        return refused.reason
    return None


def test_it_ends_the_familys_passes_too_and_nobody_elses(world: World, employment: Employment) -> None:
    child = world.dependant(world.mechanic, "张小宝")
    assert refusal(world, world.mechanic) is refusal(world, child) is None
    let_go(world.session, employment, COMMAND_LINE, world.at)
    assert refusal(world, world.mechanic) is refusal(world, child) is Reason.NOT_ENTITLED
    assert refusal(world, world.salesman) is None


def test_twice_is_once(world: World, employment: Employment) -> None:
    let_go(world.session, employment, COMMAND_LINE, world.at)
    ended = employment.ends_on
    let_go(world.session, employment, COMMAND_LINE, world.later(days=3))
    assert employment.ends_on == ended
    actions = world.session.scalars(select(AuditEntry.action)).all()
    assert list(actions).count("employment.leave") == 1


def test_it_is_undone(world: World, employment: Employment) -> None:
    let_go(world.session, employment, COMMAND_LINE, world.at)
    take_back(world.session, employment, COMMAND_LINE, world.later(minutes=5))
    assert refusal(world, world.mechanic) is None
    assert employment.ends_on is None
    # What was held true for five minutes is remembered: verify compares facts with it.
    assert world.session.scalar(select(EmploymentChange.employment_id)) == employment.id


def test_who_works_elsewhere_by_now_is_not_taken_back(world: World, employment: Employment) -> None:
    let_go(world.session, employment, COMMAND_LINE, world.at)
    other = Employment(
        holder_id=world.mechanic.id,
        enterprise_id=world.dairy.id,
        staff_no="D9",
        starts_on=business_date(world.at) + timedelta(days=1),
        recorded_at=world.at,
    )
    world.session.add(other)
    with pytest.raises(NotTakenBack):
        take_back(world.session, employment, COMMAND_LINE, world.later(days=2))


def test_a_staff_number_that_is_anothers_is_not_taken_back(world: World, employment: Employment) -> None:
    let_go(world.session, employment, COMMAND_LINE, world.at)
    world.session.flush()
    world.employee(world.garage, employment.staff_no, "孙七", "+8613800009999")
    with pytest.raises(NotTakenBack):
        take_back(world.session, employment, COMMAND_LINE, world.later(hours=1))
