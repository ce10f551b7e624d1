"""Zone × month: what the tables of each month say, whether it has been derived or not."""

from datetime import date

import pytest

from alliance.circulation.derive import derive, pending_months
from alliance.circulation.derive_periods import derive_period, pending_periods
from alliance.circulation.overview import overview
from alliance.circulation.periods import PeriodKind, containing
from alliance.circulation.tables import EVERYBODY, tables
from alliance.store import Session, for_writing, one_snapshot, sessionmaker_for
from tests.world import World

SPAN = (date(2026, 2, 1), date(2026, 4, 30))
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def world(session: Session) -> World:
    """March: two holders in the east, one in the west. April: one in the east."""
    for_writing(session)
    world = World(session)
    for holder in (world.mechanic, world.mechanic, world.milkman):
        world.redeem(1000, holder=holder)
    world.redeem(500, holder=world.milkman, offer="WASH", outlet=world.garage_hall)
    world.redeem(200, at=world.later(days=40))
    session.commit()
    return world


def asked(session: Session):
    """The overview, and the same by the tables of each month."""
    with one_snapshot(session):
        found = overview(session, SPAN)
        flows = {
            month: tables(session, containing(PeriodKind.MONTH, month)).flows
            for month in (date(2026, 2, 1), MARCH, APRIL)
        }
    session.rollback()
    return found, {
        (seller[0], month): cell
        for month, cells in flows.items()
        for (buyer, seller), cell in cells.items()
        if buyer == EVERYBODY and seller[1] == 0
    }


def test_it_is_what_the_tables_say_before_and_after_deriving(world: World, session: Session, engine) -> None:
    root, east, west = world.root.id, world.east.id, world.west.id
    live, expected = asked(session)
    assert live == expected
    assert {key: (cell.redemptions, cell.paid_fen, cell.holders) for key, cell in live.items()} == {
        (0, MARCH): (4, 2650, 2),
        (root, MARCH): (4, 2650, 2),
        (east, MARCH): (3, 2400, 2),
        (west, MARCH): (1, 250, 1),
        (0, APRIL): (1, 160, 1),
        (root, APRIL): (1, 160, 1),
        (east, APRIL): (1, 160, 1),
    }
    at = world.later(days=40)
    for month in pending_months(session, at):
        derive(session, month, at)
    session.commit()
    periods = pending_periods(session, at)
    session.rollback()
    # March is over, April is not: one is read from the tables, the other live.
    pending = {each.first for each in periods if each.kind == PeriodKind.MONTH}
    assert (MARCH in pending, APRIL in pending) == (True, False)
    assert all(derive_period(sessionmaker_for(engine), each, at) for each in periods)
    assert asked(session) == (live, expected)


def test_a_span_covers_whole_months_only(world: World, session: Session) -> None:
    with one_snapshot(session):
        found = overview(session, (date(2026, 3, 2), date(2026, 4, 30)))
    assert {month for _, month in found} == {APRIL}
