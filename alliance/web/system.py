"""For those who watch the installation: is it alive, is it ready."""

from functools import cache

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from alliance import store
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


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(store.migration_config("")).get_current_head()
