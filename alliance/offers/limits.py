"""Limits: taken by one conditional write each, never by looking first and writing later.

A limit counts the uses made under revisions that set it. Counters are locked in one order, the holder's
first and the offer's total (the contended one) last, so that two redemptions can never wait in a circle.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, update
from sqlalchemy.orm import Session

from alliance.chain import Link, Parameter
from alliance.offers.live import TOTAL, holder_scope
from alliance.offers.models import LimitCounter, OfferRevision
from alliance.refused import Reason, Refused


@dataclass(frozen=True)
class Limits:
    """What a revision allows at most; None is no limit."""

    total: int | None
    holder: int | None


def take(merchant_id: int, offer_id: UUID, limits: Limits, holder_id: int) -> list[Link]:
    """One use against every limit: the links of a chain, which refuse with limit_holder or limit_total."""
    key = {"merchant_id": merchant_id, "offer_id": offer_id}
    return [
        Link(
            LimitCounter,
            key | {"scope": scope, "used": 1},
            _one_more,
            partial(Refused, reason, limit=limit),
            besides={"room": limit - 1},
        )
        for scope, limit, reason in _limits(limits, holder_id)
    ]


def give_back(session: Session, revision: OfferRevision, holder_id: int) -> None:
    """Undo one ``take``."""
    for scope, _, _ in _limits(Limits(revision.limit_total, revision.limit_holder), holder_id):
        session.execute(
            update(LimitCounter)
            .where(
                LimitCounter.merchant_id == revision.merchant_id,
                LimitCounter.offer_id == revision.offer_id,
                LimitCounter.scope == scope,
            )
            .values(used=LimitCounter.used - 1)
        )


def _one_more(insert: Any, parameter: Parameter) -> Any:
    return insert.on_conflict_do_update(
        index_elements=["merchant_id", "offer_id", "scope"],
        set_={"used": LimitCounter.used + insert.excluded.used},
        where=LimitCounter.used <= parameter("room", BigInteger()),
    )


def _limits(revision: Limits, holder_id: int) -> list[tuple[str, int, Reason]]:
    limits = (
        (holder_scope(holder_id), revision.holder, Reason.LIMIT_HOLDER),
        (TOTAL, revision.total, Reason.LIMIT_TOTAL),
    )
    return [(scope, limit, reason) for scope, limit, reason in limits if limit is not None]
