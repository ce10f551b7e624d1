"""The cards on a phone: the holder's own, and those of the children and elders of an employee."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort, g, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from alliance.passes.household import carried_by
from alliance.people.models import Holder
from alliance.people.phones import mask_name
from alliance.web.extensions import db
from alliance.web.fields import posted_id


@dataclass(frozen=True)
class Card:
    """One card: ``name`` as a cashier may see it, ``label`` as the family tells its cards apart."""

    holder: Holder
    label: str
    name: str


def cards_on_phone(session: Session, holder: Holder) -> list[Card]:
    """The holder's own card first, then those that the phone carries beside it."""
    own = Card(holder, _("本人"), mask_name(holder.name))
    return [own, *(Card(each, label, name) for each, label, name in _carried(carried_by(session, holder.id)))]


def labels(dependants: Sequence[Holder]) -> dict[int, str]:
    """What an employee reads for each dependant: the name, or for children without one their number."""
    found, nameless = {}, 0
    for dependant in dependants:
        nameless += not dependant.name
        found[dependant.id] = dependant.name or _("孩子 %(number)s", number=nameless)
    return found


def posted_holder_id() -> int:
    """Whose card the form's ``holder`` names: one's own, or one that the phone carries; ends with 404.

    A form without it is about one's own.
    """
    own = int(g.grant.holder_id)
    asked = posted_id("holder") if "holder" in request.form else own
    if asked != own and asked not in [dependant.id for dependant in carried_by(db.session, own)]:
        abort(404)
    return asked


def _carried(dependants: Sequence[Holder]) -> list[tuple[Holder, str, str]]:
    known = labels(dependants)
    # The screen is turned to the cashier, so a label gives away no more of a name than its end.
    return [
        (each, "*" + each.name[-1] if each.name else known[each.id], mask_name(each.name) or known[each.id])
        for each in dependants
    ]
