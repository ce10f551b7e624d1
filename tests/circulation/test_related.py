"""Related parties: what flows between them is kept out of what crosses enterprises."""

from datetime import timedelta

import pytest

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.coverage import derived_periods
from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import keep, pending_periods, prepare
from alliance.circulation.periods import PeriodKind, containing
from alliance.circulation.related import part, relate
from alliance.circulation.report import report
from alliance.clock import business_date
from alliance.store import Session, for_writing
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    world = World(session)
    world.redeem(10000)
    world.redeem(500, holder=world.milkman, offer="WASH", outlet=world.garage_hall)
    world.redeem(700, holder=world.milkman)
    session.commit()
    return world


def figures(world: World):
    day = business_date(world.at)
    return report(world.session, containing(PeriodKind.MONTH, day).span)


def test_related_parties_are_no_strangers(world):
    before = figures(world)
    assert (before.cross_enterprise_paid_fen, before.related_parties_paid_fen) == (8250, 0)
    assert before.enterprise_reciprocity is not None
    # In whatever order they are named, and once only.
    assert relate(world.session, world.garage, world.dairy, COMMAND_LINE, world.at)
    assert not relate(world.session, world.dairy, world.garage, COMMAND_LINE, world.at)
    after = figures(world)
    assert (after.cross_enterprise_paid_fen, after.related_parties_paid_fen) == (0, 8250)
    assert (after.self_circulation_share, after.same_enterprise_paid_fen) == (1.0, 560)
    assert after.enterprise_reciprocity is after.enterprise_circularity is None
    assert after.paid_fen == before.paid_fen
    assert part(world.session, world.dairy, world.garage, COMMAND_LINE, world.at)
    assert not part(world.session, world.dairy, world.garage, COMMAND_LINE, world.at)
    assert figures(world) == before


def test_an_enterprise_and_itself(world):
    with pytest.raises(ValueError, match="itself"):
        relate(world.session, world.dairy, world.dairy, COMMAND_LINE, world.at)


def test_what_was_derived_before_is_not_read_and_derived_anew(world):
    later = world.later(days=40)
    for month in pending_months(world.session, later):
        derive(world.session, month, later)
    for period in pending_periods(world.session, later):
        keep(world.session, prepare(world.session, period), later)
    month = containing(PeriodKind.MONTH, business_date(world.at))
    assert month in derived_periods(world.session, month.span)
    relate(world.session, world.dairy, world.garage, COMMAND_LINE, later)
    assert figures(world).cross_enterprise_paid_fen == 0
    assert month in pending_periods(world.session, later + timedelta(minutes=1))
    assert keep(world.session, prepare(world.session, month), later)
    assert figures(world).cross_enterprise_paid_fen == 0
    assert month in derived_periods(world.session, month.span)
