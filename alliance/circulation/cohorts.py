"""Who comes back: holders by the month of their first redemption, and how many redeem again months later.

Of a calendar month, zones × cohorts is a table like any other: a holder stands in one cohort, and in the
zone where the employer stood at the first redemption. So small groups are hidden in it as in the others, and
what the months show of a cohort does not tell what they hide. All cohorts stand in it, those not asked for
too: the answer for a month is the same whatever it is asked beside.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, Subquery, cast, extract, func, select
from sqlalchemy.orm import Session

from alliance.circulation.buyers import buyers_of
from alliance.circulation.facts import signed_facts
from alliance.circulation.periods import PeriodKind, containing
from alliance.circulation.scope import EVERYWHERE_ID
from alliance.circulation.suppression import Tree, hidden
from alliance.clock import SINCE_EVER
from alliance.zones.models import Zone

#: A zone (0: everywhere) and a cohort by the number of its month (0: all).
_Key = tuple[int, int]
_ALL = 0


@dataclass(frozen=True)
class Cohort:
    """The holders whose first redemption was in ``month``; None where it is hidden.

    ``again[k]``: how many of them have a redemption k + 1 months later.
    """

    month: date
    holders: int | None
    again: Sequence[int | None]


def cohorts(
    session: Session, months: Sequence[date], zone: Zone | None = None, *, sees_all: bool
) -> list[Cohort]:
    """The cohorts of consecutive ``months`` (first days) as they stood at the end of the last of them.

    Run it inside ``store.one_snapshot``. It reads all facts up to then: who is new is not known otherwise.
    """
    parents = dict(session.execute(select(Zone.id, Zone.parent_id)).all())
    counted = _counted(session, months)
    node = EVERYWHERE_ID if zone is None else zone.id
    people: dict[tuple[int, int], int | None] = {}
    for calendar_month in months:
        number = _number(calendar_month)
        table = _table(counted[number], parents)
        hides = frozenset() if sees_all else _hidden(table, parents, _hidden_zones(session, calendar_month))
        for cohort in map(_number, months):
            key = (node, cohort)
            people[cohort, number] = None if key in hides else table.get(key, 0)
    found = []
    for i, month in enumerate(months):
        holders, *again = (people[_number(month), _number(later)] for later in months[i:])
        found.append(Cohort(month, holders, [None if holders is None else each for each in again]))
    return found


def _hidden_zones(session: Session, month: date) -> list[int]:
    """The zones whose people in all are hidden elsewhere: all cohorts together would tell them."""
    found = buyers_of(session, containing(PeriodKind.MONTH, month))
    return [zone_id for (zone_id, employer_id), each in found.items() if each.is_hidden and not employer_id]


def _hidden(
    table: Mapping[_Key, int], parents: Mapping[int, int | None], hidden_zones: Iterable[int]
) -> frozenset[_Key]:
    if not table:
        return frozenset()
    zones, numbers = ({key[side] for key in table} for side in (0, 1))
    rows = Tree(EVERYWHERE_ID, {id_: parents[id_] or EVERYWHERE_ID for id_ in zones - {EVERYWHERE_ID}})
    columns = Tree(_ALL, dict.fromkeys(numbers - {_ALL}, _ALL))
    also = [key for zone_id in hidden_zones if (key := (zone_id, _ALL)) in table]
    return hidden(table, rows, columns, also=also)


def _table(people: Mapping[_Key, int], parents: Mapping[int, int | None]) -> dict[_Key, int]:
    """With the margins: of each zone what is below it, and all cohorts."""
    table: dict[_Key, int] = defaultdict(int)
    for (zone_id, cohort), count in people.items():
        for node in _line(zone_id, parents):
            table[node, cohort] += count
            table[node, _ALL] += count
    return table


def _line(zone_id: int, parents: Mapping[int, int | None]) -> Iterator[int]:
    above: int | None = zone_id
    while above is not None:
        yield above
        above = parents[above]
    yield EVERYWHERE_ID


def _counted(session: Session, months: Sequence[date]) -> Mapping[int, Mapping[_Key, int]]:
    """For each month how many holders with a redemption in it, by zone and cohort."""
    last = containing(PeriodKind.MONTH, months[-1]).last
    facts = signed_facts([(SINCE_EVER, last)])
    grain = (facts.c.holder_id, facts.c.employer_zone_id, facts.c.business_date)
    stands = select(*grain).group_by(*grain).having(func.sum(facts.c.redemptions) > 0).cte("stands")
    active = (
        select(stands.c.holder_id, _month_of(stands.c.business_date).label("number"))
        .where(stands.c.business_date >= months[0])
        .distinct()
        .subquery("active")
    )
    first = _first(stands)
    keys = (active.c.number, first.c.zone_id, first.c.number)
    query = select(*keys, func.count()).join_from(first, active, active.c.holder_id == first.c.holder_id)
    found: dict[int, dict[_Key, int]] = defaultdict(dict)
    for number, zone_id, cohort, count in session.execute(query.group_by(*keys)):
        found[number][zone_id, cohort] = count
    return found


def _first(stands: CTE) -> Subquery:
    """Each holder with the month of the first redemption and the employer's zone at it."""
    begins = select(stands.c.holder_id, func.min(stands.c.business_date).label("day"))
    day = begins.group_by(stands.c.holder_id).subquery("first_day")
    at_first = (stands.c.holder_id == day.c.holder_id) & (stands.c.business_date == day.c.day)
    # Who moved at noon of that very day stands in one of the two zones.
    zone_id = func.min(stands.c.employer_zone_id).label("zone_id")
    columns = (stands.c.holder_id, _month_of(day.c.day).label("number"))
    return select(*columns, zone_id).join(day, at_first).group_by(*columns).subquery("first")


def _month_of(day: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(extract("year", day) * 12 + extract("month", day), Integer)


def _number(month: date) -> int:
    """As ``_month_of`` counts them."""
    return month.year * 12 + month.month
