"""Which offers a period had: those live on a day of it, and those with a redemption in it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from alliance.circulation.periods import Period
from alliance.circulation.tables import OfferKey
from alliance.clock import start_of
from alliance.enterprises.placement import enterprise_zone_on
from alliance.offers.counters import Remaining, remaining
from alliance.offers.limits import read_limits
from alliance.offers.models import Offer, OfferApproval, OfferRevision, OfferWithdrawal
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids

#: The limits that are a quota, the one that says most first.
QUOTAS = ("total", "units")


@dataclass(frozen=True)
class OfferOfPeriod:
    """An offer in the revision that was approved last. Uses, or pieces, of its quota; None without one."""

    merchant_id: int
    id: UUID
    code: str
    title: str
    quota: int | None
    left: int | None

    @property
    def used(self) -> int | None:
        """How much of the quota has been used ever."""
        return None if self.quota is None or self.left is None else self.quota - self.left


def offers_of(
    session: Session, period: Period, zone: Zone | None, redeemed: Collection[OfferKey]
) -> list[OfferOfPeriod]:
    """The offers of merchants in the zone and below (None: all), as (merchant, offer) in order.

    Where a merchant stood is asked for the last day of the period.
    """
    query = _approved()
    if zone is not None:
        standing = enterprise_zone_on(period.last, OfferRevision.merchant_id)
        query = query.where(standing.in_(subtree_ids(zone.id)))
    found: dict[OfferKey, tuple[OfferRevision, str]] = {}
    for revision, code in session.execute(query):
        found[revision.merchant_id, revision.offer_id] = (revision, code)
    was_live = {tuple(row) for row in session.execute(_live(period))}
    kept = [each for key, each in found.items() if key in was_live or key in redeemed]
    left = remaining(session, [revision for revision, _code in kept])
    return [_offer(revision, code, rest) for (revision, code), rest in zip(kept, left, strict=True)]


def _offer(revision: OfferRevision, code: str, rest: Remaining) -> OfferOfPeriod:
    limits = read_limits(revision.limits).given()
    limit = next((name for name in QUOTAS if name in limits), None)
    quota, left = (limits[limit], rest.left[limit]) if limit else (None, None)
    return OfferOfPeriod(revision.merchant_id, revision.offer_id, code, revision.title, quota, left)


def _approved() -> Select[OfferRevision, str]:
    """Every approved revision with its offer's code, the last one of an offer last."""
    is_offer = (Offer.merchant_id == OfferRevision.merchant_id) & (Offer.id == OfferRevision.offer_id)
    return (
        select(OfferRevision, Offer.code)
        .join(Offer, is_offer)
        .join(OfferApproval, _is_approval())
        .order_by(OfferRevision.merchant_id, OfferRevision.offer_id, OfferRevision.number)
    )


def _live(period: Period) -> Select[int, UUID]:
    """(merchant, offer) of what was approved and within its days on a day of the period."""
    first, end = start_of(period.first), start_of(period.last + timedelta(days=1))
    withdrawn_before = exists().where(
        OfferWithdrawal.merchant_id == OfferRevision.merchant_id,
        OfferWithdrawal.offer_id == OfferRevision.offer_id,
        OfferWithdrawal.at < first,
    )
    return (
        select(OfferRevision.merchant_id, OfferRevision.offer_id)
        .join(OfferApproval, _is_approval())
        .where(
            OfferApproval.at < end,
            or_(OfferRevision.starts_on.is_(None), OfferRevision.starts_on <= period.last),
            or_(OfferRevision.ends_on.is_(None), OfferRevision.ends_on >= period.first),
            ~withdrawn_before,
        )
    )


def _is_approval() -> ColumnElement[bool]:
    return (OfferApproval.merchant_id == OfferRevision.merchant_id) & (
        OfferApproval.revision_id == OfferRevision.id
    )
