"""The headers of every answer, the cookies, and the built files."""

import pytest

from alliance import create_app
from alliance.web import assets
from tests.web.visits import browser_of, form_token, store_of
from tests.world import NOON

PATHS = ["/sign-in", "/nope", "/api/v1/nope", "/healthz", "/pass", "/static/dist/manifest.json"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers(client, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert "microphone=()" in headers["Permissions-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in headers
    assert len(headers) == len(set(headers.keys()))


@pytest.mark.parametrize("path", ["/sign-in", "/", "/pass", "/api/v1/circulation", "/nope"])
def test_no_page_is_kept_by_anybody(client, path):
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_over_https_everything_is_bound_to_it(settings):
    settings.https = True
    client = create_app(settings).test_client()
    answer = client.get("/sign-in", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-alliance=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_over_https_a_form_from_another_site_is_refused(settings):
    settings.https = True
    client = create_app(settings).test_client()
    client.get("/sign-in", base_url="https://localhost")
    sent = {"base_url": "https://localhost", "data": {"csrf_token": "x"}}
    assert client.post("/sign-out", headers={"Referer": "https://evil.example/"}, **sent).status_code == 400


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.1")])
def test_forwarded_addresses_are_believed_as_far_as_the_settings_say(settings, proxies, address):
    settings.proxies = proxies
    app = create_app(settings)
    seen = []
    app.before_request_funcs[None].insert(0, lambda: seen.append(_remote()))
    app.test_client().get("/sign-in", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    assert seen == [address]


def _remote() -> str | None:
    from flask import request

    return request.remote_addr


def test_a_forwarded_host_is_not_believed_without_a_proxy(client):
    location = client.get("/pass", headers={"X-Forwarded-Host": "evil.example"}).location
    assert location.startswith("/sign-in?next=")
    assert "evil" not in location


def test_built_files_may_be_kept_for_ever_and_others_may_not(app, client):
    with app.test_request_context():
        url = assets.asset("css/app.css")
    kept = client.get(url)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/dist/manifest.json").headers["Cache-Control"] == "no-cache"
    assert "immutable" not in client.get("/static/dist/nope.css").headers["Cache-Control"]


def test_a_file_that_was_not_built_is_a_mistake_of_the_template(app):
    with app.test_request_context(), pytest.raises(LookupError, match="run make"):
        assets.asset("js/never-written.js")


def test_no_template_has_inline_script_or_style():
    from alliance.web.assets import DIST

    web = DIST.parent.parent / "web"
    templates = list(web.rglob("templates/**/*.html"))
    assert templates
    for template in templates:
        text = template.read_text()
        assert "<style" not in text, template
        assert " style=" not in text, template
        assert " onclick=" not in text, template
        assert "|safe" not in text.replace(" ", ""), template
        for script in text.split("<script")[1:]:
            assert "src=" in script.partition(">")[0], template


@pytest.mark.parametrize(("language", "lang"), [("", "zh-CN"), ("zh-CN,zh;q=0.9", "zh-CN"), ("fr", "zh-CN")])
def test_it_speaks_chinese_first(client, language, lang):
    page = client.get("/sign-in", headers={"Accept-Language": language}).get_data(as_text=True)
    assert f'<html lang="{lang}">' in page
    assert "登录" in page


def test_who_is_signed_in_is_shown_and_can_sign_out(app):
    from alliance.accounts.grants import find_or_create_account

    with store_of(app) as session:
        id_ = find_or_create_account(session, "+8613900000001", "<b>张喆</b>", NOON).id
    client = browser_of(app, id_)
    page = client.get("/").get_data(as_text=True)
    assert "&lt;b&gt;张喆&lt;/b&gt;" in page
    assert 'action="/sign-out"' in page
    assert form_token(client)
