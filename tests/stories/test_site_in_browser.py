"""The demonstration as people use it, in a real browser: a visitor, a representative, two of finance, the auditor.

What the browser showed is kept in build/screenshots, to be looked at.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.server.sites import RunningSite
from tests.stories.browsing import DESK, IN_A_BROWSER, PHONE, SECONDS, Opened, enter, keep, tab_to, write

ARTICLE = re.compile(r"〔\d{4}〕\d+号|第[一二三四五六七八九十百]+条")
CLAIMED, CLAIMED_TITLE = "zhejiang/stable-jobs-zhejiang-2026", "浙江省失业保险稳岗返还（2026 年度）"
"""What is granted on asking and has a budget: its name and its title."""

pytestmark = IN_A_BROWSER


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


def test_what_a_representative_claims_is_pending_and_then_paid_with_one_amount(opened: Opened, tmp_path: Path) -> None:
    firm, maker, signer = opened("qiye"), opened("caiwu"), opened("fuhe")
    firm.goto("/enterprise/")
    own = firm.url
    keep(firm, "representative-results")
    amount = _claimed_by_keyboard(firm)
    keep(firm, "representative-answer")
    enter(firm, ".crumbs a")
    assert firm.url == own
    pending = firm.locator("#under-way li", has_text=CLAIMED_TITLE)
    expect(pending.locator(".amount")).to_have_text(amount)
    expect(firm.locator("#due li", has_text=CLAIMED_TITLE).locator(".amount")).to_have_text(amount)
    expect(firm.locator("#missing > ul > li, #near > ul > li", has_text=CLAIMED_TITLE)).to_have_count(0)
    expect(firm.locator("#paid li", has_text=CLAIMED_TITLE)).to_have_count(0)
    keep(firm, "representative-pending")
    if pending.locator("a[href$='/payee/']").count():
        enter(firm, pending.locator("a[href$='/payee/']"))
        for field, text in {"account_name": "合成企业", "bank": "合成银行武林支行", "account_number": "6222000000000000018"}.items():
            write(firm, f"#{field}", text)
        enter(firm, "main form[action$='/payee/'] button")
        expect(firm.locator(".notice.good")).to_be_visible()
    maker.goto("/desk/payments/")
    keep(maker, "finance-payable")
    enter(maker, maker.locator("tr", has_text=CLAIMED_TITLE).locator("a[href*='/batch/']"))
    keep(maker, "finance-batch-to-make")
    enter(maker, ".verdict form button")
    expect(maker.locator("main")).to_contain_text(amount)
    assert maker.locator("a[href$='/sign/']").count() == 0, "who made a batch may not sign it"
    signer.goto(maker.url)
    _sign_by_keyboard(signer)
    _load_return_file(signer, tmp_path)
    firm.goto(own)
    expect(firm.locator("#paid li", has_text=CLAIMED_TITLE).locator(".answer .amount")).to_have_text(amount)
    expect(firm.locator("#under-way li", has_text=CLAIMED_TITLE)).to_have_count(0)
    keep(firm, "representative-paid")


def _claimed_by_keyboard(page: Page) -> str:
    """Claim the one policy, with every fact that is asked for, and return the amount that was granted."""
    enter(page, page.locator(f"a[href$='/claim/{CLAIMED}/']"))
    for _ in range(4):  # what still matters is asked again after each answer
        if not page.locator("main form[action*='/claim/'] button").count():
            break
        for field in page.locator("main form[action*='/claim/'] input[type=radio][value=true]").all():
            tab_to(page, field)
            page.keyboard.press("Space")
        for field in page.locator("main form[action*='/claim/'] input:is([type=text], [type=number])").all():
            write(page, field, "20")
        keep(page, "representative-claim")
        enter(page, "main form[action*='/claim/'] button")
    expect(page.locator(".verdict.good h1")).to_have_text(CLAIMED_TITLE)
    amount = page.locator(".verdict.good .amount").inner_text()
    assert re.fullmatch(r"¥[1-9][\d,]*\.\d\d", amount)
    return amount


def _sign_by_keyboard(signer: Page) -> None:
    """Sign the batch that is looked at."""
    batch = signer.url
    enter(signer, "a[href$='/sign/']")
    keep(signer, "finance-batch-to-sign")
    enter(signer, ".verdict form button")
    assert signer.url == batch
    keep(signer, "finance-batch-signed")


def _load_return_file(signer: Page, folder: Path) -> None:
    """Fetch the bank's file of the batch that is looked at, and load the answer of a bank that paid all of it."""
    batch = signer.url
    with signer.expect_download() as downloading:
        signer.click("form[action$='/file/'] button")
    bank, returned = folder / "bank.csv", folder / "return.csv"
    downloading.value.save_as(bank)
    returned.write_bytes(_answered(bank))
    signer.goto(batch)
    signer.click("a[href$='/return/']")
    signer.set_input_files("input[type=file]", returned)
    keep(signer, "finance-return-chosen")
    signer.click("main form[enctype] button")
    signer.wait_for_url(batch)
    expect(signer.locator(".figures")).to_contain_text(f"{len(bank.read_text(encoding='utf-8-sig').splitlines()) - 1} 笔")
    expect(signer.locator("a[href$='/return/']")).to_have_count(0)


def test_finance_signs_a_batch_and_loads_the_return_file(opened: Opened, tmp_path: Path) -> None:
    maker, signer = opened("caiwu"), opened("fuhe")
    maker.goto("/desk/payments/")
    keep(maker, "finance-payments")
    waiting = maker.locator("tr", has_text="待签发").locator("a").last.get_attribute("href") or ""
    maker.goto(waiting)
    assert maker.locator("a[href$='/sign/']").count() == 0, "who made a batch may not sign it"
    signer.goto(waiting)
    keep(signer, "finance-batch-made")
    _sign_by_keyboard(signer)
    _load_return_file(signer, tmp_path)
    keep(signer, "finance-batch-paid")


def _answered(bank: Path) -> bytes:
    """Return what a bank says that has paid every line of its file."""
    head, *lines = bank.read_text(encoding="utf-8-sig").splitlines()
    assert "支付编号" in head
    return "\r\n".join([f"{head},结果,原因", *(f"{line},成功," for line in lines)]).encode("gb18030")


def test_the_auditor_follows_a_payment_to_the_article_and_decides_it_again(opened: Opened) -> None:
    page = opened("shenji")
    page.goto("/desk/payments/")
    enter(page, page.locator("a[href*='/payments/batches/']").last)
    enter(page, "a[href*='/payments/orders/']")
    keep(page, "auditor-payment")
    expect(page.locator("ol.trail > li")).to_have_count(6)
    tab_to(page, "[hx-get$='/replay/']")
    page.keyboard.press("Enter")
    expect(page.locator("#replayed .verdict.good")).to_be_visible(timeout=SECONDS)
    expect(page.locator("#replayed article.explained").first).to_contain_text(ARTICLE)
    keep(page, "auditor-replayed")
    page.goto("/desk/audit/chain/?verify=1")
    expect(page.locator("main")).to_contain_text(re.compile("[0-9a-f]{64}"))
    keep(page, "auditor-chain")
