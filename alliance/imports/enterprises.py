"""Enterprises: 统一社会信用代码, 企业名称, 片区代码, and maybe 生效日期 and 商户类别.

From 生效日期 on the zone holds: without one a new enterprise has stood in its zone since ever, and a known
one moves on the day of the import. Without 商户类别 a known enterprise keeps the category it has.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from alliance.clock import SINCE_EVER
from alliance.enterprises.models import Category, Enterprise, EnterpriseZone
from alliance.enterprises.placement import move_enterprise
from alliance.imports import known
from alliance.imports.fields import CreditCode, Day, Unfit, ZoneCode, fold, text_of
from alliance.imports.run import Import, Kind, Outcome, Row, assign
from alliance.imports.words import Problem

#: 商户类别, as an organizer writes it.
CATEGORIES = {
    "餐饮": Category.DINING,
    "食品百货": Category.GROCERIES,
    "购物": Category.SHOPPING,
    "汽车": Category.CARS,
    "医疗健康": Category.HEALTH,
    "运动健身": Category.FITNESS,
    "教育培训": Category.EDUCATION,
    "文旅休闲": Category.LEISURE,
    "生活服务": Category.SERVICES,
    "其他": Category.OTHER,
}


def _category(text: str) -> Category:
    if fold(text) not in CATEGORIES:
        raise Unfit(Problem.CATEGORY, categories="、".join(CATEGORIES))
    return CATEGORIES[fold(text)]


class EnterpriseRow(Row):
    """An enterprise, the zone it stands in, and what it sells."""

    extra_columns = frozenset({"生效日期", "商户类别"})

    credit_code: CreditCode = Field(alias="统一社会信用代码")
    name: Annotated[str, BeforeValidator(text_of(Enterprise.name))] = Field(alias="企业名称")
    zone_code: ZoneCode = Field(alias="片区代码")
    starts_on: Day | None = Field(None, alias="生效日期")
    category: Annotated[Category | None, BeforeValidator(_category)] = Field(None, alias="商户类别")


def bring_in(session: Session, rows: list[EnterpriseRow], job: Import) -> None:
    """Create and update enterprises; a changed zone is a new row from its day on."""
    rows = job.without_twins(rows, lambda row: row.credit_code, "统一社会信用代码")
    zone_ids = known.zone_ids(session)
    enterprises = known.enterprises(session, (row.credit_code for row in rows))
    histories = known.enterprise_zones(session, (enterprise.id for enterprise in enterprises.values()))
    created: list[tuple[Enterprise, EnterpriseZone]] = []

    def take(row: EnterpriseRow) -> Outcome:
        zone_id = zone_ids.get(row.zone_code)
        if zone_id is None:
            raise Unfit(Problem.UNKNOWN_ZONE, "片区代码", code=row.zone_code)
        enterprise = enterprises.get(row.credit_code)
        if enterprise is None:
            enterprise = Enterprise(
                credit_code=row.credit_code, name=row.name, category=row.category, created_at=job.at
            )
            since = row.starts_on or SINCE_EVER
            zone = EnterpriseZone(starts_on=since, recorded_at=job.at, zone_id=zone_id)
            created.append((enterprise, zone))
            return Outcome.CREATED
        outcome = assign(enterprise, name=row.name, category=row.category or enterprise.category)
        day = row.starts_on or job.today
        if histories[enterprise.id].on(day) == zone_id:
            return outcome
        move_enterprise(session, enterprise, zone_id, day, job.at)
        return Outcome.UPDATED

    job.outcomes.update(job.each(rows, take))
    session.add_all(enterprise for enterprise, _ in created)
    session.flush()
    for enterprise, zone in created:
        zone.enterprise_id = enterprise.id
        session.add(zone)


KIND = Kind("enterprises", EnterpriseRow, bring_in)
