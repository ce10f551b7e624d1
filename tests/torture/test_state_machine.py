"""Random histories of the whole alliance, one deed after the other, against a naive model.

After every deed the product and the model agree on what became of it: the amounts, or the reason of the
refusal. At the end of every history the books are in order and the report is what the model says.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.torture.conftest import Note
from tests.torture.model import Employment, Model, No, Revision, Shown, Terms, day_of
from tests.torture.product import Product, wipe
from tests.torture.scale import scale
from tests.world import NOON

#: A history has so many deeds; PostgreSQL gets a share, because SQLite in the process is faster.
DEEDS = 50
HISTORIES = {"sqlite": scale(short=52, long=1750), "postgresql": scale(short=13, long=450)}
EVER = date(1, 1, 1)
MERCHANTS = {"shop": "dairy", "kiosk": "dairy", "hall": "garage"}
#: The first of each is live from the beginning.
CODES = {"dairy": ("MILK", "A", "B"), "garage": ("WASH", "A", "B")}

pick = st.integers(0, 999)
#: Each must have come up in the larger share of the histories: a rule that is never met is not tried.
REFUSALS = {
    "already_presented",
    "amount_out_of_range",
    "below_threshold",
    "expired",
    "limit_holder",
    "limit_total",
    "not_entitled",
    "offer_not_found",
    "redemption_not_found",
    "refund_exceeds_paid",
    "reversed_already",
    "revoked",
}
OUTLETS, HOLDERS = sorted(MERCHANTS), ("mechanic", "salesman", "child", "milkman")
COUNTER_DEEDS = [
    "buy",
    "buy",
    "buy",
    "buy by scan",
    "present",
    "scan",
    "redeem",
    "retry",
    "retry",
    "reverse",
    "reverse",
    "retry a reversal",
]
ODD_GROSS, ODD_QUANTITY = (0, -1, 1, 4999, 5000, 10**9, 10**9 + 1), (2, 3, 9999, 10_000, 0)
outlets, holders = st.sampled_from(OUTLETS), st.sampled_from(HOLDERS)
employees = st.sampled_from(("mechanic", "salesman", "milkman"))
places = st.sampled_from((*OUTLETS, "dairy", "garage"))
limit = st.sampled_from((None, 1, 1, 2, 3))
days = st.sampled_from((None, None, None, -1, 0, 1, 2, 30))
terms = st.one_of(
    st.builds(Terms, st.just("discount"), st.integers(1, 999)),
    st.builds(Terms, st.just("threshold"), st.integers(1, 1000), st.integers(1, 1000)),
    st.builds(Terms, st.just("alliance_price"), st.integers(0, 5000)),
)
ticks = st.sampled_from((1, 30, 59, 61, 300, 599, 601, 3600, 86_400, 5 * 86_400, 31 * 86_400))

#: Evenly distributed choices, unlike hypothesis's own, which like extremes; a history shrinks by its deeds.
drawn = rule(dice=st.randoms(use_true_random=True))


class Alliance(RuleBasedStateMachine):
    """``engine`` and ``seen`` are set by the test; ``seen`` counts deeds and what became of them."""

    engine: sa.Engine
    seen: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        wipe(self.engine)
        self.product = Product(self.engine)
        self.at, self.number = NOON, 0
        self.model = Model(
            merchants=MERCHANTS,
            outlet_zones={"shop": [(EVER, "east")], "kiosk": [(EVER, "west")], "hall": [(EVER, "west")]},
            employer_zones={"dairy": [(EVER, "east")], "garage": [(EVER, "west")]},
            employments={
                "mechanic": [Employment("garage", EVER)],
                "salesman": [Employment("garage", EVER)],
                "milkman": [Employment("dairy", EVER)],
            },
            sponsors={"child": "mechanic"},
        )
        for merchant, code, permille in (("dairy", "MILK", 800), ("garage", "WASH", 500)):
            known = Revision(
                merchant,
                code,
                0,
                Terms("discount", permille),
                None,
                None,
                None,
                None,
                frozenset(),
                "approved",
            )
            self.model.submit(known, self.today)
        self.submitted: list[Revision] = []
        self.shown: list[Shown] = []
        #: What was tried, accepted or not, to be tried again.
        self.tried: list[tuple[str, tuple[Any, ...]]] = []
        self.scanned: list[tuple[str, int]] = []
        self.reversed: list[tuple[Any, ...]] = []
        self.order: tuple[Any, ...] = ()
        self.submit("shop", 1, Terms("threshold", 5000, 500), 2, None, None, None, False, True)
        self.submit("hall", 1, Terms("alliance_price", 700), None, 1, None, 40, True, True)

    # --- the frame ---

    @property
    def today(self) -> date:
        return day_of(self.at)

    def fresh(self) -> int:
        self.number += 1
        return self.number

    def both(self, name: str, by_model: Callable[[], Any], by_product: Callable[[], Any]) -> bool:
        """Do it twice and compare; whether it was accepted."""
        expected, actual = outcome(by_model), outcome(by_product)
        self.seen["deeds"] += 1
        self.seen["accepted" if expected[0] == "ok" else f"{expected[1]}"] += 1
        assert actual == expected, f"{name} at {self.at}: the product says {actual}, the model {expected}"
        return expected[0] == "ok"

    def counter_deed(self, name: str, arguments: tuple[Any, ...]) -> bool:
        """A deed that has the same name and arguments on both sides."""
        return self.both(
            name,
            lambda: getattr(self.model, name)(*arguments, self.at),
            lambda: getattr(self.product, name)(*arguments, self.at),
        )

    @invariant()
    def count(self) -> None:
        self.seen["steps"] += 1

    # --- offers ---

    @rule(
        outlet=outlets,
        code=pick,
        terms=terms,
        total=limit,
        each=limit,
        start=days,
        end=days,
        here=st.booleans(),
        at_once=st.booleans(),
    )
    def submit(self, outlet, code, terms, total, each, start, end, here, at_once) -> None:
        merchant = MERCHANTS[outlet]
        first, last = (None if d is None else self.today + timedelta(days=d) for d in (start, end))
        only = frozenset([outlet]) if here else frozenset()
        code = CODES[merchant][code % 3]
        revision = Revision(merchant, code, 0, terms, total, each, first, last, only)
        accepted = self.both(
            "submit",
            lambda: self.model.submit(revision, self.today),
            lambda: self.product.submit(revision, self.at),
        )
        if accepted:
            self.submitted.append(revision)
            if at_once:
                self.decide(len(self.submitted) - 1, "approved")

    @rule(which=pick, state=st.sampled_from(("approved", "returned")))
    def decide(self, which: int, state: str) -> None:
        if self.submitted:
            revision = self.submitted[which % len(self.submitted)]
            self.both(
                "decide",
                lambda: self.model.decide(revision, state),
                lambda: self.product.decide(revision, state, self.at),
            )

    @rule(outlet=outlets, code=pick, really=st.integers(0, 3))
    def withdraw(self, outlet: str, code: int, really: int) -> None:
        merchant = MERCHANTS[outlet]
        named = CODES[merchant][code % 3]
        if not really and any((r.merchant, r.code) == (merchant, named) for r in self.model.revisions):
            self.both(
                "withdraw",
                lambda: self.model.withdrawn.add((merchant, named)),
                lambda: self.product.withdraw(merchant, named, self.at),
            )

    # --- people and places ---

    @rule(holder=holders)
    def show(self, holder: str) -> None:
        self.show_(holder)

    def show_(self, holder: str) -> bool:
        made: list[Shown] = []
        number = self.fresh()
        self.both(
            "show",
            lambda: made.append(Shown(number, self.model.pass_of(holder), self.at + timedelta(seconds=60))),
            lambda: self.product.show(holder, number, self.at),
        )
        self.shown += made
        return bool(made)

    @rule(holder=holders, really=st.integers(0, 4))
    def revoke(self, holder: str, really: int) -> None:
        if not really:
            self.both(
                "revoke",
                lambda: self.model.revoked.add(self.model.pass_of(holder)),
                lambda: self.product.revoke(holder, self.at),
            )

    @rule(holder=holders)
    def reissue(self, holder: str) -> None:
        self.both(
            "reissue",
            lambda: self.model.passes.append(holder),
            lambda: self.product.reissue(holder, self.at),
        )

    @rule(holder=employees, ahead=st.integers(-2, 3), really=st.integers(0, 2))
    def leave(self, holder: str, ahead: int, really: int) -> None:
        on = self.today + timedelta(days=ahead)
        employment = self.model.employment(holder, self.today)
        if employment is not None and not really:
            employment.end = max(on, employment.start)
            self.both("leave", lambda: None, lambda: self.product.leave(holder, on, self.at))

    @rule(holder=employees, employer=st.sampled_from(("dairy", "garage")))
    def join(self, holder: str, employer: str) -> None:
        past = self.model.employments[holder]
        if all(e.end is not None and e.end <= self.today for e in past):
            past.append(Employment(employer, self.today))
            staff_no = f"J{self.fresh()}"
            self.both("join", lambda: None, lambda: self.product.join(holder, employer, staff_no, self.today))

    @rule(what=places, zone=st.sampled_from(("east", "west")), ahead=st.integers(0, 2))
    def move(self, what: str, zone: str, ahead: int) -> None:
        on = self.today + timedelta(days=ahead)
        stays = self.model.outlet_zones if what in MERCHANTS else self.model.employer_zones
        self.both("move", lambda: stays[what].append((on, zone)), lambda: self.product.move(what, zone, on))

    # --- the counter ---

    def at_the_counter(self, dice: Random) -> None:
        """One of the counter's deeds; a purchase when there is nothing yet to do the others to."""
        deed, outlet, holder = dice.choice(COUNTER_DEEDS), dice.choice(OUTLETS), dice.choice(HOLDERS)
        elsewhere = dice.choice(OUTLETS) if dice.random() < 0.25 else None
        typed, which = dice.random() < 0.3, dice.randrange(1000)
        gross = dice.choice(ODD_GROSS) if dice.random() < 0.1 else dice.randint(1, 20_000)
        quantity = dice.choice(ODD_QUANTITY) if dice.random() < 0.2 else 1
        code = dice.choices((*CODES[MERCHANTS[elsewhere or outlet]], "NONE"), (5, 5, 2, 0.5))[0]
        self.order = (code, gross, quantity, None)
        if deed == "present" and self.shown:
            self.present(nth_last(self.shown, which, 4), outlet, typed)
        elif deed == "scan" and self.shown:
            self.scan(nth_last(self.shown, which, 2), outlet, typed)
        elif deed == "redeem" and self.scanned:
            self.redeem(nth_last(self.scanned, which, 3), elsewhere)
        elif deed == "buy by scan":
            self.buy_by_scan(holder, outlet, typed)
        elif deed == "retry" and self.tried:
            self.retry(*nth_last(self.tried, which, 12), outlet, which)
        elif deed == "reverse" and self.model.sold:
            self.reverse(nth_last(list(self.model.sold), which, 6), elsewhere, which, dice.random() < 0.5)
        elif deed == "retry a reversal" and self.reversed:
            self.retry_reversal(nth_last(self.reversed, which, 6), other=typed)
        else:
            self.buy(holder, outlet, typed)

    # Rules are drawn alike, and some are left out of each history: so this one is there several times.
    counter_1, counter_2, counter_3 = drawn(at_the_counter), drawn(at_the_counter), drawn(at_the_counter)
    counter_4, counter_5, counter_6 = drawn(at_the_counter), drawn(at_the_counter), drawn(at_the_counter)
    counter_7, counter_8, counter_9 = drawn(at_the_counter), drawn(at_the_counter), drawn(at_the_counter)

    def buy(self, holder: str, outlet: str, typed: bool) -> None:
        """In one call, with a fresh code."""
        if self.show_(holder):
            self.present(self.shown[-1], outlet, typed)

    def present(self, shown: Shown, outlet: str, typed: bool) -> None:
        self.try_("redeem_at_once", (outlet, self.fresh(), shown, typed, self.order))

    def buy_by_scan(self, holder: str, outlet: str, typed: bool) -> None:
        """As the cashier does; one in twelve takes too long."""
        if self.show_(holder):
            self.scan(self.shown[-1], outlet, typed)
            self.at += timedelta(minutes=self.number % 12)
            self.redeem(self.scanned[-1] if self.scanned else (outlet, 0), None)

    def scan(self, shown: Shown, outlet: str, typed: bool) -> None:
        id_ = self.fresh()
        if self.try_("scan", (outlet, id_, shown, typed)):
            self.scanned.append((outlet, id_))

    def redeem(self, scanned: tuple[str, int], elsewhere: str | None) -> None:
        outlet, scan_id = scanned
        self.try_("redeem", (elsewhere or outlet, self.fresh(), scan_id, self.order))

    def retry(self, name: str, arguments: tuple[Any, ...], outlet: str, which: int) -> None:
        """The same id again: as it was, or at any outlet, or with a body that differs."""
        if which % 4 == 0:
            arguments = (outlet, *arguments[1:])
        if which % 4 == 1 and name != "scan":
            code, gross, quantity, receipt = arguments[-1]
            arguments = (*arguments[:-1], (code, gross + 1, quantity, receipt))
        self.counter_deed(name, arguments)

    def reverse(self, key: tuple[str, int], elsewhere: str | None, part: int, fresh: bool) -> None:
        """Void, or refund so many tenths of what was paid: 0 and more than all of it too."""
        sold = self.model.sold[key]
        refund = None if part % 4 == 0 else (sold.paid * (part % 13) + 9) // 10
        arguments = (elsewhere or sold.outlet, self.fresh(), key[1], refund, fresh)
        self.reversed.append(arguments)
        self.counter_deed("reverse", arguments)

    def retry_reversal(self, arguments: tuple[Any, ...], other: bool) -> None:
        """The same reversal again, or its id for another amount."""
        outlet, id_, sold_id, refund, fresh = arguments
        self.counter_deed("reverse", (outlet, id_, sold_id, 7 if other else refund, fresh))

    def try_(self, name: str, arguments: tuple[Any, ...]) -> bool:
        self.tried.append((name, arguments))
        return self.counter_deed(name, arguments)

    # --- time and figures ---

    @rule(seconds=ticks)
    def tick(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    @rule(seconds=st.integers(-700, 5))
    def tick_towards_midnight(self, seconds: int) -> None:
        """In Shanghai, where 16:00 UTC is midnight."""
        midnight = datetime.combine(self.today + timedelta(days=1), datetime.min.time(), NOON.tzinfo)
        at = midnight - timedelta(hours=8) + timedelta(seconds=seconds)
        self.at = max(self.at, at)

    @rule(again=st.booleans())
    def derive(self, again: bool) -> None:
        if again:
            self.product.forget()
        self.product.derive(self.at)

    @rule(back=st.integers(0, 40), length=st.integers(0, 40))
    def compare_reports(self, back: int, length: int) -> None:
        first = self.today - timedelta(days=back)
        self.compare(first, first + timedelta(days=length))

    def compare(self, first: date, last: date) -> None:
        report, expected = self.product.report(first, last), self.model.report(first, last)
        assert {name: report[name] for name in expected} == expected

    def teardown(self) -> None:
        self.compare(day_of(NOON), self.today)
        assert self.product.findings() == []
        self.seen["redemptions"] += len(self.model.sold)
        self.seen["reversals"] += len(self.model.reversals)


def nth_last(items: list[Any], which: int, among: int) -> Any:
    """One of the last few, the older the larger ``which`` is."""
    return items[-1 - which % min(len(items), among)]


def outcome(deed: Callable[[], Any]) -> tuple[str, Any]:
    """("ok", what it returned) or ("refused", reason)."""
    try:
        return "ok", deed()
    except No as no:
        return "refused", no.args[0]


def test_state_machine(database_url: str, engine: sa.Engine, note: Note) -> None:
    database = engine.dialect.name
    if database == "sqlite":
        # The file need not outlive a crash of this test; each deed commits.
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    seen: Counter[str] = Counter()
    machine = type("Alliance", (Alliance,), {"engine": engine, "seen": seen})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=HISTORIES[database],
            stateful_step_count=DEEDS,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
    for name in ("steps", "deeds", "redemptions", "reversals", "accepted"):
        note(name, seen.pop(name))
    note("refused", seen.total())
    if database == "sqlite":
        assert seen.keys() >= REFUSALS
