"""How many people of each zone and of each employer redeemed in a month, at everybody's outlets."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.coverage import derived_periods
from alliance.circulation.models import PeriodFlow
from alliance.circulation.periods import Period
from alliance.circulation.tables import EVERYBODY, Node, tables


@dataclass(frozen=True)
class Buyers:
    """Distinct holders; what ``is_hidden`` is for the data officer only."""

    holders: int
    is_hidden: bool


def buyers_of(session: Session, month: Period) -> Mapping[Node, Buyers]:
    """By zone with all below it, and by employer in a zone: the column of everybody in the table of flows.

    Run it inside ``store.one_snapshot``.
    """
    if month not in derived_periods(session, month.span):
        flows = tables(session, month).flows
        return {
            buyer: Buyers(cell.holders or 0, cell.is_hidden)
            for (buyer, seller), cell in flows.items()
            if seller == EVERYBODY
        }
    cell = PeriodFlow
    of_month = (cell.kind == month.kind, cell.first_day == month.first)
    rows = session.execute(
        select(cell.buyer_zone_id, cell.employer_id, cell.holders, cell.is_hidden).where(
            *of_month, cell.seller_zone_id == EVERYBODY[0], cell.merchant_id == EVERYBODY[1]
        )
    )
    return {
        (zone_id, employer_id): Buyers(holders or 0, hides) for zone_id, employer_id, holders, hides in rows
    }
