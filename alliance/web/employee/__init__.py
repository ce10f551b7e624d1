"""The employee's phone: the pass, the offers it is good for, and what it was used for."""

from flask import Blueprint

bp = Blueprint("employee", __name__, template_folder="templates")

from alliance.web.employee import (  # noqa: E402, F401 - register the routes
    cheaper,
    devices,
    family,
    offers,
    printed_card,
    routes,
)
