"""The enterprise's office: its figures, and its offers from draft to withdrawal, and its webhooks."""

from flask import Blueprint

bp = Blueprint(
    "enterprise", __name__, url_prefix="/enterprises/<int:enterprise_id>", template_folder="templates"
)

from alliance.web.enterprise import offers, overview, webhooks  # noqa: E402, F401 - registers the routes
