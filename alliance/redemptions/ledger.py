"""What is posted to a month: its sums, and a digest that any change of a fact's amounts would change."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from alliance.clock import next_month
from alliance.redemptions.models import IS_ADJUSTMENT, Redemption, Reversal

_BATCH = 2000
_AMOUNTS = ("gross_fen", "discount_fen", "paid_fen")


@dataclass
class Sums:
    """Numbers of facts, and net amounts in 分 (a reversal takes away)."""

    redemptions: int = 0
    reversals: int = 0
    gross_fen: int = 0
    discount_fen: int = 0
    paid_fen: int = 0

    def add(self, other: "Sums") -> None:
        """Add the other's numbers and amounts."""
        for each in fields(Sums):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def posted_to(session: Session, month: date) -> dict[int, Sums]:
    """The sums of every fact that is posted to ``month`` (its first day), by merchant."""
    merchants: dict[int, Sums] = {}
    for entity, name in ((Redemption, "redemptions"), (Reversal, "reversals")):
        rows = session.execute(
            select(
                entity.merchant_id, func.count(), *(func.sum(getattr(entity, amount)) for amount in _AMOUNTS)
            )
            .where(_is_posted(entity, month))
            .group_by(entity.merchant_id)
        )
        for merchant_id, count, *amounts in rows:
            # PostgreSQL sums BIGINT as NUMERIC.
            sums = {name: count} | dict(zip(_AMOUNTS, map(int, amounts), strict=True))
            merchants.setdefault(merchant_id, Sums()).add(Sums(**sums))
    return merchants


def in_all(merchants: Mapping[int, Sums]) -> Sums:
    """The sums over all merchants."""
    everything = Sums()
    for sums in merchants.values():
        everything.add(sums)
    return everything


def snapshot_of(session: Session, month: date) -> dict[str, Any]:
    """What a closing keeps, as JSON: the sums in all, and under ``merchants`` the same by merchant id."""
    merchants = posted_to(session, month)
    # JSON has no keys but text.
    by_merchant = {str(id_): asdict(sums) for id_, sums in sorted(merchants.items())}
    return asdict(in_all(merchants)) | {"merchants": by_merchant}


def digest_of(session: Session, month: date) -> bytes:
    """SHA-256 over merchant, id and amounts of every fact posted to ``month``, in the order of their keys."""
    digest = hashlib.sha256()
    for line in _lines(session, month):
        digest.update(line.encode())
    return digest.digest()


def _lines(session: Session, month: date) -> Iterator[str]:
    for entity in (Redemption, Reversal):
        rows = session.execute(
            select(entity.merchant_id, entity.id, *(getattr(entity, amount) for amount in _AMOUNTS))
            .where(_is_posted(entity, month))
            .order_by(entity.merchant_id, entity.id)
            .execution_options(yield_per=_BATCH)
        )
        for row in rows:
            yield f"{entity.__tablename__} {' '.join(map(str, row))}\n"


def _is_posted(entity: type[Redemption] | type[Reversal], month: date) -> ColumnElement[bool]:
    # The second condition says nothing new: it is what lets the indexes on business dates be used.
    own_days = entity.business_date.between(month, next_month(month) - timedelta(days=1))
    return and_(entity.posted_month == month, or_(own_days, IS_ADJUSTMENT))
