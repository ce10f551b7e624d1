"""数据质量: what came late, what was reversed, what is hidden, what is not yet derived, month by month."""

from collections.abc import Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from alliance.circulation.measures import share
from alliance.circulation.quality import CellTable, Hidden, MonthQuality, quality
from alliance.circulation.series import months_until
from alliance.web.extensions import db
from alliance.web.organizer import bp
from alliance.web.organizer.asked import Asked, asked
from alliance.web.organizer.downloads import Cell, Table, count, download, fen, ratio
from alliance.web.organizer.reading import in_snapshot, title_of
from alliance.web.period_words import period_words


@bp.get("/circulation/quality")
def show_data_quality() -> ResponseReturnValue:
    """The months up to the end of a period."""
    what = asked(db.session)
    months = _months(what)
    return render_template(
        "organizer/show_data_quality.html", asked=what, months=months[::-1], tables=table_words(), share=share
    )


@bp.get("/circulation/quality/download")
def download_data_quality() -> ResponseReturnValue:
    """The same as a file: ``?as=csv`` or xlsx."""
    what = asked(db.session)
    title = title_of(_("数据质量"), what)
    return download([_table(_months(what), title, what)], request.args.get("as", "csv"))


def table_words() -> dict[CellTable, str]:
    """What the tables with hidden cells are called."""
    return {
        CellTable.ZONES: _("片区 × 片区"),
        CellTable.ENTERPRISES: _("单位 × 商户"),
        CellTable.OUTLETS: _("门店"),
        CellTable.OFFERS: _("优惠"),
    }


def _months(what: Asked) -> list[MonthQuality]:
    until = max(min(what.period.last, what.today), what.period.first)
    return in_snapshot(lambda session: quality(session, months_until(until), what.scope))


def _table(months: Sequence[MonthQuality], title: str, what: Asked) -> Table:
    words = table_words()
    hidden = [
        head
        for name in words.values()
        for head in (_("%(table)s未公布", table=name), _("%(table)s全部", table=name))
    ]
    head = [
        _("月份"), _("核销"), _("其中导入"), _("晚到"), _("晚到占比"), _("冲正"), _("冲正占比"),
        *([_("冲正金额"), _("冲正金额占比")] if what.sees_all else ()),
        _("调整"), _("待重算的天数"), *hidden,
    ]  # fmt: skip
    return Table(title, head, [_row(month, what) for month in months])


def _row(month: MonthQuality, what: Asked) -> list[Cell]:
    at_the_counter = month.redemptions - month.imported
    amounts = (fen(month.reversed_paid_fen), ratio(share(month.reversed_paid_fen, month.paid_fen)))
    hidden = [month.hidden.get(table) for table in CellTable]
    return [
        period_words(month.period),
        count(month.redemptions),
        count(month.imported),
        count(month.late),
        ratio(share(month.late, at_the_counter)),
        count(month.reversals),
        ratio(share(month.reversals, month.redemptions)),
        *(amounts if what.sees_all else ()),
        count(month.adjustments),
        count(month.marked_days),
        *(cell for each in hidden for cell in _hidden(each)),
    ]


def _hidden(cells: Hidden | None) -> tuple[Cell, Cell]:
    return (count(cells.hidden), count(cells.cells)) if cells else (count(None), count(None))
