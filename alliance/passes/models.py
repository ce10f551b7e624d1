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


class PassDevice(Base):
    """A phone's key, bound to a pass. ``key_id`` is the key's thumbprint (RFC 9679), ``public`` its point.

    ``sign_in_id`` is the session that enrolled or last renewed it; sessions are forgotten, so it points
    nowhere. ``replaces_id`` is the key that the same session had before. ``carrier_id`` is set for a card
    that a phone carries beside its own pass: the phone's own key, with which it comes and goes.
    """

    __tablename__ = "pass_devices"

    key_id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("passes.id"), index=True)
    public: Mapped[bytes] = mapped_column(LargeBinary(65))
    user_agent: Mapped[str] = mapped_column(String(200))
    enrolled_at: Mapped[datetime]
    sign_in_id: Mapped[UUID]
    replaces_id: Mapped[bytes | None] = mapped_column(LargeBinary(32), ForeignKey("pass_devices.key_id"))
    carrier_id: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), ForeignKey("pass_devices.key_id"), index=True
    )


class DeviceRevocation(Base):
    """A phone's key is dead from now on."""

    __tablename__ = "device_revocations"

    key_id: Mapped[bytes] = mapped_column(
        LargeBinary(32), ForeignKey("pass_devices.key_id"), primary_key=True
    )
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(String(200))


class DeviceCredential(Base):
    """A credential that a phone holds. The status list speaks of its index, which is free again after it."""

    __tablename__ = "device_credentials"

    status_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_id: Mapped[bytes] = mapped_column(LargeBinary(32), ForeignKey("pass_devices.key_id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PrintedCard(Base):
    """A printed card of a pass, for as long as its holder works for the employer that stands on it.

    ``cti`` is the credential's own; the credential itself is on paper only. ``key_id`` is the key that signed
    it. The row stays, to say whose card a scan's evidence was, and its ``status_index`` is never given again.
    """

    __tablename__ = "printed_cards"

    cti: Mapped[bytes] = mapped_column(LargeBinary(8), primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("passes.id"), index=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"))
    status_index: Mapped[int] = mapped_column(unique=True)
    key_id: Mapped[bytes] = mapped_column(LargeBinary(32), ForeignKey("signing_keys.id"), index=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class CardRevocation(Base):
    """A printed card is dead from now on."""

    __tablename__ = "card_revocations"

    cti: Mapped[bytes] = mapped_column(LargeBinary(8), ForeignKey("printed_cards.cti"), primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(String(200))


class SigningKey(Base):
    """A key pair of the alliance: the public half in the clear, the private half sealed.

    ``id`` is the key's thumbprint (RFC 9679); ``kid``, which credentials name, is only a hint. It is
    published when it is made and signs from ``signs_from`` on, until a later one does.
    """

    __tablename__ = "signing_keys"

    id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    kid: Mapped[bytes] = mapped_column(LargeBinary(8), index=True)
    public: Mapped[bytes] = mapped_column(LargeBinary(65))
    sealed: Mapped[bytes] = mapped_column(LargeBinary(300))
    created_at: Mapped[datetime]
    signs_from: Mapped[datetime]


class SigningKeyRetirement(Base):
    """A key under which nothing is accepted any more; what was signed with it before stays proven."""

    __tablename__ = "signing_key_retirements"

    key_id: Mapped[bytes] = mapped_column(LargeBinary(32), ForeignKey("signing_keys.id"), primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class TypedCode(Base):
    """Digits that stand for a credential while it lives, for a counter whose camera does not work."""

    __tablename__ = "typed_codes"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("passes.id"))
    cti: Mapped[bytes] = mapped_column(LargeBinary(8))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PresentationUse(Base):
    """A presentation that was accepted, once and for ever.

    ``key_id`` names what presented: a phone's key; for a short-lived credential its own cti, with counter 0.
    """

    __tablename__ = "presentation_uses"

    key_id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    counter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    used_at: Mapped[datetime]
    merchant_id: Mapped[int]
    scan_id: Mapped[UUID]
