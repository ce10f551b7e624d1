"""The tables of the page of merchants: who takes in what, by category, by outlet, and how unequally."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.curve import seen_lorenz
from alliance.circulation.matrix import SELLERS, between, by_paid, enterprise_groups
from alliance.circulation.measures import share
from alliance.circulation.scope import Axis, Scope
from alliance.circulation.seen import SeenTables, added
from alliance.circulation.tables import EVERYBODY, Cell, Tables
from alliance.enterprises.models import Category, Outlet
from alliance.web.category_words import category_words
from alliance.web.organizer.circulation_cells import Row, sums_head, sums_of
from alliance.web.organizer.circulation_names import Names
from alliance.web.organizer.downloads import Number, Table, ratio
from alliance.zones.tree import subtree_ids

#: How a URL writes that nobody has said what a merchant sells.
NO_CATEGORY = "none"


@dataclass(frozen=True)
class MerchantLine:
    """A merchant, what it took in (None: hidden), and its share of all."""

    id: int
    name: str
    category: Category | None
    cell: Cell | None
    share: float | None


@dataclass(frozen=True)
class CategoryLine:
    """The merchants of a category together; ``cell`` is None as soon as one of them is hidden."""

    category: Category | None
    merchants: int
    cell: Cell | None
    share: float | None


@dataclass(frozen=True)
class OutletLine:
    """An outlet of a merchant in the zone where it stood."""

    code: str
    name: str
    zone: str
    cell: Cell | None


@dataclass(frozen=True)
class MerchantPage:
    """All merchants of the scope, and the Lorenz curve of its outlets; no points where it is not shown."""

    total: Cell | None
    merchants: Sequence[MerchantLine]
    categories: Sequence[CategoryLine]
    curve: Sequence[tuple[float, float]]

    @property
    def hides(self) -> bool:
        """Whether a merchant is hidden."""
        return any(line.cell is None for line in self.merchants)

    @property
    def shows_any(self) -> bool:
        """Whether a merchant may be seen."""
        return any(line.cell is not None for line in self.merchants)

    @property
    def shows_a_category(self) -> bool:
        """Whether a category may be seen."""
        return any(line.cell is not None for line in self.categories)

    def of_category(self, asked: str) -> list[MerchantLine]:
        """Those of a category as a URL writes it; all for none."""
        return [line for line in self.merchants if not asked or asked == (line.category or NO_CATEGORY)]


#: By what the leaderboard can be sorted: of whom the most comes first.
SORTS = ("paid", "redemptions", "discount", "holders")
_FIELDS = {"paid": "paid_fen", "redemptions": "redemptions", "discount": "discount_fen", "holders": "holders"}


def by(sort: str, lines: Sequence[MerchantLine]) -> list[MerchantLine]:
    """Sorted; what is hidden must not be told by its place and stands last, by name."""

    def key(line: MerchantLine) -> tuple[bool, int, str]:
        value = None if line.cell is None else getattr(line.cell, _FIELDS[sort])
        return value is None, -(value or 0), line.name

    return sorted(lines, key=key)


def merchant_page(
    session: Session, tables: Tables, found: SeenTables, names: Names, scope: Scope, *, sees_all: bool
) -> MerchantPage:
    """The page; ``found`` is what may be seen of ``tables``."""
    below = _below(session, scope)
    total, cells = _cells(found, scope, below)
    whole = 0 if total is None else total.paid_fen
    lines = [
        MerchantLine(id_, names.enterprises[id_], names.categories[id_], cell, _share(cell, whole))
        for id_, cell in cells.items()
    ]
    of_holders = scope.axis == Axis.HOLDER and scope.zone is not None
    outlets = [cell for key, cell in tables.outlets.items() if below is None or key[0] in below]
    curve = [] if of_holders else seen_lorenz(outlets, sees_all=sees_all)
    return MerchantPage(total, by("paid", lines), _categories(lines, whole), curve)


def outlet_lines(
    session: Session, found: SeenTables, names: Names, scope: Scope, merchant_id: int
) -> list[OutletLine]:
    """The outlets of a merchant in the zones of the scope, the largest first.

    Whose money it is is not known by outlet, so of a scope of holders there are none.
    """
    if scope.axis == Axis.HOLDER and scope.zone is not None:
        return []
    below = _below(session, scope)
    rows = session.scalars(select(Outlet).where(Outlet.merchant_id == merchant_id))
    outlets = {outlet.id: outlet for outlet in rows}
    lines = [
        OutletLine(outlets[id_].code, outlets[id_].name, names.zone(zone_id).name, cell)
        for (zone_id, merchant, id_), cell in found.outlets.items()
        if merchant == merchant_id and (below is None or zone_id in below)
    ]
    return sorted(lines, key=lambda line: (*by_paid(line.cell), line.code))


def _below(session: Session, scope: Scope) -> frozenset[int] | None:
    """The zones where the outlets stand; None for everywhere."""
    if scope.zone is None or scope.axis == Axis.HOLDER:
        return None
    return frozenset(session.scalars(subtree_ids(scope.zone.id)))


def _cells(
    found: SeenTables, scope: Scope, below: frozenset[int] | None
) -> tuple[Cell | None, dict[int, Cell | None]]:
    """What there is in all, and of each merchant with a redemption."""
    buyer = (scope.zone_id, 0) if scope.axis == Axis.HOLDER else EVERYBODY
    seller = EVERYBODY if below is None else (scope.zone_id, 0)
    cells: dict[int, Cell | None] = {}
    for group in enterprise_groups(found.flows, SELLERS, below):
        cell = between(found.flows, [buyer], group.nodes)
        if cell is None or cell.redemptions:
            cells[group.key] = cell
    if buyer == seller:
        cells = {id_: _with_holders(found, id_, cell) for id_, cell in cells.items()}
    return between(found.flows, [buyer], [seller]), cells


def _with_holders(found: SeenTables, merchant_id: int, cell: Cell | None) -> Cell | None:
    """People of several zones are not added up, but those of a merchant's only offer are all there are."""
    offers = [offer for key, offer in found.offers.items() if key[0] == merchant_id]
    if cell is None or cell.holders is not None or len(offers) != 1 or offers[0] is None:
        return cell
    return replace(cell, holders=offers[0].holders)


def _categories(lines: Sequence[MerchantLine], whole: int) -> list[CategoryLine]:
    of: dict[Category | None, list[Cell | None]] = {}
    for line in lines:
        of.setdefault(line.category, []).append(line.cell)
    found = [(category, len(cells), added(cells)) for category, cells in of.items()]
    return [
        CategoryLine(category, count, cell, _share(cell, whole))
        for category, count, cell in sorted(found, key=lambda each: (*by_paid(each[2]), each[0] or "~"))
    ]


def _share(cell: Cell | None, whole: int) -> float | None:
    return None if cell is None else share(cell.paid_fen, whole)


def tables_of(page: MerchantPage, outlets: Sequence[OutletLine], when: str) -> Mapping[str, Table]:
    """The tables as files, by the name that a URL calls them."""
    share_of_all = _("占比")
    merchants: list[Row] = [
        [line.name, category_words(line.category), *sums_of(line.cell), _ratio(line)]
        for line in page.merchants
    ]
    categories: list[Row] = [
        [category_words(line.category), str(line.merchants), *sums_of(line.cell), _ratio(line)]
        for line in page.categories
    ]
    curve = [[ratio(outlets), ratio(paid)] for outlets, paid in page.curve]
    heads = {
        "merchants": [_("商户"), _("行业"), *sums_head(), share_of_all],
        "categories": [_("行业"), _("商户数"), *sums_head(), share_of_all],
        "lorenz": [_("门店累计占比"), _("净核销额累计占比")],
        "outlets": [_("门店编号"), _("门店"), _("片区"), *sums_head()],
    }
    return {
        "merchants": Table(_("%(when)s商户", when=when), heads["merchants"], merchants),
        "categories": Table(_("%(when)s商户行业", when=when), heads["categories"], categories),
        "lorenz": Table(_("%(when)s洛伦兹曲线", when=when), heads["lorenz"], curve),
        "outlets": Table(
            _("%(when)s门店", when=when),
            heads["outlets"],
            [[line.code, line.name, line.zone, *sums_of(line.cell)] for line in outlets],
        ),
    }


def _ratio(line: MerchantLine | CategoryLine) -> Number:
    return ratio(line.share, is_hidden=line.cell is None)
