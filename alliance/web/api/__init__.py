"""The API, version 1: what a POS and a report program call. Described by ``/api/v1/openapi.json``."""

from typing import Any

from apiflask import APIBlueprint

from alliance.web.api.problems import describe

bp = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="v1", template_folder="templates")


@bp.record_once
def _describe_ourselves(state: Any) -> None:
    # Each error is one of ours (PROBLEMS); APIFlask would add its own form of them.
    state.app.config.update(AUTO_VALIDATION_ERROR_RESPONSE=False, AUTO_AUTH_ERROR_RESPONSE=False)
    state.app.spec_processor(describe)


from alliance.web.api import (  # noqa: E402,F401 - the routes need bp
    circulation,
    corrections,
    docs,
    reconciliation,
    redemptions,
    refused_attempts,
    reversals,
    scans,
)
