"""One import from file to report: read, check every row, compare with the store, keep or take back."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.orm import Session

from alliance import schema  # noqa: F401 - the audit trail and the offers point at tables not named here
from alliance.audit.trail import Actor, record
from alliance.clock import business_date
from alliance.imports.fields import Unfit
from alliance.imports.tables import Table, read_table
from alliance.imports.words import Problem

T = TypeVar("T")


class Row(BaseModel):
    """One row of a file: each field's alias is its column. A field with a default may be left empty.

    ``extra_columns`` are those that the file as a whole may go without.
    """

    model_config = ConfigDict(frozen=True)
    extra_columns: ClassVar[frozenset[str]] = frozenset()

    #: The row number a spreadsheet shows; the header is row 1.
    number: int

    @classmethod
    def columns(cls) -> list[str]:
        """The columns every file must have."""
        aliases = (field.alias for field in cls.model_fields.values())
        return [alias for alias in aliases if alias and alias not in cls.extra_columns]


R = TypeVar("R", bound=Row)


class HasNumber(Protocol):
    """A row, or what was made of it."""

    @property
    def number(self) -> int:
        """The row number a spreadsheet shows."""
        ...


N = TypeVar("N", bound=HasNumber)


class Outcome(StrEnum):
    """What became of a row that was taken."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def assign(target: object, **values: object) -> Outcome:
    """Give attributes their values: ``UPDATED`` when one of them had another."""
    different = {name: value for name, value in values.items() if getattr(target, name) != value}
    for name, value in different.items():
        setattr(target, name, value)
    return Outcome.UPDATED if different else Outcome.UNCHANGED


@dataclass(frozen=True)
class Reject:
    """One thing wrong with one row, in Chinese. ``value`` is the cell as it was written."""

    row: int
    field: str
    value: str
    reason: str
    remedy: str


class Progress(Protocol):
    """Shows how far the work on ``items`` has come while they are gone through."""

    def __call__(self, items: Sequence[T], label: str, /) -> Iterable[T]: ...


def silently(items: Sequence[T], _: str, /) -> Iterable[T]:
    """No progress is shown."""
    return items


@dataclass
class Import:
    """A file on its way into the store, and what has become of its rows."""

    table: Table
    at: datetime
    by: Actor
    progress: Progress
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    rejected: list[Reject] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    #: Whether the store now has what was created and updated.
    kept: bool = False

    @property
    def today(self) -> date:
        """The business date of the import."""
        return business_date(self.at)

    @property
    def created(self) -> int:
        """Rows that were new."""
        return self.outcomes[Outcome.CREATED]

    @property
    def updated(self) -> int:
        """Rows that changed what was there."""
        return self.outcomes[Outcome.UPDATED]

    @property
    def unchanged(self) -> int:
        """Rows that said what was known."""
        return self.outcomes[Outcome.UNCHANGED]

    @property
    def rejected_rows(self) -> set[int]:
        """The numbers of the rows that were not taken."""
        return {reject.row for reject in self.rejected}

    def reject(self, number: int, unfit: Unfit, column: str = "") -> None:
        """Leave a row out and say why."""
        column = unfit.field or column
        index = self.table.columns.get(column)
        self.rejected.append(
            Reject(
                row=number,
                field=column,
                value="" if index is None else self.table.rows[number][index],
                reason=unfit.problem.reason.format(**unfit.params),
                remedy=unfit.problem.remedy.format(**unfit.params),
            )
        )

    def each(self, rows: Iterable[N], take: Callable[[N], T]) -> Iterator[T]:
        """What ``take`` makes of row after row; those that turn out ``Unfit`` are rejected."""
        for row in rows:
            try:
                yield take(row)
            except Unfit as unfit:
                self.reject(row.number, unfit)

    def without_twins(self, rows: Iterable[N], key: Callable[[N], Hashable | None], column: str) -> list[N]:
        """The rows whose key no other row has (or who have none); the others are rejected, each by name."""
        groups: dict[Hashable, list[N]] = defaultdict(list)
        for row in rows:
            own = key(row)
            groups[("no key", row.number) if own is None else own].append(row)
        for twins in groups.values():
            for row in twins if len(twins) > 1 else ():
                others = islice((str(twin.number) for twin in twins if twin is not row), 3)
                self.reject(row.number, Unfit(Problem.TWICE, column, others="、".join(others)))
        return [twins[0] for twins in groups.values() if len(twins) == 1]


@dataclass(frozen=True)
class Kind(Generic[R]):
    """One of the things that can be imported: its name, its rows and how they are brought in."""

    name: str
    row: type[R]
    bring_in: Callable[[Session, list[R], Import], None]


def run(
    session: Session,
    kind: Kind[R],
    path: Path,
    at: datetime,
    by: Actor,
    *,
    dry_run: bool = False,
    partial: bool = False,
    progress: Progress = silently,
) -> Import:
    """Import a file. With ``partial`` the good rows are kept although others were rejected.

    Otherwise one rejected row, and ``dry_run`` in any case, leaves the session as it was. The file is read
    and checked before the first statement. Raises UnreadableFile.
    """
    table = read_table(path, kind.row.columns(), kind.row.extra_columns)
    job = Import(table, at, by, progress, notices=table.notices)
    rows = _checked(job, kind.row)
    with session.begin_nested() as savepoint:
        kind.bring_in(session, rows, job)
        job.kept = not dry_run and (partial or not job.rejected)
        if job.kept:
            _record(session, kind.name, job)
        else:
            savepoint.rollback()
    return job


def _checked(job: Import, model: type[R]) -> list[R]:
    rows = []
    for number, cells in job.progress(list(job.table.rows.items()), "检查"):
        try:
            rows.append(model.model_validate({"number": number, **job.table.cells(cells)}))
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                unfit = Unfit(Problem.MISSING) if fault["type"] == "missing" else fault["ctx"]["error"]
                job.reject(number, unfit, "".join(map(str, fault["loc"])))
    return rows


def _record(session: Session, kind: str, job: Import) -> None:
    record(
        session,
        job.by,
        f"import.{kind}",
        job.table.path.name[:100],
        job.at,
        sha256=job.table.sha256,
        rejected=len(job.rejected_rows),
        **{outcome: job.outcomes[outcome] for outcome in Outcome},
    )
