"""The Lorenz curve of outlets, as somebody may see it."""

from collections.abc import Collection, Sequence

from alliance.circulation.measures import lorenz
from alliance.circulation.report import SMALL_GROUP
from alliance.circulation.tables import Cell

#: Who does not see all has no curve of fewer outlets than this, and at least so many between two points.
FEWEST, STEP = 10, 5
#: And their shares of the amount to a thousandth: what stands between two points is nobody's exact amount.
DIGITS = 3


def seen_lorenz(outlets: Collection[Cell], *, sees_all: bool) -> list[tuple[float, float]]:
    """(share of the active outlets, smallest first; their share of the paid), from (0, 0) to (1, 1).

    For who does not see all in steps, each with no hidden outlet or at least five: what is shown of the
    others can be taken off. Empty where that cannot be, or nothing was paid.
    """
    active = sorted((cell for cell in outlets if cell.redemptions > 0), key=lambda cell: cell.paid_fen)
    points = lorenz([cell.paid_fen for cell in active])
    if sees_all or not points:
        return points
    steps = _steps([cell.is_hidden for cell in active])
    return [(points[end][0], round(points[end][1], DIGITS)) for end in (0, *steps)] if steps else []


def _steps(hidden: Sequence[bool]) -> list[int]:
    """After how many outlets there is a point; none where a step would have a few hidden ones."""
    if len(hidden) < FEWEST or not _is_safe(sum(hidden)):
        return []
    ends, begin = [], 0
    for end in range(1, len(hidden) + 1):
        rest = hidden[end:]
        is_end = len(rest) >= STEP and end - begin >= STEP
        if not rest or (is_end and _is_safe(sum(hidden[begin:end])) and _is_safe(sum(rest))):
            ends.append(end)
            begin = end
    return ends


def _is_safe(hidden: int) -> bool:
    return hidden == 0 or hidden >= SMALL_GROUP
