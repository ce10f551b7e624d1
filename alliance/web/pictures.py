"""Showing a picture to whoever may see it; ``policy.py`` says who."""

from uuid import UUID

from flask import Blueprint, Response, abort, request

from alliance.pictures.intake import MIMETYPE
from alliance.pictures.keep import find_picture
from alliance.web.extensions import db

bp = Blueprint("pictures", __name__)


@bp.get("/pictures/<int:merchant_id>/<uuid:picture_id>")
def show(merchant_id: int, picture_id: UUID) -> Response:
    """The picture. It never changes under its id, so a browser asks once; no shared cache may keep it."""
    picture = find_picture(db.session, merchant_id, picture_id) or abort(404)
    response = Response(picture.content, mimetype=MIMETYPE)
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.set_etag(picture.digest.hex())
    response.make_conditional(request)
    return response
