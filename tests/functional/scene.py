"""People at their screens: who they are, how they sign in, and a camera that sees somebody's phone."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect
from sqlalchemy.orm import Session

from alliance import clock
from alliance.accounts.grants import find_or_create_account, grant
from alliance.accounts.models import Role
from alliance.accounts.passwords import hash_password
from alliance.audit.trail import COMMAND_LINE
from tests.world import World

PASSWORD = "one-password-for-all"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
CAMERA = (1280, 720)

PHONES = {
    "organizer": "13900000001",
    "admin": "13900000002",
    "cashier": "13900000003",
    "mechanic": "13800000001",
    "data officer": "13900000004",
}


def people(session: Session) -> World:
    """A world with those who run it, the dairy's administrator and cashier, and the mechanic; committed."""
    world = World(session, clock.now())
    grants: dict[str, dict[str, Any]] = {
        "organizer": {"role": Role.ORGANIZER},
        "admin": {"role": Role.ENTERPRISE_ADMIN, "enterprise_id": world.dairy.id},
        "cashier": {
            "role": Role.CASHIER,
            "enterprise_id": world.dairy.id,
            "outlets": [world.dairy_shop],
        },
        "data officer": {"role": Role.DATA_OFFICER},
        "mechanic": {"role": Role.HOLDER, "holder_id": world.mechanic.id},
    }
    for who, scope in grants.items():
        account = find_or_create_account(session, f"+86{PHONES[who]}", who, world.at)
        account.password_hash = hash_password(PASSWORD)
        grant(session, account, by=COMMAND_LINE, at=world.at, **scope)
    session.commit()
    return world


class Screens:
    """Opens a page per person and keeps what no page may do: errors, and requests to other hosts."""

    def __init__(self, browser: Browser, context_args: dict[str, Any], base: str) -> None:
        self.base = base
        self.faults: list[str] = []
        self._browser, self._context_args = browser, context_args
        self._contexts: list[BrowserContext] = []

    def open(self, who: str, size: dict[str, int], browser: Browser | None = None, **options: Any) -> Page:
        """A browser of this person's own, signed in and where that leads."""
        context = (browser or self._browser).new_context(
            **self._context_args | {"base_url": self.base, "viewport": size} | options
        )
        self._contexts.append(context)
        context.on("request", self._see_request)
        context.on("console", self._see_console)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("手机号").fill(PHONES[who])
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        expect(page).not_to_have_title("登录 · 异业联盟")
        return page

    def forgive(self, words: str) -> None:
        """Forget the errors with these words, which the test has made itself."""
        self.faults = [fault for fault in self.faults if words not in fault]

    def close(self) -> None:
        """Close every browser that was opened here."""
        for context in self._contexts:
            context.close()

    def _see_request(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"a request to {request.url}")

    def _see_console(self, message: Any) -> None:
        # A refusal is a 4xx, and Chromium notes every 4xx of a fetch().
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.faults.append(message.text)


def code_on(page: Page) -> str:
    """What a scanner reads from the screen as it is; empty when there is no code."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    return found[0].text if found else ""


def digits_on(page: Page) -> str:
    """The typed code of the mechanic's phone, asked for as its owner would."""
    page.get_by_role("button", name="扫不了码，用数字码").click()
    expect(page.locator("[data-typed]")).not_to_be_empty()
    return page.locator("[data-typed]").inner_text()


@contextmanager
def looking_at(picture: Path, browser_type: BrowserType, launch_args: dict[str, Any]) -> Iterator[Browser]:
    """A second Chromium whose camera sees ``picture``."""
    video = picture.with_suffix(".y4m")
    write_video(Image.open(picture), video)
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ]
    browser = browser_type.launch(**launch_args | {"args": [*launch_args["args"], *camera]})
    try:
        yield browser
    finally:
        browser.close()


def write_video(picture: Image.Image, path: Path) -> None:
    """A still video (YUV4MPEG2, 4:2:0) of ``picture`` held upright before the camera."""
    frame = Image.new("RGB", CAMERA, "#6d6a66")
    held = picture.convert("RGB")
    held.thumbnail(CAMERA)
    frame.paste(held, ((CAMERA[0] - held.width) // 2, (CAMERA[1] - held.height) // 2))
    luma, *chroma = frame.convert("YCbCr").split()
    half = (CAMERA[0] // 2, CAMERA[1] // 2)
    planes = b"".join([luma.tobytes(), *(plane.resize(half).tobytes() for plane in chroma)])
    header = f"YUV4MPEG2 W{CAMERA[0]} H{CAMERA[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(header + (b"FRAME\n" + planes) * 2)
