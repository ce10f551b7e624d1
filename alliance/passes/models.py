"""The tables of passes, signing keys, typed codes and spent presentations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base, Identity


class Pass(Base):
    """The entitlement of one holder. ``status_index`` is what credentials carry instead of a person."""

    __tablename__ = "passes"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holders.id"), index=True)
    status_index: Mapped[int] = mapped_column(unique=True)
    issued_at: Mapped[datetime]


class PassRevocation(Base):
    """A pass is dead from now on."""

    __tablename__ = "pass_revocations"

    pass_id: Mapped[int] = mapped_column(ForeignKey("passes.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(String(200))


class SigningKey(Base):
    """A key pair of the alliance: the public half in the clear, the private half sealed."""

    __tablename__ = "signing_keys"

    kid: Mapped[bytes] = mapped_column(LargeBinary(8), primary_key=True)
    public: Mapped[bytes] = mapped_column(LargeBinary(65))
    sealed: Mapped[bytes] = mapped_column(LargeBinary(300))
    created_at: Mapped[datetime]


class TypedCode(Base):
    """Digits that stand for a credential while it lives, for a counter whose camera does not work."""

    __tablename__ = "typed_codes"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("passes.id"))
    cti: Mapped[bytes] = mapped_column(LargeBinary(8))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PresentationUse(Base):
    """A presentation that was accepted, once and for ever.

    ``key_id`` names what presented: for a short-lived credential its own cti, with counter 0.
    """

    __tablename__ = "presentation_uses"

    key_id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    counter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    used_at: Mapped[datetime]
    merchant_id: Mapped[int]
    scan_id: Mapped[UUID]
