"""A page of the enterprise's office."""

from typing import Any

from flask import render_template

from alliance.enterprises.models import Enterprise
from alliance.web.extensions import db


def page(template: str, enterprise_id: int, **context: Any) -> str:
    """Render ``template``; every page of the office names the enterprise it is about."""
    enterprise = db.session.get_one(Enterprise, enterprise_id)
    return render_template(template, enterprise=enterprise, **context)
