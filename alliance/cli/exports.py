"""``alliance export``: facts into a file, for tools that are better at tables than pages are."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Protocol

import click
import pyarrow
import pyarrow.csv
import pyarrow.parquet
from sqlalchemy.orm import Session

from alliance import clock
from alliance.audit.trail import COMMAND_LINE, record
from alliance.circulation.export import CHOSEN, SCHEMA, batches, days_with_facts
from alliance.circulation.facts import Span
from alliance.circulation.pseudonyms import Pseudonyms
from alliance.cli import lookup
from alliance.cli.context import checked_settings, session_scope
from alliance.imports.fields import guarded
from alliance.store import for_writing, one_snapshot
from alliance.zones.models import Zone

DAY = click.DateTime(["%Y-%m-%d"])
#: Rows of a Parquet row group: few enough for memory, many enough to be read fast.
ROW_GROUP = 100_000


class Sink(Protocol):
    """A file that takes batch after batch."""

    def write(self, batch: pyarrow.RecordBatch) -> None:
        """One more batch."""

    def close(self) -> None:
        """All were written."""


@click.group()
def export() -> None:
    """导出数据 / export data."""


@export.command()
@click.option("--from", "first", type=DAY, required=True, help="起（含当日） / first business date.")
@click.option("--to", "last", type=DAY, required=True, help="止（含当日） / last business date.")
@click.option("--zone", "code", metavar="CODE", help="门店所在片区（含下级） / the outlets' zone.")
@click.option(
    "--format", "form", type=click.Choice(["csv", "parquet"]), help="默认看文件名 / by the name, else csv."
)
@click.option(
    "--output", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="写到 / file."
)
@click.option("--force", is_flag=True, help="文件已有时替换 / replace a file that is there.")
@click.option("--salt", default="", help="加盐后编号与别次导出的对不上 / ids that match no other export's.")
def facts(
    first: datetime,
    last: datetime,
    code: str | None,
    form: str | None,
    path: Path,
    force: bool,
    salt: str,
) -> None:
    """核销与冲正逐笔导出，持码人只有代号 / redemptions and reversals, holders under pseudonyms.

    列的含义见 docs/export.md / its columns are described there.
    """
    period = first.date(), last.date()
    if period[0] > period[1]:
        raise click.BadParameter("起止日期颠倒 / the wrong way round", param_hint="--from")
    form = form or ("parquet" if path.suffix == ".parquet" else "csv")
    pseudonyms = Pseudonyms(checked_settings().secret_key, salt)
    with session_scope(writes=False) as session, _replacing(path, force) as (file, keep):
        zone = lookup.zone(session, code) if code else None
        rows = _write(session, SINKS[form](file), period, zone, pseudonyms)
        _record(session, period, code, rows, salted=bool(salt))
        keep()
    click.echo(f"已导出 {rows} 行 / exported {rows} rows")


def _write(session: Session, sink: Sink, period: Span, zone: Zone | None, pseudonyms: Pseudonyms) -> int:
    """Returns how many rows were written."""
    session.rollback()
    rows = 0
    with one_snapshot(session):
        days = days_with_facts(session, period)
        with click.progressbar(days, label="导出 exporting", file=sys.stderr) as bar:
            for batch in batches(session, bar, zone, pseudonyms):
                sink.write(batch)
                rows += batch.num_rows
    sink.close()
    session.rollback()
    return rows


def _record(session: Session, period: Span, code: str | None, rows: int, *, salted: bool) -> None:
    """That somebody took facts away is in the trail before the file has its name."""
    for_writing(session)
    first, last = (day.isoformat() for day in period)
    # Of what is False the trail's words say nothing.
    zone, at = code or False, clock.now()
    record(
        session,
        COMMAND_LINE,
        "export.facts",
        "facts",
        at,
        first=first,
        last=last,
        zone=zone,
        rows=rows,
        salted=salted,
    )
    session.commit()


@contextmanager
def _replacing(path: Path, force: bool) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
    """A file beside ``path`` that takes its name when it is kept, else is removed; its owner's alone."""
    _refuse_to_overwrite(path, force)
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:

            def keep() -> None:
                file.flush()
                os.fsync(file.fileno())
                # Somebody may have had the same name in mind meanwhile.
                _refuse_to_overwrite(path, force)
                os.replace(file.name, path)

            try:
                yield file, keep
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(file.name)
    except OSError as error:
        raise click.ClickException(f"无法写到 {path} / cannot write: {error.strerror or error}") from None


def _refuse_to_overwrite(path: Path, force: bool) -> None:
    if path.exists() and not force:
        raise click.ClickException(f"{path} 已经存在，要替换请加 --force / is there, --force replaces it")


class CsvFile:
    """UTF-8 with a byte order mark: without it a Chinese Excel takes the text for GBK."""

    def __init__(self, file: IO[bytes]) -> None:
        file.write("\ufeff".encode())
        fields = [
            pyarrow.field(field.name, pyarrow.string()) if field.name == "occurred_at" else field
            for field in SCHEMA
        ]
        self._schema = pyarrow.schema(fields)
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        self._writer = pyarrow.csv.CSVWriter(file, self._schema, write_options=options)

    def write(self, batch: pyarrow.RecordBatch) -> None:
        """One more batch; nothing in it is a formula."""
        columns = [_spelled(name, batch.column(name)) for name in self._schema.names]
        self._writer.write(pyarrow.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        """All were written."""
        self._writer.close()


def _spelled(name: str, column: pyarrow.Array) -> pyarrow.Array:
    if name == "occurred_at":
        # Always with as many digits: programs guess the form from the first rows.
        return pyarrow.array([at.isoformat(timespec="microseconds") for at in column.to_pylist()])
    if name not in CHOSEN:
        return column
    encoded = column.dictionary_encode()
    return pyarrow.array([guarded(text) for text in encoded.dictionary.to_pylist()]).take(encoded.indices)


class ParquetFile:
    """Zstandard, with a few batches to a row group."""

    def __init__(self, file: IO[bytes]) -> None:
        # Ids hardly repeat: a dictionary of them would only be given up again.
        repeating = [name for name in SCHEMA.names if name not in ("fact_id", "redemption_id")]
        self._writer = pyarrow.parquet.ParquetWriter(
            file, SCHEMA, compression="zstd", use_dictionary=repeating
        )
        self._batches: list[pyarrow.RecordBatch] = []

    def write(self, batch: pyarrow.RecordBatch) -> None:
        """One more batch."""
        self._batches.append(batch)
        if sum(one.num_rows for one in self._batches) >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """All were written."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(pyarrow.Table.from_batches(self._batches))
            self._batches = []


SINKS: dict[str, Callable[[IO[bytes]], Sink]] = {"csv": CsvFile, "parquet": ParquetFile}
