"""The memory of refusals: what a merchant can look up when a customer asks why."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from alliance.clock import start_of
from alliance.enterprises.models import Outlet
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import RefusedAttempt
from alliance.refused import Refused


def remember(
    session: Session, counter: Counter, refused: Refused, at: datetime, request_id: UUID | None = None
) -> None:
    """Write down a refusal, in a transaction of its own: the refused one has been rolled back.

    Only an ``UnknownCode`` goes with the transaction that it was made in, because it counts itself there.
    """
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


def refusals(
    merchant_id: int, outlet_id: UUID | None = None, first: date | None = None, last: date | None = None
) -> Select[RefusedAttempt, str, str]:
    """A SELECT of a merchant's refused attempts with code and name of the outlet, the newest first.

    Of one outlet where it is given, and of the days in Shanghai from ``first`` to ``last``, both included.
    """
    at_outlet = and_(Outlet.merchant_id == RefusedAttempt.merchant_id, Outlet.id == RefusedAttempt.outlet_id)
    wanted = (
        select(RefusedAttempt, Outlet.code, Outlet.name)
        .join(Outlet, at_outlet)
        .where(RefusedAttempt.merchant_id == merchant_id)
        .order_by(RefusedAttempt.at.desc(), RefusedAttempt.id.desc())
    )
    if outlet_id is not None:
        wanted = wanted.where(RefusedAttempt.outlet_id == outlet_id)
    if first is not None:
        wanted = wanted.where(RefusedAttempt.at >= start_of(first))
    if last is not None:
        wanted = wanted.where(RefusedAttempt.at < start_of(last + timedelta(days=1)))
    return wanted
