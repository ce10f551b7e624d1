"""A table as a file: CSV, or a workbook with one sheet per table. The cells are those of the page."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import xlsxwriter
from flask import Response, abort, send_file
from flask_babel import gettext as _

from alliance.imports.fields import guarded

#: What no name of a sheet or a file may have.
_FORBIDDEN = re.compile(r"[\\/*?:\[\]<>|\"]")
#: Characters of a sheet's name, at most.
_SHEET_NAME = 31


class Unit(StrEnum):
    """What a number counts."""

    COUNT = "count"
    FEN = "fen"
    RATIO = "ratio"
    #: A plain number, such as an index.
    NUMBER = "number"


@dataclass(frozen=True)
class Number:
    """A cell with a number in its unit: 分, a share of 0 to 1. None: nothing there. ``is_hidden``: 未公布."""

    unit: Unit
    value: int | float | None
    is_hidden: bool = False


Cell = str | Number


@dataclass(frozen=True)
class Table:
    """What is downloaded; ``title`` says the period, and names the file and the sheet."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


_FORMATS = {Unit.COUNT: "#,##0", Unit.FEN: "#,##0.00", Unit.RATIO: "0.0%", Unit.NUMBER: "0.0000"}


def fen(value: int | float | None, *, is_hidden: bool = False) -> Number:
    """An amount in 分; in files it is in yuan."""
    return Number(Unit.FEN, value, is_hidden)


def count(value: int | None, *, is_hidden: bool = False) -> Number:
    """A count."""
    return Number(Unit.COUNT, value, is_hidden)


def ratio(value: float | None, *, is_hidden: bool = False) -> Number:
    """A share."""
    return Number(Unit.RATIO, value, is_hidden)


def download(tables: Sequence[Table], form: str) -> Response:
    """The answer with the tables as ``csv`` (of one table) or ``xlsx``; for any other form 404."""
    name = _FORBIDDEN.sub("-", tables[0].title)
    if form == "csv" and len(tables) == 1:
        file, kind = io.BytesIO(csv_of(tables[0])), "text/csv"
    elif form == "xlsx":
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        file = io.BytesIO(workbook_of(tables))
    else:
        abort(404)
    return send_file(file, mimetype=kind, as_attachment=True, download_name=f"{name}.{form}")


def csv_of(table: Table) -> bytes:
    """UTF-8 with the mark by which Excel knows it; amounts in yuan, shares as they are, all digits."""
    text = io.StringIO()
    csv.writer(text).writerows(map(_plain, (table.head, *table.rows)))
    return ("\ufeff" + text.getvalue()).encode()


def workbook_of(tables: Iterable[Table]) -> bytes:
    """A sheet per table: its head, then its rows; numbers are numbers, in the format of their unit."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        formats = {unit: book.add_format({"num_format": form}) for unit, form in _FORMATS.items()}
        for table in tables:
            sheet = book.add_worksheet(_FORBIDDEN.sub("-", table.title)[:_SHEET_NAME])
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, len(table.head), 16)
            for column, name in enumerate(table.head):
                sheet.write_string(0, column, name, head)
            for line, row in enumerate(table.rows, 1):
                for column, cell in enumerate(row):
                    shown = _text_or_number(cell)
                    if isinstance(cell, Number) and not isinstance(shown, str):
                        sheet.write_number(line, column, shown, formats[cell.unit])
                    else:
                        # Never anything but text: nothing is executed.
                        sheet.write_string(line, column, str(shown))
    return file.getvalue()


def _plain(row: Sequence[Cell]) -> list[str]:
    return [_plain_cell(cell) for cell in row]


def _plain_cell(cell: Cell) -> str:
    if isinstance(cell, Number) and cell.unit is Unit.FEN and isinstance(cell.value, int):
        return str(_text_or_number(cell)) if cell.is_hidden else str(Decimal(cell.value).scaleb(-2))
    words = _text_or_number(cell)
    return guarded(words) if isinstance(words, str) else str(words)


def _text_or_number(cell: Cell) -> str | int | float:
    if isinstance(cell, str):
        return cell
    if cell.is_hidden:
        return str(_("未公布"))
    if cell.value is None:
        return ""
    return cell.value / 100 if cell.unit is Unit.FEN else cell.value
