"""别处更便宜, at the merchant's desk: what was reported, without who, and the answer that is due."""

from uuid import UUID

from flask import abort, flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import RadioField, SelectChoice
from wtforms.validators import AnyOf

from alliance import clock
from alliance.offers.cheaper import ANSWERS, DAYS_TO_ANSWER, CheaperInvalid, Said, StepKind, answer
from alliance.offers.models import CheaperReport
from alliance.web.cheaper_lines import ReportLine, report_lines
from alliance.web.cheaper_words import put_at_field
from alliance.web.enterprise import bp
from alliance.web.enterprise.page import page
from alliance.web.extensions import db
from alliance.web.picture_fields import PictureIdsField, link_field, text_field

CHOICES = {
    StepKind.LOWERED: _l("接受，已经提交了降价的新版本"),
    StepKind.EXPLAINED: _l("说明情况"),
    StepKind.PROVED: _l("提供证据，证明我们的更优惠"),
}


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """What the merchant says to a report."""

    kind = RadioField(
        _l("怎么答复"),
        [AnyOf([str(kind) for kind in ANSWERS], message=_l("请选择怎么答复。"))],
        choices=[SelectChoice(str(kind), label) for kind, label in CHOICES.items()],
        validate_choice=False,
    )
    words = text_field(_l("答复"), 300, _l("答复最多 300 个字。"), lines=True)
    link = link_field(_l("链接"), _l("链接最多 500 个字。"))
    picture = PictureIdsField(_l("照片"), most=1)


@bp.get("/reports")
def list_reports(enterprise_id: int) -> ResponseReturnValue:
    """Every report about the enterprise's offers, those that wait for an answer first."""
    ours = select(CheaperReport).where(CheaperReport.merchant_id == enterprise_id)
    lines = report_lines(db.session, ours, clock.now())
    return page("enterprise/list_reports.html", enterprise_id, lines=lines, days=DAYS_TO_ANSWER)


@bp.get("/reports/<uuid:report_id>")
def show_report(enterprise_id: int, report_id: UUID) -> ResponseReturnValue:
    """A report, what became of it, and the form for the answer."""
    line = _line_or_404(enterprise_id, report_id)
    return page("enterprise/show_report.html", enterprise_id, line=line, form=AnswerForm())


@bp.post("/reports/<uuid:report_id>")
def answer_report(enterprise_id: int, report_id: UUID) -> ResponseReturnValue:
    """The merchant answers; the holder reads it on the phone."""
    line, form = _line_or_404(enterprise_id, report_id), AnswerForm()
    if not form.validate() or not _answered(line.report, form):
        return page("enterprise/show_report.html", enterprise_id, line=line, form=form), 422
    flash(_("已答复，反映的人和主办方都能看到。"))
    return redirect(url_for("enterprise.show_report", enterprise_id=enterprise_id, report_id=report_id))


def _answered(reported: CheaperReport, form: AnswerForm) -> bool:
    """Whether the answer stands; else the form says why not."""
    said = Said(form.words.data, form.link.data, form.picture.first)
    try:
        answer(db.session, reported, StepKind(form.kind.data), said, g.actor, clock.now())
    except CheaperInvalid as invalid:
        put_at_field(form, invalid)
        return False
    db.session.commit()
    return True


def _line_or_404(enterprise_id: int, report_id: UUID) -> ReportLine:
    this = select(CheaperReport).where(
        CheaperReport.merchant_id == enterprise_id, CheaperReport.id == report_id
    )
    lines = report_lines(db.session, this, clock.now())
    return lines[0] if lines else abort(404)
