"""Alembic's entry point: online migrations on the URL that ``alliance.store`` hands over."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from alliance.schema import metadata
from alliance.store import UtcDateTime, make_engine


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Migrations name SQLAlchemy's own types: they must run long after our classes have moved."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def include_name(name: str | None, kind: str, _: Any) -> bool:
    """The job queue makes its own tables in PostgreSQL; they are not ours to migrate."""
    return not (kind == "table" and (name or "").startswith("huey_"))


def rest_foreign_keys(engine: sa.Engine) -> None:
    """SQLite changes a table by writing it anew, and would take the old one's removal for lost parents.

    Between transactions only can it be told to look away; ``check_foreign_keys`` looks at the end.
    """
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=OFF"))


def check_foreign_keys(connection: sa.Connection) -> None:
    """Raises RuntimeError, before the commit, when a row points at nothing."""
    if lost := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise RuntimeError(f"rows that point at nothing (table, row, parent, key): {lost[:5]}")


def run() -> None:
    """Migrate in one transaction, so that a failed migration leaves the database as it was."""
    engine = make_engine(context.config.attributes["url"], patient=True)
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite:
        rest_foreign_keys(engine)
    with engine.connect().execution_options(writes=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=is_sqlite,
            render_item=render_item,
            include_name=include_name,
        )
        with context.begin_transaction():
            context.run_migrations()
            if is_sqlite:
                check_foreign_keys(connection)
        connection.commit()
    engine.dispose()


run()
