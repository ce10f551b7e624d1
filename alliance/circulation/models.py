"""The derived tables. Everything here can be deleted and rebuilt from the facts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from alliance.store import Base


class DerivedMonth(Base):
    """The days of ``month`` up to ``through`` have been derived. Without a dirty mark they are the truth."""

    __tablename__ = "derived_months"

    month: Mapped[date] = mapped_column(primary_key=True)
    through: Mapped[date]
    derived_at: Mapped[datetime]


class DayFigures(Base):
    """Net sums of one business date: outlet × employer's zone. Amounts in 分."""

    __tablename__ = "day_figures"

    business_date: Mapped[date] = mapped_column(primary_key=True)
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outlet_id: Mapped[UUID] = mapped_column(primary_key=True)
    outlet_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)
    employer_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)
    redemptions: Mapped[int]
    gross_fen: Mapped[int]
    discount_fen: Mapped[int]
    paid_fen: Mapped[int]


class MonthFlow(Base):
    """Net sums of one month: employer × merchant, by the outlet's zone. Amounts in 分."""

    __tablename__ = "month_flows"

    month: Mapped[date] = mapped_column(primary_key=True)
    outlet_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)
    employer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    redemptions: Mapped[int]
    paid_fen: Mapped[int]
