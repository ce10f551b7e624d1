"""The facts as signed rows: a redemption adds its amounts, a reversal takes away what it gave back."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import (
    BigInteger,
    ColumnElement,
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

from alliance.redemptions.models import Redemption, Reversal
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids

#: A span of business dates, both ends included.
Span = tuple[date, date]


def signed_facts(spans: Iterable[Span], zone: Zone | None = None) -> Subquery:
    """Redemptions and reversals within ``spans``, at outlets below ``zone``.

    Columns: the frozen dimensions of the redemption, ``business_date``, ``redemptions`` (1 for a redemption,
    −1 for the reversal that leaves nothing of it, else 0) and the amounts in 分 (negative on reversals).
    """
    spans = list(spans)
    amounts = ("gross_fen", "discount_fen", "paid_fen")
    dimensions = (
        Redemption.merchant_id,
        Redemption.outlet_id,
        Redemption.outlet_zone_id,
        Redemption.employer_id,
        Redemption.employer_zone_id,
        Redemption.holder_id,
    )
    redeemed = select(
        *dimensions,
        Redemption.business_date,
        literal(1).label("redemptions"),
        *(getattr(Redemption, name) for name in amounts),
    ).where(within(Redemption.business_date, spans))
    reversed_ = (
        select(
            *dimensions,
            Reversal.business_date,
            Reversal.uses.label("redemptions"),
            *(getattr(Reversal, name) for name in amounts),
        )
        .join(
            Redemption,
            (Redemption.merchant_id == Reversal.merchant_id) & (Redemption.id == Reversal.redemption_id),
        )
        .where(within(Reversal.business_date, spans))
    )
    if zone is not None:
        below = subtree_ids(zone.id)
        redeemed = redeemed.where(Redemption.outlet_zone_id.in_(below))
        reversed_ = reversed_.where(Redemption.outlet_zone_id.in_(below))
    return union_all(redeemed, reversed_).subquery("facts")


def within(column: SQLColumnExpression[date], spans: Iterable[Span]) -> ColumnElement[bool]:
    """The condition that a date lies in one of the spans; false for none."""
    return or_(false(), *(column.between(*span) for span in spans))


def total(column: ColumnElement[int]) -> ColumnElement[int]:
    """A sum that is 0 over no rows, and an integer on both databases (PostgreSQL sums bigint to numeric)."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)
