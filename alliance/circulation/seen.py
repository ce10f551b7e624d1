"""What somebody may see: everything for the data officer, no small groups for anybody else.

Everybody else also gets months, quarters and years only, and tables only of those that are over: two spans
that differ by a day, or two looks on the same day, would tell what happened between them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy.orm import Session

from alliance.circulation.hidden_figures import hidden_figures
from alliance.circulation.periods import Period, is_over
from alliance.circulation.registry import KINDS
from alliance.circulation.report import report
from alliance.circulation.scope import Scope
from alliance.circulation.tables import Cell, Key, Node, OfferKey, OutletKey, Tables

#: A cell, or None where it is hidden. One that is not there at all is empty, and that may be seen.
Seen = Mapping[Key, Cell | None]


@dataclass(frozen=True)
class SeenTables:
    """The tables of a period as somebody may see them."""

    flows: Seen[tuple[Node, Node]]
    outlets: Seen[OutletKey]
    offers: Seen[OfferKey]


@dataclass(frozen=True)
class SeenReport:
    """Figures by their names in ``Report``; those that are ``hidden`` are not among them."""

    figures: Mapping[str, int | float | None]
    hidden: frozenset[str]


def may_ask(period: Period, *, sees_all: bool) -> bool:
    """Whether somebody may ask for the report of a period."""
    return sees_all or period.kind in KINDS


def may_see_tables(period: Period, today: date, *, sees_all: bool) -> bool:
    """Whether somebody may see the tables of a period."""
    return sees_all or (period.kind in KINDS and is_over(period, today))


def seen(found: Tables, *, sees_all: bool) -> SeenTables:
    """The tables without what is hidden."""

    def shown(cells: Mapping[Key, Cell]) -> Seen[Key]:
        return {key: None if cell.is_hidden and not sees_all else cell for key, cell in cells.items()}

    return SeenTables(shown(found.flows), shown(found.outlets), shown(found.offers))


def added(cells: Iterable[Cell | None]) -> Cell | None:
    """A sum of cells; hidden as soon as one of them is. Distinct holders are not summed: they are None."""
    total = Cell(0, 0, 0, 0)
    for cell in cells:
        if cell is None:
            return None
        total += cell
    return total


def seen_report(
    session: Session, period: Period, scope: Scope, *, sees_all: bool, chance: bool = False
) -> SeenReport:
    """The report of a month, quarter or year (of any period for who sees all), without what is hidden.

    ``chance``: with the baselines. Run it inside ``store.one_snapshot``.
    """
    figures = asdict(report(session, period.span, scope.zone, scope.axis, chance=chance))
    hides = frozenset() if sees_all else hidden_figures(session, period, scope)
    return SeenReport({name: value for name, value in figures.items() if name not in hides}, hides)
