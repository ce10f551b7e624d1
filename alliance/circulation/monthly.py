"""The monthly report: all that it says of a month (or a quarter, or a year), read from one snapshot.

What somebody may not see is None in its tables and missing in its figures (``seen``). Totals are cells of
their own, never the sum of what is shown.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.compared import Compared
from alliance.circulation.monthly_quality import Quality, quality
from alliance.circulation.names import N_
from alliance.circulation.official_text import official_text, period_name
from alliance.circulation.periods import Period, is_over, previous, year_before
from alliance.circulation.registry import KINDS
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import Seen, SeenTables, may_see_tables, seen, seen_report
from alliance.circulation.tables import EVERYBODY, Cell, Node, OfferKey, tables
from alliance.clock import business_date
from alliance.enterprises.models import Enterprise
from alliance.offers.models import Offer, OfferRevision
from alliance.zones.models import Zone
from alliance.zones.tree import subtree_ids

Key = TypeVar("Key", bound=Hashable)
NOTHING = Cell(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Row:
    """A line of a table: whose it is, in words, and its cell, None where that is hidden."""

    labels: tuple[str, ...]
    cell: Cell | None


@dataclass(frozen=True)
class ZoneRow:
    """A zone: what its outlets took in, what its people spent, and what of it stayed in the zone.

    Each as far as it is in the scope of the report; None where it is hidden.
    """

    name: str
    taken: Cell | None
    spent: Cell | None
    within: Cell | None


@dataclass(frozen=True)
class ZoneByZone:
    """Who spends where: rows are the zones of the buyers' employers, columns those of the outlets.

    ``zones`` has the same by zone, those only that are in the scope of the report.
    """

    buyers: Sequence[str]
    sellers: Sequence[str]
    cells: Sequence[Sequence[Cell | None]]
    of_buyers: Sequence[Cell | None]
    of_sellers: Sequence[Cell | None]
    zones: Sequence[ZoneRow]


@dataclass(frozen=True)
class MonthTables:
    """The tables of a report; ``total`` is what each of them comes to, hidden cells included.

    ``merchants`` are labelled with name and zone, ``employers`` too, ``offers`` with merchant, code and
    title. Of a zone there are only the offers of merchants that sell nowhere else (``elsewhere`` are left
    out): what an offer did is counted wherever it was redeemed.
    """

    flow: ZoneByZone
    merchants: Sequence[Row]
    employers: Sequence[Row]
    offers: Sequence[Row]
    elsewhere: int
    total: Cell | None

    def hidden(self) -> list[tuple[str, int, int]]:
        """Of each table how many of its cells are hidden from who sees not all, and how many there are."""
        cells = {
            N_("流向表"): [cell for row in self.flow.cells for cell in row],
            N_("商户表"): [row.cell for row in self.merchants],
            N_("企业表"): [row.cell for row in self.employers],
            N_("优惠表"): [row.cell for row in self.offers],
        }
        return [
            (name, sum(cell is None or cell.is_hidden for cell in each), len(each))
            for name, each in cells.items()
        ]


@dataclass(frozen=True)
class Monthly:
    """A report. ``tables`` is None where they may not be seen yet, because the period is not over."""

    period: Period
    scope: Scope
    made_at: datetime
    sees_all: bool
    compared: Compared
    tables: MonthTables | None
    quality: Quality

    @property
    def title(self) -> str:
        """``2026年3月流通统计月报（德胜街道）``."""
        kind = {"month": "月报", "quarter": "季报", "year": "年报"}[self.period.kind]
        return f"{period_name(self.period)}流通统计{kind}（{place_name(self.scope)}）"

    @property
    def text(self) -> str:
        """The report in official words."""
        return official_text(self.compared)


def monthly(session: Session, period: Period, scope: Scope, at: datetime, *, sees_all: bool) -> Monthly:
    """The report of a month, quarter or year as somebody may see it; ``at`` is the moment it is made.

    Run it inside ``store.one_snapshot``. Raises ValueError for any other period.
    """
    if period.kind not in KINDS:
        raise ValueError("only months, quarters and years are reported")
    now, before, a_year_before = (
        seen_report(session, each, scope, sees_all=sees_all, chance=True)
        for each in (period, previous(period), year_before(period))
    )
    today = business_date(at)
    may_see = may_see_tables(period, today, sees_all=sees_all)
    return Monthly(
        period,
        scope,
        at,
        sees_all,
        Compared(
            period,
            place_name(scope),
            now,
            before,
            a_year_before,
            None if is_over(period, today) else today,
        ),
        _tables(session, period, scope, sees_all=sees_all) if may_see else None,
        quality(session, period, scope, sees_all=sees_all, is_hidden="paid_fen" in now.hidden),
    )


def place_name(scope: Scope) -> str:
    """``全联盟``; ``德胜街道``, and of its people's spending ``德胜街道持码人``."""
    if scope.zone is None:
        return "全联盟"
    return scope.zone.name + ("持码人" if scope.axis == Axis.HOLDER else "")


@dataclass(frozen=True)
class _Sides:
    """What is in scope: all buyers at its sellers, or its buyers at all sellers."""

    buyers: Node
    sellers: Node
    is_buyer: Callable[[int], bool]
    is_seller: Callable[[int], bool]


def _sides(session: Session, scope: Scope) -> _Sides:
    def anywhere(_: int) -> bool:
        return True

    if scope.zone is None:
        return _Sides(EVERYBODY, EVERYBODY, anywhere, anywhere)
    inside = set(session.scalars(subtree_ids(scope.zone.id))).__contains__
    node = (scope.zone.id, 0)
    if scope.axis == Axis.OUTLET:
        return _Sides(EVERYBODY, node, anywhere, inside)
    return _Sides(node, EVERYBODY, inside, anywhere)


def _tables(session: Session, period: Period, scope: Scope, *, sees_all: bool) -> MonthTables:
    found = seen(tables(session, period), sees_all=sees_all)
    sides = _sides(session, scope)
    zones = list(session.scalars(select(Zone).order_by(Zone.code)))
    zone_names = {zone.id: zone.name for zone in zones}
    names = dict(session.execute(select(Enterprise.id, Enterprise.name)).all())

    def of_node(node: Node) -> tuple[str, ...]:
        return names[node[1]], zone_names[node[0]]

    merchants = {
        seller: cell
        for (buyer, seller), cell in found.flows.items()
        if buyer == sides.buyers and seller[1] and sides.is_seller(seller[0])
    }
    employers = {
        buyer: cell
        for (buyer, seller), cell in found.flows.items()
        if seller == sides.sellers and buyer[1] and sides.is_buyer(buyer[0])
    }
    offers = _offers_within(found, sides)
    words = _offer_words(session, {merchant_id for merchant_id, _ in offers}, names)
    return MonthTables(
        _zone_by_zone(found.flows, zones, sides),
        _rows(merchants, of_node),
        _rows(employers, of_node),
        _rows(offers, words.__getitem__),
        len(found.offers) - len(offers),
        found.flows.get((sides.buyers, sides.sellers), NOTHING),
    )


def _offers_within(found: SeenTables, sides: _Sides) -> dict[OfferKey, Cell | None]:
    """The offers of the merchants that sold to and at nothing but what is in scope."""
    if sides.buyers != EVERYBODY:
        return {}
    outside = {seller[1] for _, seller in found.flows if not sides.is_seller(seller[0])} - {0}
    return {key: cell for key, cell in found.offers.items() if key[0] not in outside}


def _offer_words(
    session: Session, merchant_ids: Iterable[int], names: Mapping[int, str]
) -> dict[OfferKey, tuple[str, ...]]:
    """Merchant, code and the title of the newest revision."""
    rows = session.execute(
        select(Offer.merchant_id, Offer.id, Offer.code, OfferRevision.title)
        .join(
            OfferRevision,
            (OfferRevision.merchant_id == Offer.merchant_id) & (OfferRevision.offer_id == Offer.id),
        )
        .where(Offer.merchant_id.in_(merchant_ids))
        .order_by(OfferRevision.number)
    )
    words: dict[tuple[int, UUID], tuple[str, ...]] = {}
    for merchant_id, offer_id, code, title in rows:
        words[merchant_id, offer_id] = (names[merchant_id], code, title)
    return words


def _rows(cells: Mapping[Key, Cell | None], words: Callable[[Key], tuple[str, ...]]) -> list[Row]:
    """Whoever has something, the largest first; what is hidden comes last, by name."""
    rows = [Row(words(key), cell) for key, cell in cells.items() if cell is None or cell.redemptions]
    return sorted(rows, key=lambda row: (row.cell is None, -row.cell.paid_fen if row.cell else 0, row.labels))


def _zone_by_zone(flows: Seen[tuple[Node, Node]], zones: Sequence[Zone], sides: _Sides) -> ZoneByZone:
    parents = {zone.parent_id for zone in zones}
    touched = {node[0] for pair in flows for node in pair if node[1]}
    listed = [zone for zone in zones if zone.id not in parents or zone.id in touched]
    buyers = [zone for zone in listed if sides.is_buyer(zone.id)]
    sellers = [zone for zone in listed if sides.is_seller(zone.id)]

    def cell(buyer: Node, seller: Node) -> Cell | None:
        return flows.get((buyer, seller), NOTHING)

    def name(zone: Zone) -> str:
        return f"{zone.name}（含下级）" if zone.id in parents else zone.name

    return ZoneByZone(
        [name(zone) for zone in buyers],
        [name(zone) for zone in sellers],
        [[cell((i.id, 0), (j.id, 0)) for j in sellers] for i in buyers],
        [cell((i.id, 0), sides.sellers) for i in buyers],
        [cell(sides.buyers, (j.id, 0)) for j in sellers],
        [
            ZoneRow(
                name(zone),
                cell(sides.buyers, (zone.id, 0)),
                cell((zone.id, 0), sides.sellers),
                cell((zone.id, 0), (zone.id, 0)),
            )
            for zone in listed
            if sides.is_buyer(zone.id) and sides.is_seller(zone.id)
        ],
    )
