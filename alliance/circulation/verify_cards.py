"""Verification of printed cards: what was paid with them in a day is what the facts say."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alliance.circulation.findings import Finding, compare, walk
from alliance.redemptions.models import CardSpending, Redemption, Reversal, Scan


def card_spendings(session: Session) -> Iterator[Finding]:
    """Each counter of the daily ceiling equals the facts whose scan was of a card, less what was given back.

    The ceiling itself is a setting of today, so whether it was kept on a day of the past nobody can say.
    """
    back = (
        select(Reversal.merchant_id, Reversal.redemption_id, func.sum(Reversal.paid_fen).label("paid_fen"))
        .group_by(Reversal.merchant_id, Reversal.redemption_id)
        .subquery()
    )
    paid = func.sum(Redemption.paid_fen + func.coalesce(back.c.paid_fen, 0))
    rows = walk(
        session,
        select(Redemption.holder_id, Redemption.business_date, paid)
        .join(Scan, (Scan.merchant_id == Redemption.merchant_id) & (Scan.id == Redemption.scan_id))
        .outerjoin(
            back, (back.c.merchant_id == Redemption.merchant_id) & (back.c.redemption_id == Redemption.id)
        )
        .where(Scan.card_id.is_not(None))
        .group_by(Redemption.holder_id, Redemption.business_date),
    )
    counted = {(holder_id, day): int(fen) for holder_id, day, fen in rows}
    stored = {
        (row.holder_id, row.business_date): row.used_fen for (row,) in walk(session, select(CardSpending))
    }
    for key in sorted(counted.keys() | stored.keys()):
        # A day of which everything was given back is 0, one without a card is not there.
        subject = f"holder {key[0]} on {key[1]}"
        yield from compare("card_spending", subject, stored.get(key, 0), counted.get(key, 0))
