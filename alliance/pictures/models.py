"""The table of pictures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base, new_id


class Picture(Base):
    """A picture that concerns a merchant, as ``intake.clean`` made it; it never changes.

    ``merchant_id`` is whose offer it shows or speaks of, ``by_id`` the account that uploaded it: the
    merchant's own, or a holder's who reports a price. ``digest`` is the SHA-256 of the content.
    """

    __tablename__ = "pictures"
    __table_args__ = (Index(None, "by_id", "at"),)

    merchant_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    width: Mapped[int]
    height: Mapped[int]
    # Hundreds of kilobytes: read only by who asks for it.
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
