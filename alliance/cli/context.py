"""What a command works in: checked settings, and a session."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

import alliance.schema  # noqa: F401 - a foreign key's type is unknown until its table is
from alliance import store
from alliance.config import ConfigurationError, Settings, load_settings


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
    """A session on the installation's database; what the command does not commit is rolled back.

    One that only reads (``writes=False``) does not keep a counter on SQLite waiting.
    """
    engine = store.make_engine(checked_settings().database_url, patient=True)
    with store.sessionmaker_for(engine)() as session:
        if writes:
            store.for_writing(session)
        yield session
    engine.dispose()
