"""How much: the short form belongs to every run of the tests, the long one is ``make torture``."""

import os

LONG = os.environ.get("ALLIANCE_TORTURE") == "long"
#: Where every pseudo-random choice of a run begins.
SEED = int(os.environ.get("ALLIANCE_TORTURE_SEED", "20260304"))


def scale(*, short: int, long: int) -> int:
    """The number for this run."""
    return long if LONG else short
