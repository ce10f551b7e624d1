"""Offers as pages show them: terms and limits in plain words, with the merchant's and the outlets' names."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.counters import Remaining, View, remaining
from alliance.offers.limits import Limits, read_limits
from alliance.offers.models import Audience, OfferRevision, OfferRevisionOutlet
from alliance.offers.pricing import Terms, read_terms
from alliance.offers.states import SHARED
from alliance.passes.entitlement import Entitlement
from alliance.redemptions.models import Scan
from alliance.redemptions.scan import frozen
from alliance.web import limit_words, plain

#: (merchant_id, offer_id or revision_id)
Key = tuple[int, UUID]


@dataclass(frozen=True)
class OfferCard:
    """One revision to be shown, with what is left of its limits."""

    revision: OfferRevision
    merchant: str
    outlet_names: Sequence[str] = ()
    remaining: Remaining = field(default_factory=Remaining)

    @property
    def terms(self) -> Terms:
        """The terms themselves."""
        return read_terms(self.revision.terms)

    @property
    def limits(self) -> Limits:
        """The limits themselves."""
        return read_limits(self.revision.limits)

    @property
    def terms_words(self) -> str:
        """``8.5折``."""
        return plain.terms_words(self.terms)

    @property
    def days_words(self) -> str:
        """From when to when."""
        return plain.days_words(self.revision.starts_on, self.revision.ends_on)

    @property
    def audience_words(self) -> str:
        """Whom it is for, unless it is everyone."""
        return plain.audience_words(Audience(self.revision.audience))

    @property
    def limits_words(self) -> str:
        """How often, and what is left."""
        return limit_words.limits_words(self.limits, self.remaining)

    @property
    def left_words(self) -> list[str]:
        """``88/100次``, for each limit that everybody shares."""
        return limit_words.left_words(self.limits, self.remaining)

    @property
    def share_left(self) -> float:
        """The smallest part, 0 to 1, that is left of a limit that everybody shares; 1 without any."""
        given = self.limits.given()
        return min(
            (self.remaining.left[limit] / given[limit] for limit in SHARED if limit in given), default=1
        )

    @property
    def outlets_words(self) -> str:
        """Where."""
        return plain.outlets_words(self.outlet_names)

    @property
    def used_up(self) -> bool:
        """Nothing is left of one of its limits."""
        return self.remaining.is_used_up

    @property
    def is_usable(self) -> bool:
        """Something is left of every limit, and no cool-down is running."""
        return not self.used_up and self.remaining.again_at is None


def offer_cards(
    session: Session, revisions: Sequence[OfferRevision], view: View | None = None
) -> list[OfferCard]:
    """Cards for these revisions, in their order, with what is left for whoever looks."""
    merchants = _merchant_names(session, {revision.merchant_id for revision in revisions})
    outlets = _outlet_names(session, [revision.id for revision in revisions])
    return [
        OfferCard(revision, merchants[revision.merchant_id], outlets[revision.merchant_id, revision.id], left)
        for revision, left in zip(revisions, remaining(session, revisions, view), strict=True)
    ]


def cards_of_scan(session: Session, scan: Scan, holder: Entitlement, at: datetime) -> list[OfferCard]:
    """The offers that a scan froze, with what this holder, the household and the outlet have left today."""
    return offer_cards(session, session.scalars(frozen(scan)).all(), view_of_scan(scan, holder, at))


def view_of_scan(scan: Scan, holder: Entitlement, at: datetime) -> View:
    """Who looks at the limits: this holder, the household, and the outlet of the scan."""
    return View(at, holder.holder_id, holder.household_id, scan.outlet_id)


def _merchant_names(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(Enterprise.id, Enterprise.name).where(Enterprise.id.in_(ids)))
    return dict(rows.all())


def _outlet_names(session: Session, revision_ids: Sequence[UUID]) -> defaultdict[Key, list[str]]:
    names: defaultdict[Key, list[str]] = defaultdict(list)
    held = OfferRevisionOutlet
    for merchant_id, revision_id, name in session.execute(
        select(held.merchant_id, held.revision_id, Outlet.name)
        .join(Outlet, (Outlet.merchant_id == held.merchant_id) & (Outlet.id == held.outlet_id))
        .where(held.revision_id.in_(revision_ids))
        .order_by(Outlet.code)
    ):
        names[merchant_id, revision_id].append(name)
    return names
