"""The circulation page: headline figures and who spends where."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from alliance import clock
from alliance.circulation.facts import Span
from alliance.circulation.report import Report, report, zone_flow
from alliance.store import one_snapshot
from alliance.web.extensions import db
from alliance.web.organizer import bp, lookups
from alliance.web.organizer.forms import CirculationForm
from alliance.web.organizer.zone_table import ZoneTable, zone_table
from alliance.web.reporting import reporting_zone
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids


@bp.get("/circulation")
def show_circulation() -> ResponseReturnValue:
    """The figures of a period, this month's by default, at the outlets of a zone or everywhere."""
    zone = reporting_zone(db.session, request.args.get("zone"))
    today = clock.business_date(clock.now())
    asked = {"from": clock.month_of(today).isoformat(), "to": today.isoformat()} | request.args.to_dict()
    asked["zone"] = zone.code if zone else ""
    form = CirculationForm(lookups.zone_choices(db.session, g.grants), formdata=MultiDict(asked))
    if not form.validate():
        return render_template("organizer/show_circulation.html", form=form), 422
    figures, table = _figures(form.period, zone)
    return render_template("organizer/show_circulation.html", form=form, figures=figures, table=table)


def _figures(period: Span, zone: Zone | None) -> tuple[Report, ZoneTable]:
    """Both from one snapshot, so that the table adds up to the headline."""
    # The guard has read who is asking; the snapshot begins with a transaction of its own.
    db.session.rollback()
    with one_snapshot(db.session):
        figures, flow = report(db.session, period, zone), zone_flow(db.session, period, zone)
        below = None if zone is None else set(db.session.scalars(subtree_ids(zone.id)))
        return figures, zone_table(flow, below)
