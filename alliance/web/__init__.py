"""The surfaces: one package per audience, each with its routes, forms and templates side by side.

A request passes the guard first (``guard.py`` enforces the table in ``policy.py``); errors end as a page or
as an RFC 9457 problem (``errors.py``), in the words of ``words.py``.
"""

from datetime import timedelta
from typing import Any

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from alliance.config import Settings

#: How long a browser stays signed in.
SIGNED_IN_FOR = timedelta(days=30)
MAX_REQUEST_BYTES = 1_000_000


class StoredInteger(IntegerConverter):
    """``<int:…>`` that a BIGINT can hold; a larger number names nothing, so its URL is not found."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"max": 2**63 - 1} | kwargs)  # type: ignore[arg-type]


def bare_app(settings: Settings) -> APIFlask:
    """The application object with its configuration, before extensions and routes."""
    app = APIFlask(
        "alliance",
        title="异业联盟 Alliance API",
        version="1",
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        json_errors=False,
        template_folder="web/templates",
        instance_path=str(settings.instance_path),
    )
    app.config.update(_configuration(settings))
    app.extensions["settings"] = settings
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.url_map.converters["int"] = StoredInteger
    # No view or hook is asynchronous; Flask would look for that in each of them at every request.
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    return app


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "MAX_CONTENT_LENGTH": MAX_REQUEST_BYTES,
        "PERMANENT_SESSION_LIFETIME": SIGNED_IN_FOR,
        # The prefix makes browsers refuse a cookie that a neighbouring host or plain HTTP planted.
        "SESSION_COOKIE_NAME": "__Host-alliance" if settings.https else "alliance",
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        # A form may wait on a counter all day; its token lives as long as the session.
        "WTF_CSRF_TIME_LIMIT": None,
        # The guard asks for it itself, once it knows whether a bearer token came instead of a cookie.
        "WTF_CSRF_CHECK_DEFAULT": False,
        "PREFERRED_URL_SCHEME": "https" if settings.https else "http",
    }


def register_surfaces(app: APIFlask) -> None:
    """Every audience's routes, in domain order."""
    # Not at the top: these packages import from here.
    from alliance.web import api, auth, employee, enterprise, merchant, organizer, pictures, system, trust

    for surface in (auth, employee, merchant, enterprise, organizer, pictures, api, system, trust):
        app.register_blueprint(surface.bp)
