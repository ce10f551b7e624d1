"""Alembic's entry point: online migrations on the URL that ``alliance.store`` hands over."""

import sqlite3
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from alliance.schema import metadata
from alliance.store import UtcDateTime, make_engine


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Migrations name SQLAlchemy's own types: they must run long after our classes have moved."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def include_name(name: str | None, kind: str, _: Any) -> bool:
    """The job queue makes its own tables in PostgreSQL; they are not ours to migrate."""
    return not (kind == "table" and (name or "").startswith("huey_"))


def leave_references_alone(connection: Connection) -> None:
    """SQLite changes a table by dropping it, and rows that point at it would forbid that.

    Before the transaction begins: inside of one SQLite ignores the pragma.
    """
    if connection.dialect.name == "sqlite":
        plain = connection.connection.driver_connection
        assert isinstance(plain, sqlite3.Connection)
        plain.execute("PRAGMA foreign_keys=OFF")


def check_references(connection: Connection) -> None:
    """Raises RuntimeError, before the commit, when a migration has left a reference to nothing."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"the migration broke references: {broken[:5]}")


def run() -> None:
    """Migrate in one transaction, so that a failed migration leaves the database as it was."""
    engine = make_engine(context.config.attributes["url"], patient=True)
    with engine.connect().execution_options(writes=True) as connection:
        leave_references_alone(connection)
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=render_item,
            include_name=include_name,
        )
        with context.begin_transaction():
            context.run_migrations()
            check_references(connection)
        connection.commit()
    engine.dispose()


run()
