"""别处更便宜, in the organizer's room: what is open and for how long, and the verdict."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import Select, or_, select
from wtforms import RadioField, SelectChoice
from wtforms.validators import AnyOf

from alliance import clock
from alliance.accounts.models import Grant
from alliance.enterprises.placement import enterprise_zone_on
from alliance.offers.cheaper import VERDICTS, CheaperInvalid, Said, StepKind, close, reopen, unanswered
from alliance.offers.models import CheaperReport
from alliance.web.cheaper_lines import ReportLine, report_lines
from alliance.web.cheaper_words import problem_words
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.lookups import zone_roots
from alliance.web.picture_fields import text_field
from alliance.zones.tree import subtree_ids

REPORT = "/reports/<int:merchant_id>/<uuid:report_id>"


class VerdictForm(FlaskForm):  # type: ignore[misc]
    """成立 or 不成立, with a word about it."""

    kind = RadioField(
        _l("裁定"),
        [AnyOf([str(kind) for kind in VERDICTS], message=_l("请选择成立或不成立。"))],
        choices=[SelectChoice("upheld", _l("成立")), SelectChoice("dismissed", _l("不成立"))],
        validate_choice=False,
    )
    words = text_field(_l("说明"), 300, _l("说明最多 300 个字。"), lines=True)


class ReopenReportForm(FlaskForm):  # type: ignore[misc]
    """What the merchant should still say."""

    words = text_field(
        _l("要商户补充什么"),
        300,
        _l("说明最多 300 个字。"),
        missing=_l("请写明要商户补充什么。"),
        lines=True,
    )


@bp.get("/reports")
def list_reports() -> ResponseReturnValue:
    """Every report of the merchants in reach, those without an answer first, the oldest at the top."""
    at = clock.now()
    return render_template(
        "organizer/list_reports.html",
        lines=report_lines(db.session, _in_reach(select(CheaperReport), g.grants, at), at),
    )


@bp.get(REPORT)
def show_report(merchant_id: int, report_id: UUID) -> ResponseReturnValue:
    """A report with everything that was said about it."""
    return _report_page(_line_or_404(merchant_id, report_id), VerdictForm(), ReopenReportForm())


@bp.post(REPORT + "/close")
def close_report(merchant_id: int, report_id: UUID) -> ResponseReturnValue:
    """The verdict."""
    line, form = _line_or_404(merchant_id, report_id), VerdictForm()
    if not form.validate():
        return _report_page(line, form, ReopenReportForm(formdata=None)), 422
    try:
        close(db.session, line.report, StepKind(form.kind.data), Said(form.words.data), g.actor, clock.now())
    except CheaperInvalid as invalid:
        return _decided_before(line, invalid)
    db.session.commit()
    flash(_("已裁定，商户和反映的人都能看到。"))
    return redirect(url_for("organizer.list_reports"))


@bp.post(REPORT + "/reopen")
def reopen_report(merchant_id: int, report_id: UUID) -> ResponseReturnValue:
    """The merchant has to answer (once more)."""
    line, form = _line_or_404(merchant_id, report_id), ReopenReportForm()
    if not form.validate():
        return _report_page(line, VerdictForm(formdata=None), form), 422
    try:
        reopen(db.session, line.report, Said(form.words.data), g.actor, clock.now())
    except CheaperInvalid as invalid:
        return _decided_before(line, invalid)
    db.session.commit()
    flash(_("已退给商户，等待重新答复。"))
    return redirect(url_for("organizer.list_reports"))


def _report_page(line: ReportLine, form: VerdictForm, again: ReopenReportForm) -> str:
    return render_template("organizer/show_report.html", line=line, form=form, again=again)


def _decided_before(line: ReportLine, invalid: CheaperInvalid) -> ResponseReturnValue:
    address = url_for("organizer.show_report", merchant_id=line.report.merchant_id, report_id=line.report.id)
    db.session.rollback()
    flash(problem_words(invalid), "warning")
    return redirect(address)


def _line_or_404(merchant_id: int, report_id: UUID) -> ReportLine:
    this = select(CheaperReport).where(
        CheaperReport.merchant_id == merchant_id, CheaperReport.id == report_id
    )
    lines = report_lines(db.session, this, clock.now())
    return lines[0] if lines else abort(404)


def overdue(grants: Sequence[Grant], at: datetime) -> int:
    """How many reports wait too long for merchants in reach of these grants."""
    lines = report_lines(db.session, _in_reach(unanswered(), grants, at), at)
    return sum(line.is_overdue for line in lines)


def _in_reach(query: Select[CheaperReport], grants: Sequence[Grant], at: datetime) -> Select[CheaperReport]:
    roots = zone_roots(grants)
    if roots is None:
        return query
    zone = enterprise_zone_on(clock.business_date(at), CheaperReport.merchant_id)
    return query.where(or_(*(zone.in_(subtree_ids(root)) for root in roots)))
