"""Walking the tree of zones."""

import re

from sqlalchemy import CTE, ScalarSelect, Select, literal, select
from sqlalchemy.orm import Session

from alliance.zones.models import Zone

_CODE = re.compile(r"\d{12}")


def is_zone_code(text: str) -> bool:
    """Whether ``text`` has the form of a division code: twelve digits."""
    return bool(_CODE.fullmatch(text))


def zone_by_code(session: Session, code: str) -> Zone | None:
    """The zone with this division code."""
    return session.scalar(select(Zone).where(Zone.code == code))


def subtree_ids(zone_id: int | ScalarSelect[int]) -> Select[int]:
    """A SELECT of the ids of a zone and of everything below it, to use with ``IN``."""
    # Without a name of its own, so that one statement may speak of several subtrees.
    tree: CTE = select(Zone.id).where(Zone.id == zone_id).cte(recursive=True)
    tree = tree.union(select(Zone.id).join(tree, Zone.parent_id == tree.c.id))
    return select(tree.c.id)


def lineage() -> CTE:
    """A CTE of (``zone_id``, ``ancestor_id``): every zone with itself and everything above it."""
    line = select(Zone.id.label("zone_id"), Zone.id.label("ancestor_id")).cte(recursive=True)
    return line.union(
        select(line.c.zone_id, Zone.parent_id)
        .join(Zone, Zone.id == line.c.ancestor_id)
        .where(Zone.parent_id.is_not(None))
    )


def in_subtree(session: Session, zone_id: int, root_id: int) -> bool:
    """Whether ``zone_id`` is ``root_id`` or lies below it."""
    return bool(session.scalar(select(literal(zone_id).in_(subtree_ids(root_id)))))


def zone_and_above(session: Session, zone_id: int) -> frozenset[int]:
    """The ids of a zone and of all zones above it; one statement."""
    above: CTE = select(Zone.id, Zone.parent_id).where(Zone.id == zone_id).cte(recursive=True)
    above = above.union(select(Zone.id, Zone.parent_id).join(above, Zone.id == above.c.parent_id))
    return frozenset(session.scalars(select(above.c.id)))
