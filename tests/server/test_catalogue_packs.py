import datetime as dt
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from tests.engine.report_fixtures import Page
from tests.server import small_town
from zhida_server import files, settings
from zhida_server.audit import service as audit
from zhida_server.catalogue import kept_packs
from zhida_server.catalogue import service as catalogue
from zhida_server.catalogue.data import InForce, PacksRefused
from zhida_server.people.data import Actor, NotAllowed, NotFound, Role

LI = Actor("li", Role.POLICY)
OTHER = small_town.POLICY.replace("每年给一点钱", "每年给多一点钱")

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return small_town.packs(tmp_path / "packs")


def test_packs_are_named_by_their_files_wherever_they_stand(town: Path, tmp_path: Path) -> None:
    one = catalogue.take_packs(LI, town)
    other = catalogue.take_packs(LI, small_town.packs(tmp_path / "elsewhere"))
    assert one == other
    assert (one.policies, one.files, one.taken_by) == (1, 3, "li")
    assert catalogue.current_sha256() == one.sha256
    assert audit.records(act="catalogue.take")[0].object == one.sha256


def test_one_pack_alone_keeps_its_name(town: Path) -> None:
    assert catalogue.take_packs(LI, town / "town").sha256 == catalogue.take_packs(LI, town).sha256


def test_packs_with_mistakes_are_refused_whole_with_file_and_line(tmp_path: Path) -> None:
    broken = small_town.POLICY.replace("从业人员 > 0", "从业人数 > 0")
    with pytest.raises(PacksRefused) as refusal:
        catalogue.take_packs(LI, small_town.packs(tmp_path, broken))
    assert "town/policies/garden.md:" in refusal.value.lines_zh[0]
    assert "从业人数" in refusal.value.zh
    assert str(settings.SITE) not in refusal.value.zh + refusal.value.en
    assert catalogue.pack_versions() == ()
    assert not [path for path in (settings.SITE / "packs").glob("*") if "从业人数" in (path / "town/policies/garden.md").read_text("utf-8")]


def test_packs_whose_examples_come_out_otherwise_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PacksRefused) as refusal:
        catalogue.take_packs(LI, small_town.packs(tmp_path, small_town.POLICY.replace("| true | 1000 |", "| true | 999 |")))
    assert "garden.md:" in refusal.value.lines_en[0]


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# 笔记\n", encoding="utf-8")
    with pytest.raises(PacksRefused):
        catalogue.take_packs(LI, tmp_path)


def test_only_who_keeps_policies_takes_packs(town: Path) -> None:
    with pytest.raises(NotAllowed):
        catalogue.take_packs(Actor("wang", Role.FINANCE), town)


def test_an_earlier_version_can_be_read_after_a_later_one_was_taken(town: Path, tmp_path: Path) -> None:
    first = catalogue.take_packs(LI, town)
    second = catalogue.take_packs(LI, small_town.packs(tmp_path / "later", OTHER))
    assert catalogue.current_sha256() == second.sha256
    assert "给一点钱" in catalogue.packs_of(first.sha256).policies["town/garden"].document.source.text
    texts = catalogue.versions("town/garden")
    assert {text.packs_sha256 for text in texts} == {first.sha256, second.sha256}
    assert [text.packs_sha256 for text in texts if text.is_current] == [second.sha256]
    catalogue.take_packs(LI, town)
    assert catalogue.current_sha256() == first.sha256


def test_a_damaged_folder_is_made_again_from_the_kept_files(town: Path) -> None:
    sha256 = catalogue.take_packs(LI, town).sha256
    (kept_packs.folder_of(sha256) / "town/policies/garden.md").write_text("坏了", encoding="utf-8")
    (kept_packs.folder_of(sha256) / "town/policies/more.md").write_text("多了", encoding="utf-8")
    kept_packs._read.cache_clear()
    assert list(catalogue.packs_of(sha256).policies) == ["town/garden"]


def test_a_damaged_kept_file_is_told_and_not_read(town: Path) -> None:
    sha256 = catalogue.take_packs(LI, town).sha256
    kept = files.path_of(files.sha256_of(town / "town/README.md"), kept_packs.SUFFIX)
    content = kept.read_bytes()
    kept.write_bytes(b"other")
    with pytest.raises(files.DamagedFileError):
        catalogue.pack_file(sha256, "town/README.md")
    kept.write_bytes(content)
    assert catalogue.pack_file(sha256, "town/README.md") == content


def test_what_is_not_there_is_not_found(town: Path) -> None:
    with pytest.raises(NotFound):
        catalogue.current_packs()
    assert catalogue.policies() == ()
    sha256 = catalogue.take_packs(LI, town).sha256
    for ask in (
        lambda: catalogue.policy_page("town/no", "zh"),
        lambda: catalogue.versions("town/no"),
        lambda: catalogue.packs_of("0" * 64),
        lambda: catalogue.pack_file(sha256, "../secret"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_card_says_what_a_list_shows(town: Path) -> None:
    catalogue.take_packs(LI, town)
    (card,) = catalogue.policies()
    assert (card.policy, card.title, card.document, card.issuer) == ("town/garden", "花园补助", "文〔2026〕1号", ("园林局", "财政局"))
    assert (card.gives, card.delivery, card.subject, card.place) == ("cash", "免申即享", "enterprise", "小镇")
    assert card.summary_zh == "有花园的小企业每年给一点钱。"
    assert card.summary("en") == "Small firms with a garden get some money."
    days = (dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 12, 31), dt.date(2027, 1, 1))
    assert [card.in_force(day) for day in days] == [InForce.NOT_YET, InForce.NOW, InForce.NOW, InForce.OVER]


@pytest.mark.parametrize(
    ("text", "is_found"), [("花园", True), ("园林 小企业", True), ("园花", False), ("花", True), ("GARDEN", True), ("花园 贷款", False)]
)
def test_policies_are_found_by_words_in_chinese(town: Path, text: str, *, is_found: bool) -> None:
    catalogue.take_packs(LI, town)
    assert bool(catalogue.policies(text)) is is_found


def test_policies_are_filtered_by_what_they_give_and_to_whom(town: Path) -> None:
    catalogue.take_packs(LI, town)
    assert catalogue.policies(gives="cash")
    assert not catalogue.policies(gives="loan")
    assert not catalogue.policies(subject="resident")
    assert catalogue.policies(subject="")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_woven_page_stands_inside_another_without_inline_style_or_script(town: Path, language: str) -> None:
    catalogue.take_packs(LI, town)
    page = catalogue.policy_page("town/garden", "en" if language == "en" else "zh")
    found = Page(page.body_html)
    assert found.tags[0] == "article"
    assert not {"html", "main", "style", "script", "meta", "link"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name == "style" or name.startswith("on")]
    assert "第一条" in found.words
    assert catalogue.policy_page("town/garden", "en" if language == "en" else "zh") == page
    assert all(line.startswith((".woven", "@media", "}")) for line in page.style.splitlines() if "{" in line)
    assert page.style_source.startswith("'sha256-")
    assert catalogue.woven_style() == (page.style, page.style_sha256, page.style_source)


@pytest.mark.parametrize("table", ["pack_version", "pack_file", "taking", "policy_version", "pack_policy", "woven_page"])
@pytest.mark.parametrize("statement", ["UPDATE catalogue_{0} SET {1} = {1}", "DELETE FROM catalogue_{0}", "TRUNCATE catalogue_{0} CASCADE"])
def test_the_database_keeps_what_was_taken(town: Path, table: str, statement: str) -> None:
    catalogue.take_packs(LI, town)
    catalogue.policy_page("town/garden", "zh")
    column = "sha256" if table == "pack_version" else "id"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            cursor.execute(statement.format(table, column))
