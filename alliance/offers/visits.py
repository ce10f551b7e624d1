"""What is new to a holder: the offers approved since he last looked.

A visit lasts an hour, so that going from page to page and back does not make everything old at once. The
first visit marks nothing: all of it would be new.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, Select
from sqlalchemy.orm import Mapped, Session, mapped_column

from alliance.offers.live import shown_to
from alliance.offers.models import OfferApproval, OfferRevision
from alliance.people.models import Holder
from alliance.store import Base, dialect_insert

#: From the beginning of a visit to its end; no oftener is one written down.
LASTS = timedelta(hours=1)


class OffersVisit(Base):
    """When a holder's last visit to the offers began, and the one before; nothing older is kept."""

    __tablename__ = "offers_visits"

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    before: Mapped[datetime | None]


def is_due(visit: OffersVisit | None, at: datetime) -> bool:
    """Whether a look at ``at`` begins a new visit."""
    return visit is None or visit.at <= at - LASTS


def seen_until(visit: OffersVisit | None, at: datetime) -> datetime | None:
    """Up to when everything was seen by whoever looks at ``at``; None on the first visit."""
    if visit is None:
        return None
    return visit.at if is_due(visit, at) else visit.before


def note_visit(session: Session, holder_id: int, at: datetime) -> None:
    """A look at the offers; within a visit it changes nothing."""
    made = dialect_insert(session, OffersVisit).values(holder_id=holder_id, at=at, before=None)
    session.execute(
        made.on_conflict_do_update(
            index_elements=["holder_id"],
            set_={"before": OffersVisit.at, "at": made.excluded.at},
            where=OffersVisit.at <= at - LASTS,
        )
    )


def approved_since(holder: Holder, since: datetime, day: date) -> Select[OfferRevision]:
    """A SELECT of what a holder's phone shows on ``day`` and was approved after ``since``."""
    approval = OfferApproval
    return (
        shown_to(holder, day)
        .join(
            approval,
            (approval.merchant_id == OfferRevision.merchant_id) & (approval.revision_id == OfferRevision.id),
        )
        .where(approval.at > since)
    )
