"""The tables of offers, their revisions and what was decided about them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base, new_id, of_merchant


class Audience(StrEnum):
    """Whom an offer is for: everyone, employees themselves (本人), or their families (家属)."""

    EVERYONE = "everyone"
    EMPLOYEE = "employee"
    DEPENDANT = "dependant"


class Offer(Base):
    """Something a merchant grants. ``code`` is the merchant's own 优惠编号."""

    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("merchant_id", "code"),)

    merchant_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class OfferRevision(Base):
    """The terms of an offer, for good: an edit is a new revision. Days are inclusive business dates."""

    __tablename__ = "offer_revisions"
    __table_args__ = (
        of_merchant("offers", "offer_id"),
        UniqueConstraint("merchant_id", "offer_id", "number"),
        CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="days_in_order"),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    offer_id: Mapped[UUID]
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(60))
    #: The kind and its terms, as ``offers.pricing`` reads them.
    terms: Mapped[dict[str, Any]]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    #: Those that are set, as ``offers.limits`` reads them.
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: What is set of them, as ``offers.conditions`` reads it.
    conditions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Unless it is everyone, the kind of holder (``people.HolderKind``) that may use it.
    audience: Mapped[Audience] = mapped_column(String(10), default=Audience.EVERYONE)
    submitted_at: Mapped[datetime]
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class OfferRevisionOutlet(Base):
    """An outlet where a revision holds; a revision with no such row holds at all the merchant's outlets."""

    __tablename__ = "offer_revision_outlets"
    __table_args__ = (of_merchant("offer_revisions", "revision_id"), of_merchant("outlets", "outlet_id"))

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[UUID] = mapped_column(primary_key=True)


class OfferApproval(Base):
    """The organizer said yes to a revision."""

    __tablename__ = "offer_approvals"
    __table_args__ = (of_merchant("offer_revisions", "revision_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class OfferReturn(Base):
    """The organizer sent a revision back, with what to change."""

    __tablename__ = "offer_returns"
    __table_args__ = (of_merchant("offer_revisions", "revision_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(String(300))


class OfferWithdrawal(Base):
    """The merchant or the organizer took an offer back."""

    __tablename__ = "offer_withdrawals"
    __table_args__ = (of_merchant("offers", "offer_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class LimitCounter(Base):
    """How much of an offer has been used within one scope (``offers.limits.scope_of``), or when last.

    ``used`` is a sum of uses, pieces or 分; in the scope ``cooldown:holder:<id>`` it is the POSIX second of
    the holder's last use, and 0 means never.
    """

    __tablename__ = "limit_counters"
    __table_args__ = (
        of_merchant("offers", "offer_id"),
        CheckConstraint("used >= 0", name="used_not_negative"),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    used: Mapped[int]
