"""Where a token acts: at its own outlet, or at the one that the request names."""

from datetime import datetime
from uuid import UUID

from flask import current_app, g
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_, select

from alliance.enterprises.models import Outlet
from alliance.redemptions.counter import Counter
from alliance.redemptions.models import Redemption
from alliance.redemptions.refusals import remember
from alliance.refused import Reason, Refused
from alliance.web import repeats
from alliance.web.errors import invalid_field
from alliance.web.extensions import db


def counter_of(named: str | None, at: datetime, request_id: UUID) -> Counter:
    """The counter at the outlet ``named`` by code or id; an outlet's token need not name its own.

    Ends with invalid_request when a merchant's token names none. Raises Refused(wrong_outlet) for an outlet
    that is not the token's; it is written down where the token stands.
    """
    token = g.token
    if named is None and token.outlet_id is None:
        invalid_field("outlet", _("缺少这一项"))
    try:
        return _counter(own_outlet(named))
    except Refused as refused:
        if token.outlet_id is not None and not repeats.is_repeat():
            remember(db.session, _counter(token.outlet_id), refused, at, request_id)
            db.session.commit()
        raise


def own_outlet(named: str | None) -> UUID | None:
    """The outlet ``named`` by code or id; without a name the token's own, None being all the merchant's.

    Raises Refused(wrong_outlet) for another's and for none.
    """
    token = g.token
    if named is None:
        return token.outlet_id  # type: ignore[no-any-return]
    found = db.session.scalar(select(Outlet.id).where(Outlet.merchant_id == token.merchant_id, _named(named)))
    if found is None or token.outlet_id not in (None, found):
        raise Refused(Reason.WRONG_OUTLET, outlet=named)
    return found


def counter_of_redemption(redemption_id: UUID) -> Counter:
    """The counter of a redemption within the token's reach. Raises Refused(redemption_not_found)."""
    token = g.token
    outlet_id = db.session.scalar(
        select(Redemption.outlet_id).where(
            Redemption.merchant_id == token.merchant_id, Redemption.id == redemption_id
        )
    )
    if outlet_id is None or token.outlet_id not in (None, outlet_id):
        raise Refused(Reason.REDEMPTION_NOT_FOUND)
    return _counter(outlet_id)


def _named(code_or_id: str) -> ColumnElement[bool]:
    try:
        return or_(Outlet.code == code_or_id, Outlet.id == UUID(code_or_id))
    except ValueError:
        return Outlet.code == code_or_id


def _counter(outlet_id: UUID | None) -> Counter:
    assert outlet_id is not None
    ceiling = current_app.extensions["settings"].card_daily_ceiling_fen
    return Counter(
        g.token.merchant_id,
        outlet_id,
        token_id=g.token.id,
        address=g.actor.address,
        card_ceiling_fen=ceiling,
    )
