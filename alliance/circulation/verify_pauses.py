"""Verification of pauses: nothing was redeemed of a scan that was made while its offer was paused."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.findings import Finding, walk
from alliance.offers.models import OfferPause
from alliance.redemptions.models import Redemption, Scan
from alliance.store import STATEMENT_TIMEOUT_SECONDS

#: A scan and a pause that meet: either may have looked at its clock before it waited for the other, and no
#: request waits longer than this.
GRACE = timedelta(seconds=STATEMENT_TIMEOUT_SECONDS)


def redemptions_of_pauses(session: Session) -> Iterator[Finding]:
    """No redemption was made of a scan from within a pause of its offer.

    A scan from before the pause has frozen the offer and may be redeemed while it lasts.
    """
    for pause in session.scalars(select(OfferPause).order_by(OfferPause.merchant_id, OfferPause.id)).all():
        rows = (
            select(Redemption.id, Scan.at)
            .join(Scan, (Scan.merchant_id == Redemption.merchant_id) & (Scan.id == Redemption.scan_id))
            .where(
                Redemption.merchant_id == pause.merchant_id,
                Redemption.offer_id == pause.offer_id,
                Scan.at > pause.at + GRACE,
            )
        )
        if pause.resumed_at is not None:
            rows = rows.where(Scan.at < pause.resumed_at - GRACE)
        for id_, scanned_at in walk(session, rows):
            span = f"not from {pause.at} until {pause.resumed_at}"
            yield Finding("redemption_of_pause", f"redemption {id_}", scanned_at, span)
