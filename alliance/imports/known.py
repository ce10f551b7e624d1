"""What the store knows already, loaded in a few SELECTs and looked up by key while rows are compared."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar, TypeVarTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from alliance.enterprises.models import Enterprise, EnterpriseZone, Outlet, OutletZone
from alliance.zones.models import Zone

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: Rows in one INSERT and values in one IN (…): few statements, and far below either database's limits.
BATCH = 2000


class ZoneHistory:
    """The zones of one enterprise or outlet, each from the day it began until the next begins."""

    def __init__(self) -> None:
        self._days: list[date] = []
        self._zone_ids: list[int] = []

    def append(self, starts_on: date, zone_id: int) -> None:
        """Add the next row; rows come in the order of their days, of one day in that of their recording."""
        self._days.append(starts_on)
        self._zone_ids.append(zone_id)

    def on(self, day: date) -> int | None:
        """The zone's id on that day."""
        position = bisect_right(self._days, day)
        return self._zone_ids[position - 1] if position else None


def batched(items: Sequence[T]) -> list[Sequence[T]]:
    """``items`` in slices of at most ``BATCH``."""
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def select_in(
    session: Session, statement: Select[*Ts], column: Any, values: Iterable[Any]
) -> Iterator[tuple[*Ts]]:
    """The rows of ``statement`` whose ``column`` is one of ``values``, however many those are."""
    for batch in batched(sorted(set(values))):
        yield from session.execute(statement.where(column.in_(batch)))


def zone_ids(session: Session) -> dict[str, int]:
    """All zones: id by code."""
    return dict(session.execute(select(Zone.code, Zone.id)).all())


def enterprises(session: Session, credit_codes: Iterable[str]) -> dict[str, Enterprise]:
    """The enterprises that have one of these credit codes, by code."""
    found = select_in(session, select(Enterprise), Enterprise.credit_code, credit_codes)
    return {enterprise.credit_code: enterprise for (enterprise,) in found}


def outlets(session: Session, merchant_ids: Iterable[int]) -> dict[tuple[int, str], Outlet]:
    """The outlets of these merchants, by merchant and 门店编号."""
    found = select_in(session, select(Outlet), Outlet.merchant_id, merchant_ids)
    return {(outlet.merchant_id, outlet.code): outlet for (outlet,) in found}


def enterprise_zones(session: Session, enterprise_ids: Iterable[int]) -> dict[int, ZoneHistory]:
    """Where these enterprises have stood, by their id; empty for one that is not known."""
    zone = EnterpriseZone
    statement = select(zone.enterprise_id, zone.starts_on, zone.zone_id).order_by(
        zone.starts_on, zone.recorded_at
    )
    return _histories(select_in(session, statement, zone.enterprise_id, enterprise_ids))


def outlet_zones(session: Session, merchant_ids: Iterable[int]) -> dict[UUID, ZoneHistory]:
    """Where these merchants' outlets have stood, by the outlet's id; empty for one that is not known."""
    zone = OutletZone
    statement = select(zone.outlet_id, zone.starts_on, zone.zone_id).order_by(
        zone.starts_on, zone.recorded_at
    )
    return _histories(select_in(session, statement, zone.merchant_id, merchant_ids))


def _histories(rows: Iterable[tuple[T, date, int]]) -> dict[T, ZoneHistory]:
    histories: dict[T, ZoneHistory] = defaultdict(ZoneHistory)
    for key, starts_on, zone_id in rows:
        histories[key].append(starts_on, zone_id)
    return histories
