"""The organizer's room: what waits for a decision, and who spends where."""

from flask import Blueprint

bp = Blueprint("organizer", __name__, url_prefix="/organizer", template_folder="templates")

from alliance.web.organizer import audit, circulation, offers  # noqa: E402, F401 - registers the routes
