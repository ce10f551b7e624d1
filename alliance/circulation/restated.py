"""The tables of restatements. Unlike what is derived they cannot be rebuilt: somebody decided them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base, new_id, of_merchant


class Restatement(Base):
    """Redemptions of some days are counted as was recorded later: how many, by whom, and why."""

    __tablename__ = "restatements"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    first: Mapped[date]
    last: Mapped[date]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(String(200))
    redemptions: Mapped[int]


class RestatedFact(Base):
    """With which employer and in which zones a redemption is counted since its last restatement."""

    __tablename__ = "restated_facts"
    __table_args__ = (of_merchant("redemptions", "redemption_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    redemption_id: Mapped[UUID] = mapped_column(primary_key=True)
    restatement_id: Mapped[UUID] = mapped_column(ForeignKey("restatements.id"), index=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"))
    employer_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    outlet_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
