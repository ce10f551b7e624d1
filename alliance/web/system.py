"""For those who watch the installation: is it alive, is it ready."""

from functools import cache

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from alliance import clock, store
from alliance.web.assets import asset
from alliance.web.extensions import db

bp = Blueprint("system", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The database answers too, and has the schema of this code; 503 with the reason when not."""
    try:
        found = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    except sa.exc.SQLAlchemyError as error:
        current_app.logger.warning("not ready", exc_info=error)
        return jsonify(status="unavailable", reason="database"), 503
    if found != _head():
        return jsonify(status="unavailable", reason="schema"), 503
    return jsonify(status="ready")


@bp.get("/time")
def tell_time() -> ResponseReturnValue:
    """``{now}``: phones and scanners set their clocks by it, and learn that they are online."""
    return jsonify(now=clock.now().isoformat())


@bp.get("/manifest.webmanifest")
def show_manifest() -> ResponseReturnValue:
    """What a phone needs to keep the pass among its applications."""
    icons = [
        {"src": asset("images/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": asset("images/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": asset("images/icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
    ]
    response = jsonify(
        id="/pass",
        name=_("异业联盟会员码"),
        short_name=_("会员码"),
        lang=str(get_locale()).replace("_", "-"),
        start_url=url_for("employee.show_pass"),
        scope="/",
        display="standalone",
        background_color="#f4f8f7",
        theme_color="#0e7c66",
        icons=icons,
    )
    response.mimetype = "application/manifest+json"
    return response


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(store.migration_config("")).get_current_head()
