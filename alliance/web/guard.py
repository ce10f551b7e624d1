"""Enforcing the policy: who is it, how often has he called, may he? Before every request.

Afterwards ``g.actor`` says who acts and, unless the route is public, ``g.grant`` (the first grant that fits),
``g.grants`` (all that fit) or ``g.token`` say in which capacity.
"""

from datetime import datetime
from functools import partial

import sqlalchemy as sa
from apiflask import APIFlask
from flask import Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, Forbidden, NotFound, Unauthorized

from alliance import clock, store
from alliance.accounts.models import Grant
from alliance.accounts.tokens import Bearer, is_use_worth_noting, note_use, token_for
from alliance.audit.trail import Actor
from alliance.config import Settings
from alliance.web import rates, repeats, uploads
from alliance.web.errors import wants_problem
from alliance.web.extensions import csrf, db
from alliance.web.policy import RULES, Rule, TokenKind

SAFE_METHODS = frozenset({"GET", "HEAD"})


def init_app(app: APIFlask, settings: Settings) -> None:
    """Put the guard before every route."""
    app.before_request(identify)
    rates.init_app(app, settings)
    app.before_request(check)
    repeats.init_app(app)
    app.after_request(note_token)


def identify() -> None:
    """Look up the bearer token, if the route takes one: ``g.bearer``, revoked or not."""
    if not _is_guarded():
        return
    if request.method not in SAFE_METHODS:
        uploads.make_room()
        # To the end, and before the first statement: on SQLite that takes the turn of all writers, and nobody
        # may keep it by sending slowly.
        request.get_data()
        store.for_writing(db.session)
    if _comes_with_token(_rule()):
        given = request.authorization
        plain = given.token if given is not None and given.type == "bearer" else None
        g.bearer = token_for(db.session, plain) if plain else None


def check() -> ResponseReturnValue | None:
    """Let the request pass, send a stranger to sign in, or end it with 400, 401, 403 or 404."""
    if not _is_guarded():
        return None
    _refuse_nul()
    rule = _rule()
    by_token = _comes_with_token(rule)
    if by_token:
        _admit_token(rule, g.bearer)
    elif rule.public:
        g.actor = Actor(None, request.remote_addr or "")
    elif not current_user.is_authenticated:
        return _send_to_sign_in()
    else:
        _admit_account(rule, clock.now())
    # A browser adds its cookies to a stranger's request too, but never a bearer token.
    if request.method not in SAFE_METHODS and not by_token:
        csrf.protect()
    return None


def note_token(response: Response) -> Response:
    """See to it that the token's last use is written down, once the answer is on its way."""
    token, at = g.get("token"), clock.now()
    if token is not None and not repeats.is_repeat() and is_use_worth_noting(token, at):
        response.call_on_close(partial(_write_use, db.engine, token, at))
    return response


def _write_use(engine: sa.Engine, token: Bearer, at: datetime) -> None:
    try:
        with store.without_waiting(engine) as session:
            note_use(session, token, at)
            session.commit()
    except sa.exc.DBAPIError:
        # Somebody is writing: the next request of this token tries again.
        return


def _is_guarded() -> bool:
    """Not so when it is no route, or not its method: Flask answers that. OPTIONS only lists methods."""
    return request.routing_exception is None and request.method != "OPTIONS"


def _rule() -> Rule:
    return RULES[str(request.endpoint), "GET" if request.method == "HEAD" else request.method]


def _comes_with_token(rule: Rule) -> bool:
    return bool(rule.tokens) and "Authorization" in request.headers


def _refuse_nul() -> None:
    """PostgreSQL cannot hold a NUL and SQLite hides what follows it, so no text has one."""
    # A JSON body has no form, and to find that out is work; its models look for themselves.
    given = (request.args,) if request.is_json else (request.args, request.form)
    if any("\0" in value for values in given for value in values.values()):
        raise BadRequest


def _admit_token(rule: Rule, token: Bearer | None) -> None:
    if token is None:
        raise _unknown()
    if token.revoked_at is not None:
        repeats.admit(rule.repeats, _unknown(), token.merchant_id, token_id=token.id)
    if _kind(token) not in rule.tokens:
        raise Forbidden
    g.token = token
    g.actor = Actor(None, request.remote_addr or "", token.id)


def _unknown() -> Unauthorized:
    return Unauthorized(www_authenticate=WWWAuthenticate("bearer", {"error": "invalid_token"}))


def _kind(token: Bearer) -> TokenKind:
    if token.merchant_id is None:
        return TokenKind.REPORT
    return TokenKind.MERCHANT if token.outlet_id is None else TokenKind.OUTLET


def _send_to_sign_in() -> ResponseReturnValue:
    if wants_problem():
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    # What was posted cannot be posted again by following a link.
    back = request.full_path.rstrip("?") if request.method in SAFE_METHODS else None
    return redirect(url_for("auth.sign_in", next=back), code=303)


def _admit_account(rule: Rule, at: datetime) -> None:
    g.actor = Actor(current_user.account_id, request.remote_addr or "")
    in_role = [grant for role in rule.roles for grant in current_user.grants if grant.role == role]
    g.grants = [grant for grant in in_role if _reaches(rule, grant, at)]
    if g.grants:
        g.grant = g.grants[0]
    else:
        turned_away = NotFound() if in_role else Forbidden()
        merchant_id = (request.view_args or {}).get("merchant_id")
        repeats.admit(rule.repeats, turned_away, merchant_id, account_id=g.actor.account_id)


def _reaches(rule: Rule, grant: Grant, at: datetime) -> bool:
    return rule.roles[grant.role](db.session, grant, request.view_args or {}, at)
