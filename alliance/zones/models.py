"""The table of zones."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base, Identity


class Zone(Base):
    """A node of the tree organizer → subdistrict/township; a row without a parent is a root."""

    __tablename__ = "zones"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("zones.id"), index=True)
