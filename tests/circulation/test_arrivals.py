"""Whatever order facts arrive in, whatever is derived or closed meanwhile, the figures are the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.derive import derive, forget, pending_months
from alliance.circulation.derive_periods import keep, pending_periods, prepare
from alliance.circulation.periods import parse
from alliance.circulation.report import report, zone_flow
from alliance.circulation.scope import Axis
from alliance.circulation.tables import tables
from alliance.clock import business_date
from alliance.redemptions import months
from alliance.redemptions.marks import mark_if_late
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.redemptions.reverse import Authority, reverse
from alliance.store import Session, for_writing
from tests.world import World

#: Noon of the last day of a month; the facts lie in it and the month before.
AT = datetime(2026, 3, 31, 4, tzinfo=UTC)
LATER = AT + timedelta(days=40)
PERIODS = ("2026-02", "2026-03", "2026-Q1", "2026-02-10..2026-03-09", "2026")


@dataclass(frozen=True)
class Fact:
    """One redemption, and how much of it is given back (None: nothing, 0: all)."""

    number: int
    holder: int
    place: int
    days_ago: int
    gross_fen: int
    refund_fen: int | None

    @property
    def at(self) -> datetime:
        return AT - timedelta(days=self.days_ago)


facts = st.lists(
    st.builds(
        Fact,
        number=st.just(0),
        holder=st.integers(0, 2),
        place=st.integers(0, 2),
        days_ago=st.integers(0, 58),
        gross_fen=st.integers(1000, 90000),
        refund_fen=st.sampled_from([None, None, 0, 100]),
    ),
    min_size=3,
    max_size=8,
).map(lambda found: [Fact(n, *list(vars(fact).values())[1:]) for n, fact in enumerate(found)])
orders = st.randoms(use_true_random=False)


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    world = World(session, AT - timedelta(days=60))
    session.commit()
    return world


def arrive(world: World, fact: Fact) -> None:
    """A redemption, sent twice, and what is given back of it."""
    places = ((world.dairy_shop, "MILK"), (world.dairy_kiosk, "MILK"), (world.garage_hall, "WASH"))
    outlet, offer = places[fact.place]
    holder = (world.mechanic, world.salesman, world.milkman)[fact.holder]
    id_ = UUID(int=fact.number + 1)
    shown, order = world.shown(holder, fact.at).text, Order(id_, offer, fact.gross_fen, 1)
    first, again = (
        redeem_at_once(world.session, world.keyring, world.counter(outlet), shown, order, fact.at)
        for _ in range(2)
    )
    assert (again.body, again.replayed) == (first.body, True)
    mark_if_late(world.session, business_date(fact.at), LATER)
    if fact.refund_fen is not None:
        reverse(
            world.session,
            world.counter(outlet),
            UUID(int=fact.number + 1001),
            id_,
            "退货",
            LATER,
            refund_fen=fact.refund_fen or None,
            authority=Authority.ORGANIZER,
        )


def derive_all(world: World) -> None:
    for month in pending_months(world.session, LATER):
        derive(world.session, month, LATER)
    for period in pending_periods(world.session, LATER):
        assert keep(world.session, prepare(world.session, period), LATER)


def figures(world: World) -> list:
    """Every report, flow and table of every period, zone and axis."""
    session, found = world.session, []
    for text in PERIODS:
        period = parse(text)
        for zone in (None, world.root, world.east, world.west):
            found += [report(session, period.span, zone, axis) for axis in Axis]
        found.append(zone_flow(session, period.span).rows)
        if "." not in text:
            found.append(tables(session, period))
    return found


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(facts=facts, dice=orders)
def test_the_order_of_arrival_changes_nothing(world: World, facts: Sequence[Fact], dice) -> None:
    try:
        compare_orders(world, facts, dice)
    finally:
        world.session.rollback()


def compare_orders(world: World, facts: Sequence[Fact], dice) -> None:
    for fact in facts:
        arrive(world, fact)
    live = figures(world)
    world.session.rollback()

    shuffled = list(facts)
    dice.shuffle(shuffled)
    half = len(shuffled) // 2
    for fact in shuffled[:half]:
        arrive(world, fact)
    derive_all(world)
    close_a_month(world)
    for fact in shuffled[half:]:
        arrive(world, fact)
    assert figures(world) == live, "read half from what was derived, half from late facts"
    derive_all(world)
    assert figures(world) == live, "derived again"
    forget(world.session)
    derive_all(world)
    assert figures(world) == live, "derived from nothing"


def close_a_month(world: World) -> None:
    first = months.first_month(world.session, LATER)
    if first < date(2026, 4, 1):
        months.close(world.session, first, COMMAND_LINE, LATER)


def test_other_zones_are_noise(world: World) -> None:
    """Whatever happens at other zones' outlets changes nothing in a zone's report, derived or live."""
    arrive(world, Fact(0, 0, 0, 3, 5000, None))
    arrive(world, Fact(1, 2, 0, 40, 7000, 100))
    span = parse("2026-Q1").span
    before = report(world.session, span, world.east)
    for number, place in enumerate((1, 2, 2), 2):
        arrive(world, Fact(number, number % 3, place, number * 9, 3000, None))
    assert report(world.session, span, world.east) == before
    derive_all(world)
    assert report(world.session, span, world.east) == before
    assert report(world.session, span).redemptions == 5
    world.session.rollback()
