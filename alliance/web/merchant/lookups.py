"""What the counter's pages show, each looked up together with the outlet: another outlet's is not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import abort
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alliance.accounts.models import Grant, GrantOutlet, Role
from alliance.clock import business_date
from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.models import OfferRevision
from alliance.offers.pricing import Takes, read_terms
from alliance.redemptions import card_ceiling
from alliance.redemptions.models import Redemption, Reversal, Scan
from alliance.redemptions.reverse import may_be_undone
from alliance.redemptions.scan import frozen
from alliance.web.entries import Entry, entries


@dataclass(frozen=True)
class Place:
    """An outlet and whose it is."""

    merchant_id: int
    outlet_id: UUID
    outlet: str
    merchant: str


def places_of(session: Session, grants: Sequence[Grant]) -> list[Place]:
    """The outlets that these grants open: a cashier's own, an administrator's all."""
    owned = [grant.enterprise_id for grant in grants if grant.role == Role.ENTERPRISE_ADMIN]
    given = select(GrantOutlet.outlet_id).where(GrantOutlet.grant_id.in_([grant.id for grant in grants]))
    rows = session.execute(
        select(Outlet.merchant_id, Outlet.id, Outlet.name, Enterprise.name)
        .join(Enterprise, Enterprise.id == Outlet.merchant_id)
        .where(or_(Outlet.merchant_id.in_(owned), Outlet.id.in_(given)))
        .order_by(Enterprise.name, Outlet.code)
    )
    return [Place(*row) for row in rows]


def place_or_404(session: Session, merchant_id: int, outlet_id: UUID) -> Place:
    """The outlet that the URL names."""
    row = session.execute(
        select(Outlet.merchant_id, Outlet.id, Outlet.name, Enterprise.name)
        .join(Enterprise, Enterprise.id == Outlet.merchant_id)
        .where(Outlet.merchant_id == merchant_id, Outlet.id == outlet_id)
    ).one_or_none()
    return Place(*row) if row else abort(404)


def scan_or_404(session: Session, merchant_id: int, outlet_id: UUID, scan_id: UUID) -> Scan:
    """A scan made at this outlet."""
    scan = session.get(Scan, (merchant_id, scan_id))
    return scan if scan is not None and scan.outlet_id == outlet_id else abort(404)


def card_left(session: Session, scan: Scan, holder_id: int, ceiling_fen: int, at: datetime) -> int | None:
    """What the holder may still pay by card today, in 分; None when no printed card was shown."""
    if scan.card_id is None:
        return None
    return card_ceiling.left_fen(session, ceiling_fen, (holder_id, business_date(at)))


def revision_of_scan(session: Session, scan: Scan, offer_id: str) -> OfferRevision | None:
    """The revision of an offer that a scan froze."""
    revisions = session.scalars(frozen(scan))
    return next((revision for revision in revisions if str(revision.offer_id) == offer_id), None)


def entries_of_scan(session: Session, scan: Scan) -> list[Entry]:
    """What has been redeemed under a scan."""
    return entries(session, Redemption.merchant_id == scan.merchant_id, Redemption.scan_id == scan.id)


def entries_of_day(session: Session, merchant_id: int, outlet_id: UUID, day: date) -> list[Entry]:
    """A day's redemptions at an outlet, the newest first."""
    here = (Redemption.merchant_id == merchant_id, Redemption.outlet_id == outlet_id)
    return entries(session, *here, Redemption.business_date == day)


def entry_or_404(session: Session, merchant_id: int, outlet_id: UUID, redemption_id: UUID) -> Entry:
    """One redemption made at this outlet."""
    here = (Redemption.merchant_id == merchant_id, Redemption.outlet_id == outlet_id)
    found = entries(session, *here, Redemption.id == redemption_id)
    return found[0] if found else abort(404)


def paid_before(session: Session, fact: Redemption) -> int | None:
    """What had been paid, in 分, before this redemption corrected another one; None when it corrects none."""
    if fact.corrects_id is None:
        return None
    last = (Reversal.redemption_id == fact.corrects_id, Reversal.uses == -1)
    return -session.scalars(
        select(Reversal.paid_fen).where(Reversal.merchant_id == fact.merchant_id, *last)
    ).one()


def is_fresh(fact: Redemption, at: datetime) -> bool:
    """Whether it was made, or corrected another, just now: the customer still stands there."""
    return may_be_undone(fact.occurred_at if fact.corrects_id is None else fact.received_at, at)


def revision_of(session: Session, fact: Redemption) -> OfferRevision:
    """What was redeemed, as it was then."""
    return session.get_one(OfferRevision, (fact.merchant_id, fact.revision_id))


def takes_of(session: Session, fact: Redemption) -> Takes:
    """What was typed for it, and so may have been typed wrongly."""
    return read_terms(revision_of(session, fact).terms).takes
