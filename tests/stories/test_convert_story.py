"""`zhida convert` as its users meet it: a policy leaves for DMN and Excel and comes back; nothing is overwritten unasked."""

import hashlib
import html
import json
import re
from pathlib import Path

import pytest

from tests.stories.small_district import ALL_PACKS, PACKS, Zhida, files_below
from zhida.source import display_width

SIZE = PACKS / "national/policies/sme-size.md"
VOUCHER = PACKS / "hangzhou/policies/compute-voucher.md"
MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="卖花" namespace="urn:x">
  <inputData id="a" name="面积"><variable name="面积" typeRef="number"/></inputData>
  <decision id="b" name="补贴"><variable name="补贴" typeRef="number"/>
    <informationRequirement><requiredInput href="#a"/></informationRequirement>
    <literalExpression><text>面积 * 10</text></literalExpression></decision>
</definitions>
"""


@pytest.mark.parametrize("form", ["dmn", "xlsx"])
@pytest.mark.long
def test_packs_leave_and_come_back_to_the_byte(zhida: Zhida, tmp_path: Path, form: str) -> None:
    away, home = tmp_path / form, tmp_path / "home"
    answer = zhida("convert", PACKS, away, "--to", form)
    assert answer.code == 0
    places = ("*/registry/*.md", "*/codes/*.md", "*/parameters.md", "*/stacking.md")
    pages = sorted(page for place in places for page in PACKS.glob(place))
    new = [*(path.relative_to(PACKS).with_suffix(f".{form}") for path in sorted(policies())), *(page.relative_to(PACKS) for page in pages)]
    assert answer.out.splitlines() == [str(away / path) for path in new]
    assert zhida("convert", away, home, "--to", "md").code == 0
    back = files_below(home)
    assert back == {name: data for name, data in files_below(PACKS).items() if not name.endswith("README.md")}
    assert not [name for name in files_below(tmp_path) if name.endswith(".part")]
    assert zhida("check", home, "--as-of", "2026-06-30").code == 0


@pytest.mark.long
@pytest.mark.parametrize("form", ["dmn", "xlsx"])
def test_all_packs_come_back_to_the_byte_and_are_found_the_same(zhida: Zhida, tmp_path: Path, form: str) -> None:
    assert zhida("convert", ALL_PACKS, tmp_path / form, "--to", form).code == 0
    home = tmp_path / "home"
    assert zhida("convert", tmp_path / form, home, "--to", "md").code == 0
    assert files_below(home) == {
        name: data for name, data in files_below(ALL_PACKS).items() if "/" in name and not name.endswith("README.md")
    }
    assert zhida("check", home, "--as-of", "2026-06-30").code == 0


def test_pages_that_are_no_policies_go_along(zhida: Zhida, tmp_path: Path) -> None:
    pack = tmp_path / "packs/a"
    (pack / "policies").mkdir(parents=True)
    (pack / "codes").mkdir()
    (pack / "policies/size.md").write_bytes(SIZE.read_bytes().replace(b"national/sme-size", b"a/size"))
    for name in ("codes/colours.md", "stacking.md", "parameters.md", "README.md"):
        (pack / name).write_text(f"# {name}\n", encoding="utf-8")
    assert zhida("convert", tmp_path / "packs", tmp_path / "out", "--to", "xlsx").code == 0
    assert files_below(tmp_path / "out").keys() == {
        f"a/{name}" for name in ("policies/size.xlsx", "codes/colours.md", "stacking.md", "parameters.md")
    }


def policies() -> list[Path]:
    return list(PACKS.glob("*/policies/*.md"))


@pytest.mark.long
def test_the_same_policy_makes_the_same_files(zhida: Zhida, tmp_path: Path) -> None:
    for name in ("a.dmn", "b.dmn", "a.xlsx", "b.xlsx"):
        assert zhida("convert", VOUCHER, tmp_path / name).code == 0
    assert (tmp_path / "a.dmn").read_bytes() == (tmp_path / "b.dmn").read_bytes()
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.long
def test_text_goes_to_the_standard_output_and_what_is_said_to_the_other(zhida: Zhida, tmp_path: Path) -> None:
    model = zhida("convert", SIZE, "-", "--to", "dmn", "--lang", "en")
    assert model.code == 0
    assert model.out.startswith("<?xml")
    assert "information[interchange-kept]: kept as extension elements of urn:zhida:policy:1: the front matter, prose" in model.err
    (tmp_path / "x.dmn").write_text(model.out, encoding="utf-8")
    text = zhida("convert", tmp_path / "x.dmn", "-", "--to", "md")
    assert (text.code, text.out) == (0, SIZE.read_text(encoding="utf-8"))
    assert files_below(tmp_path).keys() == {"x.dmn"}


def test_files_are_overwritten_only_when_asked(zhida: Zhida, tmp_path: Path) -> None:
    (tmp_path / "x.dmn").write_text("mine", encoding="utf-8")
    answer = zhida("convert", SIZE, tmp_path / "x.dmn")
    assert answer.code == 2
    assert "--force" in answer.err
    assert (tmp_path / "x.dmn").read_text(encoding="utf-8") == "mine"
    assert zhida("convert", SIZE, "-o", tmp_path / "x.dmn", "--force").code == 0
    assert (tmp_path / "x.dmn").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((SIZE,), "--to md"),
        ((SIZE, "-", "--to", "xlsx"), "标准输出"),
        ((SIZE, "x.md"), "已经是 md"),
        ((SIZE, "-o", "a.dmn", "b.dmn"), "只能给一个"),
        ((PACKS, "--to", "dmn"), "文件夹"),
        ((PACKS / "national/registry", "out", "--to", "dmn"), "没有可转换的政策"),
        (("没有.md", "x.dmn"), "没有.md"),
        ((PACKS.parent / "Makefile", "x.dmn"), "Makefile"),
    ],
)
def test_misuse_is_told_and_nothing_is_written(
    zhida: Zhida, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[object, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = zhida("convert", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert files_below(tmp_path) == {}


def test_a_policy_with_errors_is_told_in_full_and_not_written(zhida: Zhida, tmp_path: Path) -> None:
    pack = tmp_path / "packs/a/policies"
    pack.mkdir(parents=True)
    (pack / "good.md").write_bytes(SIZE.read_bytes().replace(b"national/sme-size", b"a/good"))
    (pack / "bad.md").write_bytes(
        SIZE.read_bytes().replace(b"national/sme-size", b"a/bad").replace("从业人员 |".encode(), "从业人数 |".encode())
    )
    (tmp_path / "packs/a/registry").mkdir()
    (tmp_path / "packs/a/registry/enterprise.md").write_bytes((PACKS / "national/registry/enterprise.md").read_bytes())
    answer = zhida("convert", tmp_path / "packs", tmp_path / "out", "--to", "dmn", "--json")
    assert answer.code == 1
    data = json.loads(answer.out)
    assert data["written"] == [str(tmp_path / "out/a/policies/good.dmn")]
    assert data["not_written"] == [str(pack / "bad.md")]
    assert {item["code"] for item in data["diagnostics"]} >= {"feel-unknown-name"}
    assert not (tmp_path / "out/a/policies/bad.dmn").exists()


@pytest.mark.long
def test_a_model_of_others_brings_its_dictionary_along_and_says_what_to_fill_in(zhida: Zhida, tmp_path: Path) -> None:
    (tmp_path / "flowers.dmn").write_text(MODEL, encoding="utf-8")
    target = tmp_path / "packs/demo/policies/flowers.md"
    answer = zhida("convert", tmp_path / "flowers.dmn", target)
    assert answer.code == 0
    assert "提示[interchange-blank]" in answer.err
    assert answer.out.splitlines() == [str(target), str(tmp_path / "packs/demo/registry/flowers.md")]
    checked = zhida("check", tmp_path / "packs")
    assert checked.code == 1
    assert checked.err.count("错误[policy-missing-key]") == checked.err.count("错误[") == 4
    text = target.read_text(encoding="utf-8")
    filled = "in_force: 2026-01-01/..\ngives: cash\neligible: 可领\nchecked: {on: 2026-01-01, by: official}\n---\n"
    head, _, body = text.partition("# in_force")
    target.write_text(head + filled + body.partition("---\n")[2] + "\n```feel 可领: boolean\n补贴 > 0\n```\n", encoding="utf-8")
    assert zhida("check", tmp_path / "packs").code == 0


@pytest.mark.long
def test_a_workbook_with_a_mistake_names_its_sheet_and_cell(zhida: Zhida, tmp_path: Path) -> None:
    bad = tmp_path / "bad.md"
    bad.write_text(SIZE.read_text(encoding="utf-8").replace(">= 1000 |", "没有 的 |"), encoding="utf-8")
    assert zhida("convert", bad, tmp_path / "bad.xlsx").code == 0
    answer = zhida("convert", tmp_path / "bad.xlsx", tmp_path / "bad.dmn", "--packs", PACKS)
    assert answer.code == 1
    assert f"{tmp_path}/bad.xlsx:企业规模!C7:1:4: 错误[feel-syntax]" in answer.err
    assert not (tmp_path / "bad.dmn").exists()


def test_an_older_model_is_written_as_dmn_1_5(zhida: Zhida, tmp_path: Path) -> None:
    old = MODEL.replace("https://www.omg.org/spec/DMN/20230324/MODEL/", "http://www.omg.org/spec/DMN/20180521/MODEL/")
    (tmp_path / "old.dmn").write_text(old, encoding="utf-8")
    assert zhida("convert", tmp_path / "old.dmn", tmp_path / "new.dmn").code == 0
    assert 'xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/"' in (tmp_path / "new.dmn").read_text(encoding="utf-8")


def test_help_shows_examples_in_80_columns(zhida: Zhida) -> None:
    answer = zhida("convert", "--help")
    assert answer.code == 0
    assert "zhida convert packs build/excel --to xlsx" in answer.out
    assert max(display_width(line) for line in answer.out.splitlines()) <= 80
    assert "…" not in answer.out


# --- check and weave of a model -------------------------------------------------------------------------------------------------


def test_a_model_is_checked_with_those_beside_it(zhida: Zhida, tmp_path: Path) -> None:
    assert zhida("convert", PACKS, tmp_path, "--to", "dmn").code == 0
    answer = zhida("check", tmp_path / "hangzhou/policies/compute-voucher.dmn", "--lang", "en")
    assert (answer.code, answer.err) == (0, "")
    assert "7 decisions, 0 business knowledge models" in answer.out
    (tmp_path / "national/policies/sme-size.dmn").unlink()
    answer = zhida("check", tmp_path / "hangzhou/policies/compute-voucher.dmn", "--json")
    assert answer.code == 1
    assert {item["code"] for item in json.loads(answer.out)["diagnostics"]} >= {"dmn-missing-model"}


def test_a_model_is_woven_law_beside_rule(zhida: Zhida, tmp_path: Path) -> None:
    (tmp_path / "flowers.dmn").write_text(MODEL, encoding="utf-8")
    answer = zhida("weave", tmp_path / "flowers.dmn", "--out", tmp_path / "pages", "--packs", PACKS)
    assert answer.code == 0, answer.err
    (page,) = answer.out.split()
    text = Path(page).read_text(encoding="utf-8")
    assert "卖花" in text
    words = html.unescape(re.sub("<[^>]+>", "", text))
    assert "面积 * 10" in words
    assert "有效期没有写明" in re.sub(r"\s", "", words)
    assert "没有写明对照什么核对过" in words
    assert "policy-missing-key" not in text
    assert hashlib.sha256(MODEL.encode()).hexdigest() in text


def test_the_page_of_a_model_that_was_a_policy_shows_how_its_examples_come_out(zhida: Zhida, tmp_path: Path) -> None:
    assert zhida("convert", SIZE, tmp_path / "size.dmn").code == 0
    answer = zhida("weave", tmp_path / "size.dmn", "--out", tmp_path / "pages", "--packs", PACKS, "--as-of", "2026-06-30")
    assert answer.code == 0, answer.err
    assert "263 个相符" in Path(answer.out.strip()).read_text(encoding="utf-8")
