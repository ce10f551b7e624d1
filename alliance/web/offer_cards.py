"""Offers as pages show them: terms and limits in plain words, with the merchant's and the outlets' names."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.live import TOTAL, holder_scope
from alliance.offers.models import LimitCounter, OfferRevision, OfferRevisionOutlet
from alliance.offers.pricing import Terms, read_terms
from alliance.redemptions.models import Scan
from alliance.redemptions.scan import frozen
from alliance.web import plain

#: (merchant_id, offer_id or revision_id)
Key = tuple[int, UUID]


@dataclass(frozen=True)
class OfferCard:
    """One revision to be shown. ``left`` has the uses left per limit, as ``offers.live.remaining``."""

    revision: OfferRevision
    merchant: str
    outlet_names: Sequence[str] = ()
    left: dict[str, int] = field(default_factory=dict)

    @property
    def terms(self) -> Terms:
        """The terms themselves."""
        return read_terms(self.revision.terms)

    @property
    def terms_words(self) -> str:
        """``8.5折``."""
        return plain.terms_words(self.terms)

    @property
    def days_words(self) -> str:
        """From when to when."""
        return plain.days_words(self.revision.starts_on, self.revision.ends_on)

    @property
    def limits_words(self) -> str:
        """How often, and what is left."""
        return plain.limits_words(self.revision, self.left)

    @property
    def outlets_words(self) -> str:
        """Where."""
        return plain.outlets_words(self.outlet_names)

    @property
    def used_up(self) -> bool:
        """Nothing is left of one of its limits."""
        return 0 in self.left.values()


def offer_cards(
    session: Session, revisions: Sequence[OfferRevision], holder_id: int | None = None
) -> list[OfferCard]:
    """Cards for these revisions, in their order; with ``holder_id`` also what that holder has left."""
    merchants = _merchant_names(session, {revision.merchant_id for revision in revisions})
    outlets = _outlet_names(session, [revision.id for revision in revisions])
    used = _used(session, revisions, holder_id)
    return [
        OfferCard(
            revision,
            merchants[revision.merchant_id],
            outlets[revision.merchant_id, revision.id],
            _left(revision, used, holder_id),
        )
        for revision in revisions
    ]


def cards_of_scan(session: Session, scan: Scan, holder_id: int) -> list[OfferCard]:
    """The offers that a scan froze, with what this holder has left."""
    return offer_cards(session, session.scalars(frozen(scan)).all(), holder_id)


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


def _used(
    session: Session, revisions: Sequence[OfferRevision], holder_id: int | None
) -> dict[tuple[int, UUID, str], int]:
    scopes = [TOTAL] if holder_id is None else [TOTAL, holder_scope(holder_id)]
    rows = session.scalars(
        select(LimitCounter).where(
            LimitCounter.offer_id.in_({revision.offer_id for revision in revisions}),
            LimitCounter.scope.in_(scopes),
        )
    )
    return {(row.merchant_id, row.offer_id, row.scope): row.used for row in rows}


def _left(
    revision: OfferRevision, used: dict[tuple[int, UUID, str], int], holder_id: int | None
) -> dict[str, int]:
    limits = {TOTAL: revision.limit_total}
    if holder_id is not None:
        limits[holder_scope(holder_id)] = revision.limit_holder
    return {
        scope.partition(":")[0]: max(0, limit - used.get((revision.merchant_id, revision.offer_id, scope), 0))
        for scope, limit in limits.items()
        if limit is not None
    }
