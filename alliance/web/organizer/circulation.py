"""The overview of circulation: headline figures with what they are compared with, and how they came about."""

from collections.abc import Callable

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from alliance import clock
from alliance.web.extensions import db
from alliance.web.organizer import bp, figure_cards, overview
from alliance.web.organizer.asked import Asked, asked
from alliance.web.organizer.downloads import Table, download
from alliance.web.organizer.reading import in_snapshot, title_of


@bp.get("/circulation")
def show_circulation() -> ResponseReturnValue:
    """The figures of a period, this month's by default, of a zone or everywhere."""
    what, at = asked(db.session), clock.now()
    found = in_snapshot(lambda session: overview.overview(session, what, at))
    return render_template(
        "organizer/show_circulation.html",
        asked=what,
        found=found,
        groups=figure_cards.groups(found.compared),
        notes=figure_cards.notes(what.period, what.today),
        volume=overview.volume(found.series),
        retention=overview.retention(found.series),
    )


@bp.get("/circulation/download")
def download_circulation() -> ResponseReturnValue:
    """A table of the overview as a file: ``?table=figures`` (or volume, retention) ``&as=csv`` (or xlsx)."""
    what, name = asked(db.session), request.args.get("table", "figures")
    table = _TABLES.get(name) or abort(404)
    return download([in_snapshot(lambda session: table(session, what))], request.args.get("as", "csv"))


def _figures(session: Session, what: Asked) -> Table:
    return figure_cards.table_of(overview.compared(session, what), title_of(_("流通总览"), what))


def _volume(session: Session, what: Asked) -> Table:
    points, _by_day = overview.series(session, what)
    return overview.volume(points).table(title_of(_("核销趋势"), what))


def _retention(session: Session, what: Asked) -> Table:
    points, _by_day = overview.series(session, what)
    return overview.retention(points).table(title_of(_("域内留存率"), what))


_TABLES: dict[str, Callable[[Session, Asked], Table]] = {
    "figures": _figures,
    "volume": _volume,
    "retention": _retention,
}
