"""The rows that one redemption writes, taken from real ones, for the other two programs to write again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alliance.audit.models import AuditEntry
from alliance.offers.models import LimitCounter
from alliance.passes.models import PresentationUse
from alliance.redemptions.models import Redemption, Scan
from alliance.store import Base
from alliance.webhooks.models import OutboxEvent

HOLDER, TOTAL = "holder", "total"


@dataclass(frozen=True)
class Written:
    """A table of which a redemption writes one row, and the columns that make that row a new one."""

    model: type[Base]
    #: The column by which the row of a redemption is found: it holds the redemption's id (or a text with it).
    found_by: str
    #: Columns that hold an id of which each row has another, and such as hold other 32 bytes used only once.
    ids: tuple[str, ...]
    once: tuple[str, ...] = ()

    @property
    def table(self) -> sa.Table:
        """The table itself."""
        table = self.model.__table__
        assert isinstance(table, sa.Table)
        return table


#: In the order in which they refer to each other. A scan of the API has its redemption's own id.
WRITTEN: Sequence[Written] = (
    Written(Scan, "id", ("id",)),
    Written(PresentationUse, "scan_id", ("scan_id",), once=("key_id",)),
    Written(Redemption, "id", ("id", "scan_id")),
    Written(AuditEntry, "subject", ("id",)),
    Written(OutboxEvent, "payload", ("id",)),
)
COUNTERS = sa.Table(
    LimitCounter.__tablename__,
    sa.MetaData(),
    *(sa.Column(column.name, column.type) for column in LimitCounter.__table__.columns),
)


@dataclass(frozen=True)
class Example:
    """A redemption of an offer that somebody made: what to copy."""

    offer: str
    merchant_id: int
    id: UUID
    offer_id: UUID


def rows_of(connection: sa.Connection, example: Example) -> Mapping[str, dict[str, Any]]:
    """Its row in each of the tables, by table name; what pgbench has copied from it is as good."""
    rows: dict[str, dict[str, Any]] = {}
    for written in WRITTEN:
        table = written.table
        column = table.c[written.found_by]
        is_text = isinstance(column.type, sa.String)
        found = sa.select(table).where(column.contains(str(example.id)) if is_text else column == example.id)
        rows[table.name] = dict(connection.execute(found.limit(1)).mappings().one())
    return rows


def inserts() -> list[postgresql.Insert]:
    """One statement per row, its values named ``table_column``; the contended counter is the last."""
    statements = [
        postgresql.insert(written.table).values(
            {column.name: bind(written.table, column) for column in written.table.columns}
        )
        for written in WRITTEN
    ]
    return statements + [_one_more(scope) for scope in (HOLDER, TOTAL)]


def bind(table: sa.Table, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    """The parameter of one column of one table."""
    return sa.bindparam(f"{table.name}_{column.name}", type_=column.type)


def _one_more(scope: str) -> postgresql.Insert:
    statement = postgresql.insert(COUNTERS).values(
        {
            column.name: sa.bindparam(f"{scope}_{column.name}", type_=column.type)
            for column in COUNTERS.columns
        }
    )
    return statement.on_conflict_do_update(
        index_elements=["merchant_id", "offer_id", "scope"], set_={"used": COUNTERS.c.used + 1}
    )
