"""Where to go on after signing in or choosing a language: only ever to a path of our own."""

from urllib.parse import urlsplit

from flask import request

from alliance.web.auth import bp


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


@bp.app_template_global()
def this_page() -> str | None:
    """The page that is being shown, as a ``next`` that leads back to it; None when only a post shows it."""
    methods = request.url_rule.methods if request.url_rule else None
    return request.full_path.rstrip("?") if methods and "GET" in methods else None
