"""The tables of enterprises and outlets."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from alliance.clock import BEFORE_RECORDS, SINCE_EVER
from alliance.store import Base, Identity, new_id, of_merchant


class Enterprise(Base):
    """A member enterprise; in its selling role its id is the ``merchant_id`` of what it owns."""

    __tablename__ = "enterprises"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    credit_code: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]


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
