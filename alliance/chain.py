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
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql, sqlite

from alliance.refused import Refused
from alliance.store import Base, run, table_of

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
    if session.get_bind().dialect.name == "postgresql":
        return _write_at_once(session, links, shapes)
    for link, shape in zip(links, shapes, strict=True):
        if run(session, _alone(shape), _parameters(0, link)).first() is None:
            return link
    return None


_Shape = tuple[type[Base], tuple[str, ...], Conflict | None]


def _write_at_once(session: orm.Session, links: Sequence[Link], shapes: tuple[_Shape, ...]) -> Link | None:
    parameters: dict[str, Any] = {}
    for number, link in enumerate(links):
        parameters |= _parameters(number, link)
    written: int = run(session, _chained(shapes), parameters).scalar_one()
    return None if written == len(links) else links[written]


def _parameters(number: int, link: Link) -> dict[str, Any]:
    return {f"{name}_{number}": value for name, value in (*link.values.items(), *link.besides.items())}


@cache
def _alone(shape: _Shape) -> sa.Executable:
    """One link as a statement of its own, of SQLite; it returns a row when it wrote one."""
    insert: sa.Executable = _insert(sqlite.insert, 0, shape, None)
    return insert


@cache
def _chained(shapes: tuple[_Shape, ...]) -> sa.Executable:
    """All links as one statement of PostgreSQL, which returns how many of them wrote their row."""
    links: list[sa.CTE] = []
    for number, shape in enumerate(shapes):
        insert = _insert(postgresql.insert, number, shape, links[-1] if links else None)
        links.append(insert.cte(f"link_{number}"))
    counts = [sa.select(sa.func.count()).select_from(link).scalar_subquery() for link in links]
    return sa.select(reduce(add, counts))


def _insert(insert_into: Callable[[sa.Table], Any], number: int, shape: _Shape, before: sa.CTE | None) -> Any:
    model, names, conflict = shape
    table = table_of(model)
    values = {name: sa.bindparam(f"{name}_{number}", type_=table.c[name].type) for name in names}
    insert = insert_into(table)
    if before is None:
        insert = insert.values(values)
    else:
        row = sa.select(*values.values()).select_from(before)
        insert = insert.from_select(names, row, include_defaults=False)
    if conflict is not None:
        insert = conflict(insert, lambda name, type_: sa.bindparam(f"{name}_{number}", type_=type_))
    return insert.returning(sa.literal(1).label("written"))
