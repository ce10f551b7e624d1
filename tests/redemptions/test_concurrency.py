"""redeem and reverse under real concurrency: threads, connections, commits, on both databases."""

from collections import Counter as Tally
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select

from alliance.offers.models import LimitCounter
from alliance.offers.pricing import Discount
from alliance.redemptions.models import Redemption, Reversal
from alliance.redemptions.redeem import Order, redeem, redeem_at_once
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from alliance.refused import Refused
from alliance.store import Session, for_writing, sessionmaker_for
from tests.world import World

THREADS = 64


@pytest.fixture
def world(session: Session) -> World:
    for_writing(session)
    world = World(session)
    world.live_offer(world.dairy, "LAST", Discount(pay_permille=900), limit_total=1)
    session.commit()
    return world


def all_at_once(engine: sa.Engine, work: Callable[[Session, int], object]) -> list[object]:
    """Run ``work`` in 64 threads that start together, each in a transaction; a refusal is its reason."""
    barrier, make = Barrier(THREADS), sessionmaker_for(engine)

    def run(number: int) -> object:
        with make() as session:
            for_writing(session)
            barrier.wait()
            try:
                result = work(session, number)
                session.commit()
            except Refused as refused:
                session.rollback()
                return refused.reason
            return result

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.fixture
def engine(database_url: str):
    """Enough connections for every thread to hold one."""
    from alliance.store import make_engine

    engine = make_engine(database_url, pool_size=THREADS + 1)
    yield engine
    engine.dispose()


def test_one_id_makes_one_fact_and_one_answer(world: World, engine: sa.Engine) -> None:
    shown, order = world.shown().text, Order(uuid4(), "LAST", 10000)
    world.session.commit()
    counter, keyring, at = world.counter(), world.keyring, world.at
    answers = all_at_once(
        engine, lambda session, _: redeem_at_once(session, keyring, counter, shown, order, at)
    )
    assert len({answer.body for answer in answers}) == 1
    assert Tally(answer.replayed for answer in answers) == {False: 1, True: THREADS - 1}
    assert world.session.scalar(select(func.count()).select_from(Redemption)) == 1
    assert world.session.scalar(select(LimitCounter.used)) == 1


def test_one_id_at_the_counter_makes_one_fact(world: World, engine: sa.Engine) -> None:
    counter, at, order = world.counter(), world.at, Order(uuid4(), "MILK", 10000)
    scanned = scan(world.session, world.keyring, counter, uuid4(), world.shown().text, at).id
    world.session.commit()
    answers = all_at_once(engine, lambda session, _: redeem(session, counter, scanned, order, at))
    assert len({answer.body for answer in answers}) == 1
    assert world.session.scalar(select(func.count()).select_from(Redemption)) == 1


def test_the_last_unit_goes_once(world: World, engine: sa.Engine) -> None:
    shown = [world.shown().text for _ in range(THREADS)]
    world.session.commit()
    counter, keyring, at = world.counter(), world.keyring, world.at
    results = all_at_once(
        engine,
        lambda session, i: (
            redeem_at_once(session, keyring, counter, shown[i], Order(uuid4(), "LAST", 10000), at).replayed
        ),
    )
    assert Tally(results) == {False: 1, "limit_total": THREADS - 1}
    assert world.session.scalar(select(func.count()).select_from(Redemption)) == 1
    assert world.session.scalar(select(LimitCounter.used)) == 1


def test_one_presentation_at_many_counters_is_accepted_once(world: World, engine: sa.Engine) -> None:
    shown = world.shown().text
    world.session.commit()
    counters = [world.counter(world.dairy_shop), world.counter(world.garage_hall)]
    keyring, at = world.keyring, world.at
    results = all_at_once(
        engine,
        lambda session, i: type(scan(session, keyring, counters[i % 2], uuid4(), shown, at)).__name__,
    )
    assert Tally(results) == {"Scan": 1, "already_presented": THREADS - 1}


def test_one_code_of_a_phone_at_64_scanners_is_accepted_once(world: World, engine: sa.Engine) -> None:
    shown = world.phone().show(world.at)
    world.session.commit()
    counters = [world.counter(world.dairy_shop), world.counter(world.garage_hall)]
    keyring, at = world.keyring, world.at
    results = all_at_once(
        engine,
        lambda session, i: type(scan(session, keyring, counters[i % 2], uuid4(), shown, at)).__name__,
    )
    assert Tally(results) == {"Scan": 1, "already_presented": THREADS - 1}


def test_a_redemption_is_voided_once(world: World, engine: sa.Engine) -> None:
    id_ = uuid4()
    world.redeem(offer="LAST", id_=id_)
    world.session.commit()
    counter, at = world.counter(), world.at

    def void(session: Session, _: int) -> object:
        return reverse(session, counter, uuid4(), id_, "按错", at, authority=Authority.MERCHANT).replayed

    assert Tally(all_at_once(engine, void)) == {False: 1, "reversed_already": THREADS - 1}
    assert world.session.scalar(select(LimitCounter.used)) == 0
    assert world.session.scalar(select(func.sum(Reversal.uses))) == -1


def test_refunds_never_exceed_what_was_paid(world: World, engine: sa.Engine) -> None:
    id_: UUID = uuid4()
    world.redeem(10000, id_=id_)
    world.session.commit()
    counter, at = world.counter(), world.at

    def refund(session: Session, _: int) -> object:
        return reverse(
            session, counter, uuid4(), id_, "退货", at, refund_fen=700, authority=Authority.MERCHANT
        ).replayed

    # 8000 分 were paid: eleven refunds of 700 fit.
    assert Tally(all_at_once(engine, refund)) == {False: 11, "refund_exceeds_paid": THREADS - 11}
    assert world.session.scalar(select(func.sum(Reversal.paid_fen))) == -7700
