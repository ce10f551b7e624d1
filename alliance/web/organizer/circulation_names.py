"""What the tables of circulation know by number only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from alliance.circulation.matrix import Group
from alliance.enterprises.models import Category, Enterprise
from alliance.zones.models import Zone


@dataclass(frozen=True)
class Names:
    """All zones by code, and by their ids the zones, the names of enterprises and what they sell."""

    zones: Sequence[Zone]
    enterprises: Mapping[int, str]
    categories: Mapping[int, Category | None]

    @cached_property
    def _by_id(self) -> Mapping[int, Zone]:
        return {zone.id: zone for zone in self.zones}

    def zone(self, id_: int) -> Zone:
        """The zone of this number."""
        return self._by_id[id_]

    def of_zones(self, group: Group) -> str:
        """The name of a group of zones."""
        name = self.zone(group.key).name
        return str(_("%(zone)s本级", zone=name)) if group.is_rest else name


def names_in(session: Session) -> Names:
    """What everything is called today."""
    rows = session.execute(select(Enterprise.id, Enterprise.name, Enterprise.category)).all()
    return Names(
        session.scalars(select(Zone).order_by(Zone.code)).all(),
        {id_: name for id_, name, _category in rows},
        {id_: Category(category) if category else None for id_, _name, category in rows},
    )
