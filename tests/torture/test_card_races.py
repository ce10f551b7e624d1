"""The last yuan of a printed card's day, wanted by 64 counters of two merchants at once: one gets it."""

from collections import Counter as Tally
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from random import Random
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from alliance.chain import Conflict, Parameter
from alliance.circulation.verify import INVARIANTS
from alliance.offers.limits import Limits
from alliance.offers.pricing import Discount
from alliance.redemptions import card_ceiling
from alliance.redemptions.correct import Correction, correct
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import CardSpending, Redemption, Reversal
from alliance.redemptions.redeem import Order, redeem
from alliance.redemptions.reverse import Authority, reverse
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from alliance.store import Session, for_writing, is_busy, make_engine, sessionmaker_for
from tests.torture.conftest import Note
from tests.torture.scale import scale
from tests.world import World

THREADS = 64
ROUNDS = scale(short=10, long=250)
DEEDS = scale(short=300, long=5000)
#: ¥1.25 with 20 % off.
GROSS_FEN, PAID_FEN = 125, 100
OFFERS = ("MILK", "WASH")


class Race:
    """64 scans of one holder's card, half of them at each of two merchants."""

    def __init__(self, engine: sa.Engine, session: Session) -> None:
        for_writing(session)
        self.session, self.world = session, World(session)
        world, self.make, self._barrier = self.world, sessionmaker_for(engine), Barrier(THREADS)
        # So that the two cost the same.
        world.live_offer(world.garage, "WASH", Discount(pay_permille=800))
        text, counters = world.card().text, (world.counter(), world.counter(world.garage_hall))
        self.scans = [self._scan(counters[n % 2], text) for n in range(THREADS)]
        session.commit()

    def run(self, pool: ThreadPoolExecutor, day: int, ceiling_fen: int) -> Tally[str]:
        """What the 64 were told on a day of their own."""
        at = self.world.later(minutes=5)
        self.session.execute(sa.delete(CardSpending))
        if day % 2:
            # The last of two, where the other rounds race for a counter that is not there yet.
            who = self.world.mechanic.id, at.date()
            card_ceiling.hold(self.session, who)
            card_ceiling.give_back(self.session, who, PAID_FEN - ceiling_fen)
        self.session.commit()
        return Tally(
            pool.map(lambda n: self._redeem(n, ceiling_fen if day % 2 else PAID_FEN), range(THREADS))
        )

    def used(self) -> int:
        """The counter."""
        used = self.session.scalars(sa.select(CardSpending.used_fen)).one()
        self.session.commit()
        return used

    def told(self, deed: Callable[[Session], Any]) -> str:
        """Do it in a transaction of its own, again as long as the database is busy."""
        while True:
            with self.make() as session:
                for_writing(session)
                try:
                    deed(session)
                    session.commit()
                except Refused as refused:
                    return refused.reason
                except sa.exc.OperationalError as error:
                    # Two that waited for each other would be busy as well, and locked in another order.
                    if not is_busy(error) or getattr(error.orig, "sqlstate", None) == "40P01":
                        raise
                else:
                    return "done"

    def _scan(self, counter: Counter, text: str) -> tuple[Counter, UUID]:
        made = scan(self.session, self.world.keyring, counter, uuid4(), text, self.world.at)
        return counter, made.id

    def _redeem(self, number: int, ceiling_fen: int) -> str:
        (counter, scan_id), at = self.scans[number], self.world.later(minutes=5)
        order = Order(uuid4(), OFFERS[number % 2], GROSS_FEN, name_compared=True)
        here = replace(counter, card_ceiling_fen=ceiling_fen)
        self._barrier.wait()
        return self.told(lambda session: redeem(session, here, scan_id, order, at))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Enough connections for every thread to hold one."""
    engine = make_engine(database_url, pool_size=THREADS + 1)
    yield engine
    engine.dispose()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


@pytest.fixture
def race(engine: sa.Engine, session: Session) -> Race:
    return Race(engine, session)


def test_the_last_yuan_goes_once(race: Race, pool: ThreadPoolExecutor, note: Note) -> None:
    for number in range(ROUNDS):
        assert race.run(pool, number, 50_000) == {"done": 1, Reason.CARD_CEILING: THREADS - 1}
        assert race.used() == (50_000 if number % 2 else PAID_FEN)
    note("races at two merchants", ROUNDS)
    note("redemptions tried", ROUNDS * THREADS)


def test_without_its_guard_more_than_one_gets_it(
    race: Race, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, note: Note
) -> None:
    """The control: it shows that the race is one, and that the guard is what decides it."""
    monkeypatch.setattr(card_ceiling, "_within", _without_guard(card_ceiling._within))
    winners = race.run(pool, 1, 50_000)["done"]
    note("winners", winners)
    assert winners > 1


def test_deeds_of_every_kind_at_once_leave_the_counters_right(
    race: Race, pool: ThreadPoolExecutor, note: Note
) -> None:
    """Redeemed, refunded, voided and corrected at two merchants, with limits of the offers, by one card."""
    world, at = race.world, race.world.later(minutes=5)
    limits = Limits(holder_day=10**6, budget_fen=10**6)
    for merchant, code in ((world.dairy, "MILK"), (world.garage, "WASH")):
        world.live_offer(merchant, code, Discount(pay_permille=800), limits=limits)
    counters = (world.counter(), world.counter(world.garage_hall))
    text = world.card(anew=True).text
    race.scans = [race._scan(counters[n % 2], text) for n in range(2)]
    race.session.commit()

    def deed(number: int) -> str:
        dice, which = Random(number), number % 2
        counter, scan_id = race.scans[which]
        with race.make() as session:
            known = session.scalars(
                sa.select(Redemption.id).where(Redemption.merchant_id == counter.merchant_id)
            ).all()
        kind = dice.choice(["redeem", "refund", "void", "correct"]) if known else "redeem"
        gross = dice.randint(1, 20) * 1_000
        order = Order(uuid4(), OFFERS[which], gross, name_compared=True)
        if kind == "redeem":
            return race.told(lambda session: redeem(session, counter, scan_id, order, at))
        old, call = dice.choice(known), (uuid4(), "退货", at + timedelta(minutes=1))
        if kind == "correct":
            wanted = Correction(uuid4(), uuid4(), old, gross, None, "输错")
            return race.told(lambda session: correct(session, counter, Authority.MERCHANT, wanted, call[2]))
        refund = 100 if kind == "refund" else None
        return race.told(
            lambda session: reverse(
                session, counter, call[0], old, *call[1:], authority=Authority.MERCHANT, refund_fen=refund
            )
        )

    told = Tally(pool.map(deed, range(DEEDS)))
    note("deeds of every kind", DEEDS)
    note("done", told["done"])
    assert told["done"] > DEEDS / 10
    assert told[Reason.CARD_CEILING]
    assert race.session.scalar(sa.select(sa.func.count()).select_from(Reversal))
    found = [
        finding
        for name in ("card_spending", "limit_counter", "refunds_within_paid", "evidence", "fact_of_scan")
        for finding in INVARIANTS[name](race.session)
    ]
    assert found == []
    assert all(0 <= used <= 50_000 for used in race.session.scalars(sa.select(CardSpending.used_fen)))


def _without_guard(move: Conflict) -> Conflict:
    """The same with room for everybody; a function of its own, because a chain's statement is kept by it."""

    def moved(insert: Any, parameter: Parameter) -> Any:
        return move(insert, lambda name, type_: parameter(name, type_) + (1 << 60))  # type: ignore[arg-type,return-value]

    return moved
