"""The tables of scans, redemptions, reversals, refusals, dirty marks and the months of the ledger."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from alliance.people.models import HolderKind
from alliance.refused import Reason
from alliance.store import Base, new_id, of_merchant


class Channel(StrEnum):
    """How a fact reached the store."""

    COUNTER = "counter"
    API = "api"
    IMPORT = "import"


#: An adjustment: a fact that is posted to a later month than its business date's. Few are, so their index is
#: small and costs the counter nothing.
IS_ADJUSTMENT = text("posted_month > business_date")


class Scan(Base):
    """An accepted presentation at an outlet. ``revision_ids`` freezes the offers it may be redeemed under.

    ``evidence`` is the signed text that was presented, so that anybody can verify it again; typed digits
    leave none. ``card_id`` names the printed card that was shown, if it was one.
    """

    __tablename__ = "scans"
    __table_args__ = (of_merchant("outlets", "outlet_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[UUID]
    pass_id: Mapped[int] = mapped_column(ForeignKey("passes.id"))
    card_id: Mapped[bytes | None] = mapped_column(LargeBinary(8), ForeignKey("printed_cards.cti"))
    body_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    evidence: Mapped[str | None] = mapped_column(Text)
    revision_ids: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime]
    expires_at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    token_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("api_tokens.id"))


class Redemption(Base):
    """The fact. Amounts in 分; everything from ``holder_id`` to ``outlet_zone_id`` is as it was then.

    ``digest`` is taken over the fact's own columns (``redemptions.digests``) and shows tampering.
    ``answer`` is what the client was told, to be told again word for word; imports have none.
    ``household_id`` is the employee whose household the holder belongs to. ``corrects_id`` is the redemption
    of the same merchant that this one replaces (改金额). ``pos``, ``terminal``, ``cashier`` and
    ``receipt_no`` are what the merchant's own till calls itself, its terminal, its cashier and its receipt.
    """

    __tablename__ = "redemptions"
    __table_args__ = (
        of_merchant("outlets", "outlet_id"),
        of_merchant("offers", "offer_id"),
        of_merchant("offer_revisions", "revision_id"),
        of_merchant("scans", "scan_id"),
        of_merchant("redemptions", "corrects_id"),
        CheckConstraint("gross_fen >= 0", name="gross_not_negative"),
        CheckConstraint("discount_fen >= 0 AND discount_fen <= gross_fen", name="discount_within_gross"),
        CheckConstraint("paid_fen = gross_fen - discount_fen", name="paid_is_the_rest"),
        CheckConstraint("quantity >= 1", name="quantity_positive"),
        Index("ix_redemptions_business_date_merchant_id", "business_date", "merchant_id"),
        Index("ix_redemptions_holder_id_business_date", "holder_id", "business_date"),
        Index("ix_redemptions_merchant_id_occurred_at", "merchant_id", "occurred_at"),
        Index("ix_redemptions_merchant_id_offer_id", "merchant_id", "offer_id"),
        Index("ix_redemptions_merchant_id_scan_id", "merchant_id", "scan_id"),
        Index(
            "uq_redemptions_merchant_id_corrects_id",
            "merchant_id",
            "corrects_id",
            unique=True,
            postgresql_where=text("corrects_id IS NOT NULL"),
            sqlite_where=text("corrects_id IS NOT NULL"),
        ),
        Index(
            "ix_redemptions_adjustments",
            "posted_month",
            postgresql_where=IS_ADJUSTMENT,
            sqlite_where=IS_ADJUSTMENT,
        ),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    scan_id: Mapped[UUID | None]
    outlet_id: Mapped[UUID]
    offer_id: Mapped[UUID]
    revision_id: Mapped[UUID]
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("holders.id"))
    holder_kind: Mapped[HolderKind] = mapped_column(String(10))
    employer_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"))
    employer_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    outlet_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    gross_fen: Mapped[int]
    discount_fen: Mapped[int]
    paid_fen: Mapped[int]
    quantity: Mapped[int]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    business_date: Mapped[date]
    posted_month: Mapped[date]
    channel: Mapped[Channel] = mapped_column(String(10))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    token_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("api_tokens.id"))
    corrects_id: Mapped[UUID | None]
    pos: Mapped[str | None] = mapped_column(String(64))
    terminal: Mapped[str | None] = mapped_column(String(64))
    cashier: Mapped[str | None] = mapped_column(String(64))
    receipt_no: Mapped[str | None] = mapped_column(String(64))
    body_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    answer: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class Reversal(Base):
    """A negative fact that points at a redemption. Amounts are ≤ 0.

    ``uses`` is −1 on the reversal that leaves nothing of the redemption, else 0: it gives the use back.
    """

    __tablename__ = "reversals"
    __table_args__ = (
        of_merchant("redemptions", "redemption_id"),
        CheckConstraint("gross_fen <= 0 AND discount_fen <= 0 AND paid_fen <= 0", name="amounts_negative"),
        CheckConstraint("paid_fen = gross_fen - discount_fen", name="paid_is_the_rest"),
        CheckConstraint("uses IN (0, -1)", name="uses_zero_or_one"),
        Index("ix_reversals_merchant_id_occurred_at", "merchant_id", "occurred_at"),
        Index("ix_reversals_merchant_id_redemption_id", "merchant_id", "redemption_id"),
        Index("ix_reversals_business_date", "business_date"),
        Index(
            "ix_reversals_adjustments",
            "posted_month",
            postgresql_where=IS_ADJUSTMENT,
            sqlite_where=IS_ADJUSTMENT,
        ),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    redemption_id: Mapped[UUID]
    uses: Mapped[int]
    gross_fen: Mapped[int]
    discount_fen: Mapped[int]
    paid_fen: Mapped[int]
    occurred_at: Mapped[datetime]
    business_date: Mapped[date]
    posted_month: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    token_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("api_tokens.id"))
    body_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    answer: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class RefusedAttempt(Base):
    """Somebody was turned down at a counter, and why. Holds nothing about the person."""

    __tablename__ = "refused_attempts"
    __table_args__ = (
        of_merchant("outlets", "outlet_id"),
        Index("ix_refused_attempts_merchant_id_outlet_id_at", "merchant_id", "outlet_id", "at"),
    )

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    outlet_id: Mapped[UUID]
    at: Mapped[datetime]
    reason: Mapped[Reason] = mapped_column(String(30))
    request_id: Mapped[UUID | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    token_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("api_tokens.id"))


class WrongCodes(Base):
    """When codes that name nothing were last typed at an outlet, in POSIX milliseconds (``guesses``)."""

    __tablename__ = "wrong_codes"
    __table_args__ = (of_merchant("outlets", "outlet_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    outlet_id: Mapped[UUID] = mapped_column(primary_key=True)
    moments: Mapped[list[int]] = mapped_column(JSON)


class CardSpending(Base):
    """What a holder has paid with printed cards on a business date, in 分, at all merchants together."""

    __tablename__ = "card_spendings"

    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), primary_key=True, autoincrement=False)
    business_date: Mapped[date] = mapped_column(primary_key=True)
    used_fen: Mapped[int]


class DirtyMark(Base):
    """A fact arrived on a business date whose figures may have been derived already."""

    __tablename__ = "dirty_marks"

    business_date: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class LedgerMonth(Base):
    """A month's lock, by its first day: whoever closes it and whoever posts to it late take turns here."""

    __tablename__ = "ledger_months"

    month: Mapped[date] = mapped_column(primary_key=True)


class MonthClosing(Base):
    """A month was closed: what was posted to it by then, in sums and as a digest of every fact's amounts.

    ``snapshot`` is what ``ledger.snapshot_of`` answers; amounts in 分.
    ``revision`` counts from 1; a month that was reopened is closed again under the next one.
    """

    __tablename__ = "month_closings"

    month: Mapped[date] = mapped_column(ForeignKey("ledger_months.month"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    snapshot: Mapped[dict[str, Any]]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class MonthReopening(Base):
    """A closed month was opened again; its closing stays on record."""

    __tablename__ = "month_reopenings"
    __table_args__ = (
        ForeignKeyConstraint(["month", "revision"], ["month_closings.month", "month_closings.revision"]),
    )

    month: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(String(200))
