"""What anybody may have in order to verify passes without asking: the keys, and what is revoked."""

from flask import Blueprint, Response, abort, current_app, url_for
from flask.typing import ResponseReturnValue

from alliance import clock
from alliance.passes.rotation import key_set
from alliance.passes.status_list import MEDIA_TYPE, status_list
from alliance.web.extensions import db

bp = Blueprint("trust", __name__)


@bp.get("/.well-known/alliance-keys")
def show_keys() -> ResponseReturnValue:
    """The public keys as a COSE_KeySet (RFC 9052 §7), tomorrow's among them."""
    return Response(key_set(db.session), mimetype="application/cose-key-set")


@bp.get("/api/v1/status-list")
def show_status_list() -> ResponseReturnValue:
    """The signed status list as it stands (docs/pass-format.md)."""
    uri = url_for(".show_status_list", _external=True)
    try:
        listed = status_list(db.session, current_app.extensions["keyring"], uri, clock.now())
    except LookupError:
        abort(404)
    return Response(listed, mimetype=MEDIA_TYPE)
