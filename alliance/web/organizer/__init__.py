"""The organizer's room: what waits for a decision, who spends where, and the closing of months."""

from flask import Blueprint

bp = Blueprint("organizer", __name__, url_prefix="/organizer", template_folder="templates")

from alliance.web.organizer import (  # noqa: E402 - registers the routes
    all_offers,  # noqa: F401
    audit,  # noqa: F401
    cheaper,  # noqa: F401
    circulation,  # noqa: F401
    data_quality,  # noqa: F401
    flows,  # noqa: F401
    merchants,  # noqa: F401
    monthly,  # noqa: F401
    months,  # noqa: F401
    offer_figures,  # noqa: F401
    offers,  # noqa: F401
    participation,  # noqa: F401
    phones,  # noqa: F401
    redemptions,  # noqa: F401
    screen,  # noqa: F401
    tabs,  # noqa: F401
)
