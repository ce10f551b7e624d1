"""Counters of limits in the store: one statement each, never above a ceiling, always what a model says."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from alliance.clock import business_date
from alliance.offers.counters import Remaining, View, count_in_bulk, give_back, remaining
from alliance.offers.limits import Limits, Use, add_up, counts
from alliance.offers.models import LimitCounter, OfferRevision
from alliance.offers.pricing import Discount
from alliance.refused import Refused
from tests.redemptions.test_statements import statements
from tests.world import NOON, World, take

TERMS = Discount(pay_permille=900)


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def use_of(revision: OfferRevision, **change) -> Use:
    at = change.get("occurred_at", NOON)
    values = {
        "merchant_id": revision.merchant_id, "offer_id": revision.offer_id, "holder_id": 1, "household_id": 1,
        "outlet_id": UUID(int=1), "business_date": business_date(at), "quantity": 1, "discount_fen": 1,
        "occurred_at": at,
    }  # fmt: skip
    return Use(**values | change)


def stored(session: Session, revision: OfferRevision) -> dict[str, int]:
    rows = sa.select(LimitCounter.scope, LimitCounter.used).where(LimitCounter.offer_id == revision.offer_id)
    return dict(session.execute(rows).all())


@pytest.mark.parametrize("kind", [*Limits.model_fields, None])
def test_one_statement_for_each_limit_that_is_set_and_none_without(
    world: World, engine: sa.Engine, kind: str | None
) -> None:
    limits = Limits(**{kind: 9}) if kind else Limits()
    revision = world.live_offer(world.dairy, "CAP", TERMS, limits=limits)
    with statements(engine) as seen:
        take(world.session, revision, use_of(revision))
    assert len(seen) == bool(kind), seen


def test_thirteen_limits_are_thirteen_links(world: World, engine: sa.Engine) -> None:
    everything = Limits(**dict.fromkeys(Limits.model_fields, 9))
    revision = world.live_offer(world.dairy, "CAP", TERMS, limits=everything)
    with statements(engine) as seen:
        take(world.session, revision, use_of(revision))
    assert len(seen) == (1 if engine.dialect.name == "postgresql" else len(Limits.model_fields)), seen
    assert len(stored(world.session, revision)) == len(Limits.model_fields)


def test_another_offers_counters_are_not_touched(world: World, session: Session) -> None:
    revision = world.live_offer(world.dairy, "CAP", TERMS, limits=Limits(total=1, holder_day=1))
    noise = world.live_offer(world.dairy, "NOISE", TERMS, limits=Limits(total=1, holder_day=1))
    take(session, noise, use_of(noise))
    take(session, revision, use_of(revision))
    give_back(session, revision, use_of(revision), lambda: None)
    assert set(stored(session, noise).values()) == {1}
    assert set(stored(session, revision).values()) == {0}


# --- against a model ---------------------------------------------------------------------------------

SMALL = st.none() | st.integers(1, 3)
LIMITS = st.builds(
    Limits,
    **dict.fromkeys(Limits.model_fields, SMALL)
    | {"units": st.none() | st.integers(1, 9), "budget_fen": st.none() | st.integers(1, 30)}
    | {"cool_down_minutes": st.none() | st.sampled_from([1, 60, 1440])},
)
#: Who (of two households), where, how many, how much, how long after the last; or which use to give back.
TAKING = st.tuples(
    st.integers(1, 3), st.integers(1, 2), st.integers(1, 4), st.integers(0, 12), st.integers(0, 2000)
)
GIVING = st.integers(0, 20)


@given(LIMITS, st.lists(TAKING | GIVING, max_size=25))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_taken_and_given_back_the_counters_are_the_models(
    world: World, limits: Limits, steps: list
) -> None:
    session = world.session
    revision = world.live_offer(world.dairy, uuid4().hex[:20], TERMS)
    # Limits that contradict one another cannot be submitted, and would hold all the same.
    revision.limits = limits.given()
    session.flush()
    standing: list[Use] = []
    at = NOON
    for step in steps:
        if isinstance(step, int):
            if standing:
                returned = standing.pop(step % len(standing))
                give_back(session, revision, returned, partial(_last, standing, returned))
        else:
            holder, outlet, quantity, discount, minutes = step
            at += timedelta(minutes=minutes)
            use = use_of(
                revision, holder_id=holder, household_id=(holder + 1) // 2, outlet_id=UUID(int=outlet),
                quantity=quantity, discount_fen=discount, occurred_at=at,
            )  # fmt: skip
            allowed = _is_allowed(limits, standing, use)
            assert _took(session, revision, use) is allowed
            if allowed:
                standing.append(use)
        _agree(session, revision, limits, standing)


def _last(standing: list[Use], of: Use) -> datetime | None:
    return max((use.occurred_at for use in standing if use.holder_id == of.holder_id), default=None)


def _is_allowed(limits: Limits, standing: list[Use], use: Use) -> bool:
    """By the words of the limits, from what stands, without any counter."""
    same_day = [u for u in standing if u.business_date == use.business_date]
    week = use.business_date.isocalendar()[:2]
    same_week = [u for u in standing if u.business_date.isocalendar()[:2] == week]
    same_month = [u for u in standing if (u.business_date.year, u.business_date.month)
                  == (use.business_date.year, use.business_date.month)]  # fmt: skip
    periods = {"day": same_day, "week": same_week, "month": same_month, "ever": standing}
    used = {
        "total": len(standing),
        "units": sum(u.quantity for u in standing) + use.quantity - 1,
        "budget_fen": sum(u.discount_fen for u in standing) + use.discount_fen - 1,
        "outlet_day": sum(u.outlet_id == use.outlet_id for u in same_day),
    }
    for period, uses in periods.items():
        used[f"holder_{period}"] = sum(u.holder_id == use.holder_id for u in uses)
        used[f"household_{period}"] = sum(u.household_id == use.household_id for u in uses)
    if any(limit < used[name] + 1 for name, limit in limits.given().items() if name in used):
        return False
    last, minutes = _last(standing, use), limits.cool_down_minutes
    return not minutes or last is None or use.occurred_at - last >= timedelta(minutes=minutes)


def _took(session: Session, revision: OfferRevision, use: Use) -> bool:
    savepoint = session.begin_nested()
    try:
        take(session, revision, use)
    except Refused:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def _agree(session: Session, revision: OfferRevision, limits: Limits, standing: list[Use]) -> None:
    counted: dict[str, int] = {}
    for use in standing:
        found = counts(limits, use)
        add_up(counted, found)
        assert all(counted[count.scope] <= count.ceiling for count in found if not count.is_moment)
    now = stored(session, revision)
    assert {scope: used for scope, used in now.items() if used} == counted


# --- in bulk -----------------------------------------------------------------------------------------


def test_counting_in_bulk_adds_to_what_is_there_whatever_the_ceiling(world: World, session: Session) -> None:
    limits = Limits(total=1, units=4, cool_down_minutes=10)
    revision = world.live_offer(world.dairy, "CAP", TERMS, limits=limits)
    key = (revision.merchant_id, revision.offer_id)
    take(session, revision, use_of(revision, quantity=2))
    for minutes, last in ((-30, 0), (5, 5)):
        at = NOON + timedelta(minutes=minutes)
        scopes: dict[str, int] = {}
        add_up(scopes, counts(limits, use_of(revision, quantity=3, occurred_at=at)))
        count_in_bulk(session, {key: scopes})
        assert stored(session, revision)["cooldown:holder:1"] == NOON.timestamp() + 60 * last
    assert stored(session, revision) | {"cooldown:holder:1": 0} == {
        "total": 3,
        "units": 8,
        "cooldown:holder:1": 0,
    }
    assert remaining(session, [revision])[0].left == {"total": 0, "units": 0}


# --- what is left ------------------------------------------------------------------------------------


def test_what_is_left_depends_on_who_looks_and_where(
    world: World, session: Session, engine: sa.Engine
) -> None:
    limits = Limits(
        total=9, units=20, budget_fen=5000, outlet_day=4, holder_day=2, household_week=3, cool_down_minutes=60
    )
    revision = world.live_offer(world.dairy, "CAP", TERMS, limits=limits)
    son = world.dependant(world.mechanic, "张小宝")
    world.redeem(offer="CAP", quantity=3)
    world.redeem(offer="CAP", holder=son)
    world.redeem(offer="CAP", holder=world.salesman, outlet=world.dairy_kiosk)
    everybodys = {"total": 6, "units": 15, "budget_fen": 2000}
    view = View(NOON, son.id, world.mechanic.id, world.dairy_shop.id)
    with statements(engine) as seen:
        found = remaining(session, [revision, world.milk], view)
    assert len(seen) == 1, seen
    left = everybodys | {"outlet_day": 2, "holder_day": 1, "household_week": 1}
    assert found == [Remaining(left, NOON + timedelta(minutes=60)), Remaining({}, None)]
    assert not found[0].is_used_up
    assert remaining(session, [revision]) == [Remaining(everybodys)]
    assert not remaining(session, [revision])[0].is_used_up
    [tomorrow] = remaining(session, [revision], View(world.later(days=1), son.id, world.mechanic.id))
    assert tomorrow == Remaining(everybodys | {"holder_day": 2, "household_week": 1})
    [stranger] = remaining(session, [revision], View(NOON, world.milkman.id, world.milkman.id))
    assert stranger == Remaining(everybodys | {"holder_day": 2, "household_week": 3})


def test_of_offers_without_limits_nothing_is_asked(world: World, session: Session, engine: sa.Engine) -> None:
    with statements(engine) as seen:
        assert remaining(session, [world.milk, world.wash], View(NOON, 1, 1)) == [Remaining(), Remaining()]
    assert seen == []
