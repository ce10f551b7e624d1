"""What verification finds, and how far it has come."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

from sqlalchemy import Row, Select
from sqlalchemy.orm import Session

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: Rows that are fetched at once, so that memory holds no more of them.
BATCH = 2000
_LISTENER = "verify_listener"


@dataclass(frozen=True)
class Finding:
    """Something that does not hold: which invariant, of what, what is stored and what it should be."""

    invariant: str
    subject: str
    stored: object
    expected: object


def compare(invariant: str, subject: str, stored: object, expected: object) -> Iterator[Finding]:
    """A finding, when the two differ."""
    if stored != expected:
        yield Finding(invariant, subject, stored, expected)


def listen(session: Session, looked_at: Callable[[], None]) -> None:
    """Call ``looked_at`` after each row that an invariant has looked at in this session."""
    session.info[_LISTENER] = looked_at


def counted(session: Session, rows: Iterable[T]) -> Iterator[T]:
    """The rows; whoever listens hears of each."""
    looked_at = session.info.get(_LISTENER)
    for row in rows:
        yield row
        if looked_at is not None:
            looked_at()


def walk(session: Session, query: Select[*Ts]) -> Iterator[Row[*Ts]]:
    """The rows of a query, a batch at a time; whoever listens hears of each."""
    return counted(session, session.execute(query, execution_options={"yield_per": BATCH}))
