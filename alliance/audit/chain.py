"""Checking the chain: every link recomputed from its entries, and held against heads kept elsewhere."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from alliance.audit.heads import Head
from alliance.audit.models import AuditEntry, AuditSeal
from alliance.audit.seal import GENESIS, SEALED, digest_of, line

_BATCH = 2000


@dataclass(frozen=True)
class Link:
    """A seal as it is stored, and what its entries come to now."""

    number: int
    at: datetime
    entries: int
    previous: bytes
    digest: bytes
    found: int
    recomputed: bytes


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: what is stored there, and what should be."""

    subject: str
    stored: object
    expected: object


def seals_to_check(session: Session) -> int:
    """How many links ``links`` will give, for a progress bar."""
    return session.scalar(select(func.count()).select_from(AuditSeal)) or 0


def links(session: Session) -> Iterator[Link]:
    """Every seal with its entries, in the order of the chain; one pass over both tables."""
    rows = session.execute(
        select(
            AuditSeal.number,
            AuditSeal.at.label("sealed_at"),
            AuditSeal.entries,
            AuditSeal.previous,
            AuditSeal.digest,
            *SEALED,
        )
        .outerjoin(AuditEntry, AuditEntry.seal_number == AuditSeal.number)
        .order_by(AuditSeal.number, AuditEntry.id)
        .execution_options(yield_per=_BATCH)
    )
    for seal, members in groupby(rows, key=lambda row: tuple(row[:5])):
        number, at, entries, previous, digest = seal
        lines = [line(row) for row in members if row.id is not None]
        recomputed = digest_of(previous, number, at, lines)
        yield Link(number, at, entries, previous, digest, len(lines), recomputed)


def breaks(session: Session, chain: Iterable[Link], heads: Iterable[Head] = ()) -> Iterator[Break]:
    """Whatever does not hold in ``chain`` (``links``, perhaps behind a progress bar), the first break first.

    ``heads`` are ends of the chain that were kept outside the database: only they can tell that the last
    seals were taken away together with their entries.
    """
    awaited = {head.number: head for head in heads}
    number, previous = 0, GENESIS
    for link in chain:
        yield from _broken(link, number + 1, previous)
        if head := awaited.pop(link.number, None):
            yield from _compare(f"head of {head.date}, seal {head.number}", link.digest, head.digest)
        number, previous = link.number, link.digest
    for head in sorted(awaited.values(), key=lambda head: head.number):
        yield Break(f"head of {head.date}, seal {head.number}", None, head.digest)
    yield from _without_seal(session)


def _broken(link: Link, number: int, previous: bytes) -> Iterator[Break]:
    subject = f"seal {link.number}"
    yield from _compare(f"{subject} number", link.number, number)
    yield from _compare(f"{subject} previous", link.previous, previous)
    yield from _compare(f"{subject} entries", link.found, link.entries)
    yield from _compare(f"{subject} digest", link.digest, link.recomputed)


def _without_seal(session: Session) -> Iterator[Break]:
    """The store refuses it; but whoever takes triggers away can take constraints away too."""
    orphans = select(AuditEntry.seal_number, func.count()).where(
        AuditEntry.seal_number.is_not(None), ~exists().where(AuditSeal.number == AuditEntry.seal_number)
    )
    for number, count in session.execute(orphans.group_by(AuditEntry.seal_number)):
        yield Break(f"seal {number}", None, f"a seal of {count} entries")


def _compare(subject: str, stored: object, expected: object) -> Iterator[Break]:
    if stored != expected:
        yield Break(subject, stored, expected)
