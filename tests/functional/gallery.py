"""A page for each kind of picture, made with the product's own macros, and a browser that has nothing else.

No server: pages, scripts and styles are handed to the browser as the application would answer, with its
headers.
"""

import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask, render_template_string
from playwright.sync_api import Page, Request, Route

from alliance.web.assets import DIST
from alliance.web.language import choose
from alliance.web.security import HEADERS

BASE = "http://localhost"
TEMPLATE = Path(__file__).with_suffix(".html")

#: A long name and a rare character among them.
ZONES = ["龙潭区", "吉林高新技术产业开发区北部新区管理委员会", "㛃水街道", "船营区"]
FLOWS = [
    [1234567, 230000, 0, None],
    [88000, 45678900, 120050, 3300],
    [None, 99900, 250000, -4200],
    [70000, 0, 61000, 990000],
]
MONTHS = [
    ("2026年8月", 12345678, 11000000, 812),
    ("2026年9月", None, 9000000, None),
    ("2026年10月", 15000050, 12000000, 990),
    ("2026年11月", 4321000, 13000000, 310),
]
SHOPS = [
    ("吉林市车天下二手车经销有限公司", 98765432),
    ("王喆眼镜店", 4500000),
    ("小满咖啡", 310050),
    ("早市豆浆", None),
]
CURVE = [(0.25, 0.02), (0.5, 0.1), (0.75, 0.3), (1, 1)]

CAPTIONS = {
    "series": "每月净核销额",
    "bars": "商户排行",
    "lorenz": "商户集中度",
    "heatmap": "谁在哪里消费",
    "sankey": "片区之间的流向",
    "chord": "片区之间的往来",
}


def page_of(
    app: Flask,
    kinds: Sequence[str],
    zones: Sequence[str] = ZONES,
    flows: Any = FLOWS,
    shape: str = "matrix",
    language: str = "zh",
) -> str:
    """A page of these pictures, as the application renders it."""
    data = {"months": MONTHS, "shops": SHOPS, "curve": CURVE, "zones": zones, "flows": flows, "shape": shape}
    with app.test_request_context():
        choose(language)
        return render_template_string(
            TEMPLATE.read_text(encoding="utf-8"), kinds=kinds, captions=CAPTIONS, **data
        )


class Gallery:
    """A browser's window onto one such page; ``faults`` is what no page may do."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("console", lambda message: self.faults.append(message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def hang(self, html: str) -> Page:
        """Show the page and wait until it is drawn."""
        self.page.route("**/*", lambda route, request: self._answer(route, request, html))
        self.page.goto(f"{BASE}/")
        return self.page

    def _answer(self, route: Route, request: Request, html: str) -> None:
        path = request.url.removeprefix(BASE)
        if path == request.url:
            self.faults.append(f"a request to {request.url}")
            route.abort()
        elif path.startswith("/static/dist/"):
            built = DIST / path.removeprefix("/static/dist/")
            kind = mimetypes.guess_type(built.name)[0] or "application/octet-stream"
            route.fulfill(path=built, headers=HEADERS, content_type=kind)
        else:
            route.fulfill(body=html, headers=HEADERS, content_type="text/html; charset=utf-8")
