"""Tables: a CSV or XLSX file as a header and rows of texts, each with the row number a spreadsheet shows."""

import codecs
import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from alliance.imports.fields import fold, trim
from alliance.imports.words import Problem

#: Larger files are refused: a whole file is held in memory.
MAX_BYTES = 20 << 20
#: What a workbook may unpack to, and the area its cells may span: the reader allocates both at once.
MAX_UNPACKED_BYTES = 128 << 20
MAX_CELLS = 4_000_000
MAX_COLUMNS = 200
#: What ``rejects`` adds to a row; read back, it says nothing about the row.
VERDICT = ("行号", "字段", "原因", "处理办法")

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
#: The ways in which ``zipfile`` says that an archive is damaged.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
_CELL = re.compile(rb'\br="([A-Z]*)(\d+)"')

Numbered = tuple[int, list[str]]


class UnreadableFile(Exception):
    """The file as a whole cannot be taken. ``str()`` is the reason and the remedy, in Chinese."""

    def __init__(self, problem: Problem, **params: object) -> None:
        reason, remedy = (text.format(**params) for text in (problem.reason, problem.remedy))
        super().__init__(f"{reason}。{remedy}。")
        self.problem = problem


@dataclass(frozen=True)
class Table:
    """What was read: ``header`` as written, ``rows`` by number and as wide, ``columns`` known and where."""

    path: Path
    sha256: str
    header: list[str]
    rows: dict[int, list[str]]
    columns: dict[str, int]
    notices: list[str]

    def cells(self, row: list[str]) -> dict[str, str]:
        """The cells of one row that are known and not empty, trimmed, by column."""
        texts = ((column, trim(row[index])) for column, index in self.columns.items())
        return {column: text for column, text in texts if text}

    def values(self, column: str) -> set[str]:
        """Everything that stands in one column, in half-width characters."""
        index = self.columns[column]
        return {fold(trim(row[index])) for row in self.rows.values()}


def read_table(path: Path, required: Sequence[str], optional: Collection[str] = ()) -> Table:
    """Read a file whose header has the ``required`` columns, in any order, and maybe ``optional`` ones.

    Columns with numbers of identity documents are dropped here and go nowhere. Raises UnreadableFile.
    """
    data = _read_bytes(path)
    notices: list[str] = []
    numbered = iter(_grid(path, data, notices))
    number, header = next(numbered, (1, []))
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(Problem.TOO_MANY_COLUMNS, row=number, columns=len(header), limit=MAX_COLUMNS)
    rows = dict(_fitted(numbered, len(header)))
    names = [fold(trim(cell)).replace(" ", "") for cell in header]
    kept = [index for index, name in enumerate(names) if not (_is_private(name) or name in VERDICT)]
    notices += [f"已丢弃『{name}』列，证件号码不会保存" for name in names if _is_private(name)]
    names, header = [names[i] for i in kept], [header[i] for i in kept]
    rows = {number: [cells[i] for i in kept] for number, cells in rows.items()}
    columns = _find_columns(names, required, optional, notices)
    if not rows:
        notices.append("文件只有表头，没有数据")
    return Table(path, hashlib.sha256(data).hexdigest(), header, rows, columns, notices)


def _read_bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise UnreadableFile(Problem.NOT_FOUND)
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(Problem.TOO_LARGE, limit=MAX_BYTES >> 20)
        data = path.read_bytes()
    except OSError:
        raise UnreadableFile(Problem.NOT_FOUND) from None
    if not data:
        raise UnreadableFile(Problem.EMPTY_FILE)
    return data


def _grid(path: Path, data: bytes, notices: list[str]) -> Iterable[Numbered]:
    """The rows that are not blank, as wide as their last filled cell."""
    if data.startswith(_OLE):
        raise UnreadableFile(Problem.OLD_OR_ENCRYPTED)
    if data.startswith(_ZIP):
        rows = _workbook(data, notices)
    elif path.suffix.lower() in (".xlsx", ".xlsm"):
        raise UnreadableFile(Problem.NOT_XLSX)
    else:
        rows = _delimited(_decode(data))
    for number, cells in enumerate(rows, start=1):
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield number, cells


def _fitted(rows: Iterator[Numbered], width: int) -> Iterator[Numbered]:
    for number, cells in rows:
        if len(cells) > width:
            raise UnreadableFile(Problem.LONGER_THAN_HEADER, row=number, cells=len(cells), columns=width)
        yield number, cells + [""] * (width - len(cells))


# --- columns ---


def _find_columns(
    names: list[str], required: Sequence[str], optional: Collection[str], notices: list[str]
) -> dict[str, int]:
    known = [*required, *optional]
    for name in known:
        if names.count(name) > 1:
            raise UnreadableFile(Problem.DUPLICATE_COLUMN, column=name)
    unknown = [name for name in names if name and name not in known]
    missing = [name for name in required if name not in names]
    if len(missing) == len(required):
        raise UnreadableFile(Problem.NO_HEADER, columns="、".join(required))
    for name in missing:
        if similar := get_close_matches(name, unknown, n=1, cutoff=0.5):
            raise UnreadableFile(Problem.RENAMED_COLUMN, missing=f"『{name}』", similar=f"『{similar[0]}』")
    if missing:
        raise UnreadableFile(Problem.MISSING_COLUMN, missing="".join(f"『{name}』" for name in missing))
    if unknown:
        notices.append(f"以下列用不到，没有读取：{'、'.join(unknown)}")
    return {name: names.index(name) for name in known if name in names}


def _is_private(name: str) -> bool:
    return "身份证" in name or name.startswith("证件号")


# --- text ---


def _decode(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in data:
        raise UnreadableFile(Problem.BINARY)
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(Problem.UNKNOWN_ENCODING)


def _delimited(text: str) -> Iterator[list[str]]:
    delimiter = max(",;\t", key=text.lstrip().partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True)
    row = 0
    try:
        for row, cells in enumerate(reader, start=1):  # noqa: B007 - named in the refusal below
            yield cells
    except csv.Error:
        raise UnreadableFile(Problem.BROKEN_CSV, row=row + 1) from None


# --- workbooks ---


def _workbook(data: bytes, notices: list[str]) -> Iterator[list[str]]:
    _refuse_oversized(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [sheet.name for sheet in workbook.sheets_metadata if _is_shown(sheet)]
        if len(sheets) > 1:
            notices.append(f"工作簿有 {len(sheets)} 个工作表，只读取第一个『{sheets[0]}』")
        for sheet in sheets[:1]:
            for row in workbook.get_sheet_by_name(sheet).iter_rows():
                yield [_as_shown(cell) for cell in row]
    except CalamineError:
        raise UnreadableFile(Problem.NOT_XLSX) from None


def _is_shown(sheet: SheetMetadata) -> bool:
    return sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible


def _refuse_oversized(data: bytes) -> None:
    """One stray cell in a sheet's far corner would make the reader allocate all cells before it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise UnreadableFile(Problem.UNPACKS_TOO_LARGE, limit=MAX_UNPACKED_BYTES >> 20)
            for name in archive.namelist():
                if name.startswith("xl/worksheets/"):
                    _refuse_spread(archive.read(name))
    except _DAMAGED:
        raise UnreadableFile(Problem.NOT_XLSX) from None


def _refuse_spread(sheet: bytes) -> None:
    references = set(_CELL.findall(sheet))
    columns = max((_column_number(letters) for letters in {letters for letters, _ in references}), default=0)
    rows = max((int(row) for row in {row for _, row in references}), default=0)
    if columns * rows > MAX_CELLS:
        raise UnreadableFile(Problem.TOO_SPREAD, rows=rows, columns=columns)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _as_shown(cell: Any) -> str:
    """A cell as text. Excel keeps fifteen digits; a longer number comes out as ``1.2E+17`` on purpose."""
    if isinstance(cell, float):
        return f"{cell:.15G}"
    if isinstance(cell, datetime) and cell.time() == time():
        return str(cell.date())
    return str(cell)
