"""Where to go after signing in: only ever to a path of our own."""

from urllib.parse import urlsplit

from flask import request


def next_page() -> str | None:
    """The ``next`` of the query when it is a plain local path, else None."""
    target = request.args.get("next", "")
    # Browsers read "\" as "/" and drop tabs and newlines, so these could hide a foreign host.
    if not target.startswith("/") or "\\" in target or any(ord(sign) < 32 for sign in target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc or target.startswith("//") else target
