"""The tables of offers, their revisions and what was decided about them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
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


class OfferPicture(Base):
    """A picture of a revision: at position 0 the one that employees see, at 1 to 3 photos of its evidence."""

    __tablename__ = "offer_pictures"
    __table_args__ = (
        of_merchant("offer_revisions", "revision_id"),
        of_merchant("pictures", "picture_id"),
        CheckConstraint("position >= 0 AND position <= 3", name="position_known"),
        Index(None, "merchant_id", "picture_id"),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    picture_id: Mapped[UUID]


class OfferEvidence(Base):
    """What a revision says about the market price: 分 for a piece, and on what ground; empty is not said."""

    __tablename__ = "offer_evidence"
    __table_args__ = (of_merchant("offer_revisions", "revision_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_price_fen: Mapped[int | None]
    basis: Mapped[str] = mapped_column(String(300))
    link: Mapped[str] = mapped_column(String(500))


class CheaperReport(Base):
    """别处更便宜: a holder has seen the same for less elsewhere. ``revision_id`` is what was granted then.

    ``business_date`` is the day of the report, by which a holder's reports are limited.
    """

    __tablename__ = "cheaper_reports"
    __table_args__ = (
        of_merchant("offers", "offer_id"),
        of_merchant("offer_revisions", "revision_id"),
        of_merchant("pictures", "picture_id"),
        Index(None, "holder_id", "business_date"),
        Index(None, "merchant_id", "picture_id"),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    offer_id: Mapped[UUID]
    revision_id: Mapped[UUID]
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"))
    business_date: Mapped[date]
    at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(100))
    price_fen: Mapped[int]
    link: Mapped[str] = mapped_column(String(500))
    words: Mapped[str] = mapped_column(String(300))
    picture_id: Mapped[UUID | None]


class CheaperStep(Base):
    """What became of a report, step by step: the merchant's answers, the organizer's verdict, a reopening."""

    __tablename__ = "cheaper_steps"
    __table_args__ = (
        of_merchant("cheaper_reports", "report_id"),
        of_merchant("offer_revisions", "revision_id"),
        of_merchant("pictures", "picture_id"),
        Index(None, "merchant_id", "report_id"),
        Index(None, "merchant_id", "picture_id"),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    report_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(String(300))
    link: Mapped[str] = mapped_column(String(500))
    picture_id: Mapped[UUID | None]
    #: The revision with the lower price, where the merchant has lowered it.
    revision_id: Mapped[UUID | None]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


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


class Side(StrEnum):
    """Who pauses an offer: the merchant itself, or the organizer; each resumes only what it paused."""

    MERCHANT = "merchant"
    ORGANIZER = "organizer"


#: A pause that has not been ended by resuming.
IS_OPEN = text("resumed_at IS NULL")


class OfferPause(Base):
    """An offer is not granted to new scans from ``at`` until ``resumed_at``; while that is None it is paused.

    Each side has at most one such pause at a time, and both may have one. The merchant need not give a
    reason.
    """

    __tablename__ = "offer_pauses"
    __table_args__ = (
        of_merchant("offers", "offer_id"),
        CheckConstraint("resumed_at IS NULL OR resumed_at >= at", name="times_in_order"),
        Index(
            "uq_offer_pauses_open",
            "merchant_id",
            "offer_id",
            "side",
            unique=True,
            postgresql_where=IS_OPEN,
            sqlite_where=IS_OPEN,
        ),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    offer_id: Mapped[UUID]
    side: Mapped[Side] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    resumed_at: Mapped[datetime | None]
    resumed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class SavedDraft(Base):
    """An offer that is being written: what was typed into the form's fields, as it was typed, right or wrong.

    ``offer_id`` is the offer that it will revise, of which there is at most one draft; None for a new offer.
    """

    __tablename__ = "saved_drafts"
    __table_args__ = (of_merchant("offers", "offer_id"), UniqueConstraint("merchant_id", "offer_id"))

    merchant_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    offer_id: Mapped[UUID | None]
    fields: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class NoticeKind(StrEnum):
    """What a merchant is told about its offer."""

    APPROVED = "approved"
    RETURNED = "returned"
    PAUSED = "paused"
    RESUMED = "resumed"
    NEARLY_USED_UP = "nearly_used_up"
    USED_UP = "used_up"
    ENDING = "ending"


class OfferNotice(Base):
    """Something a merchant is told once. ``about_id`` is the revision, or the pause, that it is about."""

    __tablename__ = "offer_notices"
    __table_args__ = (
        of_merchant("offers", "offer_id"),
        UniqueConstraint("merchant_id", "offer_id", "kind", "about_id"),
        Index("ix_offer_notices_merchant_id_at_id", "merchant_id", "at", "id"),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    offer_id: Mapped[UUID]
    kind: Mapped[NoticeKind] = mapped_column(String(20))
    about_id: Mapped[UUID]
    at: Mapped[datetime]


class OfferNoticeRead(Base):
    """An account has read a notice; the merchant's other accounts may not have."""

    __tablename__ = "offer_notice_reads"
    __table_args__ = (of_merchant("offer_notices", "notice_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]


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
