"""The page that describes the API, in a real browser: it shows every operation and asks nobody else."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.functional.scene import DESK

pytestmark = pytest.mark.browser


def test_its_colours_follow_the_system(page: Page, shared_server: str) -> None:
    colours = (
        "() => [document.documentElement, document.querySelector('.swagger-ui .info .title')].map(part => {"
        "const {backgroundColor, color} = getComputedStyle(part); return [backgroundColor, color]})"
    )
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{shared_server}/api/v1/docs")
        expect(page.get_by_text("Redeem an offer")).to_be_visible()
        (ground, _), (_, ink) = page.evaluate(colours)
        is_dark = scheme == "dark"
        assert (lightness(ink) > 180, ground == "rgb(28, 32, 34)") == (is_dark, is_dark)


def lightness(colour: str) -> float:
    """The mean of ``rgb(1, 2, 3)``."""
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


def test_it_shows_every_operation_from_our_own_server(page: Page, shared_server: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((shared_server, "data:")) else elsewhere.append(request.url)
        ),
    )
    page.set_viewport_size(DESK)
    page.goto(f"{shared_server}/api/v1/docs")
    for summary in (
        "Scan a presentation",
        "Redeem an offer",
        "Reverse or refund a redemption",
        "Reconcile a day",
    ):
        expect(page.get_by_text(summary)).to_be_visible()
    expect(page.locator(".opblock")).to_have_count(11)
    page.get_by_text("Redeem an offer").click()
    expect(page.get_by_text("offer_not_live").first).to_be_visible()
    assert said == []
    assert elsewhere == []
