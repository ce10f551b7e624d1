"""The tables of accounts, grants, sign-ins, one-time codes, throttles and API tokens."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base, Identity, new_id, of_merchant


class Role(StrEnum):
    """In which capacity somebody acts. The scope of the grant says where."""

    ORGANIZER = "organizer"
    ZONE_ORGANIZER = "zone_organizer"
    DATA_OFFICER = "data_officer"
    ENTERPRISE_ADMIN = "enterprise_admin"
    CASHIER = "cashier"
    HOLDER = "holder"


class Account(Base):
    """Somebody who can sign in; ``phone`` is E.164, a missing password means one-time codes only."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    phone: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]


class Grant(Base):
    """One role of an account in one scope: a zone, an enterprise, a holder, or (organizers) everything."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint(
            "CASE role"
            " WHEN 'zone_organizer' THEN zone_id IS NOT NULL AND enterprise_id IS NULL AND holder_id IS NULL"
            " WHEN 'enterprise_admin' THEN enterprise_id IS NOT NULL"
            " AND zone_id IS NULL AND holder_id IS NULL"
            " WHEN 'cashier' THEN enterprise_id IS NOT NULL AND zone_id IS NULL AND holder_id IS NULL"
            " WHEN 'holder' THEN holder_id IS NOT NULL AND zone_id IS NULL AND enterprise_id IS NULL"
            " ELSE zone_id IS NULL AND enterprise_id IS NULL AND holder_id IS NULL END",
            name="scope_fits_role",
        ),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    role: Mapped[Role] = mapped_column(String(20))
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zones.id"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprises.id"), index=True)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("holders.id"))
    granted_at: Mapped[datetime]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class GrantOutlet(Base):
    """An outlet at which a cashier's grant holds, since ``granted_at``."""

    __tablename__ = "grant_outlets"
    __table_args__ = (of_merchant("outlets", "outlet_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    outlet_id: Mapped[UUID] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), primary_key=True, index=True)
    granted_at: Mapped[datetime]


class SignIn(Base):
    """A session: one browser that has signed in, until it signs out, expires or is revoked."""

    __tablename__ = "sign_ins"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(String(200), default="")


class OneTimeCode(Base):
    """A code sent to a phone; only its keyed digest is kept."""

    __tablename__ = "one_time_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    phone: Mapped[str] = mapped_column(String(16), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Attempt(Base):
    """One try at something guarded (a password, a code); counted per kind and key within a window."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_kind_key_at", "kind", "key", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class ApiToken(Base):
    """A bearer token: of one outlet, of a whole merchant, or (without a merchant) of the organizer's reports.

    ``last_used_at`` is true to the minute. A token of reports sees what the data officer sees, unless it
    ``is_public``: then what everybody else may see.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (
        of_merchant("outlets", "outlet_id"),
        CheckConstraint("outlet_id IS NULL OR merchant_id IS NOT NULL", name="outlet_of_merchant"),
        CheckConstraint("merchant_id IS NULL OR zone_id IS NULL", name="merchant_or_zone"),
        Index("ix_api_tokens_merchant_id", "merchant_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    merchant_id: Mapped[int | None] = mapped_column(ForeignKey("enterprises.id"))
    outlet_id: Mapped[UUID | None]
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zones.id"))
    is_public: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
