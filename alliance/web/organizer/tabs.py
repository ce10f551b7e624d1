"""The pages of circulation, as tabs over each of them."""

from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from flask_babel.speaklater import LazyString

from alliance.web.organizer import bp
from alliance.web.policy import RULES


@dataclass(frozen=True)
class Tab:
    """A page and its name."""

    endpoint: str
    name: LazyString


TABS = (
    Tab("organizer.show_circulation", _l("总览")),
    Tab("organizer.show_flows", _l("流向")),
    Tab("organizer.show_merchants", lazy_pgettext("page", "商户")),
    Tab("organizer.show_participation", _l("参与")),
    Tab("organizer.show_offer_figures", lazy_pgettext("page", "优惠")),
    Tab("organizer.show_data_quality", _l("数据质量")),
    Tab("organizer.show_monthly_report", _l("月报")),
)


@bp.context_processor
def _tabs() -> dict[str, Any]:
    """``tabs_of_circulation`` in every template of the room: those that the visitor may open."""
    roles = {grant.role for grant in g.get("grants", ())}
    rules = [(tab, RULES.get((tab.endpoint, "GET"))) for tab in TABS]
    return {
        "tabs_of_circulation": [tab for tab, rule in rules if rule is not None and rule.roles.keys() & roles]
    }
