"""Pictures in a real browser: each kind says what its table says, with nothing but our own files."""

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from alliance import create_app
from alliance.config import Settings
from alliance.money import format_yuan
from tests.cluster import ROOT
from tests.functional.gallery import BASE, CAPTIONS, FLOWS, MONTHS, SHOPS, ZONES, Gallery, page_of
from tests.functional.scene import DESK, PHONE
from tests.processes import SECRET

pytestmark = pytest.mark.browser

KINDS = list(CAPTIONS)
HIDDEN = "人数不足 5，未公布"
#: The words that do not lie within their picture.
CUT_OFF = """() => [...document.querySelectorAll('[data-part=drawing] svg text')].filter(text => {
  const [word, whole] = [text, text.ownerSVGElement].map(part => part.getBoundingClientRect());
  return word.left < whole.left - 1 || word.right > whole.right + 1
    || word.top < whole.top - 1 || word.bottom > whole.bottom + 1;
}).map(text => text.textContent)"""
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application, which only renders here."""
    path = tmp_path_factory.mktemp("pictures") / "alliance.db"
    shutil.copyfile(sqlite_template, path)
    return create_app(
        Settings(
            environment="local",
            database_url=f"sqlite:///{path}",
            secret_key=SECRET,
            instance_path=path.parent,
        )
    )


@pytest.fixture
def gallery(page: Page) -> Iterator[Gallery]:
    """Pictures at a desk, where nothing may go wrong: no error, no breach of the policy, no other host."""
    page.set_viewport_size(DESK)
    gallery = Gallery(page)
    yield gallery
    assert gallery.faults == []


def drawing(page: Page, kind: str) -> Locator:
    return page.locator(f"#{kind} [data-part=drawing]")


def words(page: Page, kind: str) -> list[str]:
    """The words in the picture."""
    return drawing(page, kind).locator("svg text").all_text_contents()


def hover(page: Page, place: Locator, x: float = 0.5, y: float = 0.5) -> str:
    """What the tooltip says at these shares of the width and the height of ``place``."""
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    tip = page.locator(".picture-tip:visible")
    expect(tip).to_have_count(1)
    return " ".join(tip.inner_text().split())


def filled(page: Page, kind: str, colour: str) -> list[dict[str, float]]:
    """Position and size of what is drawn in this colour, from the top down."""
    boxes = drawing(page, kind).locator(f'svg path[fill="{colour}"]')
    found: list[dict[str, float]] = boxes.evaluate_all(
        "paths => paths.map(path => path.getBBox()).map(({x, y, width, height}) => ({x, y, width, height}))"
    )
    return sorted(found, key=lambda box: box["y"])


def test_bars_are_as_long_as_the_numbers(app, gallery):
    page = gallery.hang(page_of(app, ["bars"]))
    said = words(page, "bars")
    for word in ("吉林市车天下二手车经销有限公司", "王喆眼镜店", "¥98.8万", "¥4.5万", "¥3,100.5", HIDDEN):
        assert word in said
    lengths = [bar["width"] for bar in filled(page, "bars", "#0e7c66") if bar["width"]]
    amounts = [fen for _, fen in SHOPS if fen]
    assert [length / lengths[0] for length in lengths] == pytest.approx(
        [amount / amounts[0] for amount in amounts], abs=2e-3
    )
    assert hover(page, drawing(page, "bars"), 0.6, 0.15).endswith(format_yuan(SHOPS[0][1]))


def test_a_series_says_each_column_and_what_is_preliminary(app, gallery):
    page = gallery.hang(page_of(app, ["series"]))
    said = words(page, "series")
    for word in ("净核销额", "上年同期", "笔数", "2026年8月", "2026年11月"):
        assert word in said
    # One square is the legend's.
    bars = [bar for bar in filled(page, "series", "#0e7c66") if bar["height"] > 20]
    heights = [bar["height"] for bar in sorted(bars, key=lambda bar: bar["x"])]
    amounts = [paid for _, paid, _, _ in MONTHS if paid]
    assert [height / heights[0] for height in heights] == pytest.approx(
        [amount / amounts[0] for amount in amounts], abs=5e-3
    )
    # The last month, and only it, is amber.
    assert len(filled(page, "series", "#faf1df")) == 1
    tip = hover(page, drawing(page, "series"), 0.88, 0.6)
    assert tip == "2026年11月 净核销额 ¥43,210.00 上年同期 ¥130,000.00 笔数 310 初值，还会变"
    tip = hover(page, drawing(page, "series"), 0.38, 0.6)
    assert tip == f"2026年9月 净核销额 {HIDDEN} 上年同期 ¥90,000.00 笔数 {HIDDEN}"
    expect(page.locator("#series [data-part=note]")).to_contain_text("初值")


def test_every_square_of_a_heatmap_says_its_cell(app, gallery):
    page = gallery.hang(page_of(app, ["heatmap"]))
    squares = drawing(page, "heatmap").locator("svg path[stroke='#fff']")
    # The hatching of a square is a second one in its place.
    places = {(box["y"], box["x"]): box for square in squares.all() if (box := square.bounding_box())}
    boxes = [places[place] for place in sorted(places)]
    cells = [(i, j, fen) for i, row in enumerate(FLOWS) for j, fen in enumerate(row)]
    assert len(boxes) == len(cells)
    for box, (i, j, fen) in zip(boxes, cells, strict=True):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        said = HIDDEN if fen is None else format_yuan(fen)
        expect(page.locator(".picture-tip:visible")).to_have_text(f"{ZONES[i]}{ZONES[j]}{said}")
    # What is not published has no number in the picture either.
    assert sum(word.startswith(("¥", "-¥")) for word in words(page, "heatmap")) == 12 + 2


@pytest.mark.parametrize("shape", ["matrix", "list"])
def test_a_sankey_is_as_wide_as_the_flows(app, gallery, shape):
    page = gallery.hang(page_of(app, ["sankey"], shape=shape))
    assert sum(word.startswith("吉林高新技术产业开发区北部新区") for word in words(page, "sankey")) == 2
    colours = ("#0e7c66", "#4464ad", "#b7791f", "#8a4f8d")
    heights = [
        min(filled(page, "sankey", colour), key=lambda node: node["x"])["height"] for colour in colours
    ]
    sums = [sum(fen for fen in row if fen and fen > 0) for row in FLOWS]
    assert [height / sum(heights) for height in heights] == pytest.approx(
        [out / sum(sums) for out in sums], abs=5e-3
    )
    expect(page.locator("#sankey [data-part=note]")).to_have_text(
        "图中未画出 3 格：人数不足 5 未公布，或净额为负。"
    )


def test_small_groups_are_others_beyond_eight_and_sixteen(app, gallery):
    zones = [f"{number}号片区" for number in range(1, 21)]
    flows = [[1000 * (21 - i) + j for j in range(20)] for i in range(20)]
    page = gallery.hang(page_of(app, ["sankey", "chord"], zones, flows))
    assert len(words(page, "sankey")) == 16
    assert words(page, "sankey").count("其他") == 2
    others = drawing(page, "sankey").get_by_text("其他").first
    assert hover(page, others) == f"其他 {format_yuan(sum(map(sum, flows[7:])))}"
    assert len(words(page, "chord")) == 16
    assert words(page, "chord").count("其他") == 1


def test_a_chord_says_what_goes_in_and_out(app, gallery):
    flows = [[None, 100, 2500], [30000, 0, 70], [41, 0, 999]]
    page = gallery.hang(page_of(app, ["chord"], ["东", "西", "南"], flows))
    assert sorted(words(page, "chord")) == sorted("东西南")
    for zone, both in (("东", 100 + 2500 + 30000 + 41), ("西", 30000 + 70 + 100)):
        assert hover(page, drawing(page, "chord").get_by_text(zone)) == f"{zone} {format_yuan(both)}"


def test_a_lorenz_curve_goes_through_its_points(app, gallery):
    page = gallery.hang(page_of(app, ["lorenz"]))
    for word in ("商户占比", "金额占比", "100%"):
        assert word in words(page, "lorenz")
    lines = drawing(page, "lorenz").locator("svg path[fill=none]")
    shapes = [line.get_attribute("d") or "" for line in lines.all()]
    [curve] = [re.findall(r"([\d.]+) ([\d.]+)", shape) for shape in shapes if shape.count("L") == 4]
    xs, ys = ([float(part) for part in parts] for parts in zip(*curve, strict=True))
    assert [(x - xs[0]) / (xs[-1] - xs[0]) for x in xs] == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=1e-3)
    assert [(ys[0] - y) / (ys[0] - ys[-1]) for y in ys] == pytest.approx([0, 0.02, 0.1, 0.3, 1], abs=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_downloaded_light_and_under_its_name(app, gallery, kind):
    gallery.page.emulate_media(color_scheme="dark")
    page = gallery.hang(page_of(app, [kind]))
    files = {}
    for ending in ("png", "svg"):
        page.get_by_text("下载").click()
        with page.expect_download() as download:
            page.locator(f"[data-save={ending}]").click()
        assert download.value.suggested_filename == f"{CAPTIONS[kind]}.{ending}"
        files[ending] = Path(download.value.path()).read_bytes()
    picture = Image.open(io.BytesIO(files["png"]))
    assert picture.format == "PNG"
    assert picture.size[0] >= 1100
    assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    said = [element.text for element in ElementTree.fromstring(files["svg"]).iter() if element.text]
    assert CAPTIONS[kind] in said
    assert set(words(page, kind)) - set(said) <= {word for word in words(page, kind) if word.endswith("…")}
    menu = page.locator(".picture-menu")
    assert menu.locator("a").evaluate_all("links => links.map(link => link.pathname)") == [
        "/table.csv",
        "/table.xlsx",
    ]


def test_the_keyboard_reaches_picture_table_and_menu(app, gallery):
    page = gallery.hang(page_of(app, ["heatmap"]))
    picture, table = (
        page.get_by_role("button", name="图", exact=True),
        page.get_by_role("button", name="表", exact=True),
    )
    expect(page.get_by_role("img", name="谁在哪里消费，一句话。")).to_be_visible()
    expect(page.locator("table")).to_be_hidden()
    picture.focus()
    page.keyboard.press("Tab")
    expect(table).to_be_focused()
    page.keyboard.press("Enter")
    expect(table).to_have_attribute("aria-pressed", "true")
    expect(page.locator("table")).to_be_visible()
    expect(drawing(page, "heatmap")).to_be_hidden()
    # Another width and other colours must not bring the picture back.
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("table")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="PNG 图片")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="PNG 图片")).to_be_hidden()
    expect(page.locator("summary")).to_be_focused()
    picture.press("Space")
    expect(drawing(page, "heatmap")).to_be_visible()


def test_what_is_drawn_leads_where_its_cell_leads(app, gallery):
    page = gallery.hang(page_of(app, ["heatmap"]))
    drawing(page, "heatmap").get_by_text("¥45.7万").first.click()
    page.wait_for_url(f"{BASE}/flows/2")


def test_colours_follow_the_system_and_paper_is_white(app, gallery):
    page = gallery.hang(page_of(app, ["bars"]))
    bars = drawing(page, "bars").locator("svg")
    expect(bars.locator('path[fill="#0e7c66"]').first).to_be_attached()
    page.emulate_media(color_scheme="dark")
    expect(bars.locator('path[fill="#3fb596"]').first).to_be_attached()
    assert bars.locator('path[fill="#0e7c66"]').count() == 0
    page.evaluate(
        "addEventListener('beforeprint', () => {"
        " window.printed = document.querySelector('[data-part=drawing] svg').outerHTML })"
    )
    page.pdf()
    printed = page.evaluate("window.printed")
    assert 'width="680"' in printed
    assert "#0e7c66" in printed
    expect(bars.locator('path[fill="#3fb596"]').first).to_be_attached()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everybody_can_read_and_operate_them(app, gallery, size, scheme):
    page = gallery.page
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    gallery.hang(page_of(app, KINDS))
    expect(page.locator("[data-part=drawing]:visible")).to_have_count(len(KINDS))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CUT_OFF) == []
    # As a driver evaluates it: the page's own policy lets no other script in.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for shown in ("picture", "table"):
        for button in page.locator(f"[data-show={shown}]").all():
            button.click()
        found = page.evaluate("axe.run(document.querySelector('main'))")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_a_wide_heatmap_moves_within_the_page(app, gallery):
    gallery.page.set_viewport_size(PHONE)
    zones = [f"{number}号片区" for number in range(1, 31)]
    page = gallery.hang(page_of(app, ["heatmap"], zones, [[1000 + j for j in range(30)]] * 30))
    expect(drawing(page, "heatmap")).to_be_visible()
    scroll = page.locator("[data-part=scroll]")
    assert scroll.evaluate("place => place.scrollWidth > place.clientWidth && place.tabIndex === 0")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_thousands_of_cells_are_pixels(app, gallery):
    zones = [f"{number}号片区" for number in range(1, 61)]
    page = gallery.hang(
        page_of(app, ["heatmap"], zones, [[(i * j) % 977 for j in range(60)] for i in range(60)])
    )
    expect(drawing(page, "heatmap").locator("canvas").first).to_be_visible()
    expect(drawing(page, "heatmap").locator("svg")).to_have_count(0)


def test_the_words_are_those_of_the_page(app, gallery):
    page = gallery.hang(page_of(app, ["bars"], language="en"))
    said = words(page, "bars")
    for word in ("¥987.7K", "¥45K", "Fewer than 5 people: not published"):
        assert word in said
    page.get_by_role("button", name="Table", exact=True).click()
    expect(page.get_by_role("cell", name="Not published")).to_be_visible()


def test_nothing_to_draw_leaves_the_table(app, gallery):
    page = gallery.hang(page_of(app, ["heatmap"], ["东", "西"], [[None, None], [0, None]]))
    page.wait_for_load_state("networkidle")
    expect(page.locator("table")).to_be_visible()
    expect(page.get_by_role("button", name="图", exact=True)).to_have_count(0)


def test_without_javascript_there_is_the_table_and_its_files(app, browser: Browser):
    page = browser.new_page(java_script_enabled=False, viewport=DESK)
    gallery = Gallery(page)
    gallery.hang(page_of(app, KINDS))
    expect(page.locator("table:visible")).to_have_count(len(KINDS))
    expect(page.locator("[data-show]:visible, [data-save]:visible")).to_have_count(0)
    page.locator("summary").first.click()
    expect(page.get_by_role("link", name="CSV 表格")).to_be_visible()
    assert gallery.faults == []
    page.close()
