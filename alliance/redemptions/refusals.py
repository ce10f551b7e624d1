"""The memory of refusals: what a merchant can look up when a customer asks why."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from alliance.redemptions.counter import Counter
from alliance.redemptions.models import RefusedAttempt
from alliance.refused import Refused


def remember(
    session: Session, counter: Counter, refused: Refused, at: datetime, request_id: UUID | None = None
) -> None:
    """Write down a refusal, in a transaction of its own: the refused one has been rolled back."""
    session.add(
        RefusedAttempt(
            merchant_id=counter.merchant_id,
            outlet_id=counter.outlet_id,
            at=at,
            reason=refused.reason,
            request_id=request_id,
            account_id=counter.account_id,
            token_id=counter.token_id,
        )
    )
