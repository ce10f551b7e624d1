"""The tables of audit entries and of the seals that chain them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base, new_id


class AuditSeal(Base):
    """A link of the chain: what the trail said up to a moment, bound to the link before.

    Numbers are 1, 2, 3 … without a gap. ``digest`` is over ``previous``, the seal's own columns and its
    entries (``seal.digest_of``); the first seal's ``previous`` is 32 zero bytes.
    """

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    entries: Mapped[int]
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditEntry(Base):
    """One deed. Without account and token it was the command line; ``detail`` holds no personal data.

    Triggers in the database refuse every change but the one of ``seal_number``, from NULL, once, and
    on SQLite every INSERT of an id that is there: it could be a REPLACE.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_seal_number_id", "seal_number", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_tokens.id"))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(100))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprises.id"), index=True)
    address: Mapped[str] = mapped_column(String(45), default="")
    detail: Mapped[dict[str, Any]]
    #: Deferred, because the entries of a seal are claimed before its digest is known.
    seal_number: Mapped[int | None] = mapped_column(
        ForeignKey("audit_seals.number", deferrable=True, initially="DEFERRED")
    )
