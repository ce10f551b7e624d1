"""What browser tests ask for: a server with people in it, and a screen for each of them.

The journey has a server of its own on each database. The tests of single pages leave each other alone, so
those of a module share one.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import delete
from sqlalchemy.orm import Session

from alliance import store
from alliance.passes.models import DeviceCredential, DeviceRevocation, PassDevice
from tests.functional.scene import Screens, people
from tests.processes import environment, free_port, serving


@pytest.fixture
def screens(
    browser: Browser, browser_context_args: dict[str, Any], live_server: str, session: Session
) -> Iterator[Screens]:
    """A page for whoever asks; at the end none may have had an error or asked another host."""
    people(session)
    yield from _screens(browser, browser_context_args, live_server)


@pytest.fixture(scope="module")
def shared_database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session on the database of the module's server, with the people in it."""
    path = tmp_path_factory.mktemp("shared") / "alliance.db"
    shutil.copyfile(sqlite_template, path)
    engine = store.make_engine(f"sqlite:///{path}")
    with store.sessionmaker_for(engine)() as session:
        people(session)
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def shared_server(shared_database: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of the module's server."""
    port, place = free_port(), tmp_path_factory.mktemp("server")
    engine = shared_database.get_bind()
    env = environment(str(engine.engine.url), place / "instance")
    command = [sys.executable, "-m", "alliance", "serve", "--no-demo", "--port", str(port)]
    with serving(command, port, place / "server.log", env=env, cwd=place) as base:
        yield base


@pytest.fixture
def shared_screens(
    browser: Browser, browser_context_args: dict[str, Any], shared_server: str, shared_database: Session
) -> Iterator[Screens]:
    """As ``screens``, on the module's server, where nobody has a phone yet."""
    shared_database.rollback()
    for table in (DeviceCredential, DeviceRevocation, PassDevice):
        shared_database.execute(delete(table))
    shared_database.commit()
    yield from _screens(browser, browser_context_args, shared_server)


@pytest.fixture
def stoppable(
    session: Session,
    database_url: str,
    tmp_path: Path,
    browser: Browser,
    browser_context_args: dict[str, Any],
) -> Iterator[tuple[Screens, ExitStack]]:
    """Screens on a server of their own (in ``tmp_path / "instance"``), and what stops that server."""
    people(session)
    port = free_port()
    command = [sys.executable, "-m", "alliance", "serve", "--no-demo", "--port", str(port)]
    env = environment(database_url, tmp_path / "instance", ALLIANCE_CODE_SENDER="outbox")
    with ExitStack() as running:
        base = running.enter_context(serving(command, port, tmp_path / "log", env=env, cwd=tmp_path))
        for screens in _screens(browser, browser_context_args, base):
            yield screens, running
            screens.forgive("ERR_CONNECTION_REFUSED")


def _screens(browser: Browser, context_args: dict[str, Any], base: str) -> Iterator[Screens]:
    screens = Screens(browser, context_args, base)
    yield screens
    screens.close()
    assert screens.faults == []
