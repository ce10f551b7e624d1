"""A till: it posts a sale and knows of three ends: acknowledged, refused, unknown."""

import http.client
import json
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from uuid import UUID

from tests.torture.shop import Sale


class Outcome(StrEnum):
    """What the till knows afterwards. Only the first two are knowledge."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reply:
    """``body`` is the whole answer when there was one; ``why`` says what kept it away."""

    outcome: Outcome
    body: bytes = b""
    why: str = ""


class ServerError(AssertionError):
    """The server answered with a status that a till is never to see."""


def post(port: int, token: str, sale: Sale, timeout: float = 30) -> Reply:
    """One try, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Connection": "close"}
    try:
        connection.request("POST", "/api/v1/redemptions", sale.body, headers)
        response = connection.getresponse()
        body = response.read()  # raises IncompleteRead when the connection ends too early
    except (OSError, http.client.HTTPException) as error:
        return Reply(Outcome.UNKNOWN, why=type(error).__name__)
    finally:
        connection.close()
    return _read(response.status, body)


def _read(status: int, body: bytes) -> Reply:
    if status == 201:
        return Reply(Outcome.ACKNOWLEDGED, body)
    reason = str(json.loads(body)["reason"])
    if reason in ("in_flight", "unavailable"):
        return Reply(Outcome.UNKNOWN, why=reason)
    if status >= 500:
        raise ServerError(f"{status} {body.decode()}")
    return Reply(Outcome.REFUSED, body, reason)


class Ledger:
    """What the tills were told about each id; many may write at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.replies: dict[UUID, list[Reply]] = defaultdict(list)
        self.sales: dict[UUID, Sale] = {}

    def enter(self, sale: Sale, reply: Reply) -> Reply:
        """Write down one reply, and hand it back."""
        with self._lock:
            self.sales[sale.id] = sale
            self.replies[sale.id].append(reply)
        return reply

    def acknowledged(self) -> dict[UUID, bytes]:
        """The answer of every acknowledged id. Fails when an id was told two different things."""
        told: dict[UUID, bytes] = {}
        for id_, replies in self.replies.items():
            bodies = {reply.body for reply in replies if reply.outcome is Outcome.ACKNOWLEDGED}
            assert len(bodies) <= 1, f"{id_} was told {bodies}"
            if bodies:
                told[id_] = bodies.pop()
        return told

    def unsettled(self) -> list[Sale]:
        """The sales of which the till knows nothing yet."""
        return [
            self.sales[id_]
            for id_, replies in self.replies.items()
            if all(reply.outcome is Outcome.UNKNOWN for reply in replies)
        ]

    def count(self, outcome: Outcome) -> int:
        """How many replies were of this kind."""
        return sum(reply.outcome is outcome for replies in self.replies.values() for reply in replies)
