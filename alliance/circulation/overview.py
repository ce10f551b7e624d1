"""Zone × month: what was sold in each zone, month by month, with the distinct holders of each month."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.coverage import derived_periods
from alliance.circulation.facts import SUMS, Span
from alliance.circulation.models import PeriodFlow
from alliance.circulation.periods import PeriodKind, containing, custom, months_of
from alliance.circulation.tables import EVERYBODY, Cell, tables


def overview(session: Session, span: Span) -> Mapping[tuple[int, date], Cell]:
    """(zone, first day of a month) → what was sold in the zone and below it, in each whole month of the span.

    The zone 0 is everywhere; a zone without a fact in a month is not there. Months that have been derived are
    read at once, by the margin alone; the others as ``tables`` has them. Raises ValueError for a span that is
    no period. Run it inside ``store.one_snapshot``.
    """
    derived = {each.first for each in derived_periods(session, span) if each.kind == PeriodKind.MONTH}
    months = months_of(custom(*span))
    columns = [getattr(PeriodFlow, name) for name in (*SUMS, "holders", "is_hidden")]
    stored = select(PeriodFlow.seller_zone_id, PeriodFlow.first_day, *columns).where(
        PeriodFlow.kind == PeriodKind.MONTH,
        PeriodFlow.first_day.in_([month for month in months if month in derived]),
        PeriodFlow.buyer_zone_id == EVERYBODY[0],
        PeriodFlow.employer_id == EVERYBODY[1],
        PeriodFlow.merchant_id == 0,
    )
    found = {(zone_id, month): Cell(*cell) for zone_id, month, *cell in session.execute(stored)}
    for month in months:
        if month not in derived:
            flows = tables(session, containing(PeriodKind.MONTH, month)).flows
            sold = {seller: cell for (buyer, seller), cell in flows.items() if buyer == EVERYBODY}
            found |= {
                (zone_id, month): cell for (zone_id, merchant_id), cell in sold.items() if not merchant_id
            }
    return found
