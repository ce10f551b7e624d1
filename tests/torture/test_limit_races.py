"""The last unit of each limit, wanted by 64 counters at once: exactly one of them gets it, on both databases.

Each round has a new offer. In every other round the unit is the only one there ever was, in the rest it is
the last of two.
"""

from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from alliance.chain import Conflict, Parameter
from alliance.clock import business_date
from alliance.offers import counters
from alliance.offers.limits import Limits, Use
from alliance.offers.models import LimitCounter, OfferRevision
from alliance.offers.pricing import Discount
from alliance.people.models import Holder
from alliance.redemptions.models import Redemption, Scan
from alliance.redemptions.redeem import Order, redeem
from alliance.redemptions.scan import scan
from alliance.refused import Reason, Refused
from alliance.store import Session, for_writing, is_busy, make_engine, sessionmaker_for
from tests.torture.conftest import Note
from tests.torture.scale import scale
from tests.world import World, take

THREADS = 64
ROUNDS = scale(short=20, long=500)
#: ¥100 with 10 % off, three pieces: what one use takes of a limit, where that is not 1.
TERMS, GROSS_FEN, QUANTITY = Discount(pay_permille=900), 10000, 3
TAKES = {"units": QUANTITY, "budget_fen": 1000}
MINUTES = 30
REASONS = {
    "total": Reason.LIMIT_TOTAL,
    "units": Reason.LIMIT_TOTAL,
    "budget_fen": Reason.LIMIT_BUDGET,
    "outlet_day": Reason.LIMIT_DAY,
    **{f"holder_{period}": Reason.LIMIT_HOLDER for period in ("day", "week", "month", "ever")},
    **{f"household_{period}": Reason.LIMIT_HOUSEHOLD for period in ("day", "week", "month", "ever")},
    "cool_down_minutes": Reason.COOL_DOWN,
}


class Race:
    """64 scans of one holder, 64 of one family, and a new offer for each round of each kind."""

    def __init__(self, engine: sa.Engine, session: Session) -> None:
        for_writing(session)
        self.session, self.world = session, World(session)
        mechanic = self.world.mechanic
        family = [mechanic, *(self.world.dependant(mechanic, f"张小{n}") for n in "一二三")]
        self._scans = {"one": self._scan([mechanic]), "family": self._scan(family)}
        session.commit()
        self._make, self._barrier = sessionmaker_for(engine), Barrier(THREADS)

    def run(self, pool: ThreadPoolExecutor, kind: str, number: int) -> Tally[str]:
        """What the 64 were told in one round: ``redeemed``, or the reason of a refusal."""
        taken_before = number % 2
        revision = self._new_offer(kind, number, 1 + taken_before)
        if taken_before:
            self._take_one(revision, kind)
        # As if each scan had been made after the offer was approved; minting 64 codes a round takes too long.
        self.session.execute(sa.update(Scan).values(revision_ids=[str(revision.id)]))
        self.session.commit()
        alone = kind.startswith(("holder", "cool_down"))
        scans, offer = self._scans["one" if alone else "family"], str(revision.offer_id)
        return Tally(pool.map(self._redeem, scans, [offer] * THREADS))

    def used(self, kind: str, number: int) -> tuple[int, int]:
        """The counter of a round's limit, and the facts of its offer."""
        offer = sa.select(OfferRevision.offer_id).where(OfferRevision.title == f"优惠{kind}-{number}")
        counted = self.session.scalars(sa.select(LimitCounter.used).where(LimitCounter.offer_id.in_(offer)))
        facts = sa.select(sa.func.count()).where(Redemption.offer_id.in_(offer))
        found = counted.one(), self.session.scalars(facts).one()
        self.session.commit()
        return found

    def _scan(self, people: Sequence[Holder]) -> list[UUID]:
        """64 scans, of these people in turn."""
        counter, at = self.world.counter(), self.world.at
        shown = [self.world.shown(people[i % len(people)]).text for i in range(THREADS)]
        return [scan(self.session, self.world.keyring, counter, uuid4(), text, at).id for text in shown]

    def _new_offer(self, kind: str, number: int, uses: int) -> OfferRevision:
        ceiling = MINUTES if kind == "cool_down_minutes" else uses * TAKES.get(kind, 1)
        limits = Limits(**{kind: ceiling})
        return self.world.live_offer(self.world.dairy, f"{kind}-{number}", TERMS, limits=limits)

    def _take_one(self, revision: OfferRevision, kind: str) -> None:
        """One use before the race, in the counter only; a cool-down is over just when the race begins."""
        earlier = timedelta(minutes=MINUTES) if kind == "cool_down_minutes" else timedelta()
        use = Use(
            merchant_id=revision.merchant_id,
            offer_id=revision.offer_id,
            business_date=business_date(self.world.at),
            holder_id=self.world.mechanic.id,
            household_id=self.world.mechanic.id,
            outlet_id=self.world.dairy_shop.id,
            quantity=QUANTITY,
            discount_fen=TAKES["budget_fen"],
            occurred_at=self.world.at - earlier,
        )
        take(self.session, revision, use)

    def _redeem(self, scan_id: UUID, offer: str) -> str:
        order, at = Order(uuid4(), offer, GROSS_FEN, QUANTITY), self.world.at
        self._barrier.wait()
        while True:
            with self._make() as session:
                for_writing(session)
                try:
                    redeem(session, self.world.counter(), scan_id, order, at)
                    session.commit()
                except Refused as refused:
                    return refused.reason
                except sa.exc.OperationalError as error:
                    # Told that it is in flight, a till sends the same again.
                    if not is_busy(error):
                        raise
                else:
                    return "redeemed"


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


def test_the_last_unit_of_every_limit_goes_once(
    race: Race, pool: ThreadPoolExecutor, subtests: pytest.Subtests, note: Note
) -> None:
    for kind, reason in REASONS.items():
        with subtests.test(kind):
            for number in range(ROUNDS):
                assert race.run(pool, kind, number) == {"redeemed": 1, reason: THREADS - 1}
                used, facts = race.used(kind, number)
                assert facts == 1
                if kind != "cool_down_minutes":
                    assert used == (1 + number % 2) * TAKES.get(kind, 1)
    note("kinds of limit", len(REASONS))
    note("races", len(REASONS) * ROUNDS)
    note("redemptions tried", len(REASONS) * ROUNDS * THREADS)


@pytest.mark.parametrize("kind", ["total", "holder_day", "cool_down_minutes"])
def test_without_its_guard_the_same_race_has_more_than_one_winner(
    race: Race, pool: ThreadPoolExecutor, kind: str, monkeypatch: pytest.MonkeyPatch, note: Note
) -> None:
    """The control: it shows that the race is one, and that the guard is what decides it."""
    for name in ("_by_the_amount", "_to_the_moment"):
        monkeypatch.setattr(counters, name, _without_guard(getattr(counters, name)))
    winners = race.run(pool, kind, 0)["redeemed"]
    note("winners", winners)
    assert winners > 1


def _without_guard(move: Conflict) -> Conflict:
    """The same with room for everybody; a function of its own, because a chain's statement is kept by it."""

    def moved(insert: Any, parameter: Parameter) -> Any:
        return move(insert, lambda name, type_: parameter(name, type_) + (1 << 60))  # type: ignore[arg-type,return-value]

    return moved
