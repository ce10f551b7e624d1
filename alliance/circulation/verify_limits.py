"""Verification of limits: each counter is what the facts say, and no counter granted more than it had.

Both go through the facts offer by offer, so that memory holds the counters of one offer at a time.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, cast, func, select, union
from sqlalchemy.orm import Session

from alliance.circulation.findings import Finding, compare, walk
from alliance.offers.limits import Count, Limits, add_up, counts, moment_of, read_limits
from alliance.offers.models import LimitCounter, OfferRevision
from alliance.redemptions.models import Channel, Redemption, Reversal
from alliance.redemptions.uses import USE_COLUMNS, use_of


def limit_counters(session: Session) -> Iterator[Finding]:
    """Each counter equals what the standing uses make it, imported ones included."""
    for offer in _offers(session):
        counted: dict[str, int] = {}
        for _, found in _standing(session, *offer):
            add_up(counted, found)
        here = (LimitCounter.merchant_id == offer[0], LimitCounter.offer_id == offer[1])
        stored = dict(session.execute(select(LimitCounter.scope, LimitCounter.used).where(*here)).all())
        for scope in sorted(counted.keys() | stored.keys()):
            # A counter of which everything was given back is 0, one that was never used is not there.
            yield from compare(
                "limit_counter", _subject(*offer, scope), stored.get(scope, 0), counted.get(scope, 0)
            )


def limits_exceeded(session: Session) -> Iterator[Finding]:
    """What stands of the uses that a limit could have refused does not exceed it.

    Imported facts are not asked: they have happened, and are counted whatever the limit. The ceiling of a
    counter is the highest among the revisions of its standing uses: the last of these to be taken saw all
    the others in the counter, and its own revision allowed it. Two uses of a holder lie apart by the
    cool-down of the later one's revision.
    """
    for offer in _offers(session):
        used: dict[str, int] = {}
        ceilings: dict[str, int] = defaultdict(int)
        moments: dict[str, list[Count]] = defaultdict(list)
        for channel, found in _standing(session, *offer):
            if channel == Channel.IMPORT:
                continue
            add_up(used, found)
            for count in found:
                ceilings[count.scope] = max(ceilings[count.scope], count.ceiling)
                if count.is_moment:
                    moments[count.scope].append(count)
        for scope in sorted(used.keys() - moments.keys()):
            if used[scope] > ceilings[scope]:
                yield Finding("limit_exceeded", _subject(*offer, scope), used[scope], f"≤ {ceilings[scope]}")
        for scope in sorted(moments):
            yield from _too_soon(_subject(*offer, scope), moments[scope])


def _too_soon(subject: str, uses: list[Count]) -> Iterator[Finding]:
    uses.sort(key=lambda count: count.amount)
    for earlier, later in pairwise(uses):
        if earlier.amount > later.ceiling:
            again = moment_of(earlier.amount + later.amount - later.ceiling)
            yield Finding("limit_exceeded", subject, moment_of(later.amount), f"≥ {again}")


def _subject(merchant_id: int, offer_id: UUID, scope: str) -> str:
    return f"merchant {merchant_id} offer {offer_id} {scope}"


def _offers(session: Session) -> list[tuple[int, UUID]]:
    """The offers that have a counter, or a revision with a limit."""
    counted = select(LimitCounter.merchant_id, LimitCounter.offer_id)
    limited = select(OfferRevision.merchant_id, OfferRevision.offer_id).where(
        cast(OfferRevision.limits, String) != "{}"
    )
    rows = session.execute(union(counted, limited))
    return sorted((merchant_id, offer_id) for merchant_id, offer_id in rows)


def _standing(session: Session, merchant_id: int, offer_id: UUID) -> Iterator[tuple[Channel, list[Count]]]:
    """The channel of each redemption of an offer, and what stands of it in the counters."""
    limits = _limits(session, merchant_id, offer_id)
    given_back = (
        select(
            Reversal.redemption_id,
            func.sum(Reversal.discount_fen).label("discount_fen"),
            func.sum(Reversal.uses).label("uses"),
        )
        .where(Reversal.merchant_id == merchant_id)
        .group_by(Reversal.redemption_id)
        .subquery()
    )
    back = (func.coalesce(given_back.c.discount_fen, 0), func.coalesce(given_back.c.uses, 0))
    rows = walk(
        session,
        select(
            Redemption.revision_id,
            Redemption.channel,
            *(getattr(Redemption, name) for name in USE_COLUMNS),
            *(column.label(name) for column, name in zip(back, ("discount_back", "uses_back"), strict=True)),
        )
        .outerjoin(given_back, given_back.c.redemption_id == Redemption.id)
        .where(and_(Redemption.merchant_id == merchant_id, Redemption.offer_id == offer_id)),
    )
    for row in rows:
        if row.uses_back == 0 and row.revision_id in limits:
            yield row.channel, counts(limits[row.revision_id], use_of(_less(row._asdict())))


def _less(row: dict[str, Any]) -> dict[str, Any]:
    """A redemption without the discount that its refunds have given back."""
    return row | {"discount_fen": row["discount_fen"] + int(row["discount_back"])}


def _limits(session: Session, merchant_id: int, offer_id: UUID) -> dict[UUID, Limits]:
    rows = session.execute(
        select(OfferRevision.id, OfferRevision.limits).where(
            OfferRevision.merchant_id == merchant_id, OfferRevision.offer_id == offer_id
        )
    )
    return {id_: read_limits(limits) for id_, limits in rows if limits}
