"""The figures beside a report that do not come from facts alone: against people, merchants and quotas."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from alliance.circulation.coverage import derived_periods
from alliance.circulation.entitled import entitled, entitled_at
from alliance.circulation.facts import Span
from alliance.circulation.measures import share
from alliance.circulation.models import PeriodOffer
from alliance.circulation.periods import Period, PeriodKind, containing, custom, is_over, months_of
from alliance.circulation.report import SMALL_GROUP
from alliance.circulation.scope import EVERYWHERE_ID, Scope
from alliance.circulation.seen import SeenReport
from alliance.circulation.supply import OfferKey, active_merchants, live_merchants, live_revisions, quotas
from alliance.clock import month_of
from alliance.redemptions.models import Redemption


@dataclass(frozen=True)
class Around:
    """What a report stands against: who could have redeemed, what was offered. Shares as in ``Report``.

    ``offer_quota`` and ``quota_used`` add up uses, or pieces where an offer is limited by them. What each
    measure is, is in ``docs/metrics.md``.
    """

    entitled_holders: int
    activated_holders: int
    activation_rate: float | None
    participation_rate: float | None
    live_offers: int
    live_merchants: int
    live_merchants_redeemed: int
    active_merchant_rate: float | None
    offers_with_quota: int
    offer_quota: int
    quota_used: int
    take_up: float | None


#: What tells how many were active, and of how few people passes, and of how few uses.
_OF_ACTIVE = frozenset({"participation_rate", "live_merchants_redeemed", "active_merchant_rate"})
_OF_PASSES = frozenset({"activated_holders", "activation_rate"})
_OF_USES = frozenset({"quota_used", "take_up"})


def around(session: Session, period: Span, scope: Scope, active_holders: int) -> Around:
    """What stands around the report of the same period and scope, whose active holders are given.

    Run it inside the same ``store.one_snapshot``.
    """
    people = entitled(session, period, scope)
    live = live_revisions(session, period, scope)
    sellers = live_merchants(live)
    redeemed = sellers & active_merchants(session, period, scope) if sellers else set()
    given = quotas(session, live, period[1]).values()
    quota, used = sum(each.quota for each in given), sum(each.used for each in given)
    return Around(
        entitled_holders=people.holders,
        activated_holders=people.activated,
        activation_rate=share(people.activated, people.holders),
        participation_rate=share(active_holders, people.holders),
        live_offers=len({(each.merchant_id, each.offer_id) for each in live}),
        live_merchants=len(sellers),
        live_merchants_redeemed=len(redeemed),
        active_merchant_rate=share(len(redeemed), len(sellers)),
        offers_with_quota=len(given),
        offer_quota=quota,
        quota_used=used,
        take_up=share(used, quota),
    )


@dataclass(frozen=True)
class SeenAround:
    """Figures by their names in ``Around``; those that are ``hidden`` are not among them."""

    figures: Mapping[str, int | float | None]
    hidden: frozenset[str]


def seen_around(
    session: Session, period: Period, scope: Scope, beside: SeenReport, today: date, *, sees_all: bool
) -> SeenAround:
    """What somebody may see around a report that he sees so; in the same ``store.one_snapshot``."""
    active = beside.figures.get("active_holders")
    figures = asdict(around(session, period.span, scope, int(active or 0)))
    hides = frozenset[str]() if sees_all else _hidden(session, period, scope, beside, today)
    assert hides <= {field.name for field in fields(Around)}
    return SeenAround({name: value for name, value in figures.items() if name not in hides}, hides)


def _hidden(
    session: Session, period: Period, scope: Scope, beside: SeenReport, today: date
) -> frozenset[str]:
    hides = _OF_ACTIVE if "active_holders" in beside.hidden else frozenset[str]()
    if _tells_of_passes(session, period, scope):
        hides |= _OF_PASSES
    if _tells_of_uses(session, period, scope, today):
        hides |= _OF_USES
    return hides


def _tells_of_passes(session: Session, period: Period, scope: Scope) -> bool:
    """Whether few people have a zone for themselves: then no zone's passes can be told, only those of all."""
    people = entitled_at(session, period.span)
    if scope.zone_id == EVERYWHERE_ID:
        return 0 < sum(each.holders for node, each in people.items() if node == (0, 0)) < SMALL_GROUP
    return any(0 < each.holders < SMALL_GROUP for node, each in people.items() if not node[1])


def _tells_of_uses(session: Session, period: Period, scope: Scope, today: date) -> bool:
    """Whether take-up tells of a month of an offer that is hidden, or that nobody has looked at yet.

    It adds up all uses until the period's end, so two of them tell what came between.
    """
    live = live_revisions(session, period.span, scope)
    offers = list(quotas(session, live, period.last))
    if not offers:
        return False
    if not is_over(period, today):
        return True
    of_offers = tuple_(Redemption.merchant_id, Redemption.offer_id).in_(offers)
    begins = session.scalar(select(func.min(Redemption.business_date)).where(of_offers))
    return begins is not None and begins <= period.last and _has_hidden(session, offers, begins, period.last)


def _has_hidden(session: Session, offers: Collection[OfferKey], first: date, last: date) -> bool:
    span = custom(month_of(first), last)
    months = {containing(PeriodKind.MONTH, month) for month in months_of(span)}
    if not months <= derived_periods(session, span.span):
        return True
    hidden = select(PeriodOffer.offer_id).where(
        PeriodOffer.kind == PeriodKind.MONTH,
        PeriodOffer.first_day.in_([each.first for each in months]),
        PeriodOffer.is_hidden,
        tuple_(PeriodOffer.merchant_id, PeriodOffer.offer_id).in_(offers),
    )
    return session.scalars(hidden.limit(1)).first() is not None
