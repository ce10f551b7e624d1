"""How often a program may call: counted per token, or per address where nobody is known.

Counted in the memory of each worker process: with N of them a caller may get N times as far. That is enough
to keep a till that has gone mad from the others; what guards something is counted in the database. Pages are
not counted.

Flask-Limiter over its in-memory storage was measured first: 130 µs a request, and more when requests are a
millisecond apart, because the storage starts a thread to forget what is over. A redemption takes a
millisecond. This takes ten microseconds, headers included.
"""

import time
from dataclasses import dataclass
from threading import Lock

from apiflask import APIFlask
from flask import Response, g, request
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from alliance.config import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SECONDS = 60


@dataclass
class Window:
    """A minute of one caller, from his first call on."""

    limit: int
    ends_at: float
    calls: int = 0

    @property
    def left(self) -> int:
        """How many calls are still free."""
        return max(0, self.limit - self.calls)


class Windows:
    """The minutes of all callers of this process."""

    def __init__(self) -> None:
        self._open: dict[str, Window] = {}
        self._sweep_at = 0.0
        self._lock = Lock()

    def count(self, caller: str, limit: int, now: float) -> Window:
        """Count one call; it is one too many when ``calls`` is above ``limit`` afterwards."""
        with self._lock:
            if self._sweep_at <= now:
                self._open = {name: each for name, each in self._open.items() if each.ends_at > now}
                self._sweep_at = now + SECONDS
            window = self._open.get(caller)
            if window is None or window.ends_at <= now:
                window = self._open[caller] = Window(limit, now + SECONDS)
            window.calls += 1
            return window


def init_app(app: APIFlask, settings: Settings) -> None:
    """Count from here on. Comes after the token was looked up, before it is asked what it may do."""
    windows = Windows()

    @app.before_request
    def count() -> None:
        """Raises TooManyRequests."""
        if request.path.startswith("/api/"):
            g.window = window = windows.count(*_caller(settings), time.time())
            if window.calls > window.limit:
                raise TooManyRequests

    app.after_request(tell)


def tell(response: Response) -> Response:
    """What is left, in the headers that clients know."""
    window: Window | None = g.get("window")
    if window is not None:
        response.headers["X-RateLimit-Limit"] = str(window.limit)
        response.headers["X-RateLimit-Remaining"] = str(window.left)
        response.headers["X-RateLimit-Reset"] = str(int(window.ends_at))
        # Whoever guards typed codes has said already how long to wait for that.
        if response.status_code == TooManyRequests.code:
            response.headers.setdefault("Retry-After", str(max(1, round(window.ends_at - time.time()))))
    return response


def _caller(settings: Settings) -> tuple[str, int]:
    """Who calls, for what; and how often he may."""
    reads = request.method in SAFE_METHODS
    own = settings.api_reads_per_minute if reads else settings.api_writes_per_minute
    if g.get("bearer") is not None:
        return f"{g.bearer.id}{reads}", own
    if current_user.is_authenticated:
        return f"{current_user.account_id}{reads}", own
    return f"{request.remote_addr}", settings.api_strangers_per_minute
