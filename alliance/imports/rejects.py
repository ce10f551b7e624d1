"""The rejected rows as a file: each as it was written, and why it was not taken.

The file can be corrected and imported as it is.
"""

import csv
import shutil
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import xlsxwriter

from alliance.imports.fields import guarded
from alliance.imports.run import Import
from alliance.imports.tables import VERDICT


def beside(path: Path) -> Path:
    """Where the rejects of ``path`` go unless somebody says otherwise."""
    suffix = ".xlsx" if path.suffix.lower() in (".xlsx", ".xlsm") else ".csv"
    return path.with_name(f"{path.stem}.rejects{suffix}")


def write_rejects(path: Path, job: Import) -> None:
    """Write one row per rejected row; ``path`` ends in ``.xlsx`` for a workbook, anything else is CSV.

    The file may be read by whoever may read the file it came from. Raises OSError.
    """
    lines = [[*job.table.header, *VERDICT], *_lines(job)]
    if path.suffix.lower() == ".xlsx":
        _write_workbook(path, lines)
    else:
        _write_csv(path, lines)
    shutil.copymode(job.table.path, path)


def _lines(job: Import) -> Iterator[list[str]]:
    for number, rejects in groupby(sorted(job.rejected, key=attrgetter("row")), key=attrgetter("row")):
        verdicts = [(reject.field, reject.reason, reject.remedy) for reject in rejects]
        joined = ("；".join(words) for words in zip(*verdicts, strict=True))
        yield [*job.table.rows[number], str(number), *joined]


def _write_csv(path: Path, lines: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([guarded(cell) for cell in line] for line in lines)


def _write_workbook(path: Path, lines: list[list[str]]) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 0)
        text = workbook.add_format({"num_format": "@"})
        for row, line in enumerate(lines):
            for column, cell in enumerate(line):
                # Always as text: nothing is executed, and no digit is lost when somebody edits it.
                sheet.write_string(row, column, cell, text)
