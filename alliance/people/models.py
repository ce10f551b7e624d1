"""The tables of holders and employments."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from alliance.clock import SINCE_EVER
from alliance.store import Base, Identity


class HolderKind(StrEnum):
    """An employee, or a family member of one."""

    EMPLOYEE = "employee"
    DEPENDANT = "dependant"


class Holder(Base):
    """A person entitled to a pass. ``phone`` is E.164; a dependant's household is the sponsor's."""

    __tablename__ = "holders"
    __table_args__ = (
        CheckConstraint("(kind = 'dependant') = (sponsor_id IS NOT NULL)", name="dependant_has_sponsor"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    kind: Mapped[HolderKind] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(String(16), unique=True)
    sponsor_id: Mapped[int | None] = mapped_column(ForeignKey("holders.id"), index=True)
    created_at: Mapped[datetime]


class Employment(Base):
    """A holder works for an enterprise on every day in [starts_on, ends_on)."""

    __tablename__ = "employments"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        Index(
            "uq_employments_current_staff_no",
            "enterprise_id",
            "staff_no",
            unique=True,
            postgresql_where=text("ends_on IS NULL"),
            sqlite_where=text("ends_on IS NULL"),
        ),
        Index(
            "uq_employments_current_holder",
            "holder_id",
            unique=True,
            postgresql_where=text("ends_on IS NULL"),
            sqlite_where=text("ends_on IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), index=True)
    staff_no: Mapped[str] = mapped_column(String(40))
    department: Mapped[str] = mapped_column(String(60), default="")
    starts_on: Mapped[date] = mapped_column(default=SINCE_EVER)
    ends_on: Mapped[date | None]
