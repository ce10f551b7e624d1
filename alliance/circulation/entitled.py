"""Who could have redeemed in a period, and who of them has a pass.

Read live: what the organizer corrects in a roster is right in every figure of the past at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    FunctionElement,
    Select,
    Subquery,
    and_,
    case,
    distinct,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from alliance.circulation.facts import Span
from alliance.circulation.scope import EVERYWHERE, EVERYWHERE_ID, Axis, Scope
from alliance.clock import SHANGHAI, start_of
from alliance.enterprises.placement import enterprise_spells
from alliance.passes.models import Pass
from alliance.people.models import DependantRemoval, Employment, Holder
from alliance.zones.tree import lineage, subtree_ids


@dataclass(frozen=True)
class Entitled:
    """Distinct holders who could have redeemed on at least one day of a period.

    ``activated`` are those of them to whom a pass had been issued by its end, revoked since or not.
    """

    holders: int
    activated: int


NOBODY = Entitled(0, 0)


def entitled(session: Session, period: Span, scope: Scope = EVERYWHERE) -> Entitled:
    """The entitled holders of employers in the scope's zone.

    By the outlet's zone all there are: everybody may redeem at any outlet.
    """
    spells = _spells(period)
    people = _counted(spells, spells, [])
    if scope.zone is not None and scope.axis == Axis.HOLDER:
        people = people.where(spells.c.zone_id.in_(subtree_ids(scope.zone.id)))
    return Entitled(*session.execute(people).one())


def entitled_by(session: Session, period: Span, employer_id: int) -> Entitled:
    """The entitled holders of one employer, wherever it stood."""
    spells = _spells(period)
    people = _counted(spells, spells, []).where(spells.c.enterprise_id == employer_id)
    return Entitled(*session.execute(people).one())


def entitled_at(session: Session, period: Span) -> Mapping[tuple[int, int], Entitled]:
    """The entitled holders of each buyer of ``tables.Tables.flows``: everybody, each zone with all below it,
    each employer in its zone.

    Whoever changed the employer counts at both, and once in what has both in it.
    """
    spells, line, everything = _spells(period), lineage(), literal(EVERYWHERE_ID)
    above = spells.join(line, line.c.zone_id == spells.c.zone_id)
    levels: list[tuple[FromClause, list[ColumnElement[int]]]] = [
        (spells, [everything, everything]),
        (above, [line.c.ancestor_id, everything]),
        (spells, [spells.c.zone_id, spells.c.enterprise_id]),
    ]
    found: dict[tuple[int, int], Entitled] = {}
    for source, keys in levels:
        for zone_id, enterprise_id, *people in session.execute(_counted(spells, source, keys)):
            found[zone_id, enterprise_id] = Entitled(*people)
    return {node: people for node, people in found.items() if people.holders}


def _counted(
    spells: Subquery, source: FromClause, keys: list[ColumnElement[int]]
) -> Select[*tuple[Any, ...]]:
    holder_id = spells.c.holder_id
    activated = func.count(distinct(case((spells.c.activated, holder_id))))
    # No database takes a constant in GROUP BY for what it is.
    varying = [key for key in keys if not hasattr(key, "value")]
    return select(*keys, func.count(distinct(holder_id)), activated).select_from(source).group_by(*varying)


def _spells(period: Span) -> Subquery:
    """Each holder with each employer of the period, and with each zone where that stood meanwhile.

    Days have a day in common when each two of them have: no three-way comparison is needed.
    """
    first, last = period
    after = last + timedelta(days=1)
    end = start_of(after)
    placed = enterprise_spells()
    worker_id = func.coalesce(Holder.sponsor_id, Holder.id)
    works = and_(
        Employment.starts_on <= last,
        Employment.starts_on < func.coalesce(Employment.ends_on, after),
        or_(Employment.ends_on.is_(None), Employment.ends_on > first),
    )
    stands = and_(
        placed.c.starts_on <= last,
        or_(placed.c.ends_on.is_(None), placed.c.ends_on > first),
        or_(Employment.ends_on.is_(None), placed.c.starts_on < Employment.ends_on),
        or_(placed.c.ends_on.is_(None), placed.c.ends_on > Employment.starts_on),
    )
    came, went = business_day(Holder.created_at), business_day(DependantRemoval.at)
    belongs = and_(
        Holder.created_at < end,
        or_(Employment.ends_on.is_(None), came < Employment.ends_on),
        or_(placed.c.ends_on.is_(None), came < placed.c.ends_on),
        or_(
            DependantRemoval.at.is_(None),
            # On the day of the removal they may have redeemed before it.
            and_(
                DependantRemoval.at >= start_of(first),
                went >= Employment.starts_on,
                went >= placed.c.starts_on,
            ),
        ),
    )
    issued = select(Pass.holder_id).where(Pass.issued_at < end)
    return (
        select(
            Holder.id.label("holder_id"),
            placed.c.enterprise_id,
            placed.c.zone_id,
            Holder.id.in_(issued).label("activated"),
        )
        .join(Employment, and_(Employment.holder_id == worker_id, works))
        .join(placed, and_(placed.c.enterprise_id == Employment.enterprise_id, stands))
        .outerjoin(DependantRemoval, DependantRemoval.holder_id == Holder.id)
        .where(or_(Holder.sponsor_id.is_(None), belongs))
        .subquery("entitled")
    )


class business_day(FunctionElement[Any]):
    """The business date of a moment, in SQL."""

    name = "business_day"
    type = Date()
    inherit_cache = True


@compiles(business_day, "postgresql")
def _in_postgresql(element: business_day, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kwargs)} AT TIME ZONE '{SHANGHAI.key}' AS DATE)"


@compiles(business_day, "sqlite")
def _in_sqlite(element: business_day, compiler: SQLCompiler, **kwargs: Any) -> str:
    # It knows no zones. Shanghai's clocks have been eight hours ahead since before there was an alliance.
    return f"date({compiler.process(element.clauses, **kwargs)}, '+8 hours')"
