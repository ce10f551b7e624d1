"""Where an enterprise or an outlet stood on a given business date, as far as is known now.

A move is recorded beside what it replaces, never over it: a morning's redemptions have frozen the zone that
was then held true, and whoever corrects a mistake at noon must not make them look wrong.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Subquery, func, select
from sqlalchemy.orm import Session, aliased

from alliance.enterprises.models import Enterprise, EnterpriseZone, Outlet, OutletZone
from alliance.store import ONE


def enterprise_zone_on(day: date | ColumnElement[date], enterprise_id: Any) -> ScalarSelect[int]:
    """A scalar subquery: the zone id of the enterprise on that day."""
    row = aliased(EnterpriseZone, name="placed")
    return (
        select(row.zone_id)
        .where(row.enterprise_id == enterprise_id, row.starts_on <= day)
        .order_by(row.starts_on.desc(), row.recorded_at.desc())
        .limit(ONE)
        .scalar_subquery()
    )


def outlet_zone_on(day: date | ColumnElement[date], merchant_id: Any, outlet_id: Any) -> ScalarSelect[int]:
    """A scalar subquery: the zone id of the outlet on that day."""
    row = aliased(OutletZone, name="placed")
    return (
        select(row.zone_id)
        .where(row.merchant_id == merchant_id, row.outlet_id == outlet_id, row.starts_on <= day)
        .order_by(row.starts_on.desc(), row.recorded_at.desc())
        .limit(ONE)
        .scalar_subquery()
    )


def enterprise_spells() -> Subquery:
    """Where every enterprise stood from when until when, one row for each move."""
    return _spells(EnterpriseZone, EnterpriseZone.enterprise_id)


def outlet_spells() -> Subquery:
    """Where every outlet stood from when until when, one row for each move."""
    return _spells(OutletZone, OutletZone.merchant_id, OutletZone.outlet_id)


def _spells(moves: Any, *whose: Any) -> Subquery:
    """Columns: whose, ``zone_id``, ``starts_on``, ``ends_on`` (first day elsewhere; None: still there)."""
    said_last = func.row_number().over(
        partition_by=(*whose, moves.starts_on), order_by=moves.recorded_at.desc()
    )
    rows = select(*whose, moves.zone_id, moves.starts_on, said_last.label("said_last")).subquery()
    named = [rows.c[column.key] for column in whose]
    until = func.lead(rows.c.starts_on, type_=rows.c.starts_on.type).over(
        partition_by=named, order_by=rows.c.starts_on
    )
    spells = select(*named, rows.c.zone_id, rows.c.starts_on, until.label("ends_on"))
    return spells.where(rows.c.said_last == 1).subquery()


def move_enterprise(
    session: Session, enterprise: Enterprise, zone_id: int, starts_on: date, at: datetime
) -> None:
    """The enterprise stands in ``zone_id`` from ``starts_on``; earlier days keep their zone."""
    session.merge(
        EnterpriseZone(enterprise_id=enterprise.id, starts_on=starts_on, recorded_at=at, zone_id=zone_id)
    )


def move_outlet(session: Session, outlet: Outlet, zone_id: int, starts_on: date, at: datetime) -> None:
    """The outlet stands in ``zone_id`` from ``starts_on``; earlier days keep their zone."""
    session.merge(
        OutletZone(
            merchant_id=outlet.merchant_id,
            outlet_id=outlet.id,
            starts_on=starts_on,
            recorded_at=at,
            zone_id=zone_id,
        )
    )
