"""The monthly report: a page to print, the workbook, and the reports that have been kept."""

import io
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, abort, flash, g, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from alliance import clock
from alliance.circulation.kept import keep, kept_of
from alliance.circulation.models import MonthlyReport
from alliance.circulation.monthly import Monthly, monthly
from alliance.circulation.names import DEFINITIONS, NAMES
from alliance.circulation.periods import PeriodKind, text_of
from alliance.circulation.registry import KINDS
from alliance.circulation.workbook import MIME, workbook_of
from alliance.store import one_snapshot, sessionmaker_for
from alliance.web.extensions import db
from alliance.web.organizer import bp, lookups, monthly_words
from alliance.web.organizer.asked import Asked, asked
from alliance.zones.models import Zone


@bp.get("/circulation/report")
def show_monthly_report() -> ResponseReturnValue:
    """A month (``?period=2026-03``, else the last one that is over), a quarter or a year."""
    filters = _asked()
    report = _report(db.session, filters)
    is_month = filters.period.kind == PeriodKind.MONTH
    kept = kept_of(db.session, filters.period.first, filters.scope.zone) if is_month else []
    return render_template(
        "organizer/show_monthly_report.html",
        report=report,
        asked=filters,
        key_lines=[report.compared.line(name) for name in monthly_words.KEY],
        months=monthly_words.month_choices(db.session, filters.period, report.made_at),
        zones=lookups.zone_choices(db.session, g.grants),
        kept=monthly_words.kept_lines(db.session, kept),
        may_keep=is_month and report.compared.until is None,
        words=monthly_words,
        names=NAMES,
        definitions=DEFINITIONS,
    )


@bp.get("/circulation/report.xlsx")
def download_monthly_report() -> ResponseReturnValue:
    """The same as a workbook."""
    filters = _asked()
    report = _report(db.session, filters)
    return _file(workbook_of(report), f"circulation-{text_of(filters.period)}.xlsx")


@bp.post("/circulation/report")
def keep_monthly_report() -> ResponseReturnValue:
    """Keep the report of a month that is over as everybody may see it. The filters stand in the URL."""
    filters = replace(_asked(), sees_all=False)
    if filters.period.kind != PeriodKind.MONTH or not filters.sees_tables:
        abort(400)
    query: dict[str, Any] = dict(filters.query)
    zone_id = filters.scope.zone.id if filters.scope.zone else None
    # Reading takes a while, in which nobody on SQLite should wait for his turn to write.
    db.session.rollback()
    with sessionmaker_for(db.engine)() as reading:
        report = _report(reading, filters, zone_id)
    keep(db.session, report, g.actor)
    db.session.commit()
    flash(_("已留存，以后有晚到的数据也不会改。"))
    return redirect(url_for("organizer.show_monthly_report", **query), code=303)


@bp.get("/circulation/reports/<uuid:kept_id>.xlsx")
def download_kept_report(kept_id: UUID) -> ResponseReturnValue:
    """The workbook of a report that was kept, for whoever may report on its zone (``policy``)."""
    found = db.session.get(MonthlyReport, kept_id) or abort(404)
    return _file(found.workbook, f"circulation-{found.month:%Y-%m}-{clock.local(found.made_at):%Y%m%d}.xlsx")


def _asked() -> Asked:
    """What the URL asks for; a day, a week and a free span have no report: 400."""
    filters = asked(db.session, tables=True)
    if filters.period.kind not in KINDS:
        abort(400)
    return filters


def _report(session: Session, filters: Asked, zone_id: int | None = None) -> Monthly:
    """From one snapshot of ``session``; ``zone_id`` where the zone was read in another one."""
    session.rollback()
    with one_snapshot(session):
        scope = replace(filters.scope, zone=session.get_one(Zone, zone_id)) if zone_id else filters.scope
        return monthly(session, filters.period, scope, clock.now(), sees_all=filters.sees_all)


def _file(content: bytes, name: str) -> Response:
    return send_file(io.BytesIO(content), mimetype=MIME, as_attachment=True, download_name=name)
