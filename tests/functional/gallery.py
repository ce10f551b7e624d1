"""A page for each kind of picture, made with the product's own macros, and a browser that has nothing else.

No server: pages, scripts and styles are handed to the browser as the application would answer, with its headers.
"""

import mimetypes
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from flask import Flask, render_template_string
from playwright.sync_api import BrowserContext, Page, Request, Route

from alliance.web.assets import DIST
from alliance.web.security import HEADERS

BASE = "http://localhost"

#: (a zone with a long name, one with a rare character), as everywhere.
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

MACROS = '{% extends "layout.html" %}{% from "pictures.html" import picture, pictures_script, cell, fen_cell, count_cell, ratio_cell %}'
PAGE = (
    MACROS
    + """
{% block title %}图{% endblock %}{% block body_class %}desk{% endblock %}
{% block main %}<h1>图</h1><div class="stack">
{% for kind in kinds %}{% call picture(kind, kind, captions[kind], "谁在哪里消费，一句话。", shape=shape,
  csv_url="/table.csv", xlsx_url="/table.xlsx") %}
<table>
{% if kind == "series" %}
  <thead><tr><th scope="col">月份</th><th scope="col">净核销额</th><th scope="col" data-compare>上年同期</th>
    <th scope="col" data-unit="count" data-draw="line">笔数</th></tr></thead>
  <tbody>{% for month, paid, before, count in months %}<tr{% if loop.last %} data-preliminary{% endif %}><th scope="row">{{ month }}</th>
    {{ fen_cell(paid, hidden=paid is none) }}{{ fen_cell(before) }}{{ count_cell(count, hidden=count is none) }}</tr>{% endfor %}</tbody>
{% elif kind == "bars" %}
  <thead><tr><th scope="col">商户</th><th scope="col">净核销额</th></tr></thead>
  <tbody>{% for shop, paid in shops %}<tr><th scope="row">{{ shop }}</th>{{ fen_cell(paid, "/shops/%d" % loop.index, paid is none) }}</tr>{% endfor %}</tbody>
{% elif kind == "lorenz" %}
  <thead><tr><th scope="col">从小到大</th><th scope="col">商户占比</th><th scope="col">金额占比</th></tr></thead>
  <tbody>{% for x, y in curve %}<tr><th scope="row">第 {{ loop.index }} 组</th>{{ ratio_cell(x) }}{{ ratio_cell(y) }}</tr>{% endfor %}</tbody>
{% elif shape == "list" %}
  <thead><tr><th scope="col">单位片区</th><th scope="col">门店片区</th><th scope="col">净核销额</th></tr></thead>
  <tbody>{% for row in flows %}{% set from = zones[loop.index0] %}{% for fen in row %}
    <tr><th scope="row">{{ from }}</th><td>{{ zones[loop.index0] }}</td>{{ fen_cell(fen, hidden=fen is none) }}</tr>{% endfor %}{% endfor %}</tbody>
{% else %}
  <thead><tr><th scope="col">单位片区</th>{% for zone in zones %}<th scope="col" class="number">{{ zone }}</th>{% endfor %}
    <th scope="col" data-skip>合计</th></tr></thead>
  <tbody>{% for row in flows %}<tr><th scope="row">{{ zones[loop.index0] }}</th>
    {% for fen in row %}{{ fen_cell(fen, "/flows/%d" % loop.index, fen is none) }}{% endfor %}{{ fen_cell(999) }}</tr>{% endfor %}</tbody>
  <tfoot><tr><th scope="row">合计</th>{% for zone in zones %}<td>—</td>{% endfor %}<td>—</td></tr></tfoot>
{% endif %}
</table>
{% endcall %}{% endfor %}
</div>{% endblock %}
{% block scripts %}{{ pictures_script() }}{% endblock %}"""
)
CAPTIONS = {
    "series": "每月净核销额",
    "bars": "商户排行",
    "lorenz": "商户集中度",
    "heatmap": "谁在哪里消费",
    "sankey": "片区之间的流向",
    "chord": "片区之间的往来",
}


def page_of(
    app: Flask, kinds: Sequence[str], zones: Sequence[str] = ZONES, flows: Any = FLOWS, shape: str = "matrix"
) -> str:
    """A page of these pictures, as the application renders it."""
    with app.test_request_context():
        return render_template_string(
            PAGE,
            kinds=kinds,
            captions=CAPTIONS,
            zones=zones,
            flows=flows,
            months=MONTHS,
            shops=SHOPS,
            curve=CURVE,
            shape=shape,
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
