"""The frame of the random histories: the product and the model beside each other, and what has happened yet.

The rules are in ``rules_*.py``, by theme; ``test_state_machine.py`` puts them together.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.torture.model import Model
from tests.torture.model_people import People
from tests.torture.product import Product, wipe
from tests.torture.records import Employment, No, Revision, Shown, Stay, Terms, day_of
from tests.world import NOON

EVER, LONG_AGO = date(1, 1, 1), datetime(2000, 1, 1, tzinfo=UTC)
MERCHANTS = {"shop": "dairy", "kiosk": "dairy", "hall": "garage"}
#: Where outlets and employers stand, and who works for whom, in the beginning.
ZONES = {"shop": "east", "kiosk": "west", "hall": "west", "dairy": "east", "garage": "west"}
EMPLOYERS = {"mechanic": "garage", "salesman": "garage", "milkman": "dairy"}
#: The first of each is live from the beginning.
CODES = {"dairy": ("MILK", "A", "B"), "garage": ("WASH", "A", "B")}
OUTLETS, HOLDERS = sorted(MERCHANTS), ("mechanic", "salesman", "child", "milkman")

#: A rule with evenly distributed choices, unlike hypothesis's own, which like extremes; a history shrinks by
#: its deeds. Rules are drawn alike, some are left out of each history: a frequent one is there several times.
drawn = rule(dice=st.randoms(use_true_random=True))


class Frame(RuleBasedStateMachine):
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
            people=People(
                stays={place: [Stay(LONG_AGO, EVER, zone)] for place, zone in ZONES.items()},
                employments={
                    name: [Employment(employer, [(LONG_AGO, EVER, None)])]
                    for name, employer in EMPLOYERS.items()
                },
                sponsors={"child": "mechanic"},
            ),
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
        self.corrected: list[tuple[Any, ...]] = []

    @property
    def today(self) -> date:
        return day_of(self.at)

    def moment(self) -> datetime:
        """One that nothing has happened at yet: of what is said of days, each thing is said at its own."""
        self.at += timedelta(microseconds=1)
        return self.at

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

    def show_(self, holder: str, signed: bool) -> bool:
        made: list[Shown] = []
        number = self.fresh()
        # A signature is good for 45 whole seconds more, a code of the server until the sixtieth begins.
        ends = self.at + timedelta(seconds=46 if signed else 60)
        self.both(
            "show",
            lambda: made.append(Shown(number, self.model.people.pass_of(holder), ends, signed)),
            lambda: self.product.show(holder, number, signed, self.at),
        )
        self.shown += made
        return bool(made)


def nth_last(items: list[Any], which: int, among: int) -> Any:
    """One of the last few, the older the larger ``which`` is."""
    return items[-1 - which % min(len(items), among)]


def outcome(deed: Callable[[], Any]) -> tuple[Any, ...]:
    """("ok", what it returned) or ("refused", reason, …)."""
    try:
        return "ok", deed()
    except No as no:
        return "refused", *no.args
