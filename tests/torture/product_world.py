"""The product's small world, and how a deed is done in it: in a transaction of its own."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa

from alliance import store
from alliance.people.models import Holder, HolderKind
from alliance.redemptions.counter import Counter
from alliance.refused import Refused
from alliance.store import Session
from tests.torture.pockets import Pockets
from tests.torture.records import No
from tests.world import World

T = TypeVar("T")


class InTheWorld:
    """The small world on an empty database: outlets shop, kiosk (dairy's) and hall (garage's)."""

    def __init__(self, engine: sa.Engine) -> None:
        self.sessions = store.sessionmaker_for(engine)
        self._shown: dict[int, tuple[str, str]] = {}
        self._revisions: dict[int, UUID] = {}

        with self.sessions() as session:
            store.for_writing(session)
            world = World(session)
            child = Holder(
                kind=HolderKind.DEPENDANT, name="张小宝", sponsor_id=world.mechanic.id, created_at=world.at
            )
            session.add(child)
            session.commit()
        self.keyring, self._pockets = world.keyring, Pockets(world.keyring)
        self.outlets = {"shop": world.dairy_shop, "kiosk": world.dairy_kiosk, "hall": world.garage_hall}
        self.merchants = {"dairy": world.dairy, "garage": world.garage}
        self.zones = {"east": world.east, "west": world.west}
        holders = (world.mechanic, world.salesman, world.milkman, child)
        self.holders = dict(zip(("mechanic", "salesman", "milkman", "child"), holders, strict=True))

    def act(self, deed: Callable[[Session], T]) -> T:
        """Commit the deed, or roll it back and raise No, as the web does."""
        with self.sessions() as session:
            store.for_writing(session)
            try:
                result = deed(session)
                session.commit()
            except Refused as refused:
                session.rollback()
                raise No(str(refused.reason)) from None
            return result

    def counter(self, outlet: str) -> Counter:
        """At this outlet."""
        return Counter(self.outlets[outlet].merchant_id, self.outlets[outlet].id)
