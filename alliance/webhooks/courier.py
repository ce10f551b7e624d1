"""The courier: a thread of the worker that fans out events and sends what is due, within a second or two.

It looks once a second and gives each endpoint that has something due a thread of its own, so that one that
is slow or dead keeps only itself waiting. No transaction is open while something is sent.
"""

import logging
import random
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from threading import Event, Lock, Thread, current_thread

import httpcore
from sqlalchemy.orm import sessionmaker

from alliance import clock
from alliance.store import Session, for_writing
from alliance.webhooks.addresses import Reach
from alliance.webhooks.deliver import (
    CLAIM,
    VISIT,
    Claim,
    Outcome,
    Parcel,
    claim,
    is_due,
    parcels,
    release,
    settle,
)
from alliance.webhooks.line import Line, Resolver, Unanswered, resolve
from alliance.webhooks.models import Failure
from alliance.webhooks.outbox import fan_out, is_waiting
from alliance.webhooks.signing import Sealer, Unreadable, signed_headers

log = logging.getLogger(__name__)

#: Seconds between two looks.
PAUSE = 1.0
#: How many endpoints are worked on at once.
MOST_AT_ONCE = 32
#: Seconds that those at work get to finish when the worker is stopped; what they do not record is sent again.
GRACE = 5.0


class Courier:
    """Sends what the outbox holds until it is stopped. Any number of couriers may run on one database."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        sealer: Sealer,
        reach: Reach,
        *,
        now: Callable[[], datetime] = clock.now,
        resolver: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._sessions = sessions
        self._sealer = sealer
        self._reach = reach
        self._now = now
        self._resolver = resolver
        self._ssl_context = ssl_context or httpcore.default_ssl_context()
        self._stopping = Event()
        self._lock = Lock()
        self._at_work: set[Thread] = set()
        self._thread = Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to look, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End after the attempts under way, or after the grace period."""
        self._stopping.set()
        self._thread.join(GRACE)
        self.wait(GRACE)

    def wait(self, seconds: float) -> None:
        """Until nobody is at work, or the time is over."""
        until = time.monotonic() + seconds
        with self._lock:
            threads = list(self._at_work)
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0))

    def look(self) -> None:
        """One look: fan out what waits, and set somebody to work on each endpoint that has something due."""
        self._fan_out()
        free = MOST_AT_ONCE - len(self._at_work)
        for taken in self._claim(free) if free > 0 else []:
            thread = Thread(target=self._work, args=(taken,), name="courier-visit", daemon=True)
            with self._lock:
                self._at_work.add(thread)
            thread.start()

    def visit(self, taken: Claim) -> None:
        """Send what is due at one endpoint, one after the other, and let go of it."""
        last = taken.until - CLAIM + VISIT
        with Line(self._reach, self._ssl_context, self._resolver) as line:
            while batch := self._parcels(taken):
                for parcel in batch:
                    if self._stopping.is_set() or self._now() >= last or not self._deliver(line, parcel):
                        return self._release(taken)
        return self._release(taken)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception:
                # Most likely a database that is away for a while: what waits must go on once it is back.
                log.exception("the courier could not look for what to send")
            self._stopping.wait(PAUSE)

    def _work(self, taken: Claim) -> None:
        try:
            self.visit(taken)
        except Exception:
            # The claim ends by itself, and what was not recorded is tried again.
            log.exception("merchant %s, endpoint %s: interrupted", taken.merchant_id, taken.endpoint_id)
        finally:
            with self._lock:
                self._at_work.discard(current_thread())

    def _fan_out(self) -> None:
        with self._sessions() as session:
            waiting = is_waiting(session)
        while waiting:
            with self._sessions() as session:
                for_writing(session)
                waiting = fan_out(session, self._now()) > 0
                session.commit()

    def _claim(self, most: int) -> list[Claim]:
        with self._sessions() as session:
            # Looking takes no lock, writing takes the only one that SQLite has.
            if not is_due(session, self._now()):
                return []
        with self._sessions() as session:
            for_writing(session)
            claims = claim(session, self._now(), most)
            session.commit()
        return claims

    def _parcels(self, taken: Claim) -> list[Parcel]:
        with self._sessions() as session:
            return parcels(session, taken, self._now())

    def _deliver(self, line: Line, parcel: Parcel) -> bool:
        outcome = self._send(line, parcel)
        with self._sessions() as session:
            for_writing(session)
            go_on = settle(session, parcel, outcome, self._now(), _jitter)
            session.commit()
        return go_on

    def _send(self, line: Line, parcel: Parcel) -> Outcome:
        at, began = self._now(), time.monotonic()
        status: int | None = None
        failure: Failure | None = None
        body = parcel.payload.encode()
        try:
            keys = [self._sealer.unseal(sealed) for sealed in parcel.secrets]
            status = line.post(parcel.url, signed_headers(keys, parcel.event_id, body, at), body)
        except Unreadable:
            failure = Failure.SECRET_UNREADABLE
        except Unanswered as unanswered:
            failure = unanswered.failure
        return Outcome(round((time.monotonic() - began) * 1000), status, failure)

    def _release(self, taken: Claim) -> None:
        with self._sessions() as session:
            for_writing(session)
            release(session, taken, self._now())
            session.commit()


def _jitter() -> float:
    return random.uniform(0.9, 1.1)  # noqa: S311 - nothing to guess here
