"""Cells of the tables of circulation as files have them, and the snapshot in which they are read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask_babel import gettext as _

from alliance.circulation.tables import Cell
from alliance.store import one_snapshot
from alliance.web.extensions import db
from alliance.web.organizer import downloads
from alliance.web.organizer.downloads import Number, count, fen

#: A row of a file.
Row = Sequence[downloads.Cell]


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything inside is read from one state of the store."""
    # The guard has read who is asking; the snapshot begins with a transaction of its own.
    db.session.rollback()
    with one_snapshot(db.session):
        yield


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
