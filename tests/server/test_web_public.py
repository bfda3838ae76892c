"""What everybody may read: in both languages, without scripts, with error pages that say what to do."""

import datetime as dt
import doctest
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from tests.house.tree import ROOT
from tests.server.town_site import OFFICER, POLICY, TODAY, Town, town
from zhida_server.delivery import service as delivery
from zhida_server.web import errors, notices, words
from zhida_server.web.templatetags import say

WEB = ROOT / "src/zhida_server/web"


@pytest.fixture
def place(database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:  # noqa: ARG001 - it comes first
    monkeypatch.setattr(timezone, "localdate", lambda *_: TODAY)
    return town(tmp_path)


@pytest.fixture
def browser(place: Town) -> Client:
    return place.client()


@pytest.fixture
def stranger(database: None) -> Client:  # noqa: ARG001 - it comes first
    return Client(SERVER_NAME="localhost")


def text(browser: Client, address: str, status: int = 200, **how: str) -> str:
    answer = browser.get(address, **how)  # type: ignore[arg-type] - headers
    assert answer.status_code == status, answer
    return answer.content.decode()


def addresses() -> Iterator[URLPattern]:
    for pattern in get_resolver().url_patterns:
        assert isinstance(pattern, URLPattern), f"{pattern} is not listed one by one"
        yield pattern


def test_every_address_has_a_name_and_says_who_may_open_it() -> None:
    found = list(addresses())
    assert all(pattern.name for pattern in found)
    assert len({pattern.name for pattern in found}) == len(found)
    unguarded = [pattern.name for pattern in found if not hasattr(pattern.callback, "guard")]
    assert unguarded == []


def test_a_page_is_chinese_until_somebody_switches_whatever_the_browser_prefers(stranger: Client) -> None:
    page = text(stranger, reverse("help"), HTTP_ACCEPT_LANGUAGE="en")
    assert '<html lang="zh-CN">' in page
    assert "本站怎么得出结果" in page
    switched = stranger.post(reverse("set_language"), {"language": "en", "next": reverse("help")})
    assert switched["Location"] == reverse("help")
    page = text(stranger, reverse("help"))
    assert '<html lang="en">' in page
    assert "How answers come about" in page
    assert "本站怎么得出结果" not in page


def test_the_home_page_shows_the_figures_of_the_year(place: Town) -> None:
    assert place.client().get(reverse("home")).context["open_notices"] == 0
    place.notice()
    with pytest.MonkeyPatch.context() as patch:  # notices are counted, and not read one by one with all who wait
        patch.setattr(delivery, "notices", lambda **_: pytest.fail("the home page reads the notices"))
        answer = place.client().get(reverse("home"))
    assert answer.context["open_notices"] == 1
    page = answer.content.decode()
    assert "¥1,000.00" in page  # reserved by the notice
    assert "查看公示" in page
    assert reverse("policy", args=[POLICY]) in page


def test_policies_are_found_by_words_and_filters(browser: Client) -> None:
    assert "花园补助" in text(browser, reverse("policies") + "?q=花园")
    assert "花园补助" not in text(browser, reverse("policies") + "?q=茶叶").replace('value="花园补助"', "")
    assert "花园补助" in text(browser, reverse("policies") + "?gives=cash&delivery=免申即享")
    assert "花园补助" not in text(browser, reverse("policies") + "?gives=tax")
    assert "花园补助" not in text(browser, reverse("policies") + "?force=over")
    assert "花园补助" in text(browser, reverse("policies") + "?force=all&gives=nonsense")


def test_filtering_answers_with_the_list_alone_where_a_script_asks(browser: Client) -> None:
    part = text(browser, reverse("policies") + "?q=花园", HTTP_HX_REQUEST="true")
    assert "花园补助" in part
    assert "<html" not in part


def test_a_policy_shows_the_law_beside_its_rules_its_versions_and_what_is_left(place: Town) -> None:
    page = text(place.client(), reverse("policy", args=[POLICY]))
    assert '<article class="woven">' in page
    assert "第一条 对象" in page
    assert "¥100,000.00" in page
    assert "现行" in page
    assert reverse("claim", args=["A1", POLICY]) not in page
    assert reverse("claim", args=["A1", POLICY]) in text(place.client("boss"), reverse("policy", args=[POLICY]))
    assert "Law beside rule" in english(place, reverse("policy", args=[POLICY]))


def english(place: Town, address: str) -> str:
    browser = place.client()
    browser.post(reverse("set_language"), {"language": "en", "next": "/"})
    return text(browser, address)


def test_a_policy_that_is_none_is_not_found(browser: Client) -> None:
    assert "town/none" in text(browser, reverse("policy", args=["town/none"]), 404)


def test_no_page_has_code_or_style_inside(place: Town) -> None:
    notice = place.notice()
    visitor = [reverse(name) for name in ("home", "policies", "notices", "help", "privacy", "account_login")]
    own = [reverse(name, args=["A1"]) for name in ("enterprise", "facts", "payee")]
    own += [reverse("explanation", args=["A1", POLICY]), reverse("policy", args=[POLICY]), reverse("notice", args=[notice.id]), "/none/"]
    browser = place.client("boss")
    for page in [place.client().get(address).content.decode() for address in visitor] + [
        browser.get(each).content.decode() for each in own
    ]:
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)


def test_a_sheet_of_the_engine_is_kept_until_it_changes(stranger: Client) -> None:
    answer = stranger.get(reverse("style", args=["explained"]))
    assert "immutable" in answer["Cache-Control"]
    assert answer["Content-Type"].startswith("text/css")
    assert ".explained h1" in answer.content.decode()
    assert stranger.get(reverse("style", args=["none"])).status_code == 404


# --- public notices --------------------------------------------------------------------------------------------------


def test_a_notice_shows_names_amounts_and_articles_and_nothing_else_of_an_enterprise(place: Town) -> None:
    notice = place.notice()
    assert "花园补助" in text(place.client(), reverse("notices"))
    page = text(place.client(), reverse("notice", args=[notice.id]))
    assert "杭州智算科技有限公司" in page
    assert "¥1,000.00" in page
    assert "湖墅" not in page
    assert "没有找到" in text(place.client(), reverse("notice", args=[notice.id]) + "?q=茶叶")


def object_to(browser: Client, notice: object, **fields: str) -> object:
    return browser.post(reverse("object_to", args=[notice]), {"code": "A1", "who": "王五 12345", "reason": "没有花园"} | fields)


def test_anybody_may_object_and_is_told_that_it_came_in(place: Town) -> None:
    notice = place.notice()
    browser = place.client()
    answer = object_to(browser, notice.id)
    assert answer["Location"] == reverse("notice", args=[notice.id])  # type: ignore[index] - an answer
    assert "已收到对“杭州智算科技有限公司”的异议" in text(browser, reverse("notice", args=[notice.id]))
    assert [each.reason for each in delivery.objections(OFFICER)] == ["没有花园"]


def test_an_objection_that_cannot_be_taken_says_why(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = place.notice()
    browser = place.client()
    assert object_to(browser, notice.id, code="Z9").status_code == 404  # type: ignore[attr-defined] - an answer
    assert object_to(browser, notice.id, reason=" ").status_code == 422  # type: ignore[attr-defined] - an answer
    assert object_to(browser, uuid4()).status_code == 404  # type: ignore[attr-defined] - an answer
    monkeypatch.setattr(timezone, "localdate", lambda *_: dt.date(2026, 8, 1))
    assert object_to(browser, notice.id).status_code == 409  # type: ignore[attr-defined] - an answer
    assert 'id="object"' not in text(browser, reverse("notice", args=[notice.id]))


def test_one_address_cannot_object_without_end(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MOST_OBJECTIONS", 2)
    notice = place.notice()
    browser = place.client()
    statuses = [object_to(browser, notice.id, reason=f"第 {place} 次").status_code for place in range(3)]  # type: ignore[attr-defined]
    assert statuses == [302, 302, 429]
    assert len(delivery.objections(OFFICER)) == 2


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_error_pages_say_what_to_do_in_both_languages(stranger: Client) -> None:
    page = text(stranger, "/none/", 404)
    assert "从首页重新查找政策" in page
    assert "Start again from the home page" in page
    answer = stranger.get(reverse("set_language"))
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "Allow" not in stranger.post(reverse("set_language"), {"language": "en"})


def test_every_status_has_a_page_in_both_languages() -> None:
    request = RequestFactory().get("/")
    for status, fault in errors.FAULTS.items():
        page = errors.error_page(request, status).content.decode()
        assert fault.zh in page
        assert fault.en in page


def test_our_own_fault_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///nowhere")
    answer = errors.failed(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "网站出了故障" in answer.content.decode()


def test_a_form_from_elsewhere_is_refused_with_words(stranger: Client) -> None:
    stranger.handler.enforce_csrf_checks = True
    answer = stranger.post(reverse("set_language"), {"language": "en"})
    assert answer.status_code == 403
    assert "表单已经失效" in answer.content.decode()


def test_a_visitor_who_may_not_is_led_to_the_login_page_and_back(stranger: Client) -> None:
    answer = stranger.get(reverse("enterprise", args=["A1"]))
    assert answer["Location"] == f"{reverse('account_login')}?next={reverse('enterprise', args=['A1'])}"


# --- templates and style ---------------------------------------------------------------------------------------------


def test_what_is_put_into_a_text_is_escaped() -> None:
    template = Template('{% load say %}{% say "共 {n} 家" "{n} in all" n=count %}{% say name name %}')
    assert template.render(Context({"count": "<b>", "name": "<i>"})) == "共 &lt;b&gt; 家&lt;i&gt;"
    assert template.render(Context({"count": 3, "name": "x", "is_english": True})) == "3 in allx"


def test_templates_say_nothing_in_one_language_alone() -> None:
    allowed = {"中文", "直", "达", "政", "策"}  # the switch itself, and the seal
    faults = []
    for path in sorted((WEB / "templates").rglob("*.html")):
        if path.name == "failed.html":
            continue  # both languages stand on it, since it knows neither request nor reader
        left = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        words = {word for word in re.findall(r"[\u4e00-\u9fff]+", left) if word not in allowed}
        faults += [f"{path.name}: {word}" for word in words if f"delivery={word}" not in left]
    assert faults == []


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    parts = (
        [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        if len(digits) == 6
        else [int(each * 2, 16) / 255 for each in digits]
    )
    red, green, blue = ((each / 12.92) if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "quiet", "accent", "seal", "good", "doubt", "bad") for ground in ("paper", "sheet", "wash")),
        *((ink, f"{ink}-faint") for ink in ("accent", "good", "doubt", "bad", "seal")),
        ("sheet", "accent"),
        ("sheet", "accent-deep"),
        ("sheet", "seal"),
    ],
)
def test_colours_can_be_read(ink: str, ground: str) -> None:
    values = dict(
        re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", (WEB / "static/web/site.css").read_text(encoding="utf-8").partition("/* 2")[0])
    )
    assert contrast(values[ink], values[ground]) >= 4.5, (values[ink], values[ground])


def test_the_style_fetches_nothing() -> None:
    sheet = (WEB / "static/web/site.css").read_text(encoding="utf-8")
    assert "url(" not in sheet
    assert "@import" not in sheet


@pytest.mark.parametrize("module", [say, words], ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)
