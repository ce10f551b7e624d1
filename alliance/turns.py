"""Writers of one SQLite file take turns in the order in which they came.

SQLite lets one transaction write at a time and keeps no queue: whoever finds the file locked sleeps and looks
again, so the latest may go first and an early one may wait for seconds. Within one process, a connection that
is about to write waits here instead. Other processes still meet at SQLite's own lock.
"""

import sqlite3
from collections import deque
from threading import Event, Lock
from typing import Any
from weakref import WeakValueDictionary


class Turns:
    """A lock that is handed to whoever has waited longest. It belongs to no thread."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._taken = False
        self._waiting: deque[Event] = deque()

    def take(self, timeout: float) -> bool:
        """Wait for the turn, ``timeout`` seconds at most; false when it did not come."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            mine = Event()
            self._waiting.append(mine)
        try:
            return mine.wait(timeout) or not self._leave(mine)
        except BaseException:
            # Interrupted, perhaps just after the turn had come.
            if not self._leave(mine):
                self.give_up()
            raise

    def give_up(self) -> None:
        """Hand the turn to the next in the queue."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False

    def _leave(self, mine: Event) -> bool:
        """Leave the queue; false when the turn had come already."""
        with self._mutex:
            if mine.is_set():
                return False
            self._waiting.remove(mine)
            return True


_mutex = Lock()
_turns: WeakValueDictionary[str, Turns] = WeakValueDictionary()


def turns_of(path: str) -> Turns:
    """The turns of a database file, the same for all of this process as long as anybody has them."""
    with _mutex:
        return _turns.setdefault(path, Turns())


class TurnTaking(sqlite3.Connection):
    """A connection that has a turn from ``take_turn`` until its transaction is over, however it ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _, _, path = self.execute("PRAGMA database_list").fetchone()
        #: A database in memory has no other connection, and so no turns.
        self.turns = turns_of(path) if path else None
        self._has_turn = False

    def take_turn(self, timeout: float) -> None:
        """Wait for the turn, ``timeout`` seconds at most. Raises OperationalError as a locked file does."""
        if self.turns is None or self._has_turn:
            return
        if not self.turns.take(timeout):
            raise sqlite3.OperationalError("database is locked")
        self._has_turn = True

    def give_up_turn(self) -> None:
        """Hand the turn on. Does nothing without one."""
        if self.turns is not None and self._has_turn:
            self._has_turn = False
            self.turns.give_up()

    def commit(self) -> None:
        """As the driver's. A commit that fails may leave the transaction open, and so the turn."""
        try:
            super().commit()
        finally:
            self._give_up_turn_when_over()

    def rollback(self) -> None:
        """As the driver's."""
        try:
            super().rollback()
        finally:
            self._give_up_turn_when_over()

    def close(self) -> None:
        """As the driver's, which rolls back."""
        try:
            super().close()
        finally:
            self.give_up_turn()

    def _give_up_turn_when_over(self) -> None:
        if self._has_turn and not self.in_transaction:
            self.give_up_turn()
