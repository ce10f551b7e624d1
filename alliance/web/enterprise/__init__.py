"""The enterprise's office: figures, people, cashiers, offers, notices, redemptions, tokens and webhooks."""

from flask import Blueprint

bp = Blueprint(
    "enterprise", __name__, url_prefix="/enterprises/<int:enterprise_id>", template_folder="templates"
)

from alliance.web.enterprise import (  # noqa: E402 - registers the routes
    cards,  # noqa: F401
    cashiers,  # noqa: F401
    cheaper,  # noqa: F401
    copies,  # noqa: F401
    drafts,  # noqa: F401
    figures,  # noqa: F401
    notices,  # noqa: F401
    offer_list,  # noqa: F401
    offers,  # noqa: F401
    overview,  # noqa: F401
    people,  # noqa: F401
    pictures,  # noqa: F401
    posters,  # noqa: F401
    preview,  # noqa: F401
    redemptions,  # noqa: F401
    refusals,  # noqa: F401
    tokens,  # noqa: F401
    webhooks,  # noqa: F401
)
