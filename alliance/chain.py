"""A chain of rows: each is written only when the one before it was, and the first that cannot be says why.

The order of a chain is the order of its locks, and what many transactions want stands last. On PostgreSQL a
chain is one statement: every link is an INSERT inside a WITH that selects from the link before, so it waits
for that one, and does nothing when that one wrote nothing. SQLite has no such WITH; there the links are
statements of their own, run until one writes nothing. Both are built, once, from the same links.

The parts of one statement do not see each other's rows. They need not: what a link asks (is this key taken,
is there room in this counter) PostgreSQL answers from the newest committed row, not from the snapshot.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import add
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql, sqlite

from alliance.refused import Refused
from alliance.store import Base, built_once, run, table_of

#: Makes the parameter of one link of a name and a type.
Parameter = Callable[[str, sa.types.TypeEngine[Any]], sa.BindParameter[Any]]
#: Says what an INSERT does when its key is taken; values besides the row's own come as parameters.
Conflict = Callable[[Any, Parameter], Any]


@dataclass(frozen=True)
class Link:
    """One row, by column, and what happens when its key is taken (by default the error that it is).

    ``refusal`` makes what is said when the row is not written; None when a twin of the whole chain must have
    been first. ``besides`` are the values that ``conflict`` asks for.
    """

    model: type[Base]
    values: Mapping[str, Any]
    conflict: Conflict | None = None
    refusal: Callable[[], Refused] | None = None
    besides: Mapping[str, Any] = field(default_factory=dict)


@cache
def once(*key: str) -> Conflict:
    """The conflict of a row that exists once: the second is not written."""
    return lambda insert, _: insert.on_conflict_do_nothing(index_elements=key)


def write(session: orm.Session, links: Sequence[Link]) -> Link | None:
    """Write the rows in their order; returns the link at which it ended, None when all are written.

    Waits for the transactions that hold the same keys. When it ended early, the rows before are written:
    whoever refuses has to roll back.
    """
    shapes = tuple((link.model, tuple(link.values), link.conflict) for link in links)
    if links and session.get_bind().dialect.name == "postgresql":
        return _write_at_once(session, links, shapes)
    for link, shape in zip(links, shapes, strict=True):
        if run(session, _alone(shape), {**link.values, **_besides(0, link)}).first() is None:
            return link
    return None


_Shape = tuple[type[Base], tuple[str, ...], Conflict | None]


def _write_at_once(session: orm.Session, links: Sequence[Link], shapes: tuple[_Shape, ...]) -> Link | None:
    parameters: dict[str, Any] = {}
    for number, link in enumerate(links):
        # One parameter per row: they are more in number than the driver remembers statements for.
        parameters[f"row_{number}"] = _as_json(link.values)
        parameters |= _besides(number, link)
    written: int = run(session, _chained(shapes), parameters).scalar_one()
    return None if written == len(links) else links[written]


def _besides(number: int, link: Link) -> dict[str, Any]:
    return {f"{name}_{number}": value for name, value in link.besides.items()}


@cache
def _alone(shape: _Shape) -> sa.Executable:
    """One link as a statement of its own, of SQLite; it returns a row when it wrote one."""
    model, _, conflict = shape
    return built_once(_completed(sqlite.insert(table_of(model)), conflict, 0))


@cache
def _chained(shapes: tuple[_Shape, ...]) -> sa.Executable:
    """All links as one statement of PostgreSQL, which returns how many of them wrote their row."""
    links: list[sa.CTE] = []
    for number, (model, names, conflict) in enumerate(shapes):
        row = _row(table_of(model), names, number)
        if links:
            row = row.join(links[-1], sa.true())
        insert = postgresql.insert(table_of(model)).from_select(names, row, include_defaults=False)
        links.append(_completed(insert, conflict, number).cte(f"link_{number}"))
    counts = [sa.select(sa.func.count()).select_from(link).scalar_subquery() for link in links]
    return built_once(sa.select(reduce(add, counts)))


def _row(table: sa.Table, names: tuple[str, ...], number: int) -> sa.Select[Any]:
    """The row of a link out of its parameter."""
    name = f"row_{number}"
    text = sa.cast(sa.bindparam(name, type_=sa.Text()), sa.JSON)
    record = sa.func.json_populate_record(sa.literal_column(f"NULL::{table.name}"), text)
    # Unqualified, to be short: the link before has no column but ``written``.
    columns: list[sa.ColumnElement[Any]] = [sa.column(column) for column in names]
    return sa.select(*columns).select_from(record.alias(name))


def _completed(insert: Any, conflict: Conflict | None, number: int) -> Any:
    if conflict is not None:
        insert = conflict(insert, lambda name, type_: sa.bindparam(f"{name}_{number}", type_=type_))
    return insert.returning(sa.literal_column("1").label("written"))


def _as_json(values: Mapping[str, Any]) -> str:
    """A row as PostgreSQL reads it."""
    return to_json({name: _hex(value) for name, value in values.items()}).decode()


def _hex(value: object) -> object:
    return f"\\x{value.hex()}" if isinstance(value, bytes) else value
