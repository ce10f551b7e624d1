"""What somebody may see: small groups are nobody's business but the data officer's."""

from datetime import date, timedelta

import pytest

from alliance.circulation.periods import PeriodKind, containing
from alliance.circulation.report import report
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import added, may_ask, may_see_tables, seen, seen_report
from alliance.circulation.tables import EVERYBODY, Cell, tables
from alliance.clock import business_date
from alliance.store import Session, for_writing
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    """Six of the garage buy milk, and one of the dairy; one of the garage buys a wash."""
    for_writing(session)
    world = World(session)
    people = [
        world.employee(world.garage, f"1{number}", f"员工{number}", f"+86138000001{number:02d}")
        for number in range(6)
    ]
    for number, holder in enumerate(people):
        world.redeem(1000 + number, holder=holder)
    world.redeem(700, holder=world.milkman)
    world.redeem(500, offer="WASH", outlet=world.garage_hall)
    session.commit()
    return world


@pytest.fixture
def month(world: World):
    return containing(PeriodKind.MONTH, business_date(world.at))


def test_a_small_group_is_none_and_what_would_give_it_away_too(world, month):
    found = seen(tables(world.session, month), sees_all=False)
    east, west = (world.east.id, 0), (world.west.id, 0)
    assert found.flows[EVERYBODY, EVERYBODY].holders == 8
    # One person of the dairy's, one wash of the garage's: with them whatever they could be computed from.
    assert found.flows[east, EVERYBODY] is None
    assert found.flows[west, west] is None
    assert found.flows[west, east] is None
    assert found.outlets[world.west.id, world.garage.id, world.garage_hall.id] is None
    assert found.offers[world.garage.id, world.wash.offer_id] is None


def test_the_data_officer_sees_everything(world, month):
    found = tables(world.session, month)
    assert dict(seen(found, sees_all=True).flows) == dict(found.flows)
    figures = seen_report(world.session, month, Scope(), sees_all=True)
    assert figures.hidden == frozenset()
    assert figures.figures["same_zone_paid_fen"] == 560 + 250


def test_a_report_of_few_has_no_figures(world, month):
    found = seen_report(world.session, month, Scope(world.west), sees_all=False)
    assert found.figures == {}
    assert {"paid_fen", "redemptions", "zone_retention"} <= found.hidden
    found = seen_report(world.session, month, Scope(world.east, Axis.HOLDER), sees_all=False)
    assert found.figures == {}


def test_a_figure_that_tells_of_few_is_hidden_alone(world, month):
    found = seen_report(world.session, month, Scope(world.east), sees_all=False)
    whole = report(world.session, month.span, world.east)
    hidden_too = {"paid_fen", "redemptions"} & found.hidden
    # The zone's figures may themselves be what hides the other zone's.
    assert hidden_too or found.figures["paid_fen"] == whole.paid_fen
    assert {"same_zone_paid_fen", "zone_retention", "same_enterprise_paid_fen"} <= found.hidden


def test_nobody_there_is_no_secret(world):
    empty = containing(PeriodKind.MONTH, date(2020, 1, 1))
    found = seen_report(world.session, empty, Scope(world.west), sees_all=False)
    assert (found.hidden, found.figures["redemptions"]) == (frozenset(), 0)


def test_which_periods_somebody_may_ask_for(month):
    day = containing(PeriodKind.DAY, month.first)
    assert not may_ask(day, sees_all=False)
    assert may_ask(day, sees_all=True)
    assert may_ask(month, sees_all=False)
    assert not may_see_tables(month, month.last, sees_all=False)
    assert may_see_tables(month, month.last + timedelta(days=1), sees_all=False)
    assert may_see_tables(month, month.last, sees_all=True)


def test_a_sum_of_cells_is_hidden_with_any_of_them():
    some = Cell(1, 100, 20, 80, holders=7)
    assert added([some, some]) == Cell(2, 200, 40, 160)
    assert added([some, None]) is None
    assert added([]) == Cell(0, 0, 0, 0)
