"""What could be redeemed in a period: which offers were live, whose they were, how much of them was used."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from alliance.circulation.coverage import derived_periods
from alliance.circulation.facts import Span, signed_facts, total
from alliance.circulation.models import PeriodFlow
from alliance.circulation.scope import EVERYWHERE, Axis, Scope
from alliance.clock import business_date, start_of
from alliance.enterprises.placement import outlet_spells
from alliance.offers.limits import read_limits
from alliance.offers.models import (
    OfferApproval,
    OfferPause,
    OfferRevision,
    OfferRevisionOutlet,
    OfferWithdrawal,
)
from alliance.redemptions.models import Redemption, Reversal
from alliance.zones.tree import subtree_ids

#: A merchant and one of its offers.
OfferKey = tuple[int, UUID]
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class LiveRevision:
    """A revision, and the days of the period on which it could be redeemed, both included."""

    merchant_id: int
    offer_id: UUID
    id: UUID
    number: int
    limits: Mapping[str, Any]
    first: date
    last: date


@dataclass(frozen=True)
class Quota:
    """What an offer may be used in all, in uses or in pieces, and how much of it was used by a day."""

    quota: int
    used: int


def live_revisions(session: Session, period: Span, scope: Scope = EVERYWHERE) -> list[LiveRevision]:
    """The approved revisions that were live on a day of the period at an outlet of the scope.

    A revision is live from its approval to the approval of a later one or the withdrawal of its offer, on the
    days that it names, the days of those events included; on a day that was paused from morning to night it
    is not. By the holder's zone all count: everybody may redeem at any outlet.
    """
    pauses = _pauses(session, period)
    found = [
        each
        for each in _in_force(session, period)
        if _has_a_day(each, pauses[each.merchant_id, each.offer_id])
    ]
    places = _places(session, period, scope)
    bound = _bound_to(session, {each.id for each in found})
    return [each for each in found if _is_somewhere(each, bound.get(each.id), places[each.merchant_id])]


def live_merchants(live: Iterable[LiveRevision]) -> set[int]:
    """Whose offers were live."""
    return {each.merchant_id for each in live}


def active_merchants(session: Session, period: Span, scope: Scope = EVERYWHERE) -> set[int]:
    """The merchants of whom a redemption of the period stands in the scope."""
    whole = next((each for each in derived_periods(session, period) if each.span == period), None)
    if whole is None:
        facts = signed_facts([period], scope).c
        return set(
            session.scalars(
                select(facts.merchant_id).group_by(facts.merchant_id).having(total(facts.redemptions) > 0)
            )
        )
    by_holder = scope.axis == Axis.HOLDER
    cells = select(PeriodFlow.merchant_id).where(
        PeriodFlow.kind == whole.kind,
        PeriodFlow.first_day == whole.first,
        PeriodFlow.buyer_zone_id == (scope.zone_id if by_holder else 0),
        PeriodFlow.employer_id == 0,
        PeriodFlow.merchant_id != 0,
        PeriodFlow.redemptions > 0,
    )
    if scope.zone is not None and not by_holder:
        cells = cells.where(PeriodFlow.seller_zone_id.in_(subtree_ids(scope.zone.id)))
    return set(session.scalars(cells))


def quotas(session: Session, live: Iterable[LiveRevision], day: date) -> dict[OfferKey, Quota]:
    """Of each live offer with a quota: that of its last live revision, and what was used of it by ``day``.

    As the counters of ``offers.limits`` count: what stands of the uses under revisions with that limit. Of a
    quota of uses and one of pieces it is the one of which the larger part is used.
    """
    newest: dict[OfferKey, LiveRevision] = {}
    for each in sorted(live, key=lambda each: each.number):
        newest[each.merchant_id, each.offer_id] = each
    limits = {key: read_limits(dict(each.limits)) for key, each in newest.items()}
    limits = {key: found for key, found in limits.items() if found.total or found.units}
    used = _used(session, limits, day)
    found: dict[OfferKey, Quota] = {}
    for key, given in limits.items():
        choices = [
            Quota(quota, used[key, name])
            for name, quota in (("total", given.total), ("units", given.units))
            if quota
        ]
        found[key] = max(choices, key=lambda choice: choice.used / choice.quota)
    return found


def _in_force(session: Session, period: Span) -> list[LiveRevision]:
    """The revisions that were in force on a day of the period, wherever."""
    first, last = period
    offers: dict[OfferKey, list[Any]] = defaultdict(list)
    for row in session.execute(_approved(period)):
        offers[row.merchant_id, row.offer_id].append(row)
    found = []
    for rows in offers.values():
        superseded: datetime | None = None
        for row in sorted(rows, key=lambda row: -row.number):
            ends = [at for at in (superseded, row.withdrawn_at) if at is not None]
            begins = max(first, business_date(row.at), row.starts_on or first)
            until = min([last, row.ends_on or last, *map(business_date, ends)])
            if begins <= until and all(row.at < at for at in ends):
                key = (row.merchant_id, row.offer_id, row.id, row.number)
                found.append(LiveRevision(*key, row.limits, begins, until))
            superseded = row.at if superseded is None else min(superseded, row.at)
    return found


def _pauses(session: Session, period: Span) -> Mapping[OfferKey, list[Span]]:
    """The spans of days of the period on which offers were paused from morning to night."""
    first, last = period
    rows = session.execute(
        select(OfferPause.merchant_id, OfferPause.offer_id, OfferPause.at, OfferPause.resumed_at).where(
            OfferPause.at < start_of(last),
            or_(OfferPause.resumed_at.is_(None), OfferPause.resumed_at > start_of(first)),
        )
    )
    found: dict[OfferKey, list[Span]] = defaultdict(list)
    for merchant_id, offer_id, at, resumed_at in rows:
        until = business_date(resumed_at) - _ONE_DAY if resumed_at else last
        found[merchant_id, offer_id].append((business_date(at) + _ONE_DAY, until))
    return found


def _has_a_day(each: LiveRevision, pauses: list[Span]) -> bool:
    """Whether there is a day left on which it was not paused."""
    day = each.first
    for begins, until in sorted(pauses):
        if day < begins:
            return True
        day = max(day, until + _ONE_DAY)
    return day <= each.last


def _approved(period: Span) -> Select[*tuple[Any, ...]]:
    """What was approved before the period's end, of offers not withdrawn before it."""
    first, last = period
    own = OfferWithdrawal.merchant_id == OfferRevision.merchant_id
    return (
        select(
            OfferRevision.merchant_id,
            OfferRevision.offer_id,
            OfferRevision.id,
            OfferRevision.number,
            OfferRevision.limits,
            OfferRevision.starts_on,
            OfferRevision.ends_on,
            OfferApproval.at,
            OfferWithdrawal.at.label("withdrawn_at"),
        )
        .join(
            OfferApproval,
            (OfferApproval.merchant_id == OfferRevision.merchant_id)
            & (OfferApproval.revision_id == OfferRevision.id),
        )
        .outerjoin(OfferWithdrawal, own & (OfferWithdrawal.offer_id == OfferRevision.offer_id))
        .where(
            OfferApproval.at < start_of(last + _ONE_DAY),
            or_(OfferWithdrawal.at.is_(None), OfferWithdrawal.at >= start_of(first)),
        )
    )


#: An outlet, and the days on which it stood in the scope: from the first, until before the second.
_Stay = tuple[UUID, date, date | None]


def _places(session: Session, period: Span, scope: Scope) -> Mapping[int, list[_Stay]]:
    """The outlets in the scope during the period, by merchant."""
    first, last = period
    stays = outlet_spells()
    rows = select(stays.c.merchant_id, stays.c.outlet_id, stays.c.starts_on, stays.c.ends_on).where(
        stays.c.starts_on <= last, or_(stays.c.ends_on.is_(None), stays.c.ends_on > first)
    )
    if scope.zone is not None and scope.axis == Axis.OUTLET:
        rows = rows.where(stays.c.zone_id.in_(subtree_ids(scope.zone.id)))
    found: defaultdict[int, list[_Stay]] = defaultdict(list)
    for merchant_id, *stay in session.execute(rows):
        found[merchant_id].append((stay[0], stay[1], stay[2]))
    return found


def _bound_to(session: Session, revisions: Set[UUID]) -> Mapping[UUID, Set[UUID]]:
    """The outlets of those revisions that do not hold at all outlets of their merchant."""
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    rows = select(OfferRevisionOutlet.revision_id, OfferRevisionOutlet.outlet_id)
    for revision_id, outlet_id in session.execute(rows):
        if revision_id in revisions:
            found[revision_id].add(outlet_id)
    return found


def _is_somewhere(each: LiveRevision, only: Set[UUID] | None, stays: Collection[_Stay]) -> bool:
    return any(
        (only is None or outlet_id in only) and begins <= each.last and (until is None or until > each.first)
        for outlet_id, begins, until in stays
    )


def _used(session: Session, offers: Collection[OfferKey], day: date) -> Mapping[tuple[OfferKey, str], int]:
    """By offer and limit (``total``, ``units``): what stands of its uses by ``day``."""
    used: defaultdict[tuple[OfferKey, str], int] = defaultdict(int)
    if not offers:
        return used
    of_offers = tuple_(Redemption.merchant_id, Redemption.offer_id).in_(list(offers))
    redeemed = select(
        Redemption.merchant_id,
        Redemption.offer_id,
        Redemption.revision_id,
        func.count().label("uses"),
        func.sum(Redemption.quantity).label("pieces"),
    )
    given_back = select(
        Redemption.merchant_id,
        Redemption.offer_id,
        Redemption.revision_id,
        func.sum(Reversal.uses).label("uses"),
        func.sum(Reversal.uses * Redemption.quantity).label("pieces"),
    ).join(
        Reversal,
        (Reversal.merchant_id == Redemption.merchant_id) & (Reversal.redemption_id == Redemption.id),
    )
    grain = (Redemption.merchant_id, Redemption.offer_id, Redemption.revision_id)
    both = union_all(
        *(
            query.where(of_offers, Redemption.business_date <= day).group_by(*grain)
            for query in (redeemed, given_back)
        )
    )
    limits = _limits_of(session, offers)
    for merchant_id, offer_id, revision_id, uses, pieces in session.execute(both):
        given, key = limits[revision_id], (merchant_id, offer_id)
        used[key, "total"] += int(uses) if "total" in given else 0
        used[key, "units"] += int(pieces) if "units" in given else 0
    return used


def _limits_of(session: Session, offers: Collection[OfferKey]) -> Mapping[UUID, Mapping[str, Any]]:
    of_offers = tuple_(OfferRevision.merchant_id, OfferRevision.offer_id).in_(list(offers))
    return dict(session.execute(select(OfferRevision.id, OfferRevision.limits).where(of_offers)).all())
