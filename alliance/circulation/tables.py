"""The tables of a period: who bought of whom, what each outlet and each offer did, and what is hidden.

A month is counted from the facts. In a longer period what crosses enterprises is the sum of its months, and
a cell that a month hides is hidden too: else the other months would give it away.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from alliance.circulation.cells import INNER, MARGINS, Levels, flow_cells, offer_cells, outlet_cells
from alliance.circulation.coverage import derived_periods
from alliance.circulation.facts import SUMS, Span, signed_facts
from alliance.circulation.hiding import hidden_flows, hidden_parts
from alliance.circulation.models import PeriodFlow, PeriodOffer, PeriodOutlet
from alliance.circulation.periods import Period, PeriodKind, containing, months_of
from alliance.circulation.registry import KINDS
from alliance.zones.models import Zone

Key = TypeVar("Key", bound=Hashable)

#: A zone with all below it (the second id is 0), or an enterprise in a zone.
Node = tuple[int, int]
EVERYBODY: Node = (0, 0)
#: A zone, a merchant and one of its outlets there.
OutletKey = tuple[int, int, UUID]
#: A merchant and one of its offers.
OfferKey = tuple[int, UUID]


@dataclass(frozen=True)
class Cell:
    """Net sums, amounts in 分; the distinct holders behind them, None where nobody counted them.

    What ``is_hidden`` is for the data officer only (``suppression``).
    """

    redemptions: int
    gross_fen: int
    discount_fen: int
    paid_fen: int
    holders: int | None = None
    is_hidden: bool = False

    def __add__(self, other: "Cell") -> "Cell":
        """The sums of both. Distinct holders are never summed."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in SUMS}
        return Cell(**sums, is_hidden=self.is_hidden or other.is_hidden)


Cells = Mapping[Key, Cell]


@dataclass(frozen=True)
class Tables:
    """The cells of a period: (buyers, sellers) → cell, and so on."""

    flows: Cells[tuple[Node, Node]]
    outlets: Cells[OutletKey]
    offers: Cells[OfferKey]


def tables(session: Session, period: Period) -> Tables:
    """The tables of a month, quarter or year, or of another period with nothing hidden (``seen.may_ask``).

    Run it inside ``store.one_snapshot``.
    """
    if period.kind not in KINDS:
        return counted(session, period.span, [*MARGINS, *INNER])
    if period in derived_periods(session, period.span):
        return _stored(session, period)
    return tables_of_facts(session, period)


def tables_of_facts(session: Session, period: Period) -> Tables:
    """The same, not read from what has been derived of that period."""
    if period.kind == PeriodKind.MONTH:
        return _of_month(session, period)
    return _of_months(session, period)


def _of_month(session: Session, period: Period) -> Tables:
    found = counted(session, period.span, [*MARGINS, *INNER])
    zones = dict(session.execute(select(Zone.id, Zone.parent_id)).all())
    behind = _holders(found.flows)
    flows = hidden_flows(behind, zones)
    sellers = {seller: people for (buyer, seller), people in behind.items() if buyer == EVERYBODY}
    hides = {seller for buyer, seller in flows if buyer == EVERYBODY}
    outlets = hidden_parts(_holders(found.outlets), {key: key[:2] for key in found.outlets}, sellers, hides)
    merchants: dict[tuple[int], int] = {}
    for (_, merchant_id), people in sellers.items():
        # At least so many: whoever went to both places is one person.
        merchants[merchant_id,] = max(people, merchants.get((merchant_id,), 0))
    offers = hidden_parts(
        _holders(found.offers),
        {key: key[:1] for key in found.offers},
        merchants,
        {(merchant_id,) for _, merchant_id in hides},
    )
    return Tables(_hiding(found.flows, flows), _hiding(found.outlets, outlets), _hiding(found.offers, offers))


def _of_months(session: Session, period: Period) -> Tables:
    counted_anew = counted(session, period.span, MARGINS)
    months = [tables(session, containing(PeriodKind.MONTH, month)) for month in months_of(period)]
    flows = _added(each.flows for each in months)
    inner = {key: cell for key, cell in flows.items() if key not in counted_anew.flows}
    return Tables(
        {**inner, **_hiding(counted_anew.flows, _hidden_in(each.flows for each in months))},
        _hiding(counted_anew.outlets, _hidden_in(each.outlets for each in months)),
        _hiding(counted_anew.offers, _hidden_in(each.offers for each in months)),
    )


def counted(session: Session, span: Span, levels: Sequence[Levels]) -> Tables:
    """The tables of any span of days, from the facts, with nothing hidden."""
    facts = signed_facts([span])
    flows: dict[tuple[Node, Node], Cell] = {}
    for pair in levels:
        for key, cell in _cells(session, flow_cells(facts, pair), 4).items():
            flows[key[:2], key[2:]] = cell
    return Tables(flows, _cells(session, outlet_cells(facts), 3), _cells(session, offer_cells(facts), 2))


def _stored(session: Session, period: Period) -> Tables:
    def read(model: Any, *key: str) -> dict[Any, Cell]:
        columns = [getattr(model, name) for name in (*key, *SUMS, "holders", "is_hidden")]
        of_period = (model.kind == period.kind, model.first_day == period.first)
        return _cells(session, select(*columns).where(*of_period), len(key))

    flows = read(PeriodFlow, "buyer_zone_id", "employer_id", "seller_zone_id", "merchant_id")
    return Tables(
        {(key[:2], key[2:]): cell for key, cell in flows.items()},
        read(PeriodOutlet, "seller_zone_id", "merchant_id", "outlet_id"),
        read(PeriodOffer, "merchant_id", "offer_id"),
    )


def _cells(session: Session, query: Select[*tuple[Any, ...]], grain: int) -> dict[Any, Cell]:
    return {tuple(row[:grain]): Cell(*row[grain:]) for row in session.execute(query)}


def _holders(cells: Cells[Key]) -> dict[Key, int]:
    return {key: cell.holders or 0 for key, cell in cells.items()}


def _hiding(cells: Cells[Key], hidden: Iterable[Key]) -> dict[Key, Cell]:
    """The cells, those that are ``hidden`` so marked."""
    marked = {key: replace(cells[key], is_hidden=True) for key in hidden if key in cells}
    return {**cells, **marked}


def _added(months: Iterable[Cells[Key]]) -> dict[Key, Cell]:
    found: dict[Key, Cell] = {}
    for cells in months:
        for key, cell in cells.items():
            found[key] = found[key] + cell if key in found else replace(cell, holders=None)
    return found


def _hidden_in(months: Iterable[Cells[Key]]) -> set[Key]:
    return {key for cells in months for key, cell in cells.items() if cell.is_hidden}
