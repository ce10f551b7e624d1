"""Who may do what: for every route and method, each role and the relation it needs.

Whatever is not in this table does not exist: the application refuses to start with an undeclared route, and
with a rule for a route that is gone. ``guard.py`` enforces the table; HEAD follows GET, OPTIONS says nothing.

A role stands here with its relation (``relations.py``): somebody without any of the roles gets 403; somebody
with a role whose relation does not hold gets the same 404 as for a thing that is not there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from flask import Flask

from alliance.accounts.models import Role
from alliance.redemptions.models import Redemption, Reversal
from alliance.web.relations import (
    Relation,
    everything,
    merchant_in_zone,
    on_offer,
    on_show,
    outlet_of_own_enterprise,
    own,
    own_enterprise,
    own_merchant,
    own_outlet,
    report_in_zone,
)
from alliance.web.repeats import Fact


class TokenKind(StrEnum):
    """What a bearer token is for. Its own outlet, merchant or zone is its scope; lookups keep to it."""

    OUTLET = "outlet_token"
    MERCHANT = "merchant_token"
    REPORT = "report_token"


@dataclass(frozen=True)
class Rule:
    """Who may call one method of one route."""

    public: bool = False
    roles: Mapping[Role, Relation] = field(default_factory=dict)
    tokens: frozenset[TokenKind] = frozenset()
    #: What a token or an account that may no longer do it may still be told again (``repeats.py``).
    repeats: Fact | None = None


#: Anybody, signed in or not.
PUBLIC = Rule(public=True)


def allow(*tokens: TokenKind, **roles: Relation) -> Rule:
    """These kinds of token, and these roles in these relations."""
    return Rule(roles={Role(name): relation for name, relation in roles.items()}, tokens=frozenset(tokens))


def or_told_again(rule: Rule, fact: Fact) -> Rule:
    """And whoever has had it accepted before his authority ended is told so again."""
    return replace(rule, repeats=fact)


HOLDER = allow(holder=own)
COUNTER = allow(cashier=own_outlet, enterprise_admin=outlet_of_own_enterprise)
ENTERPRISE = allow(enterprise_admin=own_enterprise)
ORGANIZER = allow(organizer=everything)
WHOLE_ALLIANCE = allow(organizer=everything, data_officer=everything)
POS = allow(TokenKind.OUTLET, TokenKind.MERCHANT)
REPORTS = allow(TokenKind.REPORT, organizer=everything, data_officer=everything, zone_organizer=own)
#: The zone's organizer sees the figures of his part of the tree (``reporting.reporting_zone``).
REPORTING = allow(organizer=everything, data_officer=everything, zone_organizer=own)
ORGANIZERS = allow(organizer=everything, zone_organizer=own)
ORGANIZERS_OF_MERCHANT = allow(organizer=everything, zone_organizer=merchant_in_zone)

RULES: Mapping[tuple[str, str], Rule] = {
    ("static", "GET"): PUBLIC,
    ("system.healthz", "GET"): PUBLIC,
    ("system.readyz", "GET"): PUBLIC,
    ("system.tell_time", "GET"): PUBLIC,
    ("system.show_manifest", "GET"): PUBLIC,
    # --- signing in
    ("auth.home", "GET"): PUBLIC,
    ("auth.sign_in", "GET"): PUBLIC,
    ("auth.sign_in", "POST"): PUBLIC,
    ("auth.request_code", "POST"): PUBLIC,
    ("auth.verify_code", "GET"): PUBLIC,
    ("auth.verify_code", "POST"): PUBLIC,
    ("auth.join", "GET"): PUBLIC,
    ("auth.ask_to_join", "POST"): PUBLIC,
    ("auth.prove_to_join", "GET"): PUBLIC,
    ("auth.prove_to_join", "POST"): PUBLIC,
    ("auth.sign_out", "POST"): PUBLIC,
    ("auth.choose_language", "POST"): PUBLIC,
    # --- the employee's phone
    ("employee.show_pass", "GET"): HOLDER,
    ("employee.renew_credential", "POST"): HOLDER,
    ("employee.enrol_device", "POST"): HOLDER,
    ("employee.list_devices", "GET"): HOLDER,
    ("employee.remove_device", "POST"): HOLDER,
    ("employee.show_card", "GET"): HOLDER,
    ("employee.print_card", "POST"): HOLDER,
    ("employee.revoke_card", "POST"): HOLDER,
    ("employee.show_family", "GET"): HOLDER,
    ("employee.add_dependant", "POST"): HOLDER,
    ("employee.invite_adult", "POST"): HOLDER,
    ("employee.withdraw_invitation", "POST"): HOLDER,
    ("employee.remove_dependant", "POST"): HOLDER,
    ("employee.leave_family", "POST"): HOLDER,
    ("employee.list_offers", "GET"): HOLDER,
    ("employee.visit_offers", "POST"): HOLDER,
    ("employee.show_offer", "GET"): allow(holder=on_offer),
    ("employee.keep_offer", "POST"): allow(holder=on_offer),
    ("employee.list_redemptions", "GET"): HOLDER,
    ("employee.report_cheaper", "GET"): HOLDER,
    ("employee.report_cheaper", "POST"): HOLDER,
    ("employee.upload_picture", "POST"): HOLDER,
    ("employee.list_reports", "GET"): HOLDER,
    # --- the merchant's counter
    ("merchant.choose_outlet", "GET"): allow(cashier=own, enterprise_admin=own),
    ("merchant.show_counter", "GET"): COUNTER,
    ("merchant.scan", "POST"): COUNTER,
    ("merchant.show_scan", "GET"): COUNTER,
    ("merchant.price_offer", "POST"): COUNTER,
    ("merchant.redeem", "POST"): or_told_again(COUNTER, Redemption),
    ("merchant.list_redemptions", "GET"): COUNTER,
    ("merchant.show_redemption", "GET"): COUNTER,
    ("merchant.reverse", "POST"): or_told_again(COUNTER, Reversal),
    ("merchant.price_correction", "POST"): COUNTER,
    ("merchant.correct", "POST"): or_told_again(COUNTER, Redemption),
    ("merchant.refund", "POST"): or_told_again(allow(enterprise_admin=outlet_of_own_enterprise), Reversal),
    # --- the enterprise's office
    ("enterprise.overview", "GET"): ENTERPRISE,
    ("enterprise.show_figures", "GET"): ENTERPRISE,
    ("enterprise.download_figures", "GET"): ENTERPRISE,
    ("enterprise.list_people", "GET"): ENTERPRISE,
    ("enterprise.find_people", "POST"): ENTERPRISE,
    ("enterprise.show_person", "GET"): ENTERPRISE,
    ("enterprise.let_person_go", "POST"): ENTERPRISE,
    ("enterprise.take_person_back", "POST"): ENTERPRISE,
    ("enterprise.remove_phone", "POST"): ENTERPRISE,
    ("enterprise.list_cashiers", "GET"): ENTERPRISE,
    ("enterprise.add_cashier", "POST"): ENTERPRISE,
    ("enterprise.remove_cashier", "POST"): ENTERPRISE,
    ("enterprise.print_card", "POST"): ENTERPRISE,
    ("enterprise.print_cards", "POST"): ENTERPRISE,
    ("enterprise.revoke_card", "POST"): ENTERPRISE,
    ("enterprise.list_offers", "GET"): ENTERPRISE,
    ("enterprise.download_offers", "GET"): ENTERPRISE,
    ("enterprise.new_offer", "GET"): ENTERPRISE,
    ("enterprise.new_offer", "POST"): ENTERPRISE,
    ("enterprise.preview_offer", "POST"): ENTERPRISE,
    ("enterprise.show_offer", "GET"): ENTERPRISE,
    ("enterprise.edit_offer", "GET"): ENTERPRISE,
    ("enterprise.edit_offer", "POST"): ENTERPRISE,
    ("enterprise.copy_offer", "POST"): ENTERPRISE,
    ("enterprise.show_poster", "GET"): ENTERPRISE,
    ("enterprise.pause_offer", "POST"): ENTERPRISE,
    ("enterprise.resume_offer", "POST"): ENTERPRISE,
    ("enterprise.withdraw_offer", "POST"): ENTERPRISE,
    ("enterprise.upload_picture", "POST"): ENTERPRISE,
    ("enterprise.list_reports", "GET"): ENTERPRISE,
    ("enterprise.show_report", "GET"): ENTERPRISE,
    ("enterprise.answer_report", "POST"): ENTERPRISE,
    ("enterprise.edit_draft", "GET"): ENTERPRISE,
    ("enterprise.edit_draft", "POST"): ENTERPRISE,
    ("enterprise.discard_draft", "POST"): ENTERPRISE,
    ("enterprise.list_notices", "GET"): ENTERPRISE,
    ("enterprise.read_notice", "POST"): ENTERPRISE,
    ("enterprise.read_notices", "POST"): ENTERPRISE,
    ("enterprise.list_redemptions", "GET"): ENTERPRISE,
    ("enterprise.list_webhooks", "GET"): ENTERPRISE,
    ("enterprise.new_webhook", "GET"): ENTERPRISE,
    ("enterprise.new_webhook", "POST"): ENTERPRISE,
    ("enterprise.show_webhook", "GET"): ENTERPRISE,
    ("enterprise.edit_webhook", "GET"): ENTERPRISE,
    ("enterprise.edit_webhook", "POST"): ENTERPRISE,
    ("enterprise.rotate_webhook_secret", "POST"): ENTERPRISE,
    ("enterprise.disable_webhook", "POST"): ENTERPRISE,
    ("enterprise.enable_webhook", "POST"): ENTERPRISE,
    ("enterprise.test_webhook", "POST"): ENTERPRISE,
    ("enterprise.show_webhook_delivery", "GET"): ENTERPRISE,
    ("enterprise.redeliver_webhook", "POST"): ENTERPRISE,
    ("enterprise.list_tokens", "GET"): ENTERPRISE,
    ("enterprise.create_token", "POST"): ENTERPRISE,
    ("enterprise.revoke_token", "POST"): ENTERPRISE,
    ("enterprise.list_refused", "GET"): ENTERPRISE,
    # --- the organizer's room
    ("organizer.home", "GET"): allow(organizer=everything, data_officer=everything, zone_organizer=own),
    ("organizer.list_offers", "GET"): ORGANIZERS,
    ("organizer.show_revision", "GET"): ORGANIZERS_OF_MERCHANT,
    ("organizer.approve_offers", "POST"): ORGANIZERS,
    ("organizer.list_all_offers", "GET"): ORGANIZERS,
    ("organizer.approve_offer", "POST"): ORGANIZERS_OF_MERCHANT,
    ("organizer.pause_offer", "POST"): ORGANIZERS_OF_MERCHANT,
    ("organizer.resume_offer", "POST"): ORGANIZERS_OF_MERCHANT,
    ("organizer.return_offer", "POST"): ORGANIZERS_OF_MERCHANT,
    ("organizer.list_reports", "GET"): ORGANIZERS,
    ("organizer.show_report", "GET"): ORGANIZERS_OF_MERCHANT,
    ("organizer.close_report", "POST"): ORGANIZERS_OF_MERCHANT,
    ("organizer.reopen_report", "POST"): ORGANIZERS_OF_MERCHANT,
    ("organizer.show_monthly_report", "GET"): REPORTING,
    ("organizer.download_monthly_report", "GET"): REPORTING,
    ("organizer.keep_monthly_report", "POST"): REPORTING,
    ("organizer.download_kept_report", "GET"): allow(
        organizer=everything, data_officer=everything, zone_organizer=report_in_zone
    ),
    ("organizer.show_circulation", "GET"): REPORTING,
    ("organizer.download_circulation", "GET"): REPORTING,
    ("organizer.show_data_quality", "GET"): REPORTING,
    ("organizer.download_data_quality", "GET"): REPORTING,
    ("organizer.show_screen", "GET"): REPORTING,
    ("organizer.show_flows", "GET"): REPORTING,
    ("organizer.show_merchants", "GET"): REPORTING,
    ("organizer.show_participation", "GET"): REPORTING,
    ("organizer.show_offer_figures", "GET"): REPORTING,
    ("organizer.list_months", "GET"): WHOLE_ALLIANCE,
    ("organizer.show_month", "GET"): WHOLE_ALLIANCE,
    ("organizer.close_month", "POST"): ORGANIZER,
    ("organizer.reopen_month", "POST"): ORGANIZER,
    ("organizer.find_redemption", "GET"): ORGANIZER,
    ("organizer.show_redemption", "GET"): ORGANIZER,
    ("organizer.reverse_redemption", "POST"): ORGANIZER,
    ("organizer.find_phones", "GET"): ORGANIZER,
    ("organizer.list_phones", "POST"): ORGANIZER,
    ("organizer.remove_phone", "POST"): ORGANIZER,
    ("organizer.show_audit", "GET"): WHOLE_ALLIANCE,
    ("organizer.find_audit", "POST"): WHOLE_ALLIANCE,
    ("organizer.download_audit", "GET"): WHOLE_ALLIANCE,
    ("pictures.show", "GET"): allow(
        holder=on_show, enterprise_admin=own_merchant, organizer=everything, zone_organizer=merchant_in_zone
    ),
    # --- programs
    ("api.scan", "POST"): POS,
    ("api.redeem", "POST"): or_told_again(POS, Redemption),
    ("api.list_redemptions", "GET"): POS,
    ("api.show_redemption", "GET"): POS,
    ("api.reverse", "POST"): or_told_again(POS, Reversal),
    ("api.correct", "POST"): or_told_again(POS, Redemption),
    ("api.list_reversals", "GET"): POS,
    ("api.reconcile_day", "GET"): POS,
    ("api.list_refused", "GET"): POS,
    ("api.show_circulation", "GET"): REPORTS,
    ("api.show_circulation_table", "GET"): REPORTS,
    ("trust.show_keys", "GET"): PUBLIC,
    ("trust.show_status_list", "GET"): PUBLIC,
    ("openapi.spec", "GET"): PUBLIC,
    ("api.show_docs", "GET"): PUBLIC,
}


class Undeclared(Exception):
    """The table and the routes do not agree; the message names the difference."""


def declared_methods(app: Flask) -> set[tuple[str, str]]:
    """Every (endpoint, method) of the application, without HEAD and OPTIONS."""
    return {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def check_complete(app: Flask) -> None:
    """Raises Undeclared for a route without a rule, and for a rule without a route."""
    declared = declared_methods(app)
    if undeclared := declared - RULES.keys():
        raise Undeclared(f"no rule in alliance/web/policy.py says who may call: {_listed(undeclared)}")
    if gone := RULES.keys() - declared:
        raise Undeclared(f"alliance/web/policy.py has rules for what is not there: {_listed(gone)}")


def _listed(cells: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{method} {endpoint}" for endpoint, method in sorted(cells))
