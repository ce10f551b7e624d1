"""Something goes wrong at one point of a transaction: an exception before or after a statement or COMMIT."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa


class Sabotage(Exception):
    """What no code expects and none may swallow."""


@dataclass(frozen=True)
class Point:
    """``number`` counts the statements of the transaction from 0; None is its COMMIT."""

    after: bool
    number: int | None

    def __str__(self) -> str:
        where = "COMMIT" if self.number is None else f"statement {self.number}"
        return f"{'after' if self.after else 'before'} {where}"


class Saboteur:
    """Counts an engine's statements (BEGIN IMMEDIATE is one) and strikes at the point it is given."""

    def __init__(self, engine: sa.Engine) -> None:
        self.statements: list[str] = []
        self._point: Point | None = None
        self._engine = engine
        self._commit: Callable[[Any], None] = engine.dialect.do_commit
        sa.event.listen(engine, "before_cursor_execute", self._before)
        sa.event.listen(engine, "after_cursor_execute", self._after)
        engine.dialect.do_commit = self._do_commit  # type: ignore[method-assign]

    @contextmanager
    def striking(self, point: Point | None) -> Iterator[None]:
        """Inside, count anew and strike at ``point`` (None: only count)."""
        self.statements, self._point = [], point
        yield
        self._point = None

    def points(self) -> list[Point]:
        """Every point of the transaction just counted except after its COMMIT, in order."""
        numbers = range(len(self.statements))
        return [
            *(Point(after, number) for number in numbers for after in (False, True)),
            Point(False, None),
        ]

    def _before(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        self.statements.append(statement)
        self._strike(Point(False, len(self.statements) - 1))

    def _after(self, *_: Any) -> None:
        self._strike(Point(True, len(self.statements) - 1))

    def _do_commit(self, connection: Any) -> None:
        self._strike(Point(False, None))
        self._commit(connection)
        self._strike(Point(True, None))

    def _strike(self, point: Point) -> None:
        if point == self._point:
            self._point = None
            raise Sabotage(str(point))
