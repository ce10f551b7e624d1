"""The overview of circulation: headline figures with what they are compared with."""

from flask import render_template
from flask.typing import ResponseReturnValue

from alliance.circulation.seen import seen_report
from alliance.store import one_snapshot
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.asked import asked


@bp.get("/circulation")
def show_circulation() -> ResponseReturnValue:
    """The figures of a period, this month's by default, of a zone or everywhere."""
    what = asked(db.session)
    # The guard has read who is asking; the snapshot begins with a transaction of its own.
    db.session.rollback()
    with one_snapshot(db.session):
        found = seen_report(db.session, what.period, what.scope, sees_all=what.sees_all)
        return render_template("organizer/show_circulation.html", asked=what, found=found)
