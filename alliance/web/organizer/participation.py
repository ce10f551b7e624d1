"""参与: how many of each employer's people redeem, and whether they come back."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from alliance.circulation.cohorts import cohorts
from alliance.circulation.participation import months_up_to, participation
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.asked import Asked, asked
from alliance.web.organizer.circulation_cells import snapshot
from alliance.web.organizer.circulation_names import names_in
from alliance.web.organizer.downloads import download
from alliance.web.organizer.participation_tables import (
    ParticipationPage,
    month_words,
    returning,
    tables_of,
)
from alliance.web.period_words import period_words


@bp.get("/circulation/participation")
def show_participation() -> ResponseReturnValue:
    """The twelve months up to the end of a period; ``table`` and ``format``: as a file."""
    what = asked(db.session, tables=True)
    if not what.sees_tables:
        return render_template("organizer/show_participation.html", asked=what, page=None)
    with snapshot():
        page = _page(what)
        if form := request.args.get("format"):
            table = tables_of(page, period_words(what.period)).get(request.args.get("table", ""))
            return download([table or abort(404)], form)
        return render_template(
            "organizer/show_participation.html",
            asked=what,
            page=page,
            month_words=month_words,
            returning=returning,
        )


def _page(what: Asked) -> ParticipationPage:
    """Participation is of an employer's people, so a zone is theirs, whatever the axis."""
    zone, sees_all = what.scope.zone, what.sees_all
    months, lines = participation(
        db.session, months_up_to(what.period, what.today, sees_all=sees_all), zone, sees_all=sees_all
    )
    found = cohorts(db.session, months, zone, sees_all=sees_all) if months else []
    return ParticipationPage(names_in(db.session), months, lines, found)
