"""32 threads at once do whatever comes: what each was told fits together, whichever way it is turned."""

import json
import random
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from alliance import store
from alliance.offers.models import LimitCounter
from alliance.offers.pricing import Discount
from alliance.passes.issue import mint, pass_of
from alliance.redemptions.models import Redemption, Reversal
from alliance.redemptions.redeem import Order, redeem_at_once
from alliance.redemptions.reverse import Authority, reverse
from alliance.refused import Refused
from alliance.store import Session, is_busy
from tests.torture.conftest import Note
from tests.torture.history import Call, Effect, Event, History, explains
from tests.torture.scale import SEED, scale
from tests.torture.shop import findings
from tests.world import World

THREADS = 32
HISTORIES, DEEDS = scale(short=2, long=40), 15
#: What an offer allows in all, and to each holder.
LIMITS = {"TOTAL": 7, "EACH": 3}


@pytest.fixture
def engine(database_url: str):
    """Enough connections for every thread to hold one."""
    engine = store.make_engine(database_url, pool_size=THREADS + 2)
    yield engine
    engine.dispose()


class Stage:
    """The world with two capped offers, and codes for everything that is going to be tried."""

    def __init__(self, engine: sa.Engine) -> None:
        self.sessions, self.engine = store.sessionmaker_for(engine), engine
        with self.sessions() as session:
            store.for_writing(session)
            self.world = World(session)
            session.commit()
        self.counter, self.keyring, self.at = self.world.counter(), self.world.keyring, self.world.at
        self.holders = [self.world.mechanic, self.world.salesman, self.world.milkman]

    def begin(self, number: int) -> list[tuple[UUID, str, str, str]]:
        """New offers, and redemptions to try: (id, text, offer, holder's scope)."""
        with self.sessions() as session:
            store.for_writing(session)
            self.world.session = session
            terms, dairy = Discount(pay_permille=667), self.world.dairy
            self.world.live_offer(dairy, f"TOTAL{number}", terms, limit_total=LIMITS["TOTAL"])
            self.world.live_offer(dairy, f"EACH{number}", terms, limit_holder=LIMITS["EACH"])
            passes = [pass_of(session, holder.id, self.at) for holder in self.holders]
            wanted = [
                (
                    store.new_id(),
                    mint(session, self.keyring, passes[i % 3], self.at).text,
                    f"{('TOTAL', 'EACH')[i % 2]}{number}",
                    f"holder:{self.holders[i % 3].id}" if i % 2 else "total",
                )
                for i in range(THREADS * DEEDS // 2)
            ]
            session.commit()
        return wanted

    def act(self, history: History, deed: str, arguments: tuple[Any, ...]) -> Any:
        """One call, recorded, in a transaction of its own; a busy database is asked again, as a till does."""
        verb = {"redeem": self._redeem, "reverse": self._reverse}[deed]
        invoked = history.tick()
        while True:
            with self.sessions() as session:
                store.for_writing(session)
                try:
                    answer = verb(session, *arguments)
                    session.commit()
                    result = (json.loads(answer.body), answer.body, answer.replayed)
                except Refused as refused:
                    session.rollback()
                    result = str(refused.reason)
                except sa.exc.DBAPIError as error:
                    session.rollback()
                    if not is_busy(error):
                        raise
                    continue
            history.record(deed, arguments, result, invoked)
            return result

    def _redeem(self, session: Session, id_: UUID, text: str, offer: str, _: str) -> Any:
        order = Order(id_, offer, 1005)
        return redeem_at_once(session, self.keyring, self.counter, text, order, self.at)

    def _reverse(self, session: Session, id_: UUID, redemption_id: UUID, refund_fen: int | None) -> Any:
        return reverse(
            session,
            self.counter,
            id_,
            redemption_id,
            "退货",
            self.at,
            refund_fen=refund_fen,
            authority=Authority.MERCHANT,
        )


def test_histories(engine: sa.Engine, note: Note) -> None:
    stage, everything = Stage(engine), History()
    for number in range(HISTORIES):
        history = History()
        wanted = stage.begin(number)
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [
                pool.submit(thread, stage, history, wanted, random.Random(f"{SEED} {number} {i}"))
                for i in range(THREADS)
            ]:
                done.result()
        assert limits_are_explained(history, number)
        everything.events += history.events
    one_answer_each(everything)
    counters_are_facts(stage, everything)
    sums_are_conserved(stage, everything)
    assert findings(stage.sessions) == []
    note("calls", len(everything.events))
    note("accepted", sum(not isinstance(event.result, str) for event in everything.events))
    for reason, times in Counter(e.result for e in everything.events if isinstance(e.result, str)).items():
        note(reason, times)


def thread(stage: Stage, history: History, wanted: list[tuple[Any, ...]], chance: random.Random) -> None:
    """Redeem, retry what others redeem, void and refund what is there; all of them meet at two offers."""
    sold: list[UUID] = []
    for _ in range(DEEDS):
        match chance.choice(["redeem", "redeem", "redeem", "void", "refund", "retry"]):
            case "redeem":
                # Some other thread may draw the same: the same id at the same time.
                arguments = chance.choice(wanted)
                if not isinstance(stage.act(history, "redeem", arguments), str):
                    sold.append(arguments[0])
            case "void" if sold:
                stage.act(history, "reverse", (store.new_id(), sold.pop(), None))
            case "refund" if sold:
                stage.act(history, "reverse", (store.new_id(), sold[-1], chance.randint(1, 300)))
            case "retry" if history.events:
                event = chance.choice(history.events)
                stage.act(history, event.deed, event.arguments)


def limits_are_explained(history: History, number: int) -> bool:
    """Each counter of the two offers went a way that explains every acceptance and every refusal."""
    calls: dict[str, list[Call]] = defaultdict(list)
    scope_of = {e.arguments[0]: e.arguments[3] for e in history.events if e.deed == "redeem"}
    for event in history.events:
        scope = scope_of[event.arguments[0] if event.deed == "redeem" else event.arguments[1]]
        effect = effect_of(event)
        if effect is not None:
            calls[scope].append((effect, event.invoked, event.responded))
    assert len(calls) == 4
    return all(
        explains(of_scope, LIMITS["TOTAL" if scope == "total" else "EACH"])
        for scope, of_scope in calls.items()
    )


def effect_of(event: Event) -> Effect | None:
    """What a call did to the counter of its redemption; None when nothing."""
    if event.result in ("limit_total", "limit_holder"):
        return Effect.FULL
    if isinstance(event.result, str):
        return None
    told, _, replayed = event.result
    if replayed:
        return None
    if event.deed == "redeem":
        return Effect.TAKE
    return Effect.GIVE if told["whole"] else None


def one_answer_each(history: History) -> None:
    """Whoever asked for an id was told the same bytes, and one of them did it."""
    answers: dict[tuple[str, UUID], list[tuple[str, bool]]] = defaultdict(list)
    for event in history.events:
        if not isinstance(event.result, str):
            answers[event.deed, event.arguments[0]].append(event.result[1:])
    for told in answers.values():
        assert len({body for body, _ in told}) == 1
        assert [replayed for _, replayed in told].count(False) == 1


def counters_are_facts(stage: Stage, history: History) -> None:
    """No update is lost: each counter stands where the accepted calls have brought it."""
    effects = Counter(effect_of(event) for event in history.events)
    with stage.sessions() as session:
        used = session.scalar(sa.select(sa.func.sum(LimitCounter.used)))
        facts = session.scalar(sa.select(sa.func.count()).select_from(Redemption))
        gone = session.scalar(sa.select(sa.func.count()).where(Reversal.uses == -1))
    assert (facts, gone) == (effects[Effect.TAKE], effects[Effect.GIVE])
    assert used == facts - gone


def sums_are_conserved(stage: Stage, history: History) -> None:
    """What the clients were told adds up to what is stored, and nobody got back more than was paid."""
    told: Counter[UUID] = Counter()
    for event in history.events:
        if not isinstance(event.result, str) and not event.result[2]:
            of_redemption = event.arguments[0] if event.deed == "redeem" else event.arguments[1]
            told[of_redemption] += event.result[0]["paid_fen"]
    assert all(left >= 0 for left in told.values())
    with stage.sessions() as session:
        stored = [session.scalar(sa.select(sa.func.sum(model.paid_fen))) for model in (Redemption, Reversal)]
    assert sum(map(int, stored)) == told.total()


TAKE, GIVE, FULL = Effect.TAKE, Effect.GIVE, Effect.FULL


@pytest.mark.parametrize(
    ("calls", "explained"),
    [
        ([(TAKE, 0, 1), (TAKE, 2, 3), (FULL, 4, 5)], True),
        ([(TAKE, 0, 1), (TAKE, 2, 3), (TAKE, 4, 5)], False),  # one too many
        ([(TAKE, 0, 1), (FULL, 2, 3)], False),  # there was one left
        ([(TAKE, 0, 1), (FULL, 2, 5), (TAKE, 3, 4)], True),  # not any more when it asked
        ([(TAKE, 0, 1), (TAKE, 2, 3), (GIVE, 4, 7), (TAKE, 5, 6)], True),  # given back just before
        ([(TAKE, 0, 1), (TAKE, 2, 3), (TAKE, 4, 5), (GIVE, 6, 7)], False),  # given back too late
        ([(TAKE, 0, 1), (TAKE, 2, 3), (GIVE, 4, 5), (FULL, 6, 7)], False),  # it had been given back
        # Full, then not, then full again: only a refusal that spans one of the two is right.
        ([(TAKE, 0, 1), (TAKE, 2, 3), (GIVE, 4, 9), (FULL, 5, 6), (TAKE, 7, 8)], True),
        # The second made it full before the third was invoked, so the third cannot have had its place.
        ([(TAKE, 0, 1), (TAKE, 2, 11), (FULL, 3, 4), (TAKE, 5, 6), (GIVE, 7, 8)], False),
        ([(GIVE, 0, 1)], False),  # nothing was taken
    ],
)
def test_the_checker_tells_right_from_wrong(calls: list[Call], explained: bool) -> None:
    """With a limit of two."""
    assert explains(calls, 2) is explained
