"""Rows on a terminal or in a file: a table with aligned columns, and CSV."""

import csv
import sys
from collections.abc import Iterable, Sequence

import click


def write_csv(rows: Iterable[Sequence[object]]) -> None:
    """The rows as CSV on standard output."""
    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)


def write_table(rows: Sequence[Sequence[str]], *, numbers: bool = True) -> None:
    """The rows with aligned columns; with ``numbers``, every column but the first to the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for label, *cells in rows:
        line = _padded(label, widths[0])
        for cell, width in zip(cells, widths[1:], strict=True):
            line += "  " + (_padded(cell, -width) if numbers else _padded(cell, width))
        click.echo(line.rstrip())


def _padded(text: str, width: int) -> str:
    space = " " * (abs(width) - _width(text))
    return text + space if width > 0 else space + text


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
