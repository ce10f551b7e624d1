"""What a verb is to the torture, which interrupts it: a function that prepares a world and returns the deed.

To add a verb, write such a function and put ``@verb`` above it; the deed is run, interrupted at each of its
statements, and run again by ``test_exceptions_at_statements.py``. A deed whose second run answers the same
is ``@verb(repeats=True)``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from tests.world import World

#: Acts in the given session and returns what the caller is told.
Deed = Callable[[Session], object]


@dataclass(frozen=True)
class Verb:
    """``prepare`` commits what the deed needs and returns the deed. Each call makes a fresh one."""

    name: str
    prepare: Callable[[World], Deed]
    repeats: bool


VERBS: dict[str, Verb] = {}


def verb(*, repeats: bool = False) -> Callable[[Callable[[World], Deed]], Callable[[World], Deed]]:
    """List the function among the verbs. ``repeats``: the same call again is answered the same."""

    def enlist(prepare: Callable[[World], Deed]) -> Callable[[World], Deed]:
        VERBS[prepare.__name__] = Verb(prepare.__name__, prepare, repeats)
        return prepare

    return enlist
