"""Lists from a file of their own: gathered by subject, counted in the report, and decided alike by both engines."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.engine.extended_registry import DAY, MAP, PATENTS_POLICY, imported, packs_in, policy, registry_of
from zhida.assess.agreement import agreement
from zhida.assess.columns import open_run
from zhida.assess.subject import assess_subject
from zhida.columnar.columns import Vocabulary, with_lists_numbered
from zhida.columnar.frames import read_column
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.fingerprints import row_fingerprints
from zhida.registry_io.registry import dictionary_sha256
from zhida.registry_io.sources import open_source
from zhida.values.temporal import Date

LIST = """lists:
  - name: 专利
    list: 专利
    key: code
    unique: 编号
    columns:
      编号: no
      类别: kind
      费用: {column: fee, unit: 万元}
      到期日: {column: end, absent: 无}
      用于产品: used
"""
BASE = "code,name\nA,甲\nB,乙\nC,丙\nD,丁\nE,戊\n"
ROWS = (
    "code,no,kind,fee,end,used\n"
    "B,2,Ⅰ类,2,无,是\nB,1,Ⅰ类,1,2030-01-01,是\nB,1,Ⅰ类,1,2030-01-01,是\n"
    "C,3,Ⅰ类,1,2030-01-01,是\nC,3,Ⅱ类,1,2030-01-01,是\n"
    "D,4,Ⅲ类,1,2030-01-01,是\nD,5,Ⅰ类,1,2030-01-01,是\n"
    "E,6,Ⅱ类,,2030-01-01,否\nZ,7,Ⅰ类,1,无,是\n,8,Ⅰ类,1,无,是\n"
)
FULL = {"费用": Decimal("10000.00"), "到期日": date(2030, 1, 1), "到期日:absent": False, "用于产品": True}


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return packs_in(tmp_path / "packs", PATENTS_POLICY)


def test_elements_stand_with_their_subject_sorted_and_typed(tmp_path: Path, packs: Packs) -> None:
    found = imported(tmp_path, packs, MAP + LIST, base=BASE, pat=ROWS).frame["专利"].to_list()
    first = {"编号": "1", "类别": "Ⅰ类"} | FULL
    second = {"编号": "2", "类别": "Ⅰ类", "费用": Decimal("20000.00"), "到期日": None, "到期日:absent": True, "用于产品": True}
    assert found[0] == []
    assert found[1] == [first, second]
    assert found[2] is None
    assert found[3][0]["类别"] is None
    assert found[4][0]["费用"] is None


def test_the_order_of_rows_does_not_matter(tmp_path: Path, packs: Packs) -> None:
    head, *rows = ROWS.splitlines()
    turned = "\n".join([head, *reversed(rows)]) + "\n"
    one = imported(tmp_path, packs, MAP + LIST, base=BASE, pat=ROWS).frame
    other = imported(tmp_path, packs, MAP + LIST, base=BASE, pat=turned).frame
    assert one.equals(other)


def test_without_a_file_the_list_is_unknown(tmp_path: Path, packs: Packs) -> None:
    assert "专利" not in imported(tmp_path, packs, MAP, base=BASE).frame.columns


def test_a_file_that_names_nobody_makes_empty_lists(tmp_path: Path, packs: Packs) -> None:
    frame = imported(tmp_path, packs, MAP + LIST, base=BASE, pat="code,no,kind,fee,end,used\n").frame
    assert frame["专利"].to_list() == [[]] * 5


def test_every_row_of_a_list_is_used_merged_or_set_aside(tmp_path: Path, packs: Packs) -> None:
    result = imported(tmp_path, packs, MAP + LIST, base=BASE, pat=ROWS)
    file = result.quality.files[1]
    assert (file.rows_read, file.rows_used, file.rows_set_aside, file.exact_duplicate_rows) == (10, 5, 4, 1)
    assert (file.conflicting_keys, file.conflicting_rows, file.empty_keys, file.not_in_base) == (1, 2, 1, 1)
    assert result.set_aside["代码"].to_list() == ["C", "C", "Z", ""]
    codes = [item.code for item in result.quality.findings]
    assert codes.count("registry-not-in-list") == 1
    patents = next(each for each in result.quality.attributes if each.name == "专利")
    assert (patents.files, patents.unknown) == (("专利",), 1)
    assert json.loads(result.metadata["zhida.sources"])[1]["name"] == "专利"


def test_several_files_may_give_one_list(tmp_path: Path, packs: Packs) -> None:
    second = LIST.replace("lists:\n", "").replace("name: 专利", "name: 软著")
    frame = imported(tmp_path, packs, MAP + LIST + second, base=BASE, pat=ROWS, soft="code,no,kind,fee,end,used\nA,9,Ⅱ类,1,无,是\n").frame
    assert [None if elements is None else len(elements) for elements in frame["专利"].to_list()] == [1, 2, None, 2, 1]


def test_subjects_get_elements_as_contexts_with_what_is_known(tmp_path: Path, packs: Packs) -> None:
    registry = registry_of(tmp_path, packs, MAP + LIST, base=BASE, pat=ROWS)
    elements = registry.subject("B")["专利"]
    assert isinstance(elements, tuple)
    assert elements[1] == {"编号": "2", "类别": "Ⅰ类", "费用": Decimal(20_000), "到期日": None, "用于产品": True}
    assert registry.subject("E")["专利"] == ({"编号": "6", "类别": "Ⅱ类", "到期日": Date(2030, 1, 1), "用于产品": False},)
    assert "专利" not in registry.subject("C")


def test_both_engines_agree_on_lists_with_unknown_entries_too(tmp_path: Path, packs: Packs) -> None:
    registry = registry_of(tmp_path, packs, MAP + LIST, base=BASE, pat=ROWS)
    run = open_run(packs, ["demo/patents"], as_of=DAY, key=registry.key)
    outcomes = run.decide(registry.frame)["demo/patents:outcome"].to_pylist()
    assert outcomes == ["INELIGIBLE", "ELIGIBLE", "UNDETERMINED", "UNDETERMINED", "INELIGIBLE"]
    assert run.interpreted == 0
    assert run.decide(registry.frame)["demo/patents:missing"].to_pylist() == [0, 0, 1, 1, 0]
    for code in registry.codes:
        assert agreement(packs, "demo/patents", registry, code, as_of=DAY).differences == ()


def test_lists_that_are_the_same_have_one_number(packs: Packs) -> None:
    item = packs.dictionaries["enterprise"].items["专利"]
    element = {"编号": "1", "类别": "Ⅰ类"} | FULL
    frame = pl.DataFrame({"专利": [[element], [], [dict(element)], None]})
    column = read_column(frame, item, words := Vocabulary())
    numbers = with_lists_numbered(column, words).values
    assert numbers[0] == numbers[2] != numbers[1]
    assert column.bad is None
    assert column.missing["专利"].tolist() == [False, False, False, True]


def test_an_unknown_entry_matters_only_where_it_is_looked_at(tmp_path: Path) -> None:
    body = "```feel 符合: boolean\nsome 件 in 专利 satisfies 件.用于产品\n```\n"
    packs = packs_in(tmp_path / "packs", policy("used", body), PATENTS_POLICY)
    registry = registry_of(tmp_path, packs, MAP + LIST, base=BASE, pat=ROWS)
    facts = registry.subject("D")  # of one patent the class is unknown
    assert assess_subject(packs, "demo/used", facts, as_of=DAY).outcome.value == "ELIGIBLE"
    assert assess_subject(packs, "demo/patents", facts, as_of=DAY).missing == ("专利",)


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_plain_sources_give_lists_as_the_registry_has_them(tmp_path: Path, packs: Packs, form: str) -> None:
    dictionary = packs.dictionaries["enterprise"]
    registry = registry_of(tmp_path, packs, MAP + LIST, base=BASE, pat=ROWS)
    if form == "parquet":
        path = tmp_path / "plain.parquet"
        registry.frame.write_parquet(path)
    else:
        path = tmp_path / "plain.csv"
        texts = [None if each is None else json.dumps(each, ensure_ascii=False, default=str) for each in registry.frame["专利"].to_list()]
        registry.frame.with_columns(pl.Series("专利", texts)).write_csv(path)
    source = open_source(str(path), dictionary, rows_per_part=2)
    frames = [source.read(part) for part in source.parts]
    assert pl.concat(frames).select(registry.frame.columns).equals(registry.frame)


def test_fingerprints_tell_lists_apart_by_what_stands_in_them(tmp_path: Path, packs: Packs) -> None:
    frame = imported(tmp_path, packs, MAP + LIST, base=BASE, pat=ROWS).frame
    rows = ROWS.replace("B,2,Ⅰ类", "B,2,Ⅱ类").replace("E,6,Ⅱ类,,", "E,6,Ⅱ类,0,")
    other = imported(tmp_path, packs, MAP + LIST, base=BASE, pat=rows).frame
    differs = row_fingerprints(frame, ["专利"]) != row_fingerprints(other, ["专利"])
    assert differs.tolist() == [False, True, False, False, True]


def test_a_code_that_is_not_listed_is_found_by_its_beginning(tmp_path: Path, packs: Packs) -> None:
    mapping = MAP.replace("{企业名称: name}", "{企业名称: name, 行业代码: trade}")
    result = imported(tmp_path, packs, mapping, base="code,name,trade\nA,甲,6510\nB,乙,9999\nC,丙,13\n")
    assert result.frame["行业代码"].to_list() == ["6510", None, "13"]
    assert [(item.code, item.value) for item in result.quality.findings] == [("registry-not-in-list", "9999")]


def test_the_digest_of_a_dictionary_covers_its_code_lists(tmp_path: Path, packs: Packs) -> None:
    path = tmp_path / "packs" / "demo" / "codes" / "classes.md"
    path.write_text(path.read_text(encoding="utf-8") + "| Ⅲ类 | 更多 |\n", encoding="utf-8")
    changed = load_packs(tmp_path / "packs").dictionaries["enterprise"]
    assert dictionary_sha256(changed) != dictionary_sha256(packs.dictionaries["enterprise"])
