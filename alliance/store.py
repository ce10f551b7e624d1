"""The store: declarative base, column types, engines and sessions for SQLite and PostgreSQL.

SQLite runs with WAL, ``synchronous=FULL`` and foreign keys on; a session that writes opens its
transactions with BEGIN IMMEDIATE, because upgrading a read transaction fails under concurrency
instead of waiting; before that it waits for its turn (``turns.py``). PostgreSQL runs READ COMMITTED with a
lock timeout of two seconds.
"""

import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
import uuid_utils.compat
from alembic import command
from alembic.config import Config
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from alliance.turns import TurnTaking

#: How long a statement waits for another transaction's lock before the caller is told to try again.
LOCK_TIMEOUT_SECONDS = 2
#: SQLite has one lock for all writers, so a queue at the counter is waited for much longer.
SQLITE_BUSY_SECONDS = 30
#: No statement of a request, and no pause between two, may outlive this; the dirty marks lean on it.
STATEMENT_TIMEOUT_SECONDS = 60

#: A key of a reference table. SQLite only numbers rows by itself in a column of type INTEGER.
Identity = sa.BigInteger().with_variant(sa.Integer, "sqlite")


#: For ``limit``: part of the statement and no parameter, so that PostgreSQL plans for one row.
ONE: sa.ColumnElement[int] = sa.literal_column("1", sa.Integer())

_numbers = itertools.count()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored as UTC; a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(orm.DeclarativeBase):
    """Every table. All constraints have names, so that migrations can speak of them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        datetime: UtcDateTime,
        int: sa.BigInteger,
        UUID: sa.Uuid,
        dict[str, Any]: sa.JSON,
    }


def of_merchant(table: str, column: str) -> sa.ForeignKeyConstraint:
    """The composite foreign key to a row that the same merchant owns."""
    return sa.ForeignKeyConstraint(["merchant_id", column], [f"{table}.merchant_id", f"{table}.id"])


class Session(orm.Session):
    """A session whose transactions take SQLite's write lock at once after ``for_writing``."""

    def get_bind(self, *args: Any, **kwargs: Any) -> sa.Engine | sa.Connection:
        # A session keys its connection by engine, so the writing twin must be one and the same object.
        return self.info.get("writing_engine") or super().get_bind(*args, **kwargs)


def for_writing(session: orm.Session) -> None:
    """Say, before its first statement, that this session's transactions will write."""
    if session.in_transaction():
        raise RuntimeError("for_writing must come before the first statement of a transaction")
    bind = session.get_bind()
    assert isinstance(bind, sa.Engine)
    # Only SQLite has to be told, and a twin of the engine costs as much as a statement.
    if bind.dialect.name == "sqlite":
        session.info["writing_engine"] = bind.execution_options(writes=True)


def is_busy(error: sa.exc.DBAPIError) -> bool:
    """Whether a statement gave up waiting for somebody else's lock: the same call may be made again."""
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return "locked" in str(original) or "busy" in str(original)
    return getattr(original, "sqlstate", None) in {"55P03", "40P01", "40001"}


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique without asking the database, and rows made together lie together."""
    return uuid_utils.compat.uuid7()


def insert_or_ignore(
    session: orm.Session, table: type[Base], conflict: Sequence[str], values: dict[str, Any]
) -> bool:
    """INSERT … ON CONFLICT DO NOTHING: true when the row is ours, false when the key was taken.

    On PostgreSQL it waits for a concurrent transaction that holds the same key. Asked by RETURNING: the
    drivers do not agree on the row count of such statements.
    """
    statement = _insert_or_ignore(session.get_bind().dialect.name, table, tuple(conflict))
    return run(session, statement, values).first() is not None


def run(session: orm.Session, statement: sa.Executable, values: Mapping[str, Any]) -> sa.CursorResult[Any]:
    """Run a statement of columns past the ORM, which would only read it again.

    With a statement that is built once, its values being ``bindparam``, the counter's path spends its time in
    the database: building one anew costs ten times as much as running it.
    """
    session.flush()
    return session.connection().execute(statement, values)


def built_once(statement: sa.Executable) -> sa.Executable:
    """A statement for ``run`` that SQLAlchemy tells from others by a number.

    Otherwise it looks for the compiled form by all the parts of the statement, every time: 33 µs for the
    longest. All values that change have to be ``bindparam``.
    """
    return sa.lambda_stmt(lambda: statement, track_on=[next(_numbers)], track_bound_values=False)


def dialect_insert(session: orm.Session, table: type[Base]) -> Any:
    """The INSERT of the session's dialect, which knows ON CONFLICT; both spell it alike."""
    return _dialect_insert(session.get_bind().dialect.name, table)


def _dialect_insert(dialect: str, table: type[Base]) -> Any:
    # The table, not the class: the ORM's own handling of bulk inserts is of no use here.
    target = table_of(table)
    return postgresql.insert(target) if dialect == "postgresql" else sqlite.insert(target)


def table_of(model: type[Base]) -> sa.Table:
    """The table of a class."""
    return cast(sa.Table, model.__table__)


@cache
def _insert_or_ignore(dialect: str, table: type[Base], conflict: tuple[str, ...]) -> Any:
    insert = _dialect_insert(dialect, table).on_conflict_do_nothing(index_elements=conflict)
    return insert.returning(sa.literal(1))


def engine_options(url: str, *, patient: bool = False) -> dict[str, Any]:
    """Arguments of ``create_engine`` for this database.

    A ``patient`` engine is for an operator's long transactions: it waits for locks as long as SQLite does
    and gives a statement, or a pause between two, all the time it takes.
    """
    if sa.make_url(url).get_backend_name() == "postgresql":
        lock, statement = (
            (SQLITE_BUSY_SECONDS, 0) if patient else (LOCK_TIMEOUT_SECONDS, STATEMENT_TIMEOUT_SECONDS)
        )
        settings = (
            f"-c lock_timeout={lock}s -c statement_timeout={statement}s "
            f"-c idle_in_transaction_session_timeout={statement}s"
        )
        specific: dict[str, Any] = {"connect_args": {"options": settings}, "max_overflow": 16}
    else:
        specific = {
            "connect_args": {"timeout": SQLITE_BUSY_SECONDS, "factory": TurnTaking},
            "max_overflow": 64,
        }
    # An error is logged, and the parameters of its statement may be somebody's name and number.
    return specific | {"pool_size": 16, "hide_parameters": True}


def make_engine(url: str, *, patient: bool = False, **options: Any) -> sa.Engine:
    """An engine with the house's settings. ``url`` names the driver (``postgresql+psycopg``, ``sqlite``)."""
    engine = sa.create_engine(url, **(engine_options(url, patient=patient) | options))
    tune(engine)
    return engine


def tune(engine: sa.Engine) -> None:
    """Attach what SQLite needs on each connection and at each BEGIN; nothing on PostgreSQL."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)


def sessionmaker_for(engine: sa.Engine) -> orm.sessionmaker[Session]:
    """Sessions on ``engine``, for commands, the worker and tests."""
    return orm.sessionmaker(engine, class_=Session)


@contextmanager
def without_waiting(engine: sa.Engine) -> Iterator[Session]:
    """A session for a small write that may as well be left out.

    On SQLite a statement that would have to wait for the lock raises at once (``is_busy``); on PostgreSQL the
    statement itself has to skip what is locked.
    """
    with engine.connect() as connection, Session(bind=connection) as session:
        if engine.dialect.name != "sqlite":
            yield session
            return
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        connection.rollback()
        try:
            yield session
        finally:
            session.rollback()
            connection.exec_driver_sql(f"PRAGMA busy_timeout={SQLITE_BUSY_SECONDS * 1000}")


@contextmanager
def one_snapshot(session: orm.Session) -> Iterator[None]:
    """Read everything inside from one state of the store (REPEATABLE READ; SQLite always does so).

    Raises RuntimeError inside a transaction, which is bound to its own isolation level already.
    """
    if session.in_transaction():
        raise RuntimeError("one_snapshot must come before the first statement of a transaction")
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    yield


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to ``revision``; creates the directory of an SQLite file."""
    path = sa.make_url(url).database
    if url.startswith("sqlite") and path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(migration_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to ``revision`` (``base`` drops everything)."""
    command.downgrade(migration_config(url), revision)


def migration_config(url: str) -> Config:
    """Alembic's configuration, with no ini file: the script directory travels in the package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)
    # The driver's own BEGIN comes too late and is never IMMEDIATE; the "begin" event emits ours.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    driver = cast(TurnTaking, connection.connection.dbapi_connection)
    try:
        driver.take_turn(SQLITE_BUSY_SECONDS)
    except sqlite3.OperationalError as locked:
        raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, locked) from locked
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except BaseException:
        driver.give_up_turn()
        raise
