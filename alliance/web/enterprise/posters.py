"""A poster or a table card of an offer: what it grants, and a code that leads employees to it."""

from uuid import UUID

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from alliance import clock
from alliance.web.enterprise import bp, lookups
from alliance.web.enterprise.offers import OFFER
from alliance.web.extensions import db

#: The sheets that there are: a poster for the wall, a card for the table.
SIZES = ("a4", "a5")


@bp.get(OFFER + "/poster")
def show_poster(enterprise_id: int, offer_id: UUID) -> ResponseReturnValue:
    """One sheet, ``size`` a4 or a5, of the revision that counts; the page says when none is in force."""
    line = lookups.offer_or_404(db.session, enterprise_id, offer_id, clock.business_date(clock.now()))
    size = request.args.get("size", SIZES[0])
    if size not in SIZES:
        abort(404)
    # Where employees read about an offer: a sign-in leads there too.
    link = f"{request.url_root}offers/{enterprise_id}/{offer_id}"
    return render_template("enterprise/poster.html", line=line, size=size, sizes=SIZES, link=link)
