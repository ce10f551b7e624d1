"""流向: who spends where, between zones and between enterprises."""

from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from alliance.circulation.matrix import Group
from alliance.circulation.scope import Axis
from alliance.circulation.seen import seen
from alliance.circulation.tables import tables
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.asked import Asked, asked
from alliance.web.organizer.circulation_cells import file_of
from alliance.web.organizer.circulation_names import names_in
from alliance.web.organizer.flow_tables import FlowPage, flow_page, tables_of
from alliance.web.organizer.reading import in_snapshot, title_of
from alliance.zones.models import Zone
from alliance.zones.tree import zone_by_code


@bp.get("/circulation/flows")
def show_flows() -> ResponseReturnValue:
    """The tables of a period. ``other``: the zone on the other axis; ``table`` and ``as``: as a file."""
    what, other = asked(db.session, tables=True), _other()
    if not what.sees_tables:
        return render_template("organizer/show_flows.html", asked=what, page=None, keep={})
    return in_snapshot(lambda session: _answer(session, what, other))


def _answer(session: Session, what: Asked, other: Zone | None) -> ResponseReturnValue:
    found = seen(tables(session, what.period), sees_all=what.sees_all)
    page = flow_page(session, found.flows, names_in(session), what.scope, other)
    if "as" in request.args:
        return file_of(tables_of(page, title_of("", what)))
    return _page(what, other, page)


def _other() -> Zone | None:
    """The zone on the other axis. Whoever sees a zone sees where everybody else in its tables stands."""
    code = request.args.get("other")
    return (zone_by_code(db.session, code) or abort(404)) if code else None


def _page(what: Asked, other: Zone | None, page: FlowPage) -> str:
    picture = request.args.get("picture", "")
    if page.pictures and picture not in page.pictures:
        picture = page.usual_picture
    keep = {"other": other.code if other else "", "picture": request.args.get("picture", "")}
    keep = {name: value for name, value in keep.items() if value}

    def between(buyer: Group, seller: Group) -> str | None:
        """Where a cell leads: to the enterprises behind it."""
        if buyer.is_rest or seller.is_rest:
            return None
        codes = [page.names.zone(group.key).code for group in (buyer, seller)]
        zone, opposite = reversed(codes) if what.scope.axis == Axis.OUTLET else codes
        query: dict[str, Any] = what.query | {"zone": zone, "other": opposite}
        return url_for("organizer.show_flows", **query, _anchor="enterprises")

    return render_template(
        "organizer/show_flows.html",
        asked=what,
        when=title_of("", what),
        page=page,
        other=other,
        picture_kind=picture,
        keep=keep,
        between=between,
    )
