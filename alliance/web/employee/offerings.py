"""What a holder can use, now and later: the offers with everything by which a phone sorts and finds them.

However many offers there are, they are read in the same number of statements; sorting and searching is done
on what was read, because conditions are judged here and not by the database.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from functools import cached_property
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.enterprises.models import Category, Enterprise, Outlet
from alliance.enterprises.placement import outlet_zone_on
from alliance.offers.conditions import Who, read_conditions
from alliance.offers.counters import View
from alliance.offers.favourites import OfferKey, favourites_of
from alliance.offers.live import shown_to
from alliance.offers.models import OfferRevision, OfferRevisionOutlet
from alliance.offers.visits import OffersVisit, approved_since, seen_until
from alliance.people.models import Holder
from alliance.web.condition_words import opens_words
from alliance.web.offer_cards import OfferCard, offer_cards, who_is
from alliance.zones.models import Zone


class When(IntEnum):
    """When a holder can use an offer, in the order in which it is shown."""

    NOW = 1
    LATER = 2
    USED_UP = 3


@dataclass(frozen=True)
class Place:
    """An outlet where an offer holds, and its zone; near is the zone of one's own employer, or below it."""

    outlet: str
    zone_id: int
    zone: str
    is_near: bool


@dataclass(frozen=True)
class Offering:
    """An offer as one holder has it at a moment. ``opens_at`` is when it can be used next."""

    card: OfferCard
    at: datetime
    opens_at: datetime
    category: Category | None
    places: Sequence[Place]
    is_new: bool
    is_kept: bool

    @property
    def key(self) -> OfferKey:
        """Which offer it is."""
        return self.card.revision.merchant_id, self.card.revision.offer_id

    @property
    def name(self) -> str:
        """The same as text, to find the page of a list by."""
        return f"{self.key[0]}.{self.key[1]}"

    @property
    def when(self) -> When:
        """Now, later, or not any more."""
        if self.card.used_up:
            return When.USED_UP
        return When.NOW if self.opens_at == self.at else When.LATER

    @property
    def opens_words(self) -> str:
        """From when on; nothing where it is now, or over."""
        return opens_words(self.opens_at, self.at) if self.when is When.LATER else ""

    @cached_property
    def is_near(self) -> bool:
        """Whether it holds in the zone of one's own employer."""
        return any(place.is_near for place in self.places)

    @cached_property
    def zones(self) -> list[str]:
        """The names of the zones where it holds, one's own first."""
        ordered = sorted(self.places, key=lambda place: not place.is_near)
        return list(dict.fromkeys(place.zone for place in ordered))


def offerings(session: Session, holder: Holder, at: datetime) -> list[Offering]:
    """What is open to a holder at some time: now, later, then used up; the nearest and newest first."""
    today, household_id = clock.business_date(at), holder.sponsor_id or holder.id
    who = who_is(session, household_id, today)
    revisions = [
        revision
        for revision in session.scalars(shown_to(holder, today))
        if read_conditions(revision.conditions).is_open_to(who.employer_id, who.zone_ids)
    ]
    cards = offer_cards(session, revisions, View(at, holder.id, household_id))
    categories = _categories(session, {revision.merchant_id for revision in revisions})
    places = _places(session, revisions, who, today)
    new, kept = new_ids(session, holder, at), favourites_of(session, holder.id)
    found = []
    for card in cards:
        revision = card.revision
        opens_at = card.conditions.opens_at(max(at, card.remaining.again_at or at), revision.ends_on)
        if opens_at is not None:
            key, id_ = (revision.merchant_id, revision.offer_id), revision.id
            offering = (categories[revision.merchant_id], places[id_], id_ in new, key in kept)
            found.append(Offering(card, at, opens_at, *offering))
    return sorted(found, key=_rank)


def new_ids(session: Session, holder: Holder, at: datetime) -> set[UUID]:
    """The revisions that were approved since the holder's last visit, and that his employer may use."""
    since = seen_until(session.get(OffersVisit, holder.id), at)
    if since is None:
        return set()
    today = clock.business_date(at)
    approved = session.scalars(approved_since(holder, since, today)).all()
    if not approved:
        return set()
    who = who_is(session, holder.sponsor_id or holder.id, today)
    conditions = {revision: read_conditions(revision.conditions) for revision in approved}
    return {
        revision.id
        for revision, each in conditions.items()
        if each.is_open_to(who.employer_id, who.zone_ids) and each.opens_at(at, revision.ends_on) is not None
    }


def _rank(offering: Offering) -> tuple[object, ...]:
    revision = offering.card.revision
    return (
        offering.when,
        offering.opens_at,
        not offering.is_near,
        not offering.is_new,
        -revision.submitted_at.timestamp(),
        offering.name,
    )


def _categories(session: Session, merchant_ids: set[int]) -> dict[int, Category | None]:
    rows = session.execute(select(Enterprise.id, Enterprise.category).where(Enterprise.id.in_(merchant_ids)))
    return dict(rows.all())


def _places(
    session: Session, revisions: Sequence[OfferRevision], who: Who, today: date
) -> Mapping[UUID, list[Place]]:
    """Where each revision holds: at the outlets that it names, or at all of its merchant's."""
    zones = {zone.id: zone for zone in session.scalars(select(Zone))}
    near = _near(zones, who)
    at_merchant: defaultdict[int, dict[UUID, Place]] = defaultdict(dict)
    standing = select(
        Outlet.merchant_id, Outlet.id, Outlet.name, outlet_zone_on(today, Outlet.merchant_id, Outlet.id)
    ).where(Outlet.merchant_id.in_({revision.merchant_id for revision in revisions}))
    for merchant_id, outlet_id, name, zone_id in session.execute(standing.order_by(Outlet.code)):
        if zone_id is not None:
            place = Place(name, zone_id, zones[zone_id].name, zone_id in near)
            at_merchant[merchant_id][outlet_id] = place
    named: defaultdict[UUID, list[UUID]] = defaultdict(list)
    held = select(OfferRevisionOutlet.revision_id, OfferRevisionOutlet.outlet_id)
    for revision_id, outlet_id in session.execute(
        held.where(OfferRevisionOutlet.revision_id.in_([revision.id for revision in revisions]))
    ):
        named[revision_id].append(outlet_id)
    return {
        revision.id: [
            place
            for outlet_id, place in at_merchant[revision.merchant_id].items()
            if revision.id not in named or outlet_id in named[revision.id]
        ]
        for revision in revisions
    }


def _near(zones: Mapping[int, Zone], who: Who) -> set[int]:
    """The zone of the employer and all below it."""
    above = {zones[id_].parent_id for id_ in who.zone_ids}
    near = set(who.zone_ids) - above
    while below := {zone.id for zone in zones.values() if zone.parent_id in near} - near:
        near |= below
    return near
