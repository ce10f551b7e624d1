"""What every browser test asks for: the world, and a screen for each person in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from tests.functional.scene import Screens, people
from tests.world import World


@pytest.fixture
def world(session: Session) -> World:
    """The people of ``scene.people``, in the database of the live server."""
    return people(session)


@pytest.fixture
def screens(
    browser: Browser, browser_context_args: dict[str, Any], live_server: str, world: World
) -> Iterator[Screens]:
    """A page for whoever asks; at the end none may have had an error or asked another host."""
    screens = Screens(browser, browser_context_args, live_server)
    yield screens
    screens.close()
    assert screens.faults == []
