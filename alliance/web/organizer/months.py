"""月结: how the months stand, closing them and opening them again."""

from datetime import date

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from alliance import clock
from alliance.redemptions import months
from alliance.web.extensions import db
from alliance.web.organizer import bp, month_lines
from alliance.web.organizer.forms import MonthForm, ReopenForm


@bp.get("/months")
def list_months() -> ResponseReturnValue:
    """Every month of the books, the newest first."""
    return _list_page()


@bp.get("/months/show")
def show_month() -> ResponseReturnValue:
    """One month (``?month=2026-03``, else the one that is to be closed next) with all its closings."""
    asked = request.args.get("month") or f"{months.first_open(db.session, clock.now()):%Y-%m}"
    form = ReopenForm(formdata=MultiDict({"month": asked}))
    return _month_page(form.month.data or abort(404), ReopenForm(formdata=None))


@bp.post("/months/close")
def close_month() -> ResponseReturnValue:
    """Close a month."""
    form = MonthForm()
    if not form.validate():
        return _list_page(), 422
    month = form.month.data
    try:
        months.close(db.session, month, g.actor, clock.now())
    except months.MonthError as error:
        return _no(month, error)
    db.session.commit()
    flash(_("%(month)s已结账。", month=_words(month)))
    return redirect(_url(month))


@bp.post("/months/reopen")
def reopen_month() -> ResponseReturnValue:
    """Open the latest closed month again."""
    form = ReopenForm()
    if form.month.data is None:
        return _list_page(), 422
    month = form.month.data
    if not form.validate():
        return _month_page(month, form), 422
    try:
        months.reopen(db.session, month, form.reason.data, g.actor, clock.now())
    except months.MonthError as error:
        return _no(month, error)
    db.session.commit()
    flash(_("%(month)s已重新打开，改完后请再结账。", month=_words(month)))
    return redirect(_url(month))


def _no(month: date, error: months.MonthError) -> ResponseReturnValue:
    db.session.rollback()
    other = _words(error.month)
    sentence = {
        months.NotOver: _("%(month)s还没有结束，月末过后 10 分钟才能结账。", month=other),
        months.AlreadyClosed: _("%(month)s刚才已经结账了。", month=other),
        months.NotClosed: _("%(month)s没有结账，无需重新打开。", month=other),
        months.EarlierOpen: _("请先结%(month)s的账，账要按月份顺序结。", month=other),
        months.LaterClosed: _("请先重新打开%(month)s，账要从最近的月份开始打开。", month=other),
        months.BeforeTheBooks: _("账从%(month)s开始，更早的月份没有可结的账。", month=other),
    }
    flash(sentence[type(error)], "warning")
    return redirect(_url(month))


def _list_page() -> str:
    return render_template("organizer/list_months.html", lines=month_lines.lines(db.session, clock.now()))


def _month_page(month: date, form: ReopenForm) -> str:
    line = month_lines.line(db.session, month, clock.now())
    net = month_lines.net_by_merchant(db.session, month)
    first = line.deeds[0].closing if line.deeds else None
    return render_template(
        "organizer/show_month.html",
        line=line,
        first=month_lines.sums_of(first) if first else None,
        now=month_lines.net_in_all(net),
        merchants=month_lines.merchant_lines(db.session, first, net) if first else [],
        form=form,
    )


def _words(month: date) -> str:
    return str(_("%(year)s年%(month)s月", year=month.year, month=month.month))


def _url(month: date) -> str:
    return url_for("organizer.show_month", month=f"{month:%Y-%m}")
