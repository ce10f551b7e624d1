"""The tables of enterprises and outlets."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alliance.clock import BEFORE_RECORDS, SINCE_EVER
from alliance.store import Base, Identity, new_id, of_merchant


class Category(StrEnum):
    """What a merchant sells, as employees look for it."""

    DINING = "dining"
    GROCERIES = "groceries"
    SHOPPING = "shopping"
    CARS = "cars"
    HEALTH = "health"
    FITNESS = "fitness"
    EDUCATION = "education"
    LEISURE = "leisure"
    SERVICES = "services"
    OTHER = "other"


class Enterprise(Base):
    """A member enterprise; in its selling role its id is the ``merchant_id`` of what it owns.

    ``category`` is what it sells; None where nobody has said, or where it sells nothing.
    """

    __tablename__ = "enterprises"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    credit_code: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    category: Mapped[Category | None] = mapped_column(String(20))
    created_at: Mapped[datetime]


class RelatedParties(Base):
    """Two enterprises of one owner (关联企业): what flows between them is no business between strangers.

    Written once, with the smaller id first.
    """

    __tablename__ = "related_parties"
    __table_args__ = (CheckConstraint("enterprise_id < related_id", name="smaller_first"),)

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True)
    related_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True, index=True)
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class EnterpriseZone(Base):
    """The zone of an enterprise from ``starts_on`` until its next row starts.

    Of several rows with one start the last recorded holds; the others say what was held true before it.
    """

    __tablename__ = "enterprise_zones"

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True, default=SINCE_EVER)
    recorded_at: Mapped[datetime] = mapped_column(primary_key=True, default=BEFORE_RECORDS)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), index=True)


class Outlet(Base):
    """A place where passes are scanned. ``code`` is the merchant's own 门店编号."""

    __tablename__ = "outlets"
    __table_args__ = (UniqueConstraint("merchant_id", "code"),)

    merchant_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]


class OutletZone(Base):
    """The zone of an outlet from ``starts_on`` until its next row starts; recorded as an enterprise's."""

    __tablename__ = "outlet_zones"
    __table_args__ = (of_merchant("outlets", "outlet_id"),)

    merchant_id: Mapped[int] = mapped_column(primary_key=True)
    outlet_id: Mapped[UUID] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True, default=SINCE_EVER)
    recorded_at: Mapped[datetime] = mapped_column(primary_key=True, default=BEFORE_RECORDS)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), index=True)
