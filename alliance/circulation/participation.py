"""How many of each employer's people redeem, month by month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from alliance.circulation.buyers import buyers_of
from alliance.circulation.periods import Period, PeriodKind, containing, previous
from alliance.circulation.seen import may_see_tables
from alliance.circulation.tables import Node
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids

#: Months that stand beside each other.
MONTHS = 12


@dataclass(frozen=True)
class Line:
    """An employer in a zone, and its distinct redeeming holders per month; None where it is hidden."""

    employer: Node
    holders: Sequence[int | None]


def months_up_to(period: Period, today: date, *, sees_all: bool) -> list[date]:
    """The last months up to the end of ``period`` that somebody may see, the oldest first; at most a year."""
    month, found = containing(PeriodKind.MONTH, period.last), []
    for _ in range(MONTHS):
        if may_see_tables(month, today, sees_all=sees_all):
            found.append(month.first)
        month = previous(month)
    return found[::-1]


def participation(
    session: Session, months: Sequence[date], zone: Zone | None = None, *, sees_all: bool
) -> tuple[list[date], list[Line]]:
    """The employers that stood in the zone and below (None: all) with a redemption in one of ``months``.

    Returns the months from the first with a redemption on, too. Run it inside ``store.one_snapshot``.
    """
    of_months = [_holders(session, containing(PeriodKind.MONTH, month), sees_all) for month in months]
    within = None if zone is None else set(session.scalars(subtree_ids(zone.id)))
    there = [{node for node in found if within is None or node[0] in within} for found in of_months]
    begin = next((i for i, nodes in enumerate(there) if nodes), len(months))
    lines = [
        Line(employer, [found.get(employer, 0) for found in of_months[begin:]])
        for employer in sorted(set().union(*there))
    ]
    return list(months[begin:]), lines


def _holders(session: Session, month: Period, sees_all: bool) -> Mapping[Node, int | None]:
    """Of each employer in a zone."""
    return {
        node: None if found.is_hidden and not sees_all else found.holders
        for node, found in buyers_of(session, month).items()
        if node[1]
    }
