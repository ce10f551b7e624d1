"""The bulk path: COPY into a table that has put its secondary indexes and foreign keys aside.

Primary keys and checks stay. What was put aside is made again by the database's own definition of it, so it
is what the product's migrations made; the foreign keys are checked against every row as they come back.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from bench.facts import REDEMPTION, REVERSAL, Layout, Week

TABLES: dict[str, Layout] = {"redemptions": REDEMPTION, "reversals": REVERSAL}
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)
    AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE contype = 'p')"""
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND (conrelid::regclass::text = ANY(%s) OR confrelid::regclass::text = ANY(%s))"""


@dataclass(frozen=True)
class Loaded:
    """How long it took, in seconds: making rows, copying them, indexes, foreign keys, VACUUM ANALYZE."""

    rows: int
    making: float
    copying: float
    indexes: float
    foreign_keys: float
    vacuum: float

    @property
    def seconds(self) -> float:
        """All but the making of rows, which no product does."""
        return self.copying + self.indexes + self.foreign_keys + self.vacuum


def load(where: str, weeks: Iterable[Week]) -> Loaded:
    """Copy all weeks into an empty store; ``where`` is libpq's."""
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        names = list(TABLES)
        indexes = connection.execute(_INDEXES, [names]).fetchall()
        foreign_keys = connection.execute(_FOREIGN_KEYS, [names, names]).fetchall()
        for table, name, _ in foreign_keys:
            _run(connection, "ALTER TABLE {} DROP CONSTRAINT {}", table, name)
        for name, _ in indexes:
            _run(connection, "DROP INDEX {}", name)
        rows, making, copying = _copy(connection, weeks)
        started = time.monotonic()
        for _, definition in indexes:
            connection.execute(definition.encode())
        indexed = time.monotonic()
        for table, name, definition in foreign_keys:
            _run(connection, f"ALTER TABLE {{}} ADD CONSTRAINT {{}} {definition}", table, name)
        checked = time.monotonic()
        connection.execute("VACUUM (ANALYZE)")
        vacuum = time.monotonic() - checked
    return Loaded(rows, making, copying, indexed - started, checked - indexed, vacuum)


def _copy(connection: psycopg.Connection, weeks: Iterable[Week]) -> tuple[int, float, float]:
    rows, began = 0, time.monotonic()
    copying = 0.0
    for week in weeks:
        started = time.monotonic()
        with connection.transaction():
            for lot in week.redemptions:
                _send(connection, "redemptions", lot)
            _send(connection, "reversals", week.reversals)
        copying += time.monotonic() - started
        rows += week.rows
    return rows, time.monotonic() - began - copying, copying


def _send(connection: psycopg.Connection, table: str, lot: bytes) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, TABLES[table]))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table), columns)
    with connection.cursor().copy(statement) as copy:
        copy.write(_HEADER)
        copy.write(lot)
        copy.write(_TRAILER)


def _run(connection: psycopg.Connection, statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
