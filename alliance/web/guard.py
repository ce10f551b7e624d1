"""Enforcing the policy: one check before every request.

Afterwards ``g.actor`` says who acts and, unless the route is public, ``g.grant`` (the first grant that fits),
``g.grants`` (all that fit) or ``g.token`` say in which capacity.
"""

from datetime import datetime

from apiflask import APIFlask
from flask import abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, Unauthorized

from alliance import clock, store
from alliance.accounts.models import ApiToken, Grant
from alliance.accounts.tokens import token_for
from alliance.audit.trail import Actor
from alliance.web.errors import wants_problem
from alliance.web.extensions import csrf, db
from alliance.web.policy import RULES, Rule, TokenKind

SAFE_METHODS = frozenset({"GET", "HEAD"})


def init_app(app: APIFlask) -> None:
    """Put the guard before every route."""
    app.before_request(check)


def check() -> ResponseReturnValue | None:
    """Let the request pass, send a stranger to sign in, or end it with 400, 401, 403 or 404."""
    # Not a route, or not its method: Flask answers that itself. OPTIONS only lists methods.
    if request.routing_exception is not None or request.method == "OPTIONS":
        return None
    _refuse_nul()
    rule = RULES[str(request.endpoint), "GET" if request.method == "HEAD" else request.method]
    writes = request.method not in SAFE_METHODS
    if writes:
        store.for_writing(db.session)
    by_token = bool(rule.tokens) and "Authorization" in request.headers
    if by_token:
        _admit_token(rule)
    elif rule.public:
        g.actor = Actor(None, request.remote_addr or "")
    elif not current_user.is_authenticated:
        return _send_to_sign_in()
    else:
        _admit_account(rule, clock.now())
    # A browser adds its cookies to a stranger's request too, but never a bearer token.
    if writes and not by_token:
        csrf.protect()
    return None


def _refuse_nul() -> None:
    """PostgreSQL cannot hold a NUL and SQLite hides what follows it, so no text has one."""
    if any("\0" in value for values in (request.args, request.form) for value in values.values()):
        raise BadRequest


def _admit_token(rule: Rule) -> None:
    given = request.authorization
    plain = given.token if given is not None and given.type == "bearer" else None
    token = token_for(db.session, plain) if plain else None
    if token is None:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer", {"error": "invalid_token"}))
    if _kind(token) not in rule.tokens:
        abort(403)
    # It outlives the commit or rollback of the route's own work without being read again.
    db.session.expunge(token)
    g.token = token
    g.actor = Actor(None, request.remote_addr or "", token.id)


def _kind(token: ApiToken) -> TokenKind:
    return TokenKind.REPORT if token.outlet_id is None else TokenKind.OUTLET


def _send_to_sign_in() -> ResponseReturnValue:
    if wants_problem():
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    # What was posted cannot be posted again by following a link.
    back = request.full_path.rstrip("?") if request.method in SAFE_METHODS else None
    return redirect(url_for("auth.sign_in", next=back), code=303)


def _admit_account(rule: Rule, at: datetime) -> None:
    g.actor = Actor(current_user.account_id, request.remote_addr or "")
    if rule.signed_in:
        return
    in_role = [grant for role in rule.roles for grant in current_user.grants if grant.role == role]
    if not in_role:
        abort(403)
    g.grants = [grant for grant in in_role if _reaches(rule, grant, at)]
    if not g.grants:
        abort(404)
    g.grant = g.grants[0]


def _reaches(rule: Rule, grant: Grant, at: datetime) -> bool:
    return rule.roles[grant.role](db.session, grant, request.view_args or {}, at)
