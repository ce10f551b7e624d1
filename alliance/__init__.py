"""异业联盟 (Alliance): member enterprises' offers, membership passes, redemptions and circulation figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from alliance.config import Settings


def create_app(settings: Settings | None = None) -> APIFlask:
    """The application with these settings, by default those of the environment.

    Raises ConfigurationError when the environment does not describe a system that can start, and
    policy.Undeclared when a route has no rule that says who may call it.
    """
    # Not at the top: ``import alliance.store`` must not load the web.
    from alliance import web
    from alliance.config import load_settings
    from alliance.passes.keys import Keyring
    from alliance.web import assets, errors, extensions, filters, guard, policy, security

    settings = settings or load_settings()
    app = web.bare_app(settings)
    app.extensions["keyring"] = Keyring(settings.secret_key)
    extensions.init_app(app, settings)
    assets.init_app(app)
    filters.init_app(app)
    security.init_app(app, settings)
    errors.init_app(app)
    guard.init_app(app, settings)
    web.register_surfaces(app)
    policy.check_complete(app)
    return app
