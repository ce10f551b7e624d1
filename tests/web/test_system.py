"""Alive and ready."""

import pytest
import sqlalchemy as sa

from alliance import create_app, store
from tests.web.visits import store_of


def test_it_is_alive_and_ready(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}


def test_it_is_not_ready_before_the_database_is_migrated(settings, empty_database_url):
    settings.database_url = empty_database_url
    client = create_app(settings).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, "database")
    store.upgrade(empty_database_url)
    assert client.get("/readyz").status_code == 200


def test_it_is_not_ready_with_the_schema_of_another_version(app, client):
    with store_of(app) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, "schema")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_database_pages_say_so_and_do_not_fail(settings):
    settings.database_url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    client = create_app(settings).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert client.get("/sign-in").status_code == 200
    headers = {"Authorization": "Bearer alc_any"}
    answer = client.get("/api/v1/circulation", headers=headers)
    assert (answer.status_code, answer.json["reason"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
