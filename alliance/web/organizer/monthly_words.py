"""What the page of the monthly report shows beside the report: choices, kept reports, numbers as text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.models import Account
from alliance.circulation.compared import Figure, Hidden, Unit, exact
from alliance.circulation.models import MonthlyReport
from alliance.circulation.official_text import decimal
from alliance.circulation.periods import Period, PeriodKind, containing, previous, text_of
from alliance.clock import business_date
from alliance.money import divide, format_yuan
from alliance.redemptions.months import first_month

#: The figures on paper, by their names in ``Report``; all of them are in the workbook.
KEY = (
    "redemptions",
    "gross_fen",
    "discount_fen",
    "discount_rate",
    "paid_fen",
    "same_zone_paid_fen",
    "zone_retention",
    "active_holders",
    "paid_per_active_holder_mean_fen",
    "paid_per_active_holder_median_fen",
    "reuse_rate",
    "active_merchant_enterprises",
    "active_outlets",
    "cross_enterprise_paid_fen",
    "self_circulation_share",
    "enterprise_reciprocity",
    "enterprise_reciprocity_baseline",
    "enterprise_circularity",
    "enterprise_circularity_baseline",
)
#: Rows of a table on paper.
ROWS = 20


@dataclass(frozen=True)
class KeptLine:
    """A kept report; ``by`` is empty when the worker made it."""

    report: MonthlyReport
    by: str


def kept_lines(session: Session, kept: Sequence[MonthlyReport]) -> list[KeptLine]:
    """With who made each."""
    ids = {report.made_by_id for report in kept if report.made_by_id}
    names = dict(session.execute(select(Account.id, Account.name).where(Account.id.in_(ids))).all())
    return [KeptLine(report, names.get(report.made_by_id or 0, "")) for report in kept]


def month_choices(session: Session, shown: Period, at: datetime) -> Iterator[tuple[str, str]]:
    """The months that are over, the newest first, and the period that is shown, as (URL text, name)."""
    if shown.kind != PeriodKind.MONTH:
        yield text_of(shown), text_of(shown)
    month = containing(PeriodKind.MONTH, business_date(at))
    if shown == month:
        yield text_of(month), month_name(month.first)
    first = min(first_month(session, at), shown.first)
    while (month := previous(month)).first >= first:
        yield text_of(month), month_name(month.first)


def month_name(month: date) -> str:
    """``2026年3月``."""
    return str(_("%(year)s年%(month)s月", year=month.year, month=month.month))


def shown(unit: Unit, value: Figure) -> str:
    """``¥1,234.50``, ``12.3%``, ``1,234`` or ``0.1234``; a dash for nothing."""
    if isinstance(value, Hidden):
        return str(_("未公布"))
    if value is None:
        return "—"
    if unit is Unit.FEN:
        amount = exact(value)
        return format_yuan(divide(amount.numerator, amount.denominator))
    if unit is Unit.SHARE:
        return f"{decimal(exact(value) * 100, 1)}%"
    return f"{value:,}" if unit is Unit.COUNT else decimal(exact(value), 4)


def changed(unit: Unit, change: Fraction | None) -> str:
    """``+1.2%``, and of a share ``+1.2 个百分点``; a dash for nothing."""
    if change is None:
        return "—"
    size = decimal(change * 100, 1)
    size = size if change < 0 or size == "0.0" else f"+{size}"
    return str(_("%(size)s 个百分点", size=size)) if unit is Unit.SHARE else f"{size}%"


def part(fen: int, whole: int | None) -> str:
    """``12.3%`` of the whole; a dash where that is nothing or hidden."""
    return f"{decimal(Fraction(fen, whole) * 100, 1)}%" if whole else "—"
