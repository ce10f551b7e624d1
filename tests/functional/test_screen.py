"""大屏 in a real browser: legible, with a clock that runs, and with new figures every minute by itself."""

import mimetypes
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Request, Route, expect

from alliance.web.assets import DIST
from alliance.web.security import HEADERS
from tests.functional.gallery import BASE
from tests.web.people import Scene, text

pytestmark = pytest.mark.browser

PATH = "/organizer/circulation/screen"
#: Of the height of a screen of 1080 lines: nothing smaller than this can be read from five metres.
SMALLEST = 24


class Hall:
    """A screen of which every request is answered by the application, until the line is cut."""

    def __init__(self, scene: Scene, page: Page) -> None:
        self.browser, self.page, self.is_cut = scene.organizer(), page, False
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.route("**/*", self._answer)

    def _answer(self, route: Route, request: Request) -> None:
        path = request.url.removeprefix(BASE)
        if path.startswith("/static/dist/"):
            built = DIST / path.removeprefix("/static/dist/")
            kind = mimetypes.guess_type(built.name)[0] or "application/octet-stream"
            route.fulfill(path=built, headers=HEADERS, content_type=kind)
        elif self.is_cut:
            route.abort()
        else:
            answer = self.browser.get(path)
            route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=text(answer))


@pytest.fixture
def scene(app, session, monkeypatch) -> Scene:
    scene = Scene(app, session, monkeypatch)
    world = scene.world
    scene.crowd = [world.employee(world.garage, f"1{n}", f"员工{n}", f"+86138000001{n:02}") for n in range(6)]
    for holder in scene.crowd:
        world.redeem(10000, holder=holder)
    session.commit()
    return scene


@pytest.fixture
def hall(scene, page) -> Iterator[Hall]:
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.clock.install(time=datetime(2026, 3, 4, 4, 0, 30, tzinfo=UTC))
    hall = Hall(scene, page)
    page.goto(f"{BASE}{PATH}")
    yield hall
    assert hall.faults == []


def test_every_minute_the_figures_are_fetched_again(hall, scene):
    page = hall.page
    expect(page.locator("dd").first).to_have_text("¥480")
    scene.world.redeem(20000, holder=scene.crowd[0])
    scene.session.commit()
    page.clock.run_for(61_000)
    expect(page.locator("dd").first).to_have_text("¥640")
    expect(page.locator("[data-part=clock]")).to_have_text("12:01")
    expect(page.locator("[data-part=stale]")).to_be_hidden()


def test_without_a_line_the_last_figures_stay_and_say_of_when_they_are(hall):
    page = hall.page
    hall.is_cut = True
    page.clock.run_for(61_000)
    expect(page.locator("[data-part=stale]")).to_have_text("与服务器断开，数字停在12:00")
    expect(page.locator("dd").first).to_have_text("¥480")
    hall.is_cut = False
    page.clock.run_for(61_000)
    expect(page.locator("[data-part=stale]")).to_be_hidden()


def test_it_fits_the_screen_and_can_be_read_from_afar(hall):
    page = hall.page
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, dt, dd, time, li, svg text")].map(
          each => each.getBoundingClientRect().height).filter(height => height > 0)"""
    )
    assert min(sizes) >= SMALLEST
