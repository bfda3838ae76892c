"""The demonstration as people use it, in a real browser: a visitor, a representative, two of finance, the auditor.

What the browser showed is kept in build/screenshots, to be looked at.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests.server.sites import ENVIRONMENT, ZHIDA, RunningSite, short_folder
from tests.stories.small_district import ROOT

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
KEPT = ROOT / "build" / "screenshots"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
SECONDS = 60_000
ARTICLE = re.compile(r"〔\d{4}〕\d+号|第[一二三四五六七八九十百]+条")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="!!! there is no chromium here: the site was not looked at in a browser"),
]

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def site() -> Iterator[RunningSite]:
    """The demonstration, made as `make demo` makes it, and served."""
    with short_folder() as folder:
        made = subprocess.run(
            [*ZHIDA, "demo", "--out", str(folder / "demo"), "--no-serve"],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
        )
        assert made.returncode == 0, made.stderr[-4_000:]
        running = RunningSite(folder / "demo" / "site")
        running.start()
        yield running
        running.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
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
        context = browser.new_context(base_url=home, viewport=viewport or DESK, locale="zh-CN")  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(SECONDS)
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
    rows = [line.split("\t") for line in (site.folder / "logins.txt").read_text(encoding="utf-8").splitlines()]
    return {row[0]: row[1] for row in rows if len(row) > 1}


def keep(page: Page, name: str) -> None:
    """Keep what the page shows, and see that it fits the window."""
    KEPT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=KEPT / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1"), f"{name} is too wide"


def test_the_files_of_the_demonstration_are_its_owners_alone(site: RunningSite) -> None:
    assert (site.folder / "logins.txt").stat().st_mode & 0o077 == 0
    assert os.environ.get("DATABASE_URL") is None or site.is_well()


@pytest.mark.parametrize(("name", "viewport"), [("desk", DESK), ("phone", PHONE)])
def test_a_visitor_reads_about_computing_vouchers(opened: Opened, name: str, viewport: dict[str, int]) -> None:
    page = opened(viewport=viewport)
    page.goto("/")
    expect(page.locator(".demo-band")).to_contain_text("合成数据")
    keep(page, f"visitor-home-{name}")
    page.goto("/policies/")
    page.locator("a[href='/policies/hangzhou/compute-voucher/']").first.click()
    expect(page.locator("h1").first).to_contain_text("算力券")
    expect(page.locator("main")).to_contain_text("举措一（一）")
    keep(page, f"visitor-voucher-{name}")
    page.locator("form.language button").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    keep(page, f"visitor-voucher-english-{name}")


def test_whoever_chose_dark_gets_dark_on_the_screen_and_light_on_paper(opened: Opened) -> None:
    page = opened()

    def looks(element: str, of: str) -> str:
        return str(page.eval_on_selector(element, f"found => getComputedStyle(found).{of}"))

    page.emulate_media(color_scheme="dark")
    page.goto("/policies/hangzhou/compute-voucher/")
    assert looks("html", "backgroundColor") == "rgb(16, 21, 21)"
    assert looks(".woven h1", "color") == looks("body", "color") == "rgb(228, 234, 231)"
    keep(page, "visitor-voucher-dark")
    page.emulate_media(color_scheme="dark", media="print")
    assert looks("html", "backgroundColor") == "rgb(255, 255, 255)"
    assert looks(".woven h1", "color") == looks("body", "color") == "rgb(26, 37, 37)"


def test_a_representative_claims_and_sees_it_pending(opened: Opened) -> None:
    page = opened("qiye")
    page.goto("/enterprise/")
    keep(page, "representative-results")
    own = page.url
    page.locator("a[href*='/claim/']").first.click()
    for _ in range(4):  # what still matters is asked again after each answer
        if not page.locator("main form[action*='/claim/'] button").count():
            break
        for field in page.locator("main form[action*='/claim/'] input[type=radio][value=true]").all():
            field.check()
        for field in page.locator("main form[action*='/claim/'] input:is([type=text], [type=number])").all():
            field.fill("20")
        keep(page, "representative-claim")
        page.locator("main form[action*='/claim/'] button").first.click()
        page.wait_for_load_state()
    expect(page.locator(".verdict.good")).to_be_visible()
    expect(page.locator(".verdict .amount")).not_to_be_empty()
    keep(page, "representative-answer")
    page.goto(own)
    expect(page.locator("#under-way a[href*='/entitlements/']").first).to_be_visible()
    keep(page, "representative-pending")


def test_finance_signs_a_batch_and_loads_the_return_file(opened: Opened, tmp_path: Path) -> None:
    maker = opened("caiwu")
    maker.goto("/desk/payments/")
    keep(maker, "finance-payments")
    signer = opened("fuhe")
    signer.goto("/desk/payments/")
    batches = list(dict.fromkeys(link.get_attribute("href") or "" for link in signer.locator("a[href*='/payments/batches/']").all()))
    waiting = next(href for href in batches if _has(signer, href, "a[href$='/sign/']"))
    maker.goto(waiting)
    assert maker.locator("a[href$='/sign/']").count() == 0, "who made a batch may not sign it"
    signer.goto(waiting)
    keep(signer, "finance-batch-made")
    signer.click("a[href$='/sign/']")
    keep(signer, "finance-batch-to-sign")
    signer.click(".verdict form button")
    signer.wait_for_url(f"**{waiting}")
    keep(signer, "finance-batch-signed")
    with signer.expect_download() as downloading:
        signer.click("form[action$='/file/'] button")
    bank = tmp_path / "bank.csv"
    downloading.value.save_as(bank)
    returned = tmp_path / "return.csv"
    returned.write_bytes(_answered(bank))
    signer.goto(waiting)
    signer.click("a[href$='/return/']")
    signer.set_input_files("input[type=file]", returned)
    keep(signer, "finance-return-chosen")
    signer.click("main form[enctype] button")
    signer.wait_for_url(f"**{waiting}")
    expect(signer.locator(".figures")).to_contain_text(f"{len(bank.read_text(encoding='utf-8-sig').splitlines()) - 1} 笔")
    assert _has(signer, waiting, "a[href$='/return/']") is False, "all of it is paid"
    keep(signer, "finance-batch-paid")


def _has(page: Page, href: str, selector: str) -> bool:
    page.goto(href)
    return page.locator(selector).count() > 0


def _answered(bank: Path) -> bytes:
    """Return what a bank says that has paid every line of its file."""
    head, *lines = bank.read_text(encoding="utf-8-sig").splitlines()
    assert "支付编号" in head
    return "\r\n".join([f"{head},结果,原因", *(f"{line},成功," for line in lines)]).encode("gb18030")


def test_the_auditor_follows_a_payment_to_the_article_and_decides_it_again(opened: Opened) -> None:
    page = opened("shenji")
    page.goto("/desk/payments/")
    page.locator("a[href*='/payments/batches/']").last.click()
    page.locator("a[href*='/payments/orders/']").last.click()
    keep(page, "auditor-payment")
    expect(page.locator("ol.trail > li")).to_have_count(6)
    page.click("[hx-get$='/replay/']")
    expect(page.locator("#replayed .verdict.good")).to_be_visible(timeout=SECONDS)
    expect(page.locator("#replayed article.explained").first).to_contain_text(ARTICLE)
    keep(page, "auditor-replayed")
    page.goto("/desk/audit/chain/?verify=1")
    expect(page.locator("main")).to_contain_text(re.compile("[0-9a-f]{64}"))
    keep(page, "auditor-chain")
