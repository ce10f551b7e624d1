"""Cohorts of holders, and the months of employers: who counts when, and what is hidden."""

from datetime import date
from uuid import uuid4

import pytest

from alliance import store
from alliance.circulation.cohorts import Cohort, cohorts
from alliance.circulation.derive import derive
from alliance.circulation.derive_periods import derive_period
from alliance.circulation.participation import months_up_to, participation
from alliance.circulation.periods import PeriodKind, containing, parse
from alliance.enterprises.placement import move_enterprise
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import new_id, one_snapshot
from tests.world import World

DECEMBER, JANUARY, FEBRUARY = date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)
MONTHS = [DECEMBER, JANUARY, FEBRUARY]
TODAY = date(2026, 3, 4)


@pytest.fixture
def world(session) -> World:
    return World(session)


def people(world, employer, number, count):
    return [
        world.employee(employer, f"{number}{i}", f"员工{number}{i}", f"+861370000{number}{i:03}")
        for i in range(count)
    ]


def redeem(world, holders, month, **order):
    for holder in holders:
        at = world.at.replace(year=month.year, month=month.month, day=10)
        world.redeem(10000, holder=holder, at=at, **order)


def found(world, *, zone=None, sees_all=True, months=MONTHS):
    world.session.commit()
    with one_snapshot(world.session):
        answer = cohorts(world.session, months, zone, sees_all=sees_all)
    world.session.rollback()
    return answer


def test_holders_stand_in_the_month_of_their_first_redemption(world):
    staff = people(world, world.garage, 8, 6)
    redeem(world, staff[:4], DECEMBER)
    redeem(world, staff[1:], JANUARY)
    redeem(world, staff[2:5], FEBRUARY)
    assert found(world) == [
        Cohort(DECEMBER, 4, [3, 2]),
        Cohort(JANUARY, 2, [1]),
        Cohort(FEBRUARY, 0, []),
    ]


def test_who_came_before_the_months_is_not_new(world):
    staff = people(world, world.garage, 8, 2)
    redeem(world, staff[:1], DECEMBER)
    redeem(world, staff, JANUARY)
    assert found(world, months=[JANUARY, FEBRUARY]) == [Cohort(JANUARY, 1, [0]), Cohort(FEBRUARY, 0, [])]


def test_what_was_reversed_is_no_redemption(world, session):
    (holder,) = people(world, world.garage, 8, 1)
    undone = uuid4()
    at = world.at.replace(year=2025, month=12, day=10)
    world.redeem(10000, holder=holder, at=at, id_=undone)
    reverse(session, world.counter(), new_id(), undone, "顾客退货", at, authority=Authority.MERCHANT)
    redeem(world, [holder], FEBRUARY)
    assert [cohort.holders for cohort in found(world)] == [0, 0, 1]


def test_a_zone_has_those_who_began_there(world, session):
    staff = people(world, world.garage, 8, 3)
    redeem(world, staff, JANUARY)
    redeem(world, people(world, world.dairy, 9, 2), JANUARY)
    move_enterprise(session, world.garage, world.east.id, FEBRUARY, world.at)
    redeem(world, staff, FEBRUARY)
    assert found(world, zone=world.west)[1] == Cohort(JANUARY, 3, [3])
    assert found(world, zone=world.east)[1] == Cohort(JANUARY, 2, [0])
    assert found(world, zone=world.root)[1] == Cohort(JANUARY, 5, [3])


def test_small_groups_are_hidden_and_do_not_follow_from_the_others(world):
    west, east = people(world, world.garage, 8, 9), people(world, world.dairy, 9, 9)
    redeem(world, west + east, DECEMBER)
    redeem(world, west[:8] + east[:3], JANUARY)
    everywhere, of_west, of_east = (
        found(world, zone=zone, sees_all=False)[0] for zone in (None, world.west, world.east)
    )
    assert (everywhere.holders, of_west.holders, of_east.holders) == (18, 9, 9)
    # 11 less 8 would be the 3 of the east.
    assert of_east.again[0] is None
    assert None in (everywhere.again[0], of_west.again[0])


def test_what_came_back_does_not_follow_from_all_who_came(world):
    old, new = people(world, world.garage, 8, 9), people(world, world.garage, 9, 7)
    redeem(world, old, DECEMBER)
    redeem(world, old[:2] + new, JANUARY)
    december, january, _ = found(world, zone=world.west, sees_all=False)
    # All 9 holders of January are published on their own: less 7 new ones they would be the 2.
    assert december.again[0] is None
    assert january.holders is None


def test_nobody_anywhere(world):
    assert found(world, sees_all=False) == [
        Cohort(DECEMBER, 0, [0, 0]),
        Cohort(JANUARY, 0, [0]),
        Cohort(FEBRUARY, 0, []),
    ]


def test_the_months_are_the_last_twelve_that_are_over():
    assert months_up_to(parse("2026-02"), TODAY, sees_all=False)[::11] == [date(2025, 3, 1), FEBRUARY]
    assert months_up_to(parse("2025"), TODAY, sees_all=False)[::11] == [date(2025, 1, 1), DECEMBER]
    assert months_up_to(parse("2026"), TODAY, sees_all=False) == [JANUARY, FEBRUARY]
    assert months_up_to(parse("2026-03"), TODAY, sees_all=True)[-1] == date(2026, 3, 1)


def employers(world, *, zone=None, sees_all=True):
    world.session.commit()
    with one_snapshot(world.session):
        months, lines = participation(world.session, MONTHS, zone, sees_all=sees_all)
    world.session.rollback()
    return months, {line.employer[1]: list(line.holders) for line in lines}


@pytest.mark.parametrize("is_derived", [False, True])
def test_an_employers_people_by_month(world, session, engine, is_derived):
    west, east = people(world, world.garage, 8, 9), people(world, world.dairy, 9, 6)
    redeem(world, west + west[:2], JANUARY)
    redeem(world, east, FEBRUARY)
    redeem(world, east[:1], FEBRUARY, outlet=world.dairy_kiosk)
    redeem(world, west[:7], FEBRUARY)
    session.commit()
    if is_derived:
        for month in (JANUARY, FEBRUARY):
            derive(session, month, world.at)
            session.commit()
            period = containing(PeriodKind.MONTH, month)
            assert derive_period(store.sessionmaker_for(engine), period, world.at)
    garage, dairy = world.garage.id, world.dairy.id
    assert employers(world) == ([JANUARY, FEBRUARY], {garage: [9, 7], dairy: [0, 6]})
    assert employers(world, zone=world.east) == ([FEBRUARY], {dairy: [6]})
    assert employers(world, sees_all=False) == employers(world)


def test_a_small_months_people_are_hidden(world):
    redeem(world, people(world, world.garage, 8, 9), JANUARY)
    redeem(world, people(world, world.dairy, 9, 4), JANUARY)
    months, lines = employers(world, sees_all=False)
    assert months == [JANUARY, FEBRUARY]
    assert lines[world.dairy.id] == [None, 0]
    assert employers(world)[1][world.dairy.id] == [4, 0]
