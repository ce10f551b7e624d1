"""A shop to torture: the world in a database of its own, a till's token, and credentials minted in bulk."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import sqlalchemy as sa

from alliance import clock, store
from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.circulation.verify import INVARIANTS, Finding
from alliance.offers.pricing import Discount, Threshold
from alliance.passes.issue import mint, pass_of
from alliance.passes.keys import Keyring
from alliance.redemptions.models import Redemption, RefusedAttempt, Reversal
from tests.processes import SECRET
from tests.world import World


@dataclass(frozen=True)
class Sale:
    """What a till wants: the id it has minted, and the bytes that it sends, the same at every try."""

    id: UUID
    body: bytes


class Shop:
    """The dairy's shop. Every session is short, so that it never stands in the server's way."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = store.make_engine(url, patient=True)
        self.sessions = store.sessionmaker_for(self.engine)
        with self._writing() as session:
            world = World(session, clock.now())
            world.keyring = self.keyring = Keyring(SECRET)
            world.live_offer(world.dairy, "CAP", Discount(pay_permille=900), limit_total=10**6)
            world.live_offer(world.dairy, "OWN", Threshold(threshold_fen=500, off_fen=99), limit_holder=10**6)
            self.holders = [world.mechanic.id, world.salesman.id, world.milkman.id]
            self.counter, shop = world.counter(), world.dairy_shop
            _, self.token = create_token(
                session, "till", shop.merchant_id, shop.id, None, COMMAND_LINE, world.at
            )

    def sales(self, count: int, offers: Sequence[str] = ("MILK", "CAP", "OWN")) -> list[Sale]:
        """So many sales with credentials of this moment, which live for 60 seconds."""
        with self._writing() as session:
            at = clock.now()
            passes = [pass_of(session, holder_id, at) for holder_id in self.holders]
            shown = [mint(session, self.keyring, passes[i % len(passes)], at).text for i in range(count)]
        return [self._sale(number, text, offers) for number, text in enumerate(shown)]

    def answers(self) -> dict[UUID, bytes]:
        """The facts of the store: what each redemption's client was (to be) told."""
        with self.sessions() as session:
            rows = session.execute(sa.select(Redemption.id, Redemption.answer)).all()
        assert len({row.id for row in rows}) == len(rows)
        return {row.id: (row.answer or "").encode() for row in rows}

    def paid_fen(self) -> int:
        """What the facts say was paid, less what was given back."""
        with self.sessions() as session:
            sums = [session.scalar(sa.select(sa.func.sum(t.paid_fen))) or 0 for t in (Redemption, Reversal)]
        return int(sum(sums))

    def refused(self) -> int:
        """How many attempts the store remembers as refused."""
        with self.sessions() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(RefusedAttempt)) or 0

    def findings(self) -> list[Finding]:
        """What ``alliance verify`` finds, on one snapshot, while the server may be running."""
        return findings(self.sessions)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[store.Session]:
        with self.sessions() as session:
            store.for_writing(session)
            yield session
            session.commit()

    def _sale(self, number: int, text: str, offers: Sequence[str]) -> Sale:
        id_, gross_fen = uuid4(), 1000 + number * 37 % 9000
        offer = offers[number % len(offers)]
        order = {"id": str(id_), "presentation": text, "offer": offer, "gross_fen": gross_fen}
        return Sale(id_, json.dumps(order).encode())


def findings(sessions: sa.orm.sessionmaker[store.Session]) -> list[Finding]:
    """What every invariant of ``alliance verify`` finds, on one snapshot."""
    with sessions() as session, store.one_snapshot(session):
        return [finding for invariant in INVARIANTS.values() for finding in invariant(session)]
