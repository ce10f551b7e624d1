"""For which zone somebody may see figures."""

from flask import abort, g
from sqlalchemy.orm import Session

from alliance.accounts.models import Role
from alliance.zones.models import Zone
from alliance.zones.tree import in_subtree, zone_by_code


def reporting_zone(session: Session, code: str | None) -> Zone | None:
    """The zone to report on: the one asked for, else all that the caller may see (None: everything).

    A zone that is not there and one outside the caller's part of the tree end as the same 404.
    """
    roots = _roots()
    if code:
        zone = zone_by_code(session, code)
        if zone is None or not (roots is None or any(in_subtree(session, zone.id, root) for root in roots)):
            abort(404)
        return zone
    # Somebody with several zones sees one at a time: the first unless another is asked for.
    return None if roots is None else session.get_one(Zone, roots[0])


def _roots() -> list[int] | None:
    """The roots of what the caller may see; None for everything."""
    if "token" in g:
        return None if g.token.zone_id is None else [g.token.zone_id]
    if any(grant.role != Role.ZONE_ORGANIZER for grant in g.grants):
        return None
    return [grant.zone_id for grant in g.grants]
