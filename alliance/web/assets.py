"""URLs of the built front end: ``asset('css/app.css')`` in a template."""

import json
from functools import cache
from pathlib import Path

from apiflask import APIFlask
from flask import Response, request, url_for

DIST = Path(__file__).parent.parent / "static" / "dist"


def init_app(app: APIFlask) -> None:
    """Give templates ``asset``, and let browsers keep built files for ever."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(_keep_built_files)


def asset(name: str) -> str:
    """The URL of a source file's built form. Raises LookupError when it was not built."""
    built = _manifest().get(name)
    if built is None:
        raise LookupError(f"{name} is not in {DIST / 'manifest.json'}: run make")
    return url_for("static", filename=f"dist/{built}")


@cache
def _manifest() -> dict[str, str]:
    path = DIST / "manifest.json"
    built: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return built


def _keep_built_files(response: Response) -> Response:
    """The name of a built file holds a digest of its content, so the content never changes."""
    name = (request.view_args or {}).get("filename", "") if request.endpoint == "static" else ""
    if response.status_code in (200, 304) and name.startswith("dist/") and name != "dist/manifest.json":
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = 31_536_000
        response.cache_control.immutable = True
    return response
