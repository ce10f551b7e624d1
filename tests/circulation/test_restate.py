"""Restating: past figures change only when somebody says so, and the facts never do."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from alliance.audit.models import AuditEntry
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import keep, pending_periods, prepare
from alliance.circulation.report import report, zone_flow
from alliance.circulation.restate import Difference, difference, restate
from alliance.circulation.restated import Restatement
from alliance.circulation.scope import Axis
from alliance.circulation.verify import INVARIANTS
from alliance.clock import business_date
from alliance.enterprises.placement import move_enterprise, move_outlet
from alliance.people.employment import change_days
from alliance.people.models import Employment
from alliance.redemptions.models import Redemption
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing, new_id
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    world = World(session)
    world.redeem(10000)
    part = new_id()
    world.redeem(5000, holder=world.milkman, id_=part)
    reverse(
        session,
        world.counter(),
        new_id(),
        part,
        "退货",
        world.at,
        refund_fen=1000,
        authority=Authority.MERCHANT,
    )
    session.commit()
    return world


@pytest.fixture
def span(world: World):
    day = business_date(world.at)
    return day - timedelta(days=1), day + timedelta(days=1)


def derive_all(world: World, days: int) -> None:
    later = world.later(days=days)
    for month in pending_months(world.session, later):
        derive(world.session, month, later)
    for period in pending_periods(world.session, later):
        assert keep(world.session, prepare(world.session, period), later)
    world.session.commit()


def findings(session: Session) -> list:
    return [finding for invariant in INVARIANTS.values() for finding in invariant(session)]


def test_a_move_recorded_later_changes_nothing_until_it_is_restated(world, span):
    session, later = world.session, world.later(days=3)
    move_outlet(session, world.dairy_shop, world.west.id, span[0], later)
    session.commit()
    assert report(session, span, world.east).paid_fen == 8000 + 3000
    assert difference(session, span) == Difference(2, 0, 0, 2)
    done = restate(session, span, "门店搬迁登记晚了", COMMAND_LINE, later)
    session.commit()
    assert (done.redemptions, done.first, done.last) == (2, *span)
    assert report(session, span, world.east).paid_fen == 0
    assert report(session, span, world.west).paid_fen == 8000 + 3000
    assert report(session, span, world.west).same_zone_paid_fen == 8000
    assert {fact.outlet_zone_id for fact in session.scalars(select(Redemption))} == {world.east.id}
    assert findings(session) == []


def test_a_transfer_recorded_later(world, span):
    session, later = world.session, world.later(days=3)
    job = session.scalars(select(Employment).where(Employment.holder_id == world.mechanic.id)).one()
    change_days(session, job, job.starts_on, span[0], later)
    session.add(
        Employment(
            holder_id=world.mechanic.id,
            enterprise_id=world.dairy.id,
            staff_no="9",
            starts_on=span[0],
            recorded_at=later,
        )
    )
    session.commit()
    assert difference(session, span) == Difference(1, 1, 1, 0)
    restate(session, span, "调动登记晚了", COMMAND_LINE, later)
    session.commit()
    figures = report(session, span)
    assert figures.same_enterprise_paid_fen == figures.paid_fen == 8000 + 3000
    assert report(session, span, world.west, Axis.HOLDER).paid_fen == 0
    assert difference(session, span).redemptions == 0
    assert restate(session, span, "再来一次", COMMAND_LINE, later) is None


def test_it_reaches_what_was_derived_and_can_be_taken_back(world, span):
    session = world.session
    derive_all(world, 40)
    before = zone_flow(session, span).rows
    move_enterprise(session, world.garage, world.east.id, span[0], world.later(days=41))
    restate(session, span, "企业片区登记错", COMMAND_LINE, world.later(days=41))
    session.commit()
    assert zone_flow(session, span).rows != before
    derive_all(world, 42)
    assert report(session, span, world.east, Axis.HOLDER).paid_fen == 11000
    assert findings(session) == []
    move_enterprise(session, world.garage, world.west.id, span[0], world.later(days=43))
    restate(session, span, "原来是对的", COMMAND_LINE, world.later(days=43))
    session.commit()
    derive_all(world, 44)
    assert zone_flow(session, span).rows == before
    assert findings(session) == []
    assert len(session.scalars(select(Restatement)).all()) == 2


def test_other_days_stay_and_it_is_on_record(world, span):
    session, later = world.session, world.later(days=3)
    move_outlet(session, world.dairy_shop, world.west.id, span[0], later)
    assert restate(session, (span[1], span[1]), "别的日子", COMMAND_LINE, later) is None
    restate(session, span, "门店搬迁登记晚了", COMMAND_LINE, later)
    session.commit()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "circulation.restate")).one()
    assert entry.detail["redemptions"] == 2
    assert entry.detail["reason"] == "门店搬迁登记晚了"
