"""Every page of the demonstration on a small phone and by the keyboard alone, and an act of each office without a mouse.

`page_faults.js` says what is wrong with a page as it is shown, `page_walk.js` what Tab does on it.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.stories.browsing import FITS, IN_A_BROWSER, PAGE_STOPS, PHONE, SMALL_PHONE, Opened, enter, keep, tab_to, write

FAULTS = Path(__file__).with_name("page_faults.js").read_text(encoding="utf-8")
WALK = Path(__file__).with_name("page_walk.js").read_text(encoding="utf-8")
STOPS = 40
"""So many stops of a page are walked at most; what comes after them is rows like those before."""
KINDS = (
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/enterprise/)[0-9A-Z]{18}"), "*"),
    (re.compile(r"(policies|explain|claim|notice|of)/(?:[a-z0-9-]+/){2,}"), r"\1/*/"),
    (re.compile(r"[?#].*"), ""),
)
"""What makes addresses of one kind of page differ."""
LINKS = """[...document.querySelectorAll("main a[href^='/']:not([download])")].map(link => link.getAttribute("href"))"""
NO_PAGE = re.compile(r"/(?:export|files|download)/")
PARTS = {"": "/", "qiye": "/enterprise/", "qiye2": "/account/"} | dict.fromkeys(
    ("zhengce", "caiwu", "fuwu", "lingdao", "shenji", "guanli"), "/desk/"
)
"""Who looks at which part of the site; a visitor sees the public pages for all others."""
STARTS = {"": ("/", "/help/"), "qiye": ("/enterprise/",), "qiye2": ("/account/2fa/", "/account/password/change/")}
BAD = """<!doctype html><html lang="en"><head><style>
  body { width: 900px; } a, button { outline: none !important; } .faint { color: #999; }
  .box { width: 90px; overflow-x: auto; } .box p { width: 400px; }
  .tiny { font-size: 9px; } button { width: 12px; height: 12px; padding: 0; } h3 { width: 40px; white-space: nowrap; }
</style></head><body><a href="/" tabindex="2">second</a><a href="/" tabindex="1">first</a><input name="said"><button>b</button>
<p class="faint">faint</p><p class="tiny">tiny</p><h3>a heading that is cut</h3><div class="box"><p>wide</p></div></body></html>"""

pytestmark = IN_A_BROWSER


def kind_of(address: str) -> str:
    for pattern, common in reversed(KINDS):
        address = pattern.sub(common, address)
    return address


def faults_of(page: Page, language: str, *, is_first: bool) -> list[str]:
    """Return what is wrong with the page on phones.

    Args:
        page: As it was opened, on the smaller of the phones.
        language: Of the page.
        is_first: Whether it is the first of its kind; then the larger phone is dark and all is looked at there again, and Tab walks it.
    """
    found = [f"{SMALL_PHONE['width']} {fault}" for fault in page.evaluate(FAULTS, language)]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    if is_first:
        page.emulate_media(color_scheme="dark")
        found += [f"{PHONE['width']} dark {fault}" for fault in page.evaluate(FAULTS, language)]
        for _ in range(page.evaluate(WALK, STOPS)):
            page.keyboard.press("Tab")
        found += page.evaluate("walked()")
        page.emulate_media(color_scheme="light")
    elif not page.evaluate(FITS):
        found.append(f"{PHONE['width']} wide")
    page.set_viewport_size(SMALL_PHONE)  # type: ignore[arg-type]
    return list(dict.fromkeys(found))


def looked_at(page: Page, starts: tuple[str, ...], part: str, language: str, known: set[str]) -> dict[str, list[str]]:
    """Look at one page of each kind that links lead to, and return what is wrong, by the kind of page.

    Args:
        page: Of whoever looks.
        starts: Where to begin.
        part: What the addresses begin with.
        language: Of the pages.
        known: The kinds of pages that were looked at before, which grow.
    """
    found: dict[str, list[str]] = {}
    waiting = list(starts)
    while waiting:
        address = waiting.pop(0)
        kind = kind_of(address)
        if kind in found:
            continue
        page.goto(address.partition("#")[0])
        found[kind] = faults_of(page, language, is_first=kind not in known)
        known.add(kind)
        links = page.evaluate(LINKS)
        waiting += [href for href in links if href.startswith(part) and not NO_PAGE.search(href)]
    return found


@pytest.fixture(scope="module")
def known() -> set[str]:
    """The kinds of pages that Tab went through already: they have the same stops for everybody, but for a button or two."""
    return set()


@pytest.mark.parametrize("who", PARTS, ids=lambda who: who or "visitor")
def test_every_page_fits_a_phone_can_be_read_and_is_walked_by_keyboard(opened: Opened, known: set[str], who: str) -> None:
    page = opened(who, SMALL_PHONE)
    part = PARTS[who]
    found = looked_at(page, STARTS.get(who, (part,)), part, "zh-CN", known)
    assert {kind: faults for kind, faults in found.items() if faults} == {}
    least = {"/": 7, "/enterprise/": 5, "/account/": 2, "/desk/": 6}[part]
    assert len(found) >= least, sorted(found)


@pytest.mark.parametrize("who", ["", "qiye", "shenji"], ids=["visitor", "representative", "auditor"])
def test_english_is_longer_and_fits_a_phone_too(opened: Opened, known: set[str], who: str) -> None:
    page = opened(who, SMALL_PHONE)
    page.goto("/help/")
    enter(page, "form.language button")
    part = PARTS[who]
    found = looked_at(page, STARTS.get(who, (part,)), part, "en", known)
    assert {kind: faults for kind, faults in found.items() if faults} == {}


def test_the_measurement_sees_what_is_wrong(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 780})
    page.set_content(BAD)
    page.evaluate(PAGE_STOPS.read_text(encoding="utf-8"))
    kinds = {fault.split(":")[0] for fault in page.evaluate(FAULTS, "zh-CN")}
    assert kinds == {"wide", "scroll", "heading", "language", "label", "target", "text", "contrast", "cut"}
    for _ in range(page.evaluate(WALK, STOPS)):
        page.keyboard.press("Tab")
    assert {fault.split(":")[0] for fault in page.evaluate("walked()")} == {"first", "order", "focus"}
    page.close()


def test_the_first_stop_is_a_link_past_the_head_of_the_page(opened: Opened) -> None:
    page = opened()
    page.goto("/policies/")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("main input").first).to_be_focused()


def test_a_person_s_menu_opens_and_closes_by_keyboard(opened: Opened) -> None:
    page = opened("lingdao", PHONE)
    page.goto("/desk/budgets/")
    menu = page.locator(".menu-sheet")
    tab_to(page, ".menu summary")
    expect(menu).to_be_hidden()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    keep(page, "leader-menu-phone")
    page.keyboard.press("Tab")
    expect(menu.locator("a").first).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(menu).to_be_hidden()
    page.keyboard.press("Space")
    enter(page, menu.locator("button"))
    expect(page.locator("main")).to_contain_text("登录")


def test_what_a_visitor_objects_to_is_decided_without_a_mouse(opened: Opened) -> None:
    visitor, officer = opened("", PHONE), opened("zhengce")
    visitor.goto("/notices/")
    enter(visitor, visitor.locator("main li", has_text="公示中").locator("a"))
    name = visitor.locator("#lines tbody th").nth(4).inner_text()
    enter(visitor, visitor.locator("#lines tbody tr").nth(4).locator("a"))
    write(visitor, "#who", "甲，13800000000")
    write(visitor, "#reason", "名称与登记不符")
    enter(visitor, "#object button")
    expect(visitor.locator(".notice.success, .notice.good").first).to_be_visible()
    officer.goto("/desk/notices/")
    enter(officer, officer.locator("main li", has_text=name).locator("a.button"))
    tab_to(officer, "input[name=decision]")
    officer.keyboard.press("ArrowDown")
    expect(officer.locator("input[value=not-upheld]")).to_be_checked()
    write(officer, "#reason", "已核对，名称一致")
    keep(officer, "policy-objection")
    enter(officer, "main form button.primary")
    expect(officer.locator("main li", has_text=name)).to_contain_text("不成立")


def test_the_counter_binds_a_representative_and_the_administrator_confirms_without_a_mouse(opened: Opened) -> None:
    counter, administrator = opened("fuwu", PHONE), opened("guanli")
    counter.goto("/enterprise/")
    code = counter.locator("table .code").nth(7).inner_text()
    counter.goto("/desk/")
    enter(counter, "main a[href$='/people/bind/']")
    for field, text in {"code": code, "name": "dengnan", "document": "授权书 2026-17", "password": "long-enough-for-once"}.items():
        write(counter, f"#{field}", text)
    keep(counter, "counter-bind-phone")
    enter(counter, "main form button.primary")
    expect(counter.locator(".notice.success")).to_be_visible()
    administrator.goto("/desk/people/")
    enter(administrator, "main a[href$='/people/bindings/']")
    keep(administrator, "administrator-bindings")
    enter(administrator, administrator.locator("main li", has_text="dengnan").locator("button.primary"))
    expect(administrator.locator("main li", has_text="dengnan")).to_have_count(0)


def test_the_leader_reads_what_a_budget_has_left_without_a_mouse(opened: Opened) -> None:
    page = opened("lingdao", PHONE)
    page.goto("/desk/")
    enter(page, "nav .tabs a[href$='/budgets/']")
    expect(page.locator("main .figures").first).to_contain_text("估计用完")
    keep(page, "leader-budgets-phone")
