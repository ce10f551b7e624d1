"""Limits at the counter: each kind refuses at its ceiling, on its day, and gets back what was given back."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.verify import INVARIANTS
from alliance.clock import SHANGHAI
from alliance.offers.limits import Limits
from alliance.offers.models import LimitCounter
from alliance.offers.pricing import AlliancePrice, Discount
from alliance.people.models import Holder
from alliance.redemptions.reverse import Authority, reverse
from alliance.refused import Reason, Refused
from tests.world import World

#: ¥100 with 10 % off: 1000 分 of discount.
TERMS = Discount(pay_permille=900)
REASONS = {
    "total": Reason.LIMIT_TOTAL,
    "units": Reason.LIMIT_TOTAL,
    "budget_fen": Reason.LIMIT_BUDGET,
    "outlet_day": Reason.LIMIT_DAY,
    **{f"holder_{period}": Reason.LIMIT_HOLDER for period in ("day", "week", "month", "ever")},
    **{f"household_{period}": Reason.LIMIT_HOUSEHOLD for period in ("day", "week", "month", "ever")},
}


class Till:
    """Redeems, each in a transaction of its own, as counters do."""

    def __init__(self, session: Session) -> None:
        self.session, self.world = session, World(session)
        self.son = self.world.dependant(self.world.mechanic, "张小宝")
        session.commit()

    def offer(self, limits: Limits, code: str = "CAP") -> None:
        self.world.live_offer(self.world.dairy, code, TERMS, limits=limits)
        self.session.commit()

    def buy(self, **what) -> UUID:
        """The id of a redemption, or Refused."""
        id_ = uuid4()
        try:
            self.world.redeem(**{"offer": "CAP", "id_": id_} | what)
        except Refused:
            self.session.rollback()
            raise
        self.session.commit()
        return id_

    def refusal(self, **what) -> Refused:
        with pytest.raises(Refused) as caught:
            self.buy(**what)
        return caught.value

    def give_back(self, id_: UUID, refund_fen: int | None = None) -> None:
        counter = self.world.counter()
        reverse(
            self.session,
            counter,
            uuid4(),
            id_,
            "退",
            self.world.at,
            refund_fen=refund_fen,
            authority=Authority.MERCHANT,
        )
        self.session.commit()

    def counters(self) -> dict[str, int]:
        return dict(self.session.execute(select(LimitCounter.scope, LimitCounter.used)).all())

    def findings(self) -> list[object]:
        found = [*INVARIANTS["limit_counter"](self.session), *INVARIANTS["limit_exceeded"](self.session)]
        self.session.commit()
        return found


@pytest.fixture
def till(session: Session) -> Till:
    return Till(session)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def people(till: Till, kind: str) -> list[Holder]:
    """Three who share the counter of a limit, and one who does not (if anybody)."""
    world = till.world
    if kind.startswith("holder"):
        return [world.mechanic] * 3 + [till.son]
    if kind.startswith("household"):
        return [world.mechanic, till.son, world.mechanic, world.salesman]
    return [world.mechanic, world.salesman, world.milkman]


@pytest.mark.parametrize("kind", REASONS)
def test_it_refuses_at_the_ceiling_and_not_what_was_given_back(till: Till, kind: str) -> None:
    each = 1000 if kind == "budget_fen" else 1
    till.offer(Limits(**{kind: 2 * each}))
    first, second, third, *others = people(till, kind)
    bought = [till.buy(holder=first), till.buy(holder=second)]
    refused = till.refusal(holder=third)
    assert refused.reason is REASONS[kind]
    assert refused.params == {"kind": kind, "limit": 2 * each, "left": 0}
    for other in others:
        till.buy(holder=other)
    till.give_back(bought[0])
    till.buy(holder=third)
    assert till.refusal(holder=second).reason is REASONS[kind]
    assert till.findings() == []


@pytest.mark.parametrize(
    ("kind", "last", "next_"),
    [
        ("outlet_day", "2026-03-04T23:59:59", "2026-03-05T00:00:00"),
        ("holder_day", "2026-03-04T23:59:59", "2026-03-05T00:00:00"),
        ("household_day", "2026-12-31T23:59:59", "2027-01-01T00:00:00"),
        ("holder_week", "2026-03-08T23:59:59", "2026-03-09T00:00:00"),
        # The year ends within week 53.
        ("holder_week", "2027-01-03T23:59:59", "2027-01-04T00:00:00"),
        ("household_week", "2027-01-03T23:59:59", "2027-01-04T00:00:00"),
        ("holder_month", "2026-03-31T23:59:59", "2026-04-01T00:00:00"),
        ("household_month", "2026-12-31T23:59:59", "2027-01-01T00:00:00"),
    ],
)
def test_a_new_period_begins_at_midnight_in_shanghai(till: Till, kind: str, last: str, next_: str) -> None:
    till.offer(Limits(**{kind: 1}))
    back = timedelta(days=2) if kind.endswith("week") else timedelta(hours=23)
    till.buy(at=shanghai(last) - back)
    assert till.refusal(at=shanghai(last)).reason is REASONS[kind]
    till.buy(at=shanghai(next_))
    assert till.refusal(at=shanghai(next_) + timedelta(minutes=1)).reason is REASONS[kind]
    assert till.findings() == []


def test_an_outlets_day_is_its_own(till: Till) -> None:
    till.offer(Limits(outlet_day=1))
    till.buy()
    assert till.refusal(holder=till.world.salesman).reason is Reason.LIMIT_DAY
    till.buy(outlet=till.world.dairy_kiosk)


def test_units_are_pieces_and_the_refusal_says_how_many_are_left(till: Till) -> None:
    till.offer(Limits(units=5))
    assert till.refusal(quantity=6).params == {"kind": "units", "limit": 5, "left": 5}
    assert till.counters() == {}
    till.buy(quantity=3)
    refused = till.refusal(quantity=3)
    assert (refused.reason, refused.params["left"]) == (Reason.LIMIT_TOTAL, 2)
    till.buy(quantity=2)
    assert till.counters() == {"units": 5}


def test_a_budget_is_spent_to_the_last_fen_and_not_beyond(till: Till) -> None:
    till.offer(Limits(budget_fen=1500))
    assert till.refusal(gross_fen=15010).params == {"kind": "budget_fen", "limit": 1500, "left": 1500}
    till.buy(gross_fen=10000)
    assert till.refusal(gross_fen=5010).params == {"kind": "budget_fen", "limit": 1500, "left": 500}
    till.buy(gross_fen=5000)
    assert till.counters() == {"budget": 1500}


def test_a_spent_budget_does_not_mind_what_costs_nothing(till: Till) -> None:
    till.world.live_offer(
        till.world.dairy, "CAP", AlliancePrice(unit_price_fen=500), limits=Limits(budget_fen=100)
    )
    till.buy(gross_fen=600)
    till.buy(gross_fen=500)
    assert till.refusal(gross_fen=501).reason is Reason.LIMIT_BUDGET


# --- what is given back ------------------------------------------------------------------------------


def test_a_part_gives_its_discount_back_and_a_void_the_rest(till: Till) -> None:
    till.offer(Limits(**dict.fromkeys(Limits.model_fields, 20)).model_copy(update={"budget_fen": 5000}))
    id_ = till.buy(gross_fen=10000, quantity=3)
    taken = till.counters()
    assert (taken["budget"], taken["units"], taken["total"]) == (1000, 3, 1)
    till.give_back(id_, refund_fen=4500)
    assert till.counters() == taken | {"budget": 500}
    assert till.findings() == []
    till.give_back(id_)
    assert set(till.counters().values()) == {0}
    assert len(till.counters()) == len(Limits.model_fields)
    assert till.findings() == []


def test_the_last_refund_is_a_void(till: Till) -> None:
    till.offer(Limits(total=1, units=3, budget_fen=1000))
    id_ = till.buy(quantity=3)
    till.give_back(id_, refund_fen=3000)
    assert till.refusal().reason is Reason.LIMIT_TOTAL
    till.give_back(id_, refund_fen=6000)
    assert till.counters() == {"total": 0, "units": 0, "budget": 0}
    till.buy(quantity=3)


def test_a_void_counts_on_the_day_of_its_redemption(till: Till) -> None:
    till.offer(Limits(holder_day=1, outlet_day=1))
    yesterday = till.buy()
    today = till.world.later(days=1)
    till.buy(at=today)
    till.world.at = today
    till.give_back(yesterday)
    assert till.refusal(at=today).reason is Reason.LIMIT_HOLDER
    assert till.findings() == []


def test_a_revision_that_sets_no_limit_gives_none_back(till: Till) -> None:
    till.offer(Limits(cool_down_minutes=1))
    unlimited = till.buy()
    till.offer(Limits(total=2))
    till.buy()
    till.give_back(unlimited)
    assert till.counters()["total"] == 1
    till.buy()
    assert till.refusal().reason is Reason.LIMIT_TOTAL
    assert till.findings() == []


def test_limits_hold_across_revisions(till: Till) -> None:
    till.offer(Limits(total=3, holder_day=3))
    for _ in range(3):
        till.buy()
    till.offer(Limits(total=5, holder_day=3))
    assert till.refusal().reason is Reason.LIMIT_HOLDER
    till.buy(holder=till.world.salesman)
    till.offer(Limits(total=4))
    assert till.refusal(holder=till.world.milkman).params == {"kind": "total", "limit": 4, "left": 0}
    assert till.findings() == []


# --- cool-down ---------------------------------------------------------------------------------------


def test_a_cool_down_is_kept_to_the_second(till: Till) -> None:
    till.offer(Limits(cool_down_minutes=30))
    at = till.world.at
    till.buy(at=at + timedelta(milliseconds=700))
    refused = till.refusal(at=at + timedelta(minutes=30, microseconds=-1))
    assert refused.reason is Reason.COOL_DOWN
    assert refused.params == {"limit": 30, "again_at": at + timedelta(minutes=30)}
    till.buy(holder=till.son)
    till.buy(at=at + timedelta(minutes=30))
    assert till.refusal(at=at + timedelta(minutes=31)).params["again_at"] == at + timedelta(minutes=60)
    assert till.findings() == []


def test_a_cool_down_crosses_midnight(till: Till) -> None:
    till.offer(Limits(cool_down_minutes=60))
    till.buy(at=shanghai("2026-12-31T23:30:00"))
    assert till.refusal(at=shanghai("2027-01-01T00:29:59")).reason is Reason.COOL_DOWN
    till.buy(at=shanghai("2027-01-01T00:30:00"))


def test_the_shorter_wait_of_a_new_revision_counts_at_once(till: Till) -> None:
    till.offer(Limits(cool_down_minutes=60))
    till.buy()
    till.offer(Limits(cool_down_minutes=5))
    till.buy(at=till.world.later(minutes=5))
    till.offer(Limits(cool_down_minutes=10))
    assert till.refusal(at=till.world.later(minutes=14)).reason is Reason.COOL_DOWN
    assert till.findings() == []


def test_a_void_sets_the_cool_down_back_to_the_last_use_that_stands(till: Till) -> None:
    till.offer(Limits(cool_down_minutes=30))
    bought = [till.buy(at=till.world.later(minutes=minutes)) for minutes in (0, 30, 60)]
    scope = f"cooldown:holder:{till.world.mechanic.id}"
    seconds = [int(till.world.later(minutes=minutes).timestamp()) for minutes in (0, 30, 60)]
    assert till.counters() == {scope: seconds[2]}
    till.give_back(bought[1])
    assert till.counters() == {scope: seconds[2]}
    till.give_back(bought[2])
    assert till.counters() == {scope: seconds[0]}
    assert till.findings() == []
    till.buy(at=till.world.later(minutes=30))
    till.give_back(bought[0])
    assert till.counters() == {scope: seconds[1]}
    assert till.findings() == []


def test_when_nothing_stands_there_is_nothing_to_wait_for(till: Till) -> None:
    till.offer(Limits(cool_down_minutes=30))
    till.give_back(till.buy())
    assert set(till.counters().values()) == {0}
    till.buy(at=till.world.later(seconds=1))
    assert till.findings() == []
