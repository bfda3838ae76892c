"""The demonstration as a site in a real browser, made once for all stories that look at it, and how one goes through it.

What the browser showed is kept in build/screenshots, to be looked at.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, sync_playwright

from tests.server.sites import ENVIRONMENT, ZHIDA, RunningSite, short_folder
from tests.stories.small_district import ROOT

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
KEPT = ROOT / "build" / "screenshots"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
SMALL_PHONE = {"width": 360, "height": 780}
SECONDS = 60_000
MOST_STOPS = 250
"""So often Tab is pressed at most before something is held to be out of reach."""
FITS = "document.scrollingElement.scrollWidth <= innerWidth"
"""Whether a page does not scroll sideways."""
PAGE_STOPS = Path(__file__).with_name("page_stops.js")
"""What says where Tab stops; put into every page."""
FIRST_LOOK = "target => Math.max(1, stopsOf().indexOf(target) - stopsOf().indexOf(document.activeElement))"
"""How often Tab is pressed before one looks for the first time whether the focus is there."""
IN_A_BROWSER = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="!!! there is no chromium here: the site was not looked at in a browser"),
]
"""The marks of a module of such stories."""

Opened = Callable[..., Page]


def made(folder: Path) -> Path:
    """Make the demonstration as `make demo` makes it, and return the folder of its site."""
    done = subprocess.run(
        [*ZHIDA, "demo", "--out", str(folder / "demo"), "--no-serve"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return folder / "demo" / "site"


@pytest.fixture(scope="package")
def site() -> Iterator[RunningSite]:
    """The demonstration, served."""
    with short_folder() as folder:
        running = RunningSite(made(folder))
        running.start()
        yield running
        running.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; no loop of its own is left to what comes after the module."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(site: RunningSite, browser: Browser) -> Iterator[Opened]:
    """Open a browser window as somebody who logs in, or as a visitor; nothing in it may fail, nor be fetched from elsewhere."""
    contexts, faults = [], []
    home = f"http://127.0.0.1:{site.port}"

    def heard(response: Response) -> None:
        if response.status >= 400 or not response.url.startswith((home, "data:")):
            faults.append(f"{response.status} {response.url}")

    def window(login: str = "", viewport: dict[str, int] | None = None) -> Page:
        look = {"viewport": viewport or DESK, "locale": "zh-CN", "reduced_motion": "reduce"}  # nothing moves while it is measured
        context = browser.new_context(base_url=home, **look)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(SECONDS)
        context.add_init_script(path=PAGE_STOPS)
        page = context.new_page()
        page.on("response", heard)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        if login:
            page.goto("/account/login/")
            page.fill("#id_login", login)
            page.fill("#id_password", passwords(site)[login])
            page.click("main form button")
            page.wait_for_url(lambda url: "/account/login" not in url)
        return page

    yield window
    for context in contexts:
        context.close()
    assert faults == []


def passwords(site: RunningSite) -> dict[str, str]:
    """Return the passwords of the demonstration, by login."""
    rows = [line.split("\t") for line in (site.folder / "logins.txt").read_text(encoding="utf-8").splitlines()]
    return {row[0]: row[1] for row in rows if len(row) > 1}


def keep(page: Page, name: str) -> None:
    """Keep what the page shows, and see that it fits the window."""
    KEPT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=KEPT / f"{name}.png", full_page=True)
    assert page.evaluate(FITS), f"{name} is too wide"


def tab_to(page: Page, target: str | Locator) -> None:
    """Press Tab until the focus is on something; it is out of reach for a keyboard where it never is.

    Args:
        page: Where.
        target: What, the first of its kind.
    """
    found = (page.locator(target) if isinstance(target, str) else target).first
    found.wait_for()
    first_look = found.evaluate(FIRST_LOOK)
    for pressed in range(1, MOST_STOPS + 1):
        page.keyboard.press("Tab")
        if pressed >= first_look and found.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {target}")


def enter(page: Page, target: str | Locator) -> None:
    """Go to a link or a button by the keyboard, and press Enter, which opens another page."""
    tab_to(page, target)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page: Page, target: str | Locator, text: str) -> None:
    """Go to a field by the keyboard and type into it."""
    tab_to(page, target)
    page.keyboard.type(text)
