"""What one redemption costs in statements and round trips: counted at the driver, in a process of its own.

A look with the events of SQLAlchemy sees the statements; what really goes over the wire (BEGIN, COMMIT, a
statement that is prepared) is read from libpq's own trace.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import sqlalchemy as sa

#: A line of the trace, sent by us, after which we wait: a simple query, or the end of an extended one.
#: Time, F(rontend) or B(ackend), length, message, parameters; the parameters may have lines of their own.
_WAIT = re.compile(r"\S+ \S+\tF\t\d+\t(Query|Sync)\b")


@dataclass
class Counted:
    """Statements by what they do, and how often the client waited for the database."""

    statements: list[str] = field(default_factory=list)
    round_trips: int = 0

    @property
    def writes(self) -> int:
        """Statements that write rows; a WITH counts when any part of it does."""
        return sum(
            any(f"{verb} " in statement for verb in ("INSERT INTO", "UPDATE", "DELETE FROM"))
            for statement in self.statements
        )

    @property
    def reads(self) -> int:
        """The other statements."""
        return len(self.statements) - self.writes


def counted(engine: sa.Engine, work: Callable[[], object]) -> Counted:
    """Run ``work``, which uses one connection of ``engine``, and count."""
    result = Counted()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        result.statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        with tempfile.TemporaryFile("w+") as trace:
            with _traced(engine, trace):
                work()
            trace.seek(0)
            result.round_trips = sum(_WAIT.match(line) is not None for line in trace)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return result


@contextmanager
def _traced(engine: sa.Engine, trace: IO[str]) -> Iterator[None]:
    traced: list[Any] = []

    def start(connection: Any, *_: Any) -> None:
        connection.pgconn.trace(trace.fileno())
        traced.append(connection)

    sa.event.listen(engine, "checkout", start)
    try:
        yield
    finally:
        sa.event.remove(engine, "checkout", start)
        for connection in traced:
            connection.pgconn.untrace()
