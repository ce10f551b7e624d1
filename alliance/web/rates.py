"""How often a program may call: counted per token, or per address where nobody is known.

Counted in the memory of each worker process: with N of them a caller may get N times as far. That is enough
to keep a till that has gone mad from the others; what guards something is counted in the database. Pages are
not counted.
"""

import time

from apiflask import APIFlask
from flask import Response, g, request
from flask_limiter import ApplicationLimit, Limiter
from flask_login import current_user

from alliance.config import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: APIFlask, settings: Settings) -> None:
    """Count from here on. Comes after the token was looked up, before it is asked what it may do."""
    limiter = Limiter(
        _caller,
        storage_uri="memory://",
        application_limits=[
            ApplicationLimit(f"{settings.api_reads_per_minute} per minute", exempt_when=_does_not_read),
            ApplicationLimit(f"{settings.api_writes_per_minute} per minute", exempt_when=_does_not_write),
            ApplicationLimit(f"{settings.api_strangers_per_minute} per minute", exempt_when=_is_known),
        ],
    )
    limiter.request_filter(_is_page)
    limiter.init_app(app)

    @app.after_request
    def tell(response: Response) -> Response:
        """What is left, in the headers that clients know."""
        limit = limiter.current_limit
        if limit is None:
            return response
        response.headers["X-RateLimit-Limit"] = str(limit.limit.amount)
        response.headers["X-RateLimit-Remaining"] = str(limit.remaining)
        response.headers["X-RateLimit-Reset"] = str(limit.reset_at)
        if limit.breached:
            response.headers["Retry-After"] = str(max(1, limit.reset_at - int(time.time())))
        return response


def _caller() -> str:
    if g.get("bearer") is not None:
        return f"token:{g.bearer.id}"
    if current_user.is_authenticated:
        return f"account:{current_user.account_id}"
    return f"address:{request.remote_addr}"


def _is_known() -> bool:
    return g.get("bearer") is not None or bool(current_user.is_authenticated)


def _does_not_read() -> bool:
    return request.method not in SAFE_METHODS or not _is_known()


def _does_not_write() -> bool:
    return request.method in SAFE_METHODS or not _is_known()


def _is_page() -> bool:
    return not request.path.startswith("/api/")
