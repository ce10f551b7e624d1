"""Keeping monthly reports: what was reported can be looked up later, even when late facts have come."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.trail import COMMAND_LINE, Actor, record
from alliance.circulation.models import MonthlyReport
from alliance.circulation.monthly import Monthly
from alliance.circulation.periods import Period, PeriodKind, containing, previous
from alliance.circulation.workbook import workbook_of
from alliance.clock import business_date
from alliance.store import dialect_insert, new_id
from alliance.zones.models import Zone


def keep(session: Session, report: Monthly, by: Actor) -> UUID:
    """Keep a report of a month as it is; one that is made again is another row. ``by`` is an account.

    Raises ValueError for a period that is no month, and for a report with what not everybody may see.
    """
    values = _values(report, by)
    session.add(MonthlyReport(**values))
    session.flush()
    _record(session, report, values, by)
    id_: UUID = values["id"]
    return id_


def keep_by_worker(session: Session, report: Monthly) -> bool:
    """Keep the report that the worker makes by itself; false when another worker was faster."""
    values = _values(report, COMMAND_LINE)
    insert = dialect_insert(session, MonthlyReport).values(values).on_conflict_do_nothing()
    if session.execute(insert.returning(MonthlyReport.id)).first() is None:
        return False
    _record(session, report, values, COMMAND_LINE)
    return True


def due(session: Session, day: int, at: datetime) -> Period | None:
    """The month before, from this day of a month on, unless the worker has kept its report; 0 is no day."""
    today = business_date(at)
    month = previous(containing(PeriodKind.MONTH, today))
    by_worker = select(MonthlyReport.id).where(
        MonthlyReport.month == month.first, MonthlyReport.made_by_id.is_(None)
    )
    if not day or today.day < day or session.scalar(by_worker) is not None:
        return None
    return month


def kept_of(session: Session, month: date, zone: Zone | None) -> Sequence[MonthlyReport]:
    """What has been kept of a month and exactly this zone (None: everything), the newest first."""
    rows = select(MonthlyReport).where(
        MonthlyReport.month == month, MonthlyReport.zone_id.is_not_distinct_from(zone.id if zone else None)
    )
    return session.scalars(rows.order_by(MonthlyReport.id.desc())).all()


def _values(report: Monthly, by: Actor) -> dict[str, Any]:
    if report.sees_all or report.period.kind != PeriodKind.MONTH:
        raise ValueError("kept are reports of a month as everybody may see them")
    return {
        "id": new_id(),
        "month": report.period.first,
        "zone_id": report.scope.zone.id if report.scope.zone else None,
        "made_at": report.made_at,
        "made_by_id": by.account_id,
        "figures": dict(report.compared.now.figures),
        "text": report.text,
        "workbook": workbook_of(report),
    }


def _record(session: Session, report: Monthly, values: dict[str, Any], by: Actor) -> None:
    month, zone = f"month:{report.period.first:%Y-%m}", report.scope.zone
    digest = hashlib.sha256(values["workbook"]).hexdigest()
    record(
        session, by, "report.keep", month, report.made_at, zone=zone.code if zone else False, digest=digest
    )
