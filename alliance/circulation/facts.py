"""The facts as signed rows: a redemption adds its amounts, a reversal takes away what it gave back.

A redemption is counted with the employer and in the zones that it has frozen, unless it was restated.
"""

from collections.abc import Iterable
from datetime import date
from typing import TypeVarTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)

from alliance.circulation.restated import RestatedFact
from alliance.circulation.scope import EVERYWHERE, EVERYWHERE_ID, Axis, Scope
from alliance.redemptions.models import Redemption, Reversal
from alliance.zones.tree import lineage, subtree_ids

Columns = TypeVarTuple("Columns")

#: A span of business dates, both ends included.
Span = tuple[date, date]

#: The sums that every table of figures holds. Amounts in 分.
SUMS = ("redemptions", "gross_fen", "discount_fen", "paid_fen")
#: What of a redemption may be restated.
HELD = ("employer_id", "employer_zone_id", "outlet_zone_id")
#: The column of the facts with the zone on an axis.
ZONE_OF_AXIS = {Axis.OUTLET: "outlet_zone_id", Axis.HOLDER: "employer_zone_id"}


def signed_facts(spans: Iterable[Span], scope: Scope = EVERYWHERE) -> Subquery:
    """Redemptions and reversals within ``spans`` and ``scope``.

    Columns: the frozen dimensions of the redemption, ``business_date``, ``redemptions`` (1 for a redemption,
    −1 for the reversal that leaves nothing of it, else 0) and the amounts in 分 (negative on reversals).
    """
    spans = list(spans)
    dimensions = (
        Redemption.merchant_id,
        Redemption.outlet_id,
        Redemption.offer_id,
        Redemption.holder_id,
        *(held(name).label(name) for name in HELD),
    )
    redeemed = select(
        *dimensions,
        Redemption.business_date,
        literal(1).label("redemptions"),
        *(getattr(Redemption, name) for name in SUMS[1:]),
    ).where(within(Redemption.business_date, spans))
    redeemed = with_restated(redeemed)
    reversed_ = (
        select(
            *dimensions,
            Reversal.business_date,
            Reversal.uses.label("redemptions"),
            *(getattr(Reversal, name) for name in SUMS[1:]),
        )
        .join(
            Redemption,
            (Redemption.merchant_id == Reversal.merchant_id) & (Redemption.id == Reversal.redemption_id),
        )
        .where(within(Reversal.business_date, spans))
    )
    reversed_ = with_restated(reversed_)
    if scope.zone is not None:
        zone = held(ZONE_OF_AXIS[scope.axis])
        below = subtree_ids(scope.zone.id)
        redeemed, reversed_ = redeemed.where(zone.in_(below)), reversed_.where(zone.in_(below))
    return union_all(redeemed, reversed_).subquery("facts")


def held(name: str) -> ColumnElement[int]:
    """What a redemption is counted with: one of ``HELD``."""
    return func.coalesce(getattr(RestatedFact, name), getattr(Redemption, name))


def with_restated(query: Select[*Columns]) -> Select[*Columns]:
    """A SELECT from redemptions in which ``held`` may be used."""
    return query.outerjoin(
        RestatedFact,
        (RestatedFact.merchant_id == Redemption.merchant_id) & (RestatedFact.redemption_id == Redemption.id),
    )


def at_one_node(facts: Subquery) -> Subquery:
    """``facts`` with the column ``node``, the same for all."""
    return select(literal(EVERYWHERE_ID).label("node"), *facts.c).subquery("at_node")


def at_each_node(facts: Subquery, axis: Axis) -> Subquery:
    """``facts`` once for each zone to which they belong on ``axis``, whose id is the column ``node``."""
    line = lineage()
    return (
        select(line.c.ancestor_id.label("node"), *facts.c)
        .join(line, line.c.zone_id == facts.c[ZONE_OF_AXIS[axis]])
        .subquery("at_nodes")
    )


def within(column: SQLColumnExpression[date], spans: Iterable[Span]) -> ColumnElement[bool]:
    """The condition that a date lies in one of the spans; false for none."""
    return or_(false(), *(column.between(*span) for span in spans))


def total(column: ColumnElement[int]) -> ColumnElement[int]:
    """A sum that is 0 over no rows, and an integer on both databases (PostgreSQL sums bigint to numeric)."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)
