"""The tables of a period as lists, with the codes and names of what their keys stand for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.cells import INNER, MARGINS
from alliance.circulation.periods import Period
from alliance.circulation.registry import KINDS
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import Seen, SeenTables, seen
from alliance.circulation.tables import EVERYBODY, Cell, Node, counted, tables
from alliance.enterprises.models import Enterprise, Outlet
from alliance.offers.models import Offer
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids


class TableName(StrEnum):
    """Which table: by zone, zone × zone, employer × merchant, or one of the sides in itself."""

    ZONES = "zones"
    ZONE_FLOWS = "zone-flows"
    FLOWS = "flows"
    MERCHANTS = "merchants"
    OUTLETS = "outlets"
    ENTERPRISES = "enterprises"
    OFFERS = "offers"


class NotByZone(ValueError):
    """A table that is not cut in this way: outlets and offers by the holder's zone, offers by any zone."""


@dataclass(frozen=True)
class Listing:
    """``columns`` name the texts of each row; its cell is None where it is hidden.

    A cell of all zones below one, or of employers and merchants in several months, has been summed; distinct
    holders never are, so there are none where nobody has counted them.
    """

    columns: Sequence[str]
    rows: Sequence[tuple[tuple[str, ...], Cell | None]]


_COLUMNS: Mapping[TableName, Sequence[str]] = {
    TableName.ZONES: ("zone", "zone_name"),
    TableName.ZONE_FLOWS: ("holder_zone", "holder_zone_name", "outlet_zone", "outlet_zone_name"),
    TableName.FLOWS: (
        *("holder_zone", "employer", "employer_name"),
        *("outlet_zone", "merchant", "merchant_name"),
    ),
    TableName.MERCHANTS: ("zone", "merchant", "merchant_name"),
    TableName.OUTLETS: ("zone", "merchant", "merchant_name", "outlet", "outlet_name"),
    TableName.ENTERPRISES: ("zone", "employer", "employer_name"),
    TableName.OFFERS: ("merchant", "merchant_name", "offer"),
}


def listing(session: Session, name: TableName, period: Period, scope: Scope, *, sees_all: bool) -> Listing:
    """A table of a period; run it inside ``store.one_snapshot``.

    Of a zone it has what the report of the same scope has. Only who sees all may have periods other than
    months, quarters and years (``seen.may_see_tables``). Raises NotByZone.
    """
    if scope.zone is not None and (
        name == TableName.OFFERS or (name == TableName.OUTLETS and scope.axis == Axis.HOLDER)
    ):
        raise NotByZone(name)
    found = (
        tables(session, period) if period.kind in KINDS else counted(session, period.span, [*MARGINS, *INNER])
    )
    below = None if scope.zone is None else set(session.scalars(subtree_ids(scope.zone.id)))
    cut = _Cut(seen(found, sees_all=sees_all), scope, below)
    words = _Words(session)
    rows = ((words.of(name, key), cell) for key, cell in _CELLS[name](cut))
    return Listing(_COLUMNS[name], sorted(rows, key=lambda row: row[0]))


@dataclass(frozen=True)
class _Cut:
    """The tables, and what of them is in the scope. ``below`` is its zones; None: all."""

    tables: SeenTables
    scope: Scope
    below: set[int] | None

    def zones(self) -> Iterator[tuple[Any, Cell | None]]:
        """By the zone of the scope's axis."""
        by_holder = self.scope.axis == Axis.HOLDER
        for (buyer, seller), cell in self.tables.flows.items():
            node, other = (buyer, seller) if by_holder else (seller, buyer)
            if other == EVERYBODY and self._is_zone(node) and self._has(node):
                yield (node[0],), cell

    def zone_flows(self) -> Iterator[tuple[Any, Cell | None]]:
        for (buyer, seller), cell in self._flows():
            if self._is_zone(buyer) and self._is_zone(seller):
                yield (buyer[0], seller[0]), cell

    def flows(self) -> Iterator[tuple[Any, Cell | None]]:
        for (buyer, seller), cell in self._flows():
            if buyer[1] and seller[1]:
                yield (*buyer, *seller), cell

    def merchants(self) -> Iterator[tuple[Any, Cell | None]]:
        buyers = (self.scope.zone_id if self.scope.axis == Axis.HOLDER else 0, 0)
        for (buyer, seller), cell in self._flows():
            if buyer == buyers and seller[1]:
                yield seller, cell

    def enterprises(self) -> Iterator[tuple[Any, Cell | None]]:
        sellers = (self.scope.zone_id if self.scope.axis == Axis.OUTLET else 0, 0)
        for (buyer, seller), cell in self._flows():
            if seller == sellers and buyer[1]:
                yield buyer, cell

    def outlets(self) -> Iterator[tuple[Any, Cell | None]]:
        for key, cell in self.tables.outlets.items():
            if self.below is None or key[0] in self.below:
                yield key, cell

    def offers(self) -> Iterator[tuple[Any, Cell | None]]:
        yield from self.tables.offers.items()

    def _flows(self) -> Iterator[tuple[tuple[Node, Node], Cell | None]]:
        """Those whose side of the axis lies in the scope."""
        found: Seen[tuple[Node, Node]] = self.tables.flows
        side = 0 if self.scope.axis == Axis.HOLDER else 1
        for nodes, cell in found.items():
            if self._has(nodes[side]):
                yield nodes, cell

    def _has(self, node: Node) -> bool:
        return self.below is None or node[0] in self.below

    @staticmethod
    def _is_zone(node: Node) -> bool:
        return bool(node[0]) and not node[1]


_CELLS: Mapping[TableName, Callable[[_Cut], Iterator[tuple[Any, Cell | None]]]] = {
    TableName.ZONES: _Cut.zones,
    TableName.ZONE_FLOWS: _Cut.zone_flows,
    TableName.FLOWS: _Cut.flows,
    TableName.MERCHANTS: _Cut.merchants,
    TableName.OUTLETS: _Cut.outlets,
    TableName.ENTERPRISES: _Cut.enterprises,
    TableName.OFFERS: _Cut.offers,
}


class _Words:
    """The codes and names of whatever a key may name."""

    def __init__(self, session: Session) -> None:
        zones = session.execute(select(Zone.id, Zone.code, Zone.name))
        enterprises = session.execute(select(Enterprise.id, Enterprise.credit_code, Enterprise.name))
        outlets = session.execute(select(Outlet.merchant_id, Outlet.id, Outlet.code, Outlet.name))
        offers = session.execute(select(Offer.merchant_id, Offer.id, Offer.code))
        self._zones: dict[int, tuple[str, str]] = {id_: (code, name) for id_, code, name in zones}
        self._enterprises = {id_: (code, name) for id_, code, name in enterprises}
        self._outlets: dict[tuple[int, UUID], tuple[str, str]] = {
            (merchant_id, id_): (code, name) for merchant_id, id_, code, name in outlets
        }
        self._offers: dict[tuple[int, UUID], str] = {
            (merchant_id, id_): code for merchant_id, id_, code in offers
        }

    def of(self, name: TableName, key: tuple[Any, ...]) -> tuple[str, ...]:
        match name:
            case TableName.ZONES | TableName.ZONE_FLOWS:
                return tuple(word for zone_id in key for word in self._zones[zone_id])
            case TableName.FLOWS:
                return (*self._in_zone(*key[:2]), *self._in_zone(*key[2:]))
            case TableName.MERCHANTS | TableName.ENTERPRISES:
                return self._in_zone(*key)
            case TableName.OUTLETS:
                return (*self._in_zone(*key[:2]), *self._outlets[key[1], key[2]])
            case TableName.OFFERS:
                return (*self._enterprises[key[0]], self._offers[key[0], key[1]])

    def _in_zone(self, zone_id: int, enterprise_id: int) -> tuple[str, ...]:
        return (self._zones[zone_id][0], *self._enterprises[enterprise_id])
