"""Pages as a browser shows them: they fit the window, and fetch nothing from anywhere."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from tests.stories.small_district import AS_OF, COMMAND, ENVIRONMENT, PACKS, ROOT, District

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="!!! there is no chromium here: the pages were not looked at in a browser"),
]

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)

# Written into the title of a copy of the page, since that is what the browser gives back.
MEASURE = """
<script>
addEventListener("load", () => {
  const page = document.documentElement, wide = [];
  for (const element of document.body.querySelectorAll("*")) {
    const scrolls = element.parentElement.closest(".scroll, .rule-side, .appendix");
    if (!scrolls && element.getBoundingClientRect().right > page.clientWidth + 1) wide.push(element.tagName + "." + element.className);
  }
  document.title = JSON.stringify({
    window: innerWidth, room: page.clientWidth, width: Math.max(page.scrollWidth, document.body.scrollWidth), height: page.scrollHeight,
    wide: wide.slice(0, 5), fetched: performance.getEntriesByType("resource").map(entry => entry.name),
    images: document.images.length, text: document.body.innerText.length,
  });
});
</script>
"""


def look(page: Path, width: int, folder: Path) -> dict[str, object]:
    """Return what a browser measures of a page in a window of a given width."""
    copy = folder / f"copy-{width}.html"
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    free = re.sub(r"<meta [^>]*Content-Security-Policy[^>]*>", "", text)  # so that what the page asks for is not refused unseen
    copy.write_text(free.replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
    assert CHROMIUM is not None
    given = (f"--user-data-dir={folder / f'profile-{width}'}", f"--window-size={width},900", "--dump-dom", copy.as_uri())
    shown = subprocess.run((CHROMIUM, *QUIET, *given), check=True, capture_output=True, timeout=120)
    title = re.search(r"<title[^>]*>(.*?)</title>", shown.stdout.decode(), re.DOTALL)
    assert title is not None, shown.stderr.decode()[-2_000:]
    measured: dict[str, object] = json.loads(unescape(title[1]))
    return measured


@pytest.fixture(scope="module")
def pages(district: District, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a woven policy, a report, and explanations of one subject in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    code = district.sources[0].read_text(encoding="utf-8-sig").splitlines()[1].split(",")[0]
    day = ("--packs", str(PACKS), "--as-of", AS_OF)
    found = {}
    for lang in ("zh", "en"):
        out = folder / lang
        explain = ("explain", code, "--registry", str(district.registry), "--format", "html", "--out", str(out / "explained"))
        for command in (("weave", "--out", str(out)), ("assess", str(district.registry), "--out", str(out)), explain):
            subprocess.run((*COMMAND, *command, *day, "--lang", lang), check=True, capture_output=True, cwd=ROOT, env=ENVIRONMENT)
        found |= {
            f"policy {lang}": out / "national-sme-size.html",
            f"report {lang}": out / "report.html",
            f"explanation {lang}": out / "explained" / f"{code}-national-sme-size.html",
            f"explanation of a voucher {lang}": out / "explained" / f"{code}-hangzhou-compute-voucher.html",
        }
    return found


KINDS = [f"{kind} {lang}" for kind in ("policy", "report", "explanation", "explanation of a voucher") for lang in ("zh", "en")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [1280, 800])
def test_a_page_fits_the_window_and_fetches_nothing(pages: dict[str, Path], tmp_path: Path, kind: str, width: int) -> None:
    measured = look(pages[kind], width, tmp_path)
    assert measured["window"] == width
    assert isinstance(measured["text"], int)
    assert measured["text"] > 300
    assert measured["fetched"] == []
    assert measured["wide"] == []
    assert measured["width"] == measured["room"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_names_no_resource_outside_itself(pages: dict[str, Path], kind: str) -> None:
    text = pages[kind].read_text(encoding="utf-8")
    attributes, others = r"\b(?:src|srcset|data|poster|action)\s*=", r"@import|<link\b|<iframe\b|<object\b|<embed\b"
    named = re.findall(rf"(?:{attributes}|url\((?!#)|{others})[^>;]*", text)  # url(#…) is an element of the page itself
    assert [name for name in named if "data:" not in name] == []


def test_the_measurement_sees_what_is_too_wide_and_what_is_fetched(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<html><body><div style="width: 3000px">x</div><img src="http://127.0.0.1:9/gone.png"></body></html>', encoding="utf-8")
    measured = look(page, 800, tmp_path)
    assert measured["wide"] == ["DIV."]
    assert measured["width"] != measured["room"]
    assert str(measured["fetched"]).endswith("gone.png']")
