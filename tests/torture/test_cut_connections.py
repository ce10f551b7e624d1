"""Connections are cut at every place: no sale is lost, none is made twice, and every try is told the same."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from tests.torture.conftest import Note
from tests.torture.cutting_proxy import Cut, CuttingProxy, Ending
from tests.torture.scale import SEED, scale
from tests.torture.shop import Sale, Shop
from tests.torture.till import Ledger, Outcome, post

SALES = scale(short=300, long=10_000)
TILLS = 8
#: So many sales are minted at once: they are all sold within the life of a credential.
ROUND = min(SALES, 400)
RETRIES = 3
#: How long a till waits for an answer that may never come.
PATIENCE_SECONDS = 0.4

Cuts = Counter[tuple[Cut, Ending]]


def test_cut_connections(live_server: str, database_url: str, note: Note) -> None:
    shop, ledger, cuts = Shop(database_url), Ledger(), Cuts()
    port = urlsplit(live_server).port
    assert port is not None
    for first in range(0, SALES, ROUND):
        sales = shop.sales(ROUND)
        with ThreadPoolExecutor(TILLS) as pool:
            tills = [
                pool.submit(work, port, shop, ledger, sales[till::TILLS], SEED + first * TILLS + till)
                for till in range(TILLS)
            ]
            for done in tills:
                cuts += done.result()
    told = ledger.acknowledged()
    stored = shop.answers()
    note("sales", len(ledger.sales))
    note("lost", len(told.keys() - stored.keys()))
    note("made twice or unasked", len(stored) - len(told))
    note_tries(note, ledger, cuts)
    assert len(told) == SALES == len(ledger.sales)
    assert ledger.count(Outcome.REFUSED) == 0
    assert stored == told
    assert shop.paid_fen() == sum(json.loads(answer)["paid_fen"] for answer in told.values())
    assert shop.findings() == []
    shop.close()


def work(port: int, shop: Shop, ledger: Ledger, sales: list[Sale], seed: int) -> Cuts:
    """One till with a proxy of its own: a try and three retries each, then one on a clean line.

    An acknowledgement does not end the tries: a cashier who presses again must be told the same.
    """
    with CuttingProxy(port, seed) as proxy:
        for sale in sales:
            for _ in range(1 + RETRIES):
                ledger.enter(sale, post(proxy.port, shop.token, sale, PATIENCE_SECONDS))
            last = ledger.enter(sale, post(port, shop.token, sale))
            assert last.outcome is Outcome.ACKNOWLEDGED, last
    # What was delivered late has arrived by now: once more, after it.
    for sale in sales:
        ledger.enter(sale, post(port, shop.token, sale))
    return proxy.cuts


def note_tries(note: Note, ledger: Ledger, cuts: Cuts) -> None:
    """Counts of what was tried, and a check that every kind of cut was among it."""
    note("tries", sum(map(len, ledger.replies.values())))
    for cut in Cut:
        for ending in Ending if cut not in (Cut.PASSED, Cut.TWICE) else ():
            assert cuts[cut, ending] > 0
            note(f"{cut} ({ending})", cuts[cut, ending])
    note(Cut.TWICE, sum(cuts[Cut.TWICE, ending] for ending in Ending))
    note("without an answer", ledger.count(Outcome.UNKNOWN))
