"""Random histories of the whole alliance, one deed after the other, against a naive model.

After every deed the product and the model agree on what became of it: the amounts, or the reason of the
refusal. At the end of every history the books are in order and the report is what the model says.
"""

from collections import Counter
from datetime import timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from alliance import store
from tests.audit.trail import unguard
from tests.torture.conftest import Note
from tests.torture.records import Revision, Terms, day_of
from tests.torture.rules_books import Books
from tests.torture.rules_same_day import OnOneDay
from tests.torture.scale import scale
from tests.world import NOON

#: A history has so many deeds; PostgreSQL gets a share, because SQLite in the process is faster.
DEEDS = 50
HISTORIES = {"sqlite": scale(short=52, long=1750), "postgresql": scale(short=13, long=450)}
#: What is counted besides refusals.
FIGURES = (
    "steps",
    "deeds",
    "redemptions",
    "reversals",
    "corrections",
    "closings",
    "forgeries found",
    "forgeries true then",
    "accepted",
)
#: Each must have come up in the larger share of the histories: a rule that is never met is not tried.
REFUSALS = {
    "AlreadyClosed",
    "BeforeTheBooks",
    "EarlierOpen",
    "LaterClosed",
    "NotClosed",
    "NotOver",
    "already_presented",
    "amount_out_of_range",
    "below_threshold",
    "body_mismatch",
    "decided",
    "ends_on",
    "expired",
    "holder_ever",
    "limit_holder",
    "limit_total",
    "month_closed",
    "not_entitled",
    "off_fen",
    "offer_not_found",
    "offer_not_live",
    "redemption_not_found",
    "refund_exceeds_paid",
    "reversed_already",
    "revoked",
    "scan_expired",
    "total",
    "undo_too_late",
}


#: What a forged redemption names instead.
OTHER = {"east": "west", "west": "east", "dairy": "garage", "garage": "dairy"}


class Alliance(OnOneDay, Books):
    """All rules together."""

    def __init__(self) -> None:
        super().__init__()
        capped, soon = Terms("threshold", 5000, 500), self.today + timedelta(days=40)
        self.submit_(Revision("dairy", "A", 0, capped, 2, None, None, None, frozenset()), at_once=True)
        each, hall = Terms("alliance_price", 700), frozenset(["hall"])
        self.submit_(Revision("garage", "A", 0, each, None, 1, None, soon, hall), at_once=True)

    def teardown(self) -> None:
        self.compare(day_of(NOON), self.today)
        books = self.model.books
        assert self.product.posted() == books.all_sums()
        assert self.product.recorded() == {month: books.sums(month) for month in books.closed}
        findings = self.product.findings()
        assert findings == [], findings
        self.forge()
        self.seen["redemptions"] += len(self.model.sold)
        self.seen["reversals"] += len(self.model.reversals)
        self.seen["corrections"] += sum(sold.body[0] == "correction" for sold in self.model.sold.values())
        self.seen["closings"] += books.closings.total()

    def forge(self) -> None:
        """Let the last redemptions name another employer or zone: verify finds all that was not true then."""
        people = self.model.people
        made = [(key, sold) for key, sold in self.model.sold.items() if sold.body[0] != "correction"]
        for (_, id_), sold in made[-6:]:
            day = day_of(sold.at)
            for what, invariant, named, then in (
                ("employer_id", "frozen_employer", sold.employer, people.employers_then(sold, day)),
                (
                    "employer_zone_id",
                    "frozen_zones",
                    sold.employer_zone,
                    people.zones_then(sold.employer, day, sold.at),
                ),
                (
                    "outlet_zone_id",
                    "frozen_zones",
                    sold.outlet_zone,
                    people.zones_then(sold.outlet, day, sold.at),
                ),
            ):
                forgery = OTHER[named]
                found = self.product.forged(sold.outlet, id_, what, forgery, invariant)
                self.seen["forgeries found" if found else "forgeries true then"] += 1
                assert found == (forgery not in then), f"{what} of {id_} is {forgery}, then {then}"


def test_state_machine(database_url: str, engine: sa.Engine, note: Note) -> None:
    database = engine.dialect.name
    if database == "sqlite":
        # The file need not outlive a crash of this test; each deed commits.
        sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    with store.sessionmaker_for(engine)() as session:
        unguard(session)  # a history begins with empty tables
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
    for name in FIGURES:
        note(name, seen.pop(name))
    note("refused", seen.total())
    if database == "sqlite":
        missed = REFUSALS - seen.keys()
        # Which histories are drawn depends on the source; a short form may miss what seldom happens.
        assert len(missed) <= scale(short=4, long=0), missed
