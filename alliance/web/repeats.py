"""Being told again: all that is left to a token or a cashier whose authority has ended.

The answer of an accepted redemption or reversal may have been lost on its way. Whoever sent it may send it
again after the revocation and gets the stored answer; anything else is what it is for everybody without
authority. An id that was accepted is taken for good, so the verb behind the route can do nothing but tell
what is stored, or refuse another body.
"""

from typing import Any
from uuid import UUID

from apiflask import APIFlask
from flask import Response, current_app, g, request
from sqlalchemy import exists, select
from werkzeug.exceptions import HTTPException

from alliance.redemptions.models import Redemption, Reversal
from alliance.web.extensions import db

#: What may be told again.
Fact = type[Redemption] | type[Reversal]
#: The repetition may still come to nothing because of us; then it is to be sent once more. 409 is in_flight:
#: what a verb refuses (a limit is 409 as well) is no answer to a repetition; ``attempts`` turns that away.
NOT_THEIR_FAULT = frozenset({409, 500, 503})


def init_app(app: APIFlask) -> None:
    """Put ``turn_away_after_all`` behind every route."""
    app.after_request(turn_away_after_all)


def admit(fact: Fact | None, turned_away: HTTPException, merchant_id: int | None, **by: Any) -> None:
    """Let a request pass that repeats what this very token or account has had accepted at this merchant.

    ``by`` is the fact's column that names it. Raises ``turned_away`` for every other request.
    """
    id_ = _requested_id()
    if fact is None or merchant_id is None or id_ is None:
        raise turned_away
    accepted = exists().where(fact.merchant_id == merchant_id, fact.id == id_)
    if not db.session.scalar(select(accepted.where(*(getattr(fact, name) == by[name] for name in by)))):
        raise turned_away
    g.turned_away = turned_away


def is_repeat() -> bool:
    """Whether this request may only be told again what it was told before."""
    return "turned_away" in g


def turned_away() -> HTTPException:
    """The guard's answer to a request that was let pass as a repetition."""
    found: HTTPException = g.turned_away
    return found


def turn_away_after_all(response: Response) -> Response:
    """Another body under the accepted id is no repetition: it gets the guard's answer, and no more."""
    if not is_repeat() or response.status_code < 400 or response.status_code in NOT_THEIR_FAULT:
        return response
    return current_app.make_response(current_app.handle_user_exception(turned_away()))


def _requested_id() -> UUID | None:
    body = request.get_json(silent=True) if request.is_json else request.form
    try:
        return UUID(body["id"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
