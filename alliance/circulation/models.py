"""The derived tables: all but the monthly reports can be deleted and rebuilt from the facts.

Nothing points out of the tables by calendar period: 0 stands for everywhere and for everybody there.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from alliance.circulation.periods import PeriodKind
from alliance.circulation.scope import Axis
from alliance.store import Base, new_id


class DerivedMonth(Base):
    """The days of ``month`` up to ``through`` have been derived. Without a dirty mark they are the truth.

    ``turn`` is another one after each rebuild: who has read the facts before and writes after it can tell.
    """

    __tablename__ = "derived_months"

    month: Mapped[date] = mapped_column(primary_key=True)
    through: Mapped[date]
    turn: Mapped[UUID]
    derived_at: Mapped[datetime]


class _Sums:
    """Net sums; amounts in 分."""

    redemptions: Mapped[int]
    gross_fen: Mapped[int]
    discount_fen: Mapped[int]
    paid_fen: Mapped[int]


class DayFlow(_Sums, Base):
    """Net sums of one business date: employer's zone × outlet's zone."""

    __tablename__ = "day_flows"

    business_date: Mapped[date] = mapped_column(primary_key=True)
    employer_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)
    outlet_zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)


class _OfPeriod:
    """Of a calendar period (month, quarter, year), named by its first day."""

    kind: Mapped[PeriodKind] = mapped_column(String(10), primary_key=True, sort_order=-2)
    first_day: Mapped[date] = mapped_column(primary_key=True, sort_order=-1)


class DerivedPeriod(_OfPeriod, Base):
    """A calendar period has been derived. Without a dirty mark, and on today's ``basis``, it is the truth.

    ``basis`` is the digest of what the figures depend on besides the facts (``derive.basis_of``).
    """

    __tablename__ = "derived_periods"

    basis: Mapped[bytes] = mapped_column(LargeBinary(32))
    derived_at: Mapped[datetime]


class _Cell(_OfPeriod, _Sums):
    """A cell of a table; ``holders`` are the distinct ones behind it, None where nobody counted them.

    ``is_hidden``: too few of them, or it would give such a cell away (``suppression``).
    """

    holders: Mapped[int | None]
    is_hidden: Mapped[bool]


class PeriodFlow(_Cell, Base):
    """Buyers × sellers: zones with all below them (the other id is 0), or enterprises in a zone."""

    __tablename__ = "period_flows"

    buyer_zone_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    employer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seller_zone_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class PeriodOutlet(_Cell, Base):
    """An outlet in the zone where it stood."""

    __tablename__ = "period_outlets"

    seller_zone_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outlet_id: Mapped[UUID] = mapped_column(primary_key=True)


class PeriodOffer(_Cell, Base):
    """An offer of a merchant, wherever it was redeemed."""

    __tablename__ = "period_offers"

    merchant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offer_id: Mapped[UUID] = mapped_column(primary_key=True)


class PeriodFigures(_OfPeriod, Base):
    """The report of a zone (0: everywhere) on an axis, as ``report.Report`` has it.

    ``hidden`` are the names of its figures that only the data officer sees.
    """

    __tablename__ = "period_figures"

    axis: Mapped[Axis] = mapped_column(String(10), primary_key=True)
    zone_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    figures: Mapped[dict[str, Any]]
    hidden: Mapped[list[str]] = mapped_column(JSON)


class MonthlyReport(Base):
    """What was reported of a month when it was made; never changed, whatever arrives later.

    Of a zone and all below it, or of everything, and always without what only the data officer sees.
    ``figures`` are those of ``seen.SeenReport``. One that nobody asked for was made by the worker, once for a
    month.
    """

    __tablename__ = "monthly_reports"
    __table_args__ = (
        Index("ix_monthly_reports_month_zone_id", "month", "zone_id"),
        Index(
            "uq_monthly_reports_by_worker",
            "month",
            unique=True,
            postgresql_where=sql("made_by_id IS NULL"),
            sqlite_where=sql("made_by_id IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    month: Mapped[date]
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zones.id"))
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    figures: Mapped[dict[str, Any]]
    text: Mapped[str] = mapped_column(Text)
    workbook: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
