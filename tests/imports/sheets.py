"""What the tests of imports write into files and read out of reports."""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from alliance.enterprises.credit_code import check_character
from alliance.imports.run import Import

#: Monday noon in Shanghai; its business date is 2026-11-23.
AT = datetime(2026, 11, 23, 4, tzinfo=UTC)

CITY, STREET, TOWN = "220204000000", "220204001000", "220204100000"

ZONES = "片区代码,片区名称,上级代码"
ENTERPRISES = "统一社会信用代码,企业名称,片区代码"
OUTLETS = "门店编号,门店名称,统一社会信用代码,片区代码"
ROSTER = "统一社会信用代码,工号,姓名,手机号,部门,在职状态"
REDEMPTIONS = "流水号,核销时间,统一社会信用代码,工号,门店编号,原价(分),优惠(分),实付(分)"


def credit_code(number: int) -> str:
    """A credit code with the right check character."""
    seventeen = f"91220204MA{number:07d}"
    return seventeen + check_character(seventeen)


#: An employer, a merchant, and an enterprise that is both.
FACTORY, BAKERY, HOTEL = credit_code(1), credit_code(2), credit_code(3)

Write = Callable[..., Path]
Bring = Callable[..., Import]


def problems(job: Import) -> list[tuple[int, str, str]]:
    """Row, field and reason of each reject."""
    return [(reject.row, reject.field, reject.reason) for reject in job.rejected]


def counts(job: Import) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected rows."""
    return job.created, job.updated, job.unchanged, len(job.rejected_rows)


def read_csv(path: Path) -> list[list[str]]:
    """The rows of a CSV file with a byte order mark."""
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def write_xlsx(path: Path, rows: Iterable[Iterable[Any]]) -> Path:
    """An Excel workbook with one sheet; dates become date cells."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path
