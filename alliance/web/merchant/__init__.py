"""The merchant's counter: scanning a pass, pricing, redeeming, and undoing it soon after."""

from flask import Blueprint

bp = Blueprint("merchant", __name__, url_prefix="/counter", template_folder="templates")

from alliance.web.merchant import prices, redemptions, scans  # noqa: E402, F401 - registers the routes
