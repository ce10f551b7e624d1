"""The table of the page of offers: what each did in a period, and what is left of its quota."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from alliance.circulation.measures import discount_rate, share
from alliance.circulation.offers_of_period import OfferOfPeriod, offers_of
from alliance.circulation.periods import Period
from alliance.circulation.seen import SeenTables
from alliance.circulation.tables import Cell
from alliance.enterprises.models import Category
from alliance.web.category_words import category_words
from alliance.web.organizer.circulation_cells import Row, sums_head, sums_of
from alliance.web.organizer.circulation_names import Names
from alliance.web.organizer.downloads import Table, count, ratio
from alliance.zones.models import Zone

#: By what the table can be sorted: of what the most comes first.
SORTS = ("redemptions", "discount", "rate", "take_up", "holders")


@dataclass(frozen=True)
class OfferFigures:
    """An offer with what it did in the period; ``cell`` is None where that is hidden."""

    offer: OfferOfPeriod
    merchant: str
    category: Category | None
    cell: Cell | None

    @property
    def rate(self) -> float | None:
        """让利率."""
        return None if self.cell is None else discount_rate(self.cell.gross_fen, self.cell.discount_fen)

    @property
    def hides_quota(self) -> bool:
        """Whether what has been used of a quota would tell what the period hides."""
        return self.cell is None and self.offer.quota is not None

    @property
    def left(self) -> int | None:
        """What is left of the quota; None without one, or where that is hidden."""
        return None if self.hides_quota else self.offer.left

    @property
    def take_up(self) -> float | None:
        """核销率, ever; None without a quota, or where that is hidden."""
        offer = self.offer
        if self.hides_quota or offer.used is None or offer.quota is None:
            return None
        return share(offer.used, offer.quota)

    def sorted_by(self, sort: str) -> float | None:
        """The figure of a column."""
        if sort == "take_up":
            return self.take_up
        if self.cell is None:
            return None
        cell = self.cell
        by = {"redemptions": cell.redemptions, "discount": cell.discount_fen, "holders": cell.holders}
        return self.rate if sort == "rate" else by[sort]


def offer_figures(
    session: Session, found: SeenTables, names: Names, period: Period, zone: Zone | None
) -> list[OfferFigures]:
    """Every offer of the period; one that was not used has a cell of nothing."""
    return [
        OfferFigures(
            offer,
            names.enterprises[offer.merchant_id],
            names.categories[offer.merchant_id],
            found.offers.get((offer.merchant_id, offer.id), Cell(0, 0, 0, 0, 0)),
        )
        for offer in offers_of(session, period, zone, found.offers.keys())
    ]


def by(sort: str, lines: Sequence[OfferFigures]) -> list[OfferFigures]:
    """Sorted; what is hidden must not be told by its place and stands last, by merchant and code."""

    def key(line: OfferFigures) -> tuple[bool, float, str, str]:
        value = line.sorted_by(sort)
        return value is None, -(value or 0), line.merchant, line.offer.code

    return sorted(lines, key=key)


def tables_of(lines: Sequence[OfferFigures], when: str) -> Mapping[str, Table]:
    """The table as a file, by the name that a URL calls it."""
    head = [
        _("优惠编号"),
        _("优惠"),
        _("商户"),
        _("行业"),
        *sums_head(),
        _("让利率"),
        _("限量"),
        _("剩余"),
        _("核销率"),
    ]
    rows: list[Row] = [
        [
            line.offer.code,
            line.offer.title,
            line.merchant,
            category_words(line.category),
            *sums_of(line.cell),
            ratio(line.rate, is_hidden=line.cell is None),
            count(line.offer.quota),
            count(line.left, is_hidden=line.hides_quota),
            ratio(line.take_up, is_hidden=line.hides_quota),
        ]
        for line in lines
    ]
    return {"offers": Table(_("%(when)s优惠", when=when), head, rows)}
