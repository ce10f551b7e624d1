"""The organizer's room: what waits for a decision, who spends where, and the closing of months."""

from flask import Blueprint

bp = Blueprint("organizer", __name__, url_prefix="/organizer", template_folder="templates")

from alliance.web.organizer import circulation, months, offers, redemptions  # noqa: E402, F401 - registers the routes
