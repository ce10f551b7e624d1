"""Figures over time: the same from what is derived as from the facts, on both axes."""

from datetime import date, timedelta

import pytest

from alliance.circulation.derive import derive, pending_months
from alliance.circulation.periods import parse, text_of
from alliance.circulation.scope import EVERYWHERE, Axis, Scope
from alliance.circulation.series import days_series, has_days, months_series, months_until
from alliance.clock import business_date
from tests.world import World

MARCH = parse("2026-03")


@pytest.fixture
def world(session):
    """On the fourth of March; east sells to west and to itself, the kiosk in the west to west."""
    world = World(session)
    for day in (1, 3):
        at = world.at - timedelta(days=day)
        world.redeem(10000, at=at)
        world.redeem(20000, at=at, holder=world.milkman)
    world.redeem(5000, at=world.at - timedelta(days=3), outlet=world.dairy_kiosk)
    world.redeem(30000)
    session.flush()
    return world


def paid(world: World, scope: Scope) -> list[float | None]:
    points = days_series(world.session, MARCH, scope, business_date(world.at))
    return [point.figures["paid_fen"] for point in points]


def test_days_are_the_same_before_and_after_they_are_derived(world):
    scopes = {
        EVERYWHERE: [28000, 0, 24000, 24000],
        Scope(world.east): [24000, 0, 24000, 24000],
        Scope(world.west): [4000, 0, 0, 0],
        Scope(world.east, Axis.HOLDER): [16000, 0, 16000, 0],
        Scope(world.west, Axis.HOLDER): [12000, 0, 8000, 24000],
        Scope(world.root): [28000, 0, 24000, 24000],
    }
    assert {scope: paid(world, scope) for scope in scopes} == scopes
    for month in pending_months(world.session, world.at):
        derive(world.session, month, world.at)
    assert {scope: paid(world, scope) for scope in scopes} == scopes


def test_a_day_has_its_share_that_stays_and_today_may_still_change(world):
    points = days_series(world.session, MARCH, EVERYWHERE, business_date(world.at))
    assert [point.figures["zone_retention"] for point in points] == [20000 / 28000, None, 16000 / 24000, 0]
    assert [point.figures["redemptions"] for point in points] == [3, 0, 2, 1]
    assert [point.is_preliminary for point in points] == [False, False, False, True]


def test_a_period_to_come_has_no_days(world):
    assert days_series(world.session, parse("2026-05"), EVERYWHERE, date(2026, 3, 4)) == []


def test_thirteen_months_end_with_the_one_asked_for(world):
    points = months_series(world.session, date(2026, 3, 31), EVERYWHERE, date(2026, 3, 4), sees_all=True)
    assert [text_of(point.period) for point in (points[0], points[-1])] == ["2025-03", "2026-03"]
    assert [point.period for point in points] == months_until(date(2026, 3, 1))
    assert points[-1].figures["paid_fen"] == 76000
    assert points[-1].is_preliminary
    assert not points[-2].is_preliminary


def test_what_is_hidden_is_not_among_the_figures(world):
    points = months_series(world.session, date(2026, 3, 1), EVERYWHERE, date(2026, 3, 4), sees_all=False)
    assert points[-1].figures == {}, "two people"
    assert points[0].figures["paid_fen"] == 0


@pytest.mark.parametrize(
    ("text", "days"),
    [("2026-03-04", False), ("2026-W09", True), ("2026-02", True), ("2026-Q1", False)],
)
def test_what_is_short_enough_has_days(text, days):
    assert has_days(parse(text)) is days
