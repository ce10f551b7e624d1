"""Outlets: 门店编号, 门店名称, 统一社会信用代码, 片区代码, and maybe 生效日期, from which the zone holds.

Without a date a new outlet has stood in its zone since ever, and a known one moves on the day of the import.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from alliance.clock import SINCE_EVER
from alliance.enterprises.models import Outlet, OutletZone
from alliance.enterprises.placement import move_outlet
from alliance.imports import known
from alliance.imports.fields import CreditCode, Day, Unfit, ZoneCode, code_of, text_of
from alliance.imports.run import Import, Kind, Outcome, Row, assign
from alliance.imports.words import Problem
from alliance.store import new_id


class OutletRow(Row):
    """An outlet of a merchant and the zone it stands in."""

    extra_columns = frozenset({"生效日期"})

    code: Annotated[str, BeforeValidator(code_of(Outlet.code))] = Field(alias="门店编号")
    name: Annotated[str, BeforeValidator(text_of(Outlet.name))] = Field(alias="门店名称")
    credit_code: CreditCode = Field(alias="统一社会信用代码")
    zone_code: ZoneCode = Field(alias="片区代码")
    starts_on: Day | None = Field(None, alias="生效日期")


def bring_in(session: Session, rows: list[OutletRow], job: Import) -> None:
    """Create and update outlets; a changed zone is a new row from its day on."""
    rows = job.without_twins(rows, lambda row: (row.credit_code, row.code), "门店编号")
    zone_ids = known.zone_ids(session)
    merchants = known.enterprises(session, (row.credit_code for row in rows))
    merchant_ids = [merchant.id for merchant in merchants.values()]
    outlets = known.outlets(session, merchant_ids)
    histories = known.outlet_zones(session, merchant_ids)
    created: list[tuple[Outlet, OutletZone]] = []

    def take(row: OutletRow) -> Outcome:
        if row.credit_code not in merchants:
            raise Unfit(Problem.UNKNOWN_ENTERPRISE, "统一社会信用代码")
        if row.zone_code not in zone_ids:
            raise Unfit(Problem.UNKNOWN_ZONE, "片区代码", code=row.zone_code)
        merchant_id, zone_id = merchants[row.credit_code].id, zone_ids[row.zone_code]
        outlet = outlets.get((merchant_id, row.code))
        if outlet is None:
            created.append(_new(row, merchant_id, zone_id, job.at))
            return Outcome.CREATED
        outcome = assign(outlet, name=row.name)
        day = row.starts_on or job.today
        if histories[outlet.id].on(day) == zone_id:
            return outcome
        move_outlet(session, outlet, zone_id, day, job.at)
        return Outcome.UPDATED

    job.outcomes.update(job.each(rows, take))
    session.add_all(outlet for outlet, _ in created)
    session.flush()
    session.add_all(zone for _, zone in created)


def _new(row: OutletRow, merchant_id: int, zone_id: int, at: datetime) -> tuple[Outlet, OutletZone]:
    id_ = new_id()
    return (
        Outlet(merchant_id=merchant_id, id=id_, code=row.code, name=row.name, created_at=at),
        OutletZone(
            merchant_id=merchant_id,
            outlet_id=id_,
            starts_on=row.starts_on or SINCE_EVER,
            recorded_at=at,
            zone_id=zone_id,
        ),
    )


KIND = Kind("outlets", OutletRow, bring_in)
