"""The enterprise's office: its figures, and its offers from draft to withdrawal."""

from flask import Blueprint

bp = Blueprint(
    "enterprise", __name__, url_prefix="/enterprises/<int:enterprise_id>", template_folder="templates"
)

from alliance.web.enterprise import offers, overview, refusals, tokens  # noqa: E402, F401 - registers the routes
