"""Zones: 片区代码, 片区名称, 上级代码. A parent that nobody knows makes the row a root, with a notice."""

from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.imports.fields import Unfit, ZoneCode, text_of
from alliance.imports.run import Import, Kind, Outcome, Row, assign
from alliance.imports.words import Problem
from alliance.zones.models import Zone


class ZoneRow(Row):
    """A zone and its place in the tree."""

    code: ZoneCode = Field(alias="片区代码")
    name: Annotated[str, BeforeValidator(text_of(Zone.name))] = Field(alias="片区名称")
    parent_code: ZoneCode | None = Field(None, alias="上级代码")


def bring_in(session: Session, rows: list[ZoneRow], job: Import) -> None:
    """Create and update zones. A row in a circle, or below a row that was not taken, is rejected."""
    rows = job.without_twins(rows, lambda row: row.code, "片区代码")
    zones = {zone.code: zone for zone in session.scalars(select(Zone))}
    parents = _parents(zones.values()) | {row.code: row.parent_code for row in rows}
    not_taken = job.table.values("片区代码") - parents.keys()
    rows = list(job.each(rows, lambda row: _rooted(row, parents, not_taken)))
    new = {row.code: Zone(code=row.code, name=row.name) for row in rows if row.code not in zones}
    session.add_all(new.values())
    session.flush()
    zones |= new

    def place(row: ZoneRow) -> Outcome:
        parent = zones.get(row.parent_code) if row.parent_code else None
        if row.parent_code and parent is None:
            job.notices.append(f"第 {row.number} 行：找不到上级 {row.parent_code}，『{row.name}』成为最上级")
        outcome = assign(zones[row.code], name=row.name, parent_id=parent.id if parent else None)
        return Outcome.CREATED if row.code in new else outcome

    job.outcomes.update(job.each(rows, place))


def _parents(zones: Collection[Zone]) -> dict[str, str | None]:
    codes = {zone.id: zone.code for zone in zones}
    return {zone.code: codes[zone.parent_id] if zone.parent_id else None for zone in zones}


def _rooted(row: ZoneRow, parents: Mapping[str, str | None], not_taken: Collection[str]) -> ZoneRow:
    """The row itself, when the way up from it ends. Raises Unfit."""
    passed = {row.code}
    code = row.parent_code
    while code is not None:
        if code == row.code:
            raise Unfit(Problem.ZONE_IN_CIRCLE, "上级代码")
        if code in not_taken or code in passed:
            raise Unfit(Problem.PARENT_NOT_TAKEN, "上级代码", code=code)
        passed.add(code)
        code = parents.get(code)
    return row


KIND = Kind("zones", ZoneRow, bring_in)
