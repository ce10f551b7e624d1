"""Limits: taken by one conditional statement each, never by looking first and writing later.

A limit counts the uses made under revisions that set it. Counters are locked in one order, the holder's
first and the offer's total (the contended one) last, so that two redemptions can never wait in a circle.
"""

from sqlalchemy import update
from sqlalchemy.orm import Session

from alliance.offers.live import TOTAL, holder_scope
from alliance.offers.models import LimitCounter, OfferRevision
from alliance.refused import Reason, Refused
from alliance.store import dialect_insert, wrote


def take(session: Session, revision: OfferRevision, holder_id: int) -> None:
    """Count one use against every limit of the revision.

    Raises Refused(limit_holder or limit_total) when nothing is left; the transaction must then end.
    """
    for scope, limit, reason in _limits(revision, holder_id):
        upsert = dialect_insert(session, LimitCounter).values(
            merchant_id=revision.merchant_id, offer_id=revision.offer_id, scope=scope, used=1
        )
        one_more = upsert.on_conflict_do_update(
            index_elements=["merchant_id", "offer_id", "scope"],
            set_={"used": LimitCounter.used + 1},
            where=LimitCounter.used < limit,
        )
        if not wrote(session, one_more):
            raise Refused(reason, limit=limit)


def give_back(session: Session, revision: OfferRevision, holder_id: int) -> None:
    """Undo one ``take``."""
    for scope, _, _ in _limits(revision, holder_id):
        session.execute(
            update(LimitCounter)
            .where(
                LimitCounter.merchant_id == revision.merchant_id,
                LimitCounter.offer_id == revision.offer_id,
                LimitCounter.scope == scope,
            )
            .values(used=LimitCounter.used - 1)
        )


def _limits(revision: OfferRevision, holder_id: int) -> list[tuple[str, int, Reason]]:
    limits = (
        (holder_scope(holder_id), revision.limit_holder, Reason.LIMIT_HOLDER),
        (TOTAL, revision.limit_total, Reason.LIMIT_TOTAL),
    )
    return [(scope, limit, reason) for scope, limit, reason in limits if limit is not None]
