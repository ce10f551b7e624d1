"""The cells of the tables of a period: buyers × sellers, outlets, offers, each with its distinct holders."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, case, func, literal, select

from alliance.circulation.facts import SUMS, total
from alliance.circulation.scope import EVERYWHERE_ID
from alliance.zones.tree import lineage


class Level(StrEnum):
    """How finely a side of the table of flows is cut."""

    EVERYWHERE = "everywhere"
    ZONE = "zone"
    ENTERPRISE = "enterprise"


#: Buyers × sellers.
Levels = tuple[Level, Level]
#: What a table has besides its margins.
INNER: Sequence[Levels] = (
    (Level.ENTERPRISE, Level.ENTERPRISE),
    (Level.ENTERPRISE, Level.ZONE),
    (Level.ZONE, Level.ENTERPRISE),
)
MARGINS: Sequence[Levels] = tuple(pair for a in Level for b in Level if (pair := (a, b)) not in INNER)
#: Of each side: the zone in which an enterprise stood, and the enterprise.
_SIDES = (("employer_zone_id", "employer_id"), ("outlet_zone_id", "merchant_id"))


def flow_cells(facts: Subquery, levels: Levels) -> Select[*tuple[Any, ...]]:
    """Buyers' zone and employer, sellers' zone and merchant, the sums, the holders.

    A zone stands for all below it. Ids are 0 where a level does not name them.
    """
    source: FromClause = facts
    keys: list[ColumnElement[int]] = []
    everything = literal(EVERYWHERE_ID)
    for level, (zone, enterprise) in zip(levels, _SIDES, strict=True):
        match level:
            case Level.EVERYWHERE:
                keys += [everything, everything]
            case Level.ZONE:
                line = lineage()
                source = source.join(line, line.c.zone_id == facts.c[zone])
                keys += [line.c.ancestor_id, everything]
            case Level.ENTERPRISE:
                keys += [facts.c[zone], facts.c[enterprise]]
    return _cells(facts, source, keys)


def outlet_cells(facts: Subquery) -> Select[*tuple[Any, ...]]:
    """Zone, merchant, outlet, the sums, the holders."""
    return _cells(facts, facts, [facts.c.outlet_zone_id, facts.c.merchant_id, facts.c.outlet_id])


def offer_cells(facts: Subquery) -> Select[*tuple[Any, ...]]:
    """Merchant, offer, the sums, the holders."""
    return _cells(facts, facts, [facts.c.merchant_id, facts.c.offer_id])


def _cells(facts: Subquery, source: FromClause, keys: list[ColumnElement[Any]]) -> Select[*tuple[Any, ...]]:
    """Sums per ``keys``, and how many holders have a redemption there that stands."""
    # No database takes a constant in GROUP BY for what it is.
    given = [(f"key{i}", key) for i, key in enumerate(keys)]
    varying = {name for name, key in given if not hasattr(key, "value")}
    by_holder = (
        select(
            *(key.label(name) for name, key in given if name in varying),
            *(total(facts.c[name]).label(name) for name in SUMS),
        )
        .select_from(source)
        .group_by(*(key for name, key in given if name in varying), facts.c.holder_id)
        .subquery("by_holder")
    )
    columns = [by_holder.c[name] if name in varying else key for name, key in given]
    sums = (total(by_holder.c[name]).label(name) for name in SUMS)
    holders = func.count(case((by_holder.c.redemptions > 0, 1))).label("holders")
    cells = select(*columns, *sums, holders).group_by(*(by_holder.c[name] for name in sorted(varying)))
    return cells.having(func.count() > 0)
