"""收藏: the offers that a holder has put by.

They are nobody's but the holder's: no trail, no export and no figure has them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from alliance.store import Base, dialect_insert, of_merchant

#: (merchant_id, offer_id)
OfferKey = tuple[int, UUID]


class Favourite(Base):
    """A holder has put an offer by; without the row, not (any more)."""

    __tablename__ = "favourites"
    __table_args__ = (of_merchant("offers", "offer_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    holder_id: Mapped[int] = mapped_column(
        ForeignKey("holders.id"), primary_key=True, autoincrement=False, index=True
    )
    at: Mapped[datetime]


def keep(session: Session, holder_id: int, offer: OfferKey, at: datetime) -> None:
    """Put an offer by; a second time changes nothing."""
    row = {"merchant_id": offer[0], "offer_id": offer[1], "holder_id": holder_id, "at": at}
    session.execute(dialect_insert(session, Favourite).values(row).on_conflict_do_nothing())


def drop(session: Session, holder_id: int, offer: OfferKey) -> None:
    """Take it out again; nothing is remembered of it."""
    this = (Favourite.merchant_id == offer[0], Favourite.offer_id == offer[1])
    session.execute(delete(Favourite).where(Favourite.holder_id == holder_id, *this))


def favourites_of(session: Session, holder_id: int) -> frozenset[OfferKey]:
    """What a holder has put by, whether it is granted today or not; one statement."""
    mine = select(Favourite.merchant_id, Favourite.offer_id).where(Favourite.holder_id == holder_id)
    return frozenset((merchant_id, offer_id) for merchant_id, offer_id in session.execute(mine))
