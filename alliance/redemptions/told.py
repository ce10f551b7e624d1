"""Told before, or judged now: whoever sends again is told what it was told, whatever has changed since."""

from collections.abc import Callable
from typing import TypeVar

from alliance.refused import Refused

Told = TypeVar("Told")
Judged = TypeVar("Judged")


def told_or_judged(tell: Callable[[], Told | None], judge: Callable[[], Judged]) -> Told | Judged:
    """What ``tell`` finds stored, else what ``judge``, which writes nothing, makes of how things stand.

    A refusal is only the last word after a second look: between the first look and the reading, a twin may
    have been accepted, and what refuses us (a code that is used, an offer that has run out) may be its doing.
    """
    told = tell()
    if told is not None:
        return told
    try:
        return judge()
    except Refused:
        told = tell()
        if told is None:
            raise
        return told
