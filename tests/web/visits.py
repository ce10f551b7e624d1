"""Browsing as somebody: signing in without the sign-in page, and posting with the form's own token."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from alliance import clock, store
from alliance.accounts import sign_in
from alliance.web.extensions import db


@contextmanager
def store_of(app: Flask) -> Iterator[store.Session]:
    """A session of the test's own on the application's database; commits at the end."""
    with app.app_context():
        engine = db.engine
    with store.sessionmaker_for(engine).begin() as session:
        yield session


def browser_of(app: Flask, account_id: int) -> FlaskClient:
    """A browser that has signed in as this account."""
    with store_of(app) as session:
        row_id = sign_in.start(session, account_id, "test", clock.now(), timedelta(days=30))
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = str(row_id)
        cookie["_fresh"] = True
    return client


def form_token(client: FlaskClient) -> str:
    """The token that this browser's forms carry (as Flask-WTF makes it)."""
    with client.session_transaction() as cookie:
        raw = cookie.setdefault("csrf_token", secrets.token_hex(20))
    return str(URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token").dumps(raw))


def post(client: FlaskClient, path: str, data: dict[str, str] | None = None, **options: Any) -> TestResponse:
    """Post a form as the page would, token included."""
    return client.post(path, data={"csrf_token": form_token(client), **(data or {})}, **options)
