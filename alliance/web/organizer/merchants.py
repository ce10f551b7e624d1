"""商户: the leaderboard of merchants, their outlets, what they sell, and how concentrated it all is."""

from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from alliance.circulation.seen import SeenReport, seen, seen_report
from alliance.circulation.tables import tables
from alliance.enterprises.models import Category
from alliance.web.category_words import category_words
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.asked import Asked, asked
from alliance.web.organizer.circulation_cells import file_of
from alliance.web.organizer.circulation_names import names_in
from alliance.web.organizer.merchant_tables import (
    NO_CATEGORY,
    SORTS,
    MerchantPage,
    OutletLine,
    by,
    merchant_page,
    outlet_lines,
    tables_of,
)
from alliance.web.organizer.reading import in_snapshot, title_of

#: Merchants on a page.
PAGE = 50


@bp.get("/circulation/merchants")
def show_merchants() -> ResponseReturnValue:
    """The merchants of a period; ``merchant``: one of them by outlet; ``table`` and ``as``: a file."""
    what = asked(db.session, tables=True)
    if not what.sees_tables:
        return render_template("organizer/show_merchants.html", asked=what, page=None, keep={})
    return in_snapshot(lambda session: _answer(session, what))


def _answer(session: Session, what: Asked) -> ResponseReturnValue:
    found, names = tables(session, what.period), names_in(session)
    visible = seen(found, sees_all=what.sees_all)
    page = merchant_page(session, found, visible, names, what.scope, sees_all=what.sees_all)
    chosen = _chosen(page)
    outlets = outlet_lines(session, visible, names, what.scope, chosen) if chosen else []
    if "as" in request.args:
        return file_of(tables_of(page, outlets, title_of("", what)))
    report = seen_report(session, what.period, what.scope, sees_all=what.sees_all)
    return _page(what, page, report, chosen, outlets)


def _chosen(page: MerchantPage) -> int | None:
    """The merchant asked for; 404 for one that has no line here."""
    asked_for = request.args.get("merchant")
    if not asked_for:
        return None
    return next((line.id for line in page.merchants if str(line.id) == asked_for), None) or abort(404)


def _page(
    what: Asked, page: MerchantPage, report: SeenReport, chosen: int | None, outlets: list[OutletLine]
) -> str:
    category, sort, number = _listing()
    lines = by(sort, page.of_category(category))
    keep: dict[str, Any] = {
        "category": category,
        "sort": sort if sort != SORTS[0] else "",
        "merchant": chosen,
    }
    return render_template(
        "organizer/show_merchants.html",
        asked=what,
        when=title_of("", what),
        page=page,
        report=report,
        lines=lines[PAGE * (number - 1) : PAGE * number],
        in_all=len(lines),
        number=number,
        pages=-(-len(lines) // PAGE),
        sort=sort,
        category=category,
        categories=[("", _("全部行业")), *category_choices()],
        category_words=category_words,
        chosen=next((line for line in page.merchants if line.id == chosen), None),
        outlets=outlets,
        keep={name: value for name, value in keep.items() if value},
    )


def category_choices() -> list[tuple[str, str]]:
    """What a merchant sells, as (how a URL writes it, name); last, that nobody has said."""
    known = [(category.value, category_words(category)) for category in Category]
    return [*known, (NO_CATEGORY, category_words(None))]


def _listing() -> tuple[str, str, int]:
    """Category, order and page as asked for; 404 for what is none."""
    category, sort = request.args.get("category", ""), request.args.get("sort", SORTS[0])
    number = request.args.get("page", 1, int)
    if category not in {"", NO_CATEGORY, *Category} or sort not in SORTS or not 1 <= number <= 1000:
        abort(404)
    return category, sort, number
