"""The places where somebody's grants lead: what the front door offers."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.accounts.models import Grant, Role
from alliance.enterprises.models import Enterprise
from alliance.zones.models import Zone


@dataclass(frozen=True)
class Capacity:
    """One place: what somebody is there, of what, and its address."""

    title: str
    scope: str
    url: str


def capacities(session: Session, grants: Sequence[Grant]) -> list[Capacity]:
    """Where these grants lead, in their order; grants that lead to the same place are one capacity."""
    enterprises = _names(session, Enterprise, {grant.enterprise_id for grant in grants})
    zones = _names(session, Zone, {grant.zone_id for grant in grants})
    found: dict[str, Capacity] = {}
    for grant in grants:
        scope = enterprises.get(grant.enterprise_id) or zones.get(grant.zone_id) or ""
        place = _capacity(grant, scope)
        found.setdefault(place.url, place)
    return list(found.values())


def _capacity(grant: Grant, scope: str) -> Capacity:
    match Role(grant.role):
        case Role.HOLDER:
            return Capacity(_("会员码"), "", url_for("employee.show_pass"))
        case Role.CASHIER:
            return Capacity(_("收银台"), scope, url_for("merchant.choose_outlet"))
        case Role.ENTERPRISE_ADMIN:
            url = url_for("enterprise.overview", enterprise_id=grant.enterprise_id)
            return Capacity(_("企业管理"), scope, url)
        case Role.ORGANIZER:
            return Capacity(_("主办方"), "", url_for("organizer.home"))
        case Role.ZONE_ORGANIZER:
            return Capacity(_("片区主办方"), scope, url_for("organizer.home"))
        case Role.DATA_OFFICER:
            return Capacity(_("数据专员"), "", url_for("organizer.home"))


def _names(
    session: Session, entity: type[Enterprise] | type[Zone], ids: set[int | None]
) -> dict[int | None, str]:
    wanted = ids - {None}
    if not wanted:
        return {}
    rows = session.execute(select(entity.id, entity.name).where(entity.id.in_(wanted)))
    return {row.id: row.name for row in rows}
