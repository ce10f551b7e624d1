"""Signing in and out, and the way from there to where somebody belongs."""

from flask import Blueprint

bp = Blueprint("auth", __name__, template_folder="templates")

from alliance.web.auth import joining, routes, visitor  # noqa: E402, F401 - registers the routes and the user loader
