"""大屏: the alliance, or a zone of it, for everybody who stands in the hall.

Whoever signed in at the screen, it shows what anybody may see: no person, and no small group.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance import clock
from alliance.circulation.periods import Period, PeriodKind, containing, previous
from alliance.circulation.scope import Scope
from alliance.circulation.seen import SeenReport, added, seen, seen_report
from alliance.circulation.series import Point, months_series
from alliance.circulation.tables import EVERYBODY, Cell, Node, tables
from alliance.enterprises.models import Enterprise
from alliance.web.category_words import category_words
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.reading import in_snapshot
from alliance.web.reporting import reporting_zone
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids

#: So many months as bars, and so many lines of the ranking.
MONTHS, TOP = 12, 6


@dataclass(frozen=True)
class Ranked:
    """A zone or a category, and what was paid there in 分."""

    name: str
    paid_fen: int


@dataclass(frozen=True)
class Ranking:
    """The largest of the last finished month; ``by_zone``, else by category. What is hidden is left out."""

    month: Period
    by_zone: bool
    lines: Sequence[Ranked]


@dataclass(frozen=True)
class Screen:
    """What the screen shows, and when it was read (UTC)."""

    at: datetime
    month: SeenReport
    year: SeenReport
    months: Sequence[Point]
    ranking: Ranking


@bp.get("/circulation/screen")
def show_screen() -> ResponseReturnValue:
    """The whole screen; it asks for itself again every minute."""
    zone, at = reporting_zone(db.session, request.args.get("zone")), clock.now()
    found = in_snapshot(lambda session: _screen(session, Scope(zone), at))
    today = clock.business_date(at)
    return render_template(
        "organizer/show_screen.html",
        screen=found,
        zone=zone,
        month=containing(PeriodKind.MONTH, today),
        year=containing(PeriodKind.YEAR, today),
    )


def _screen(session: Session, scope: Scope, at: datetime) -> Screen:
    today = clock.business_date(at)
    month, year = (
        seen_report(session, containing(kind, today), scope, sees_all=False)
        for kind in (PeriodKind.MONTH, PeriodKind.YEAR)
    )
    months = months_series(session, today, scope, today, sees_all=False)[-MONTHS:]
    return Screen(at, month, year, months, _ranking(session, scope, today))


def _ranking(session: Session, scope: Scope, today: date) -> Ranking:
    month = previous(containing(PeriodKind.MONTH, today))
    found = seen(tables(session, month), sees_all=False).flows
    taken = {seller: cell for (buyer, seller), cell in found.items() if buyer == EVERYBODY}
    below = _zones_below(session, scope.zone_id or None)
    named = (
        {zone.name: taken[zone.id, 0] for zone in below if (zone.id, 0) in taken}
        if below
        else _by_category(session, scope, taken)
    )
    lines = [Ranked(name, cell.paid_fen) for name, cell in named.items() if cell is not None]
    lines.sort(key=lambda line: (-line.paid_fen, line.name))
    return Ranking(month, bool(below), lines[:TOP])


def _zones_below(session: Session, zone_id: int | None) -> Sequence[Zone]:
    """The zones right below one (None: at the top); where there is only one, those below that."""
    below = session.scalars(select(Zone).where(Zone.parent_id == zone_id)).all()
    return _zones_below(session, below[0].id) if len(below) == 1 else below


def _by_category(session: Session, scope: Scope, taken: Mapping[Node, Cell | None]) -> dict[str, Cell | None]:
    zones = None if scope.zone is None else set(session.scalars(subtree_ids(scope.zone.id)))
    categories = dict(session.execute(select(Enterprise.id, Enterprise.category)).all())
    cells: dict[str, list[Cell | None]] = defaultdict(list)
    for (zone_id, merchant_id), cell in taken.items():
        if merchant_id and (zones is None or zone_id in zones):
            cells[category_words(categories[merchant_id])].append(cell)
    return {name: added(each) for name, each in cells.items()}
