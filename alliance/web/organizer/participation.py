"""参与: how many of each employer's people redeem, and whether they come back."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from alliance.circulation.cohorts import cohorts
from alliance.circulation.entitled import entitled_at
from alliance.circulation.participation import months_up_to, participation
from alliance.circulation.periods import PeriodKind, containing
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.asked import Asked, asked
from alliance.web.organizer.circulation_cells import file_of
from alliance.web.organizer.circulation_names import names_in
from alliance.web.organizer.participation_tables import (
    ParticipationPage,
    month_words,
    returning,
    tables_of,
)
from alliance.web.organizer.reading import in_snapshot, title_of


@bp.get("/circulation/participation")
def show_participation() -> ResponseReturnValue:
    """The twelve months up to the end of a period; ``table`` and ``as``: as a file."""
    what = asked(db.session, tables=True)
    if not what.sees_tables:
        return render_template("organizer/show_participation.html", asked=what, page=None)
    page = in_snapshot(lambda session: _page(session, what))
    if "as" in request.args:
        return file_of(tables_of(page, title_of("", what)))
    return render_template(
        "organizer/show_participation.html",
        asked=what,
        when=title_of("", what),
        page=page,
        month_words=month_words,
        returning=returning,
    )


def _page(session: Session, what: Asked) -> ParticipationPage:
    """Participation is of an employer's people, so a zone is theirs, whatever the axis."""
    zone, sees_all = what.scope.zone, what.sees_all
    months, lines = participation(
        session, months_up_to(what.period, what.today, sees_all=sees_all), zone, sees_all=sees_all
    )
    found = cohorts(session, months, zone, sees_all=sees_all) if months else []
    last = containing(PeriodKind.MONTH, months[-1]).span if months else what.period.span
    return ParticipationPage(names_in(session), months, lines, found, entitled_at(session, last))
