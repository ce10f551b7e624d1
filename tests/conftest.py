"""What every test may ask for: a fresh, migrated database on both engines, the app, a live server, a browser.

``database_url`` runs a test twice, on SQLite and on PostgreSQL; a test for one of them says
``@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)``.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from alliance import clock, create_app, store
from alliance.accounts.tokens import create_token
from alliance.audit.trail import COMMAND_LINE
from alliance.config import Settings
from alliance.passes.keys import Keyring
from tests.cluster import ROOT, Cluster, NoCluster
from tests.processes import SECRET, environment, free_port, serving
from tests.world import World

#: The cluster's directory, from the process that started it to the ones that share the tests among them.
CLUSTER_AT = "ALLIANCE_TEST_CLUSTER"

_cluster: Cluster | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start the cluster once per run, in the controller."""
    global _cluster
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.help:
        return
    try:
        _cluster = Cluster()
    except NoCluster as error:
        pytest.exit(str(error), returncode=3)
    os.environ[CLUSTER_AT] = str(_cluster.directory)


def pytest_unconfigure() -> None:
    """Stop it, whatever happened."""
    if _cluster is not None:
        _cluster.stop()


# --- databases ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, complete in itself, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    store.upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[str]:
    """The name of a migrated PostgreSQL database, to be copied."""
    with _new_postgresql_database("template0") as name:
        store.upgrade(postgresql_url(name))
        yield name


def postgresql_url(database: str) -> str:
    """The URL of one database of this run's cluster."""
    return f"postgresql+psycopg://postgres@/{database}?host={os.environ[CLUSTER_AT]}"


@contextmanager
def _new_postgresql_database(template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield name
    finally:
        _administer(f"DROP DATABASE {name} WITH (FORCE)")


def _administer(statement: str) -> None:
    where: dict[str, Any] = {"host": os.environ[CLUSTER_AT], "user": "postgres", "dbname": "postgres"}
    with psycopg.connect(**where, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of the test's own: migrated, empty, gone afterwards."""
    if request.param == "sqlite":
        path = tmp_path / "alliance.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        with _new_postgresql_database(request.getfixturevalue("postgresql_template")) as name:
            yield postgresql_url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table, for tests of the migrations themselves."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with _new_postgresql_database("template0") as name:
            yield postgresql_url(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine with the house's settings."""
    engine = store.make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[store.Session]:
    """A session; what the test does not commit is rolled back."""
    with store.sessionmaker_for(engine)() as session:
        yield session


# --- the application ---------------------------------------------------------------------------------


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings for that database."""
    return Settings(
        environment="local",
        database_url=database_url,
        secret_key=SECRET,
        instance_path=tmp_path / "instance",
    )


@pytest.fixture
def app(settings: Settings) -> Flask:
    """The application on that database."""
    app = create_app(settings)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript, in the application's own process."""
    return app.test_client()


@pytest.fixture
def live_server(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The base URL of the real server, in processes of its own, on the test's database."""
    port = free_port()
    command = [sys.executable, "-m", "alliance", "serve", "--no-demo", "--port", str(port)]
    # One machine plays a town here: what it sends in a minute says nothing about the limits of one till.
    unmetered = dict.fromkeys(("ALLIANCE_API_READS_PER_MINUTE", "ALLIANCE_API_WRITES_PER_MINUTE"), "1000000")
    env = environment(database_url, tmp_path / "instance", **unmetered)
    with serving(command, port, tmp_path / "server.log", env=env, cwd=tmp_path) as base:
        yield base


@pytest.fixture
def live_world(session: store.Session) -> World:
    """The world of this moment in the live server's database, with the keys that the server signs with."""
    world = World(session, clock.now())
    world.keyring = Keyring(SECRET)
    session.commit()
    return world


@pytest.fixture
def live_token(live_world: World) -> str:
    """The token of a till of the dairy's shop."""
    shop, at = live_world.dairy_shop, live_world.at
    _, plain = create_token(live_world.session, "一号机", shop.merchant_id, shop.id, None, COMMAND_LINE, at)
    live_world.session.commit()
    return plain


# --- the shared year ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def journey_data() -> Path:
    """The directory with the real year of redemptions and its independently computed figures."""
    shared = Path(os.environ.get("ALLIANCE_SHARED", ROOT.parent / "shared"))
    path = shared / "data" / "complete-journey"
    if not path.is_dir():
        pytest.skip(f"the shared year is not at {path}; say where with ALLIANCE_SHARED")
    return path


# --- the browser -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The installed Chromium, quiet on the network."""
    look = subprocess.run(
        [ROOT / "scripts" / "ensure-chromium", "--only-look"], capture_output=True, text=True
    )
    if look.returncode != 0:
        pytest.fail(look.stderr.strip(), pytrace=False)
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {"executable_path": look.stdout.strip(), "args": quiet + sandbox}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A visitor from Jilin."""
    return browser_context_args | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
