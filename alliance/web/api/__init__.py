"""The API, version 1: what a POS and a report program call. Described by ``/api/v1/openapi.json``."""

from apiflask import APIBlueprint

bp = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="v1")

from alliance.web.api import circulation, redemptions  # noqa: E402,F401 - the routes need bp
