"""Every cell of route × method × role × relation, generated from the live routes; see ``stage.py``.

What to expect follows from the table in ``policy.py`` and from how the people of the stage stand to what a
URL names. A new route is covered as soon as it exists; one with a new argument has to be told to the stage.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

from alliance import create_app
from alliance.accounts.models import Role
from alliance.schema import metadata
from alliance.web import policy, relations
from alliance.web.policy import RULES, Undeclared, check_complete, declared_methods
from tests.web.stage import CHOICES, Person, Stage, Target, build, targets
from tests.web.visits import store_of

#: Stands for every answer that is no refusal.
ALLOWED = 200
TO_SIGN_IN = 303


@pytest.fixture
def stage(app: Flask) -> Stage:
    return build(app)


def routes(app: Flask) -> Iterator[tuple[Route, str]]:
    for route in sorted(app.url_map.iter_rules(), key=lambda route: (route.rule, route.endpoint)):
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            yield route, method


def cells(stage: Stage, route: Route, method: str) -> Iterator[tuple[Person, Target, int]]:
    for person in stage.people:
        for target in targets(stage, route):
            is_api = route.rule.startswith("/api/")
            yield person, target, expected(RULES[route.endpoint, method], person, target, is_api)


def expected(rule: policy.Rule, person: Person, target: Target, is_api: bool) -> int:
    """The status that the table promises."""
    if rule.public:
        return ALLOWED
    if person.bearer and rule.tokens:
        if person.token is None:
            return 401
        if person.token not in rule.tokens:
            return 403
        return ALLOWED if target.exists else 404
    if person.account_id is None:
        return 401 if is_api else TO_SIGN_IN
    if person.role not in rule.roles:
        return 403
    return ALLOWED if target.exists and rule.roles[person.role] in target.relations else 404


def told(answer: TestResponse) -> list[tuple[str, str]]:
    """The headers, but for those that count the caller's own requests."""
    return [(name, value) for name, value in answer.headers.items() if not name.startswith("X-RateLimit-")]


def came(answer: TestResponse) -> int:
    """The status, with every answer that is neither a refusal nor an error as ALLOWED."""
    if answer.status_code == TO_SIGN_IN and (answer.location or "").startswith("/sign-in"):
        return TO_SIGN_IN
    return (
        ALLOWED
        if answer.status_code < 500 and answer.status_code not in (401, 403, 404)
        else answer.status_code
    )


def verbs(method: str) -> tuple[str, ...]:
    """HEAD is decided like GET."""
    return ("GET", "HEAD") if method == "GET" else (method,)


def contents(app: Flask) -> dict[str, str]:
    """Table by table, a digest of all its rows."""
    with store_of(app) as session:
        return {
            table.name: hashlib.sha256(
                repr(session.execute(sa.select(table).order_by(*table.primary_key)).all()).encode()
            ).hexdigest()
            for table in metadata.sorted_tables
        }


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [name for name in after if after[name] != before[name]]


def test_every_cell_that_is_refused_is_refused_and_changes_nothing(stage):
    wrong, asked, before = [], 0, contents(stage.app)
    for route, method in routes(stage.app):
        seen = defaultdict(set)
        for person, target, status in cells(stage, route, method):
            if status == ALLOWED:
                continue
            asked += 1
            for verb in verbs(method):
                answer = stage.call(route, verb, person, target)
                if came(answer) != status:
                    what = f"{verb} {route} as {person.name}, {target.name}"
                    wrong.append(f"{what}: {answer.status}, not {status}")
                elif status == 404:
                    seen[verb, person.name, target.kind].add((answer.data, *told(answer)))
        for (verb, name, kind), answers in seen.items():
            if len(answers) > 1:
                wrong.append(f"{verb} {route} as {name}: foreign and absent differ ({kind})")
        after = contents(stage.app)
        wrong += [f"{method} {route}: a refusal changed {table}" for table in changed(before, after)]
        before = after
    assert not wrong, "\n".join(wrong)
    assert asked > 1000


def test_every_cell_that_is_allowed_is_allowed_and_reading_changes_nothing(stage):
    wrong, asked = [], 0
    for route, method in routes(stage.app):
        reads, before = method == "GET", contents(stage.app)
        for person, target, status in cells(stage, route, method):
            if status != ALLOWED:
                continue
            asked += 1
            for verb in verbs(method):
                # A browser that has signed out would be no use for the next cell.
                answer = stage.call(route, verb, person, target, fresh=not reads)
                is_public = RULES[route.endpoint, method].public
                fine = came(answer) == ALLOWED or (is_public and answer.status_code == TO_SIGN_IN)
                if not fine or (reads and answer.status_code >= 400):
                    wrong.append(f"{verb} {route} as {person.name}, {target.name}: {answer.status}")
        if reads:
            wrong += [f"GET {route} changed {table}" for table in changed(before, contents(stage.app))]
    assert not wrong, "\n".join(wrong)
    assert asked > 150


def test_every_form_needs_its_token(stage):
    """A post with a cookie and without the form's token changes nothing, whoever makes it."""
    wrong, before = [], contents(stage.app)
    for route, method in routes(stage.app):
        if method == "GET":
            continue
        for person, target, status in cells(stage, route, method):
            if status == ALLOWED and not (person.bearer and RULES[route.endpoint, method].tokens):
                answer = stage.call(route, method, person, target, csrf=False)
                if answer.status_code != 400:
                    wrong.append(f"{method} {route} as {person.name}: {answer.status}")
    wrong += changed(before, contents(stage.app))
    assert not wrong, "\n".join(wrong)


def test_every_other_method_is_not_allowed_to_anybody(stage):
    wrong, before = [], contents(stage.app)
    declared = declared_methods(stage.app)
    organizer = next(person for person in stage.people if person.name == "organizer")
    by_path: dict[str, set[str]] = defaultdict(set)
    for route in stage.app.url_map.iter_rules():
        by_path[route.rule] |= {method for endpoint, method in declared if endpoint == route.endpoint}
    for route in stage.app.url_map.iter_rules():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"} - by_path[route.rule]:
            answer = stage.call(route, method, organizer, next(targets(stage, route)))
            if answer.status_code != 405:
                wrong.append(f"{method} {route}: {answer.status}")
    wrong += changed(before, contents(stage.app))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_table_names_every_route_and_no_other(app):
    assert declared_methods(app) == RULES.keys()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_table_makes_sense(app):
    """Who is limited to a part is never let through by a relation that looks at no part."""
    for route, method in routes(app):
        for role, relation in RULES[route.endpoint, method].roles.items():
            if role in (Role.ORGANIZER, Role.DATA_OFFICER):
                assert relation is relations.everything, (route, role)
            else:
                looks_at_nothing = relation in (relations.everything, relations.own)
                assert looks_at_nothing != bool(route.arguments - CHOICES.keys()), (route, role)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_undeclared_route_stops_the_start(app, method):
    app.add_url_rule("/undeclared", "undeclared", lambda: "", methods=[method])
    with pytest.raises(Undeclared, match=f"{method} undeclared"):
        check_complete(app)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_new_method_of_a_declared_route_stops_the_start_too(app):
    app.add_url_rule(
        "/pass", "employee.show_pass", app.view_functions["employee.show_pass"], methods=["POST"]
    )
    with pytest.raises(Undeclared, match=r"POST employee\.show_pass"):
        check_complete(app)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_rule_for_a_route_that_is_gone_stops_the_start(app, monkeypatch):
    monkeypatch.setattr(policy, "RULES", {**RULES, ("employee.dance", "POST"): policy.PUBLIC})
    with pytest.raises(Undeclared, match=r"POST employee\.dance"):
        check_complete(app)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_create_app_makes_the_check(settings, monkeypatch):
    kept = {cell: rule for cell, rule in RULES.items() if cell != ("organizer.approve_offer", "POST")}
    monkeypatch.setattr(policy, "RULES", kept)
    with pytest.raises(Undeclared, match=r"POST organizer\.approve_offer"):
        create_app(settings)
