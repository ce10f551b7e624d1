"""A page of the enterprise's office."""

from typing import Any

from flask import g, render_template

from alliance.enterprises.models import Enterprise
from alliance.offers.notices import unread
from alliance.web.extensions import db


def page(template: str, enterprise_id: int, **context: Any) -> str:
    """Render ``template``; every page names the enterprise it is about, and how many notices are unread."""
    enterprise = db.session.get_one(Enterprise, enterprise_id)
    waiting = unread(db.session, enterprise_id, g.actor.account_id)
    return render_template(template, enterprise=enterprise, unread=waiting, **context)
