"""A merchant that is told: the world, an endpoint of the dairy's at a real receiver, and couriers."""

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from alliance.audit.trail import COMMAND_LINE
from alliance.enterprises.models import Enterprise
from alliance.store import Session, for_writing, sessionmaker_for
from alliance.webhooks import courier as courier_module
from alliance.webhooks.addresses import Reach
from alliance.webhooks.courier import Courier
from alliance.webhooks.endpoints import SUBSCRIBABLE, add_endpoint
from alliance.webhooks.models import EventType, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from alliance.webhooks.outbox import emit
from alliance.webhooks.signing import Sealer
from tests.webhooks.receiver import Receiver, receiving
from tests.world import NOON, World

#: Loading the certificates takes longer than most tests.
PLAIN = ssl.create_default_context()
SEALER = Sealer("a secret of the tests")


class Scene:
    """The world on a clock that stands still until a test moves it."""

    def __init__(self, engine: sa.Engine, session: Session, receiver: Receiver) -> None:
        self.sessions = sessionmaker_for(engine)
        self.session, self.receiver, self.at = session, receiver, NOON
        for_writing(session)
        self.world = World(session, NOON)
        self.endpoint_id, self.secret = self.add(receiver.url)

    def add(
        self, url: str, merchant: Enterprise | None = None, types: tuple[EventType, ...] = SUBSCRIBABLE
    ) -> tuple[UUID, str]:
        """One more endpoint (of the dairy's); its id and its secret."""
        merchant_id = (merchant or self.world.dairy).id
        made, plain = add_endpoint(
            self.session, SEALER, merchant_id, url, "对账系统", types, COMMAND_LINE, self.at
        )
        self.session.commit()
        return made.id, plain

    def emit(self, merchant: Enterprise | None = None) -> None:
        """One event, a second after the last one."""
        self.later(seconds=1)
        merchant_id = (merchant or self.world.dairy).id
        emit(self.session, merchant_id, EventType.REDEMPTION_CREATED, {"paid_fen": 800}, self.at)
        self.session.commit()

    def later(self, **delta: float) -> datetime:
        """Move the clock."""
        self.at += timedelta(**delta)
        return self.at

    def courier(self, **options: Any) -> Courier:
        """A courier that may go to 127.0.0.1, unless told otherwise."""
        options = {"reach": Reach(private=True), "now": lambda: self.at, "ssl_context": PLAIN} | options
        return Courier(self.sessions, SEALER, **options)

    def send(self, courier: Courier | None = None) -> None:
        """One look of a courier, and all that follows from it."""
        self.session.rollback()
        courier = courier or self.courier()
        courier.look()
        courier.wait(30)
        assert not courier._at_work

    def endpoint(self, id_: UUID | None = None, *, afresh: bool = True) -> WebhookEndpoint:
        """As it stands now, or in this transaction."""
        if afresh:
            self.session.rollback()
        return self.session.scalars(
            select(WebhookEndpoint).where(WebhookEndpoint.id == (id_ or self.endpoint_id))
        ).one()

    def deliveries(self, *, afresh: bool = True) -> list[WebhookDelivery]:
        """As they stand now (or in this transaction), in the order of their events."""
        if afresh:
            self.session.rollback()
        return list(self.session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.event_id)))

    def delivery(self, *, afresh: bool = True) -> WebhookDelivery:
        """The only one."""
        (found,) = self.deliveries(afresh=afresh)
        return found

    def attempts(self) -> list[WebhookAttempt]:
        """The log, in order."""
        self.session.rollback()
        return list(self.session.scalars(select(WebhookAttempt).order_by(WebhookAttempt.id)))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def scene(engine: sa.Engine, session: Session, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(courier_module, "_jitter", lambda: 1.0)
    return Scene(engine, session, receiver)
