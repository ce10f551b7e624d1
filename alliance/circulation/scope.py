"""Whose spending is meant: a part of the tree of zones, on one of two axes."""

from dataclasses import dataclass
from enum import StrEnum

from alliance.zones.models import Zone


class Axis(StrEnum):
    """Where spending is counted: at the outlet's zone, or at the zone of the holder's employer."""

    OUTLET = "outlet"
    HOLDER = "holder"


@dataclass(frozen=True)
class Scope:
    """A zone and everything below it (None: everywhere), on an axis."""

    zone: Zone | None = None
    axis: Axis = Axis.OUTLET

    @property
    def zone_id(self) -> int:
        """The zone's id; 0 stands for everywhere."""
        return EVERYWHERE_ID if self.zone is None else self.zone.id


#: What stands for everywhere where a zone's id is expected; no zone has it.
EVERYWHERE_ID = 0
EVERYWHERE = Scope()
