"""优惠: what each offer did in a period, what it gave away, and what is left of it."""

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from alliance.circulation.seen import seen
from alliance.circulation.tables import tables
from alliance.enterprises.models import Category
from alliance.web.category_words import category_words
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.asked import Asked, asked
from alliance.web.organizer.circulation_cells import file_of
from alliance.web.organizer.circulation_names import names_in
from alliance.web.organizer.merchant_tables import NO_CATEGORY
from alliance.web.organizer.merchants import category_choices
from alliance.web.organizer.offer_tables import SORTS, OfferFigures, by, offer_figures, tables_of
from alliance.web.organizer.reading import in_snapshot, title_of

#: Offers on a page.
PAGE = 50


@bp.get("/circulation/offers")
def show_offer_figures() -> ResponseReturnValue:
    """The offers of a period, those without a use too; ``table`` and ``as``: as a file."""
    what = asked(db.session, tables=True)
    if not what.sees_tables:
        return render_template("organizer/show_offer_figures.html", asked=what, lines=None, keep={})
    return in_snapshot(lambda session: _answer(session, what))


def _answer(session: Session, what: Asked) -> ResponseReturnValue:
    found = seen(tables(session, what.period), sees_all=what.sees_all)
    lines = offer_figures(session, found, names_in(session), what.period, what.scope.zone)
    if "as" in request.args:
        return file_of(tables_of(by(SORTS[0], lines), title_of("", what)))
    return _page(what, lines)


def _page(what: Asked, lines: list[OfferFigures]) -> str:
    merchant, category, sort = (request.args.get(name, "") for name in ("merchant", "category", "sort"))
    number = request.args.get("page", 1, int)
    if category not in {"", NO_CATEGORY, *Category} or sort not in {"", *SORTS} or not 1 <= number <= 1000:
        abort(404)
    chosen = [
        line
        for line in by(sort or SORTS[0], lines)
        if (not category or category == (line.category or NO_CATEGORY))
        and (not merchant or merchant == str(line.offer.merchant_id))
    ]
    keep = {"merchant": merchant, "category": category, "sort": sort}
    return render_template(
        "organizer/show_offer_figures.html",
        asked=what,
        when=title_of("", what),
        lines=chosen[PAGE * (number - 1) : PAGE * number],
        in_all=len(chosen),
        number=number,
        pages=-(-len(chosen) // PAGE),
        has_any=bool(lines),
        hides=any(line.cell is None for line in lines),
        merchants=sorted({(line.merchant, str(line.offer.merchant_id)) for line in lines}),
        categories=[("", _("全部行业")), *category_choices()],
        category_words=category_words,
        sort=sort or SORTS[0],
        keep={name: value for name, value in keep.items() if value},
    )
