"""Heads of the chain, kept outside the database: a digest that left the house binds all that came before."""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.audit.models import AuditSeal
from alliance.clock import business_date, start_of

#: The copy beside the database, in the instance directory; see docs/operating.md.
FILE = "audit-heads.jsonl"
#: A day's head is written down so long after its end: what was sealed before midnight has committed by then.
SETTLED = timedelta(minutes=10)


@dataclass(frozen=True)
class Head:
    """The last seal of a business date."""

    date: date
    number: int
    digest: bytes
    at: datetime

    def as_dict(self) -> dict[str, object]:
        """As it is written: ``{"date": …, "number": …, "digest": hex, "at": UTC}``."""
        return {
            "date": self.date.isoformat(),
            "number": self.number,
            "digest": self.digest.hex(),
            "at": self.at.isoformat(timespec="microseconds"),
        }


def head_of(session: Session, day: date) -> Head | None:
    """The last seal of that business date; None when nothing was sealed on it."""
    return next(iter(_heads(session, day, day + timedelta(days=1))), None)


def append_heads(session: Session, path: Path, at: datetime) -> int:
    """Add a line to ``path`` for every day that is over and not in it yet; returns how many.

    Repeating it adds nothing. Raises OSError, and ValueError for a file with anything else in it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        # Two workers must not both find the day missing.
        fcntl.flock(file, fcntl.LOCK_EX)
        _drop_torn_line(file)
        known = max((head.date for head in _read(file)), default=date.min)
        after = date.min if known == date.min else known + timedelta(days=1)
        new = _heads(session, after, business_date(at - SETTLED))
        file.writelines(json.dumps(head.as_dict()) + "\n" for head in new)
        file.flush()
        os.fsync(file.fileno())
    return len(new)


def read_heads(path: Path) -> list[Head]:
    """The heads that ``append_heads`` wrote. Raises OSError, and ValueError for anything else."""
    with path.open() as file:
        return list(_read(file))


def _read(file: IO[str]) -> Iterator[Head]:
    file.seek(0)
    for number, text in enumerate(file, start=1):
        try:
            values = json.loads(text)
            yield Head(
                date.fromisoformat(values["date"]),
                int(values["number"]),
                bytes.fromhex(values["digest"]),
                datetime.fromisoformat(values["at"]),
            )
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{file.name}, line {number}: not a head of the audit chain") from None


def _drop_torn_line(file: IO[str]) -> None:
    """A machine that died while writing left a line without its end; it is written again."""
    file.seek(0)
    whole, newline, torn = file.read().rpartition("\n")
    if torn:
        file.truncate(len((whole + newline).encode()))


def _heads(session: Session, first: date, end: date) -> list[Head]:
    """The last seal of each business date from ``first`` to before ``end`` on which there was one."""
    seals = select(AuditSeal.number, AuditSeal.digest, AuditSeal.at).where(AuditSeal.at < start_of(end))
    if first > date.min:
        seals = seals.where(AuditSeal.at >= start_of(first))
    rows = session.execute(seals.order_by(AuditSeal.number).execution_options(yield_per=2000))
    last = {(day := business_date(row.at)): Head(day, row.number, row.digest, row.at) for row in rows}
    return [last[day] for day in sorted(last)]
