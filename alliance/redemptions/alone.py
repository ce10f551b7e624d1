"""不与其他优惠同享: of one scan, an exclusive offer is redeemed alone."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from alliance.offers.conditions import read_conditions
from alliance.offers.models import OfferRevision
from alliance.redemptions.models import Redemption, Reversal, Scan
from alliance.redemptions.standing import Granted
from alliance.refused import Reason, Refused

#: The offer and the conditions of each redemption of a scan that stands.
STANDING: Select[UUID, dict[str, Any]] = (
    select(Redemption.offer_id, OfferRevision.conditions)
    .join(
        OfferRevision,
        (OfferRevision.merchant_id == Redemption.merchant_id) & (OfferRevision.id == Redemption.revision_id),
    )
    .where(
        ~exists().where(
            Reversal.merchant_id == Redemption.merchant_id,
            Reversal.redemption_id == Redemption.id,
            Reversal.uses == -1,
        )
    )
)


def check_alone(session: Session, scan: Scan, granted: Granted) -> None:
    """Lock a scan, and look what has been redeemed of it. Raises Refused(offer_exclusive).

    Only a scan with an exclusive offer beside others is looked at; its redemptions take turns here, so that
    two at once cannot miss each other.
    """
    this = (Scan.merchant_id == scan.merchant_id, Scan.id == scan.id)
    session.execute(select(Scan.id).where(*this).with_for_update(key_share=True))
    here = (Redemption.merchant_id == scan.merchant_id, Redemption.scan_id == scan.id)
    for offer_id, conditions in session.execute(STANDING.where(*here)):
        is_alone = granted.conditions.exclusive or read_conditions(conditions).exclusive
        if is_alone and offer_id != granted.offer_id:
            raise Refused(Reason.OFFER_EXCLUSIVE)
