"""What a command works in: checked settings, and a session."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import orm

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
def sessions_scope() -> Iterator[orm.sessionmaker[store.Session]]:
    """Sessions on the installation's database, for a command that needs more than one."""
    engine = store.make_engine(checked_settings().database_url, patient=True)
    yield store.sessionmaker_for(engine)
    engine.dispose()


@contextmanager
def session_scope(*, writes: bool = True) -> Iterator[store.Session]:
    """A session on the installation's database; what the command does not commit is rolled back.

    One that only reads (``writes=False``) does not keep a counter on SQLite waiting.
    """
    with sessions_scope() as sessions, sessions() as session:
        if writes:
            store.for_writing(session)
        yield session
