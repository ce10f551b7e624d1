"""``GET /api/v1/docs``: the description of the API as a page, to read and to try."""

from flask import render_template

from alliance.web.api import bp


@bp.get("/docs")
@bp.doc(hide=True)
def show_docs() -> str:
    """Swagger UI over ``openapi.json``; everything comes from here."""
    return render_template("api/docs.html")
