"""The tables of holders, their families and their employments."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from alliance.clock import BEFORE_RECORDS, SINCE_EVER
from alliance.store import Base, Identity, new_id


class HolderKind(StrEnum):
    """An employee, or a family member of one."""

    EMPLOYEE = "employee"
    DEPENDANT = "dependant"


class Holder(Base):
    """A person entitled to a pass. ``phone`` is E.164; a dependant's household is the sponsor's.

    A dependant without a phone is a card on the sponsor's; one without a name (empty) is a child under 14,
    of whom nothing is to be known.
    """

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


class DependantRemoval(Base):
    """A dependant is of the household no more; the pass was revoked with it, and the phone forgotten."""

    __tablename__ = "dependant_removals"

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class Invitation(Base):
    """A link by which an adult of the family joins with a phone of their own; only its digest is kept.

    It ends once: accepted by a holder, or withdrawn by the sponsor (without one).
    """

    __tablename__ = "invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sponsor_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("holders.id"))


class Employment(Base):
    """A holder works for an enterprise on every day in [starts_on, ends_on).

    ``recorded_at`` is when that was first said; what was said since then is in its changes.
    """

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
    recorded_at: Mapped[datetime] = mapped_column(default=BEFORE_RECORDS)


class EmploymentChange(Base):
    """The days of an employment were changed at ``at``; until then they were held to be these."""

    __tablename__ = "employment_changes"

    employment_id: Mapped[int] = mapped_column(ForeignKey("employments.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
