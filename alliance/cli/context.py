"""What a command works in: checked settings, the application's context and a session that writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import sqlalchemy as sa

from alliance import create_app, store
from alliance.config import ConfigurationError, Settings, load_settings
from alliance.web.extensions import db


def checked_settings() -> Settings:
    """The settings of the environment. Raises ConfigurationError also for a database we do not speak to."""
    settings = load_settings()
    try:
        backend = sa.make_url(settings.database_url).get_backend_name()
    except sa.exc.ArgumentError:
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        raise ConfigurationError("DATABASE_URL 只能是 sqlite:///… 或 postgresql://… / only these two")
    return settings


@contextmanager
def session_scope(*, writes: bool = True) -> Iterator[store.Session]:
    """A session in the application's context; what the command does not commit is rolled back.

    One that only reads (``writes=False``) does not keep a counter on SQLite waiting.
    """
    with create_app(checked_settings()).app_context():
        if writes:
            store.for_writing(db.session)
        # The context closes the session when it ends, and closing rolls back.
        yield cast(store.Session, db.session)
