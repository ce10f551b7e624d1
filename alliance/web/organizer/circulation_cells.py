"""Cells of the tables of circulation as files have them."""

from collections.abc import Mapping, Sequence

from flask import Response, abort, request
from flask_babel import gettext as _

from alliance.circulation.tables import Cell
from alliance.web.organizer import downloads
from alliance.web.organizer.downloads import Number, count, fen

#: A row of a file.
Row = Sequence[downloads.Cell]


def file_of(tables: Mapping[str, downloads.Table]) -> Response:
    """The file that the URL asks for: ``table`` names one of ``tables``, ``as`` the kind of file; or 404."""
    return downloads.download([tables.get(request.args.get("table", "")) or abort(404)], request.args["as"])


def sums_head() -> list[str]:
    """The heads over ``sums_of``."""
    return [_("净核销笔数"), _("原价合计（元）"), _("让利额（元）"), _("净核销额（元）"), _("活跃持码人")]


def sums_of(cell: Cell | None) -> list[Number]:
    """A cell as a row's end; of a hidden one nothing but that it is."""
    if cell is None:
        return [count(None, is_hidden=True) for _head in range(5)]
    amounts = (cell.gross_fen, cell.discount_fen, cell.paid_fen)
    return [count(cell.redemptions), *map(fen, amounts), count(cell.holders)]


def paid_of(cell: Cell | None) -> Number:
    """The paid amount alone."""
    return fen(None if cell is None else cell.paid_fen, is_hidden=cell is None)
