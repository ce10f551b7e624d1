"""Offers as pages show them: terms and limits in plain words, with the merchant's and the outlets' names."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.enterprises.models import Enterprise, Outlet
from alliance.enterprises.placement import enterprise_zone_on
from alliance.offers.conditions import Conditions, Who, read_conditions
from alliance.offers.counters import Remaining, View, remaining
from alliance.offers.evidence import BARE, Showing, showings
from alliance.offers.limits import Limits, read_limits
from alliance.offers.live import at_outlet, live, open_to
from alliance.offers.models import Audience, OfferRevision, OfferRevisionOutlet
from alliance.offers.pricing import Terms, read_terms
from alliance.offers.states import SHARED
from alliance.passes.entitlement import Entitlement
from alliance.people.employment import employment_on
from alliance.redemptions.models import Scan
from alliance.redemptions.scan import frozen
from alliance.refused import Reason
from alliance.web import condition_words, limit_words, plain
from alliance.web.condition_words import Names, names_in
from alliance.zones.tree import zone_and_above

#: (merchant_id, offer_id or revision_id)
Key = tuple[int, UUID]


@dataclass(frozen=True)
class OfferCard:
    """One revision to be shown, with what is left of its limits."""

    revision: OfferRevision
    merchant: str
    outlet_names: Sequence[str] = ()
    remaining: Remaining = field(default_factory=Remaining)
    showing: Showing = BARE
    names: Names = field(default_factory=Names)

    @property
    def terms(self) -> Terms:
        """The terms themselves."""
        return read_terms(self.revision.terms)

    @property
    def limits(self) -> Limits:
        """The limits themselves."""
        return read_limits(self.revision.limits)

    @property
    def conditions(self) -> Conditions:
        """The conditions themselves."""
        return read_conditions(self.revision.conditions)

    @property
    def conditions_words(self) -> list[str]:
        """When, for whose staff, with how many: a phrase each."""
        return condition_words.conditions_words(self.conditions, self.names)

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
    def market_words(self) -> str:
        """``市场价 ¥5.00``; empty where none is given."""
        return plain.market_words(self.showing.evidence)

    @property
    def used_up(self) -> bool:
        """Nothing is left of one of its limits."""
        return self.remaining.is_used_up

    def is_for(self, who: Who, day: date) -> bool:
        """Whether it is open to somebody's employer, at some hour of a day."""
        return self.conditions.is_open_to(who.employer_id, who.zone_ids) and self.conditions.is_usable_on(day)

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
    names = names_in(session, [read_conditions(revision.conditions) for revision in revisions])
    return [
        OfferCard(
            revision,
            merchants[revision.merchant_id],
            outlets[revision.merchant_id, revision.id],
            left,
            names=names,
        )
        for revision, left in zip(revisions, remaining(session, revisions, view), strict=True)
    ]


def with_showings(session: Session, cards: Sequence[OfferCard]) -> list[OfferCard]:
    """The same cards with their pictures and evidence, which the counter does without."""
    found = showings(session, [card.revision.id for card in cards])
    return [replace(card, showing=found[card.revision.id]) for card in cards]


def not_usable(session: Session, scan: Scan, holder: Entitlement) -> list[tuple[OfferCard, Reason]]:
    """The offers of this outlet that are live and open to such a holder, but not to this one or not then."""
    found = session.scalars(
        live(clock.business_date(scan.at)).where(
            at_outlet(scan.merchant_id, scan.outlet_id),
            open_to(holder.holder_kind),
            OfferRevision.id.not_in([UUID(id_) for id_ in scan.revision_ids]),
        )
    ).all()
    conditional = [revision for revision in found if revision.conditions]
    if not conditional:
        return []
    who = Who(holder.employer_id, zone_and_above(session, holder.employer_zone_id))
    cards = offer_cards(session, conditional)
    reasons = (card.conditions.refusal(who, scan.at) for card in cards)
    return [(card, reason) for card, reason in zip(cards, reasons, strict=True) if reason is not None]


def cards_of_scan(session: Session, scan: Scan, holder: Entitlement, at: datetime) -> list[OfferCard]:
    """The offers that a scan froze, with what this holder, the household and the outlet have left today."""
    return offer_cards(session, session.scalars(frozen(scan)).all(), view_of_scan(scan, holder, at))


def view_of_scan(scan: Scan, holder: Entitlement, at: datetime) -> View:
    """Who looks at the limits: this holder, the household, and the outlet of the scan."""
    return View(at, holder.holder_id, holder.household_id, scan.outlet_id)


def who_is(session: Session, worker_id: int, day: date) -> Who:
    """An employee as conditions see them on a day; who works nowhere is of no employer."""
    employment = employment_on(session, worker_id, day)
    if employment is None:
        return Who(0)
    zone_id = session.scalar(select(enterprise_zone_on(day, employment.enterprise_id)))
    return Who(employment.enterprise_id, zone_and_above(session, zone_id) if zone_id is not None else ())


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
