"""The enterprise's office: its figures, its offers from draft to withdrawal, what was redeemed."""

from flask import Blueprint

bp = Blueprint(
    "enterprise", __name__, url_prefix="/enterprises/<int:enterprise_id>", template_folder="templates"
)

from alliance.web.enterprise import offers, overview, redemptions  # noqa: E402, F401 - registers the routes
