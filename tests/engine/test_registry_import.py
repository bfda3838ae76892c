"""Imports: duplicates, joins, disagreements, absence, lists; what was set aside and what the report says."""

import io
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.registry_fixtures import HEAD, codes_of, dictionary, import_texts, mapping
from zhida.errors import InputError
from zhida.registry_io.importing import ImportResult, import_registry, match_paths

BASE = "- {name: base, path: base*, key: code, columns: {企业名称: name}}\n"
MORE = "- {name: more, path: more*, key: code, join: left, columns: {从业人员: {column: n, unit: 人}}}\n"


def found(result: ImportResult) -> list[tuple[str, str, int]]:
    return [(finding.code.removeprefix("registry-"), finding.file, finding.row) for finding in result.quality.findings]


def rows(result: ImportResult) -> list[tuple[object, ...]]:
    return result.frame.rows()


def test_subjects_are_sorted_by_key_and_joined(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE + MORE, base="code,name\n2,乙\n1,甲\n", more="code,n\n1,10\n2,20\n")
    assert rows(result) == [("1", "甲", Decimal(10)), ("2", "乙", Decimal(20))]
    assert result.frame.schema["从业人员"] == pl.Decimal(38, 0)
    assert found(result) == []


def test_exact_duplicates_are_merged_and_counted(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE, base="code,name\n1,甲\n2,乙\n1,甲\n1, 甲\n")
    assert rows(result) == [("1", "甲"), ("2", "乙")]
    assert found(result) == [("duplicate-exact", "base.csv", 4), ("duplicate-exact", "base.csv", 5)]
    file = result.quality.files[0]
    assert (file.rows_read, file.rows_used, file.exact_duplicate_keys, file.exact_duplicate_rows) == (4, 2, 1, 2)
    assert result.set_aside.is_empty()


def test_conflicting_duplicates_are_all_set_aside(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE, base="code,name\n1,甲\n2,乙\n1,甲\n1,丙\n")
    assert rows(result) == [("2", "乙")]
    assert found(result) == [("duplicate-conflict", "base.csv", line) for line in (2, 4, 5)]
    file = result.quality.files[0]
    assert (file.conflicting_keys, file.conflicting_rows, file.exact_duplicate_keys) == (1, 3, 0)
    assert result.set_aside.select("文件", "行", "代码", "内容").rows() == [
        ("base.csv", 2, "1", "1,甲"),
        ("base.csv", 4, "1", "1,甲"),
        ("base.csv", 5, "1", "1,丙"),
    ]


def test_a_conflict_in_a_later_file_leaves_the_other_facts(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE + MORE, base="code,name\n1,甲\n", more="code,n\n1,10\n1,11\n")
    assert rows(result) == [("1", "甲", None)]
    assert result.quality.attributes[2].unknown == 1


def test_a_conflict_in_the_base_takes_the_subject_out_of_every_file(tmp_path: Path) -> None:
    outer = MORE.replace("left", "outer")
    result = import_texts(tmp_path, BASE + outer, base="code,name\n1,甲\n1,乙\n2,丙\n", more="code,n\n1,10\n")
    assert rows(result) == [("2", "丙", None)]
    assert found(result)[-1] == ("subject-set-aside", "more.csv", 2)
    assert result.quality.files[1].rows_used == 0


def test_columns_that_only_number_the_rows_make_no_conflict(tmp_path: Path) -> None:
    text = ",code,name\n0,1,甲\n1,1,甲\n"
    ignoring = BASE.replace("key: code", 'key: code, ignore: [""]')
    assert import_texts(tmp_path, ignoring, base=text).quality.files[0].exact_duplicate_rows == 1
    assert import_texts(tmp_path, BASE, base=text).quality.files[0].conflicting_rows == 2


def test_rows_without_a_key_are_set_aside(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE, base="code,name\n,甲\n ,甲\n1,乙\n")
    assert rows(result) == [("1", "乙")]
    assert found(result) == [("empty-key", "base.csv", 2), ("empty-key", "base.csv", 3)]


def test_left_join_sets_rows_of_strangers_aside(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE + MORE, base="code,name\n1,甲\n", more="code,n\n1,10\n9,90\n")
    assert rows(result) == [("1", "甲", Decimal(10))]
    assert found(result) == [("not-in-base", "more.csv", 3)]
    assert result.quality.files[1].not_in_base == 1
    assert result.set_aside["内容"].to_list() == ["9,90"]


def test_outer_join_adds_strangers(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE + MORE.replace("left", "outer"), base="code,name\n2,甲\n", more="code,n\n1,10\n")
    assert rows(result) == [("1", None, Decimal(10)), ("2", "甲", None)]


def test_inner_join_leaves_subjects_out_and_says_so(tmp_path: Path) -> None:
    inner = MORE.replace("left", "inner")
    result = import_texts(tmp_path, BASE + inner, base="code,name\n1,甲\n2,乙\n3,丙\n", more="code,n\n1,10\n3,3\n3,4\n")
    assert rows(result) == [("1", "甲", Decimal(10)), ("3", "丙", None)]
    assert ("left-out", "base.csv", 3) in found(result)
    assert result.quality.files[1].left_out == 1
    assert result.quality.files[0].rows_set_aside == 1


def test_the_first_file_that_knows_holds_and_disagreement_is_said(tmp_path: Path) -> None:
    names = MORE.replace("{从业人员: {column: n, unit: 人}}", "{企业名称: other}")
    result = import_texts(tmp_path, BASE + names, base="code,name\n1,甲\n2,\n3,丙\n4,丁\n", more="code,other\n1,乙\n2,乙\n3,丙\n4,\n")
    assert rows(result) == [("1", "甲"), ("2", "乙"), ("3", "丙"), ("4", "丁")]
    assert found(result) == [("files-disagree", "more.csv", 2)]
    assert "甲" in result.quality.findings[0].diagnostic.message("zh")


def test_known_absence_is_kept_apart_from_unknown(tmp_path: Path) -> None:
    files = "- {name: base, key: code, columns: {证书到期日: {column: d, absent: 无}, 成立日期: {column: f, absent: 无}}}\n"
    result = import_texts(tmp_path, files, base="code,d,f\n1,无,无\n2,,\n3,2030-01-01,2015-01-31\n")
    assert result.frame.columns == ["代码", "证书到期日", "证书到期日:absent", "成立日期"]
    assert result.frame["证书到期日:absent"].to_list() == [True, False, False]
    assert found(result) == [("absent-not-allowed", "base.csv", 2)]
    quality = {item.name: (item.unknown, item.absent) for item in result.quality.attributes}
    assert quality["证书到期日"] == (1, 1)
    assert quality["成立日期"] == (2, 0)


def test_a_later_file_may_fill_in_an_absence(tmp_path: Path) -> None:
    files = "".join(f"- {{name: {name}, key: code, columns: {{证书到期日: {{column: d, absent: 无}}}}}}\n" for name in ("a", "b"))
    result = import_texts(tmp_path, files, a="code,d\n1,\n2,无\n3,2030-01-01\n", b="code,d\n1,无\n2,无\n3,无\n")
    assert rows(result) == [("1", None, True), ("2", None, True), ("3", date(2030, 1, 1), False)]
    assert found(result) == [("files-disagree", "b.csv", 4)]


def test_a_list_with_an_unknown_part_is_unknown(tmp_path: Path) -> None:
    files = "- {name: base, key: code, columns: {季末人数: {columns: [a, b], unit: 千人}}}\n"
    result = import_texts(tmp_path, files, base="code,a,b\n1,1,2\n2,,2\n3,,\n")
    assert result.frame["季末人数"].to_list() == [[Decimal(1000), Decimal(2000)], None, None]
    counts = next(item.counts for item in result.quality.attributes if item.name == "季末人数")
    assert counts["incomplete_list"] == 1


def test_a_file_that_gives_no_attribute_is_still_sorted_by_key(tmp_path: Path) -> None:
    nothing = "- {name: more, key: code, columns: {}}\n"
    result = import_texts(tmp_path, BASE + nothing, base="code,name\n1,甲\n", more="code,x\n1,1\n1,2\n")
    assert rows(result) == [("1", "甲")]
    assert result.quality.files[1].conflicting_rows == 2


def test_constants_hold_for_every_row(tmp_path: Path) -> None:
    files = "- {name: base, key: code, columns: {单位类型: {constant: 企业}}}\n"
    assert rows(import_texts(tmp_path, files, base="code\n1\n2\n")) == [("1", "企业"), ("2", "企业")]


@pytest.mark.parametrize(
    "column", ["单位类型: {constant: 公司}", "从业人员: {column: x, values: {多: 很多}}", "成立日期: {constant: 昨天}"]
)
def test_values_that_the_mapping_states_must_be_values(tmp_path: Path, column: str) -> None:
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, f"- {{name: base, key: code, columns: {{{column}}}}}\n", base="code,x\n1,2\n")
    assert codes_of(caught.value) == ["registry-mapping-constant"]


def test_cells_that_cannot_be_read_become_unknown_with_file_and_line(tmp_path: Path) -> None:
    files = "- {name: base, key: code, columns: {从业人员: n, 成立日期: d, 单位类型: t}}\n"
    result = import_texts(tmp_path, files, base='code,n,d,t\n1,"1,234",2015-01-31,企业\n2,"\n许多",31/1/15,公司\n3,200000,,\n')
    assert rows(result)[1] == ("2", None, None, None)
    assert found(result) == [
        ("not-in-list", "base.csv", 3),
        ("unparsable", "base.csv", 3),
        ("unparsable", "base.csv", 3),
        ("out-of-range", "base.csv", 5),
    ]
    assert {finding.value for finding in result.quality.findings} == {"许多", "31/1/15", "公司", "200000"}
    counts = {item.name: dict(item.counts) for item in result.quality.attributes if item.counts}
    assert counts["从业人员"] == {"thousands": 1, "registry-unparsable": 1, "registry-out-of-range": 1}


def test_refused_words_stop_the_import(tmp_path: Path) -> None:
    files = "- {name: base, key: code, columns: {企业名称: {column: x, values: {a: 甲}, otherwise: error}}}\n"
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, files, base="code,x\n1,a\n2,b\n3,c\n")
    assert codes_of(caught.value) == ["registry-value-refused"] * 2


def test_refused_words_beyond_twenty_are_counted(tmp_path: Path) -> None:
    files = "- {name: base, key: code, columns: {企业名称: {column: x, values: {a: 甲}, otherwise: error}}}\n"
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, files, base="code,x\n" + "".join(f"{code},b\n" for code in range(25)))
    assert codes_of(caught.value) == ["registry-value-refused"] * 20 + ["registry-more-refused"]


USCC = HEAD.replace("check: none", "check: uscc")


def test_bad_credit_codes_are_listed_and_kept(tmp_path: Path) -> None:
    good, bad = "91110000600037341L", "911100006000373410"
    result = import_texts(tmp_path, BASE, USCC, base=f"code,name\n{good},甲\n{bad},乙\n")
    assert [row[0] for row in rows(result)] == [bad, good]
    assert found(result) == [("bad-code", "base.csv", 3)]


def test_credit_codes_are_the_same_in_small_and_wide_letters(tmp_path: Path) -> None:
    text = "code,name\n91110000600037341l,甲\n９１110000600037341L,甲\n"
    result = import_texts(tmp_path, BASE, USCC, base=text)
    assert rows(result) == [("91110000600037341L", "甲")]


def test_a_key_may_take_several_columns(tmp_path: Path) -> None:
    files = "- {name: base, key: [name, city], columns: {企业名称: name}}\n"
    result = import_texts(tmp_path, files, base="name,city\nA,X\nA,Y\n,Z\n")
    assert [row[0] for row in rows(result)] == ["A, X", "A, Y"]
    assert found(result) == [("empty-key", "base.csv", 4)]


def test_lacking_and_repeated_columns_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, BASE + MORE, base="code,nome\n1,甲\n", more="code,n,n\n1,2,3\n")
    assert codes_of(caught.value) == ["registry-missing-column", "registry-duplicate-column"]
    assert caught.value.diagnostics[0].arguments["near"] == "nome"


def test_mistakes_of_the_mapping_and_columns_that_are_lacking_are_said_at_once(tmp_path: Path) -> None:
    wrong = "- {name: more, path: more*, key: code, join: left, columns: {从业人员: {column: m, unit: 万元}}}\n"
    with pytest.raises(InputError) as error:
        import_texts(tmp_path, BASE + wrong, base="code,names\n1,甲\n", more="code,n\n1,10\n")
    assert codes_of(error.value) == ["registry-unit-mismatch", "registry-missing-column", "registry-missing-column"]
    with pytest.raises(InputError) as error:
        import_texts(tmp_path, BASE + wrong, base="code,name\n1,甲\n", else_="code,n\n1,10\n")
    assert codes_of(error.value) == ["registry-unit-mismatch", "registry-file-lacking", "registry-file-unexpected"]


def test_subjects_that_are_not_in_the_registry_are_counted(tmp_path: Path) -> None:
    base = "code,name\n1,甲\n2,乙\n2,丙\n3,丁\n"
    more = "code,n\n1,10\n2,20\n4,40\n5,50\n5,51\n"

    def aside(join: str) -> tuple[int, int]:
        quality = import_texts(tmp_path, BASE + MORE.replace("left", join), base=base, more=more).quality
        return quality.subjects, quality.subjects_set_aside

    assert aside("left") == (2, 1)  # 2
    assert aside("inner") == (1, 2)  # 2 and 3
    assert aside("outer") == (3, 2)  # 2 and 5


def test_a_base_without_rows_is_refused_and_a_later_file_is_not(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, BASE, base="code,name\n")
    assert codes_of(caught.value) == ["registry-file-empty"]
    assert rows(import_texts(tmp_path, BASE + MORE, base="code,name\n1,甲\n", more="code,n\n")) == [("1", "甲", None)]


def test_paths_are_matched_by_name_in_any_order() -> None:
    both = mapping(BASE + MORE)
    assert match_paths(both, [Path("x/more1.csv"), Path("y/base.parquet")]) == [Path("y/base.parquet"), Path("x/more1.csv")]


def test_files_without_a_pattern_are_taken_in_order() -> None:
    both = mapping((BASE + MORE).replace("path: base*, ", "").replace("path: more*, ", ""))
    assert match_paths(both, [Path("b.csv"), Path("a.csv")]) == [Path("b.csv"), Path("a.csv")]


@pytest.mark.parametrize(
    ("paths", "codes"),
    [
        (["base.csv"], ["registry-file-lacking"]),
        (["base.csv", "more.csv", "x.csv"], ["registry-file-unexpected"]),
        (["base.csv", "base2.csv", "more.csv"], ["registry-file-ambiguous"]),
        (["x.csv"], ["registry-file-lacking", "registry-file-lacking", "registry-file-unexpected"]),
    ],
)
def test_paths_that_do_not_fit_are_said(paths: Sequence[str], codes: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        match_paths(mapping(BASE + MORE), [Path(path) for path in paths])
    assert codes_of(caught.value) == codes


def test_synthetic_files_make_a_synthetic_registry(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE, base="code,name,数据性质\n1,甲,合成数据 synthetic\n")
    assert result.quality.is_synthetic
    assert result.metadata["zhida.synthetic"] == "true"
    assert "合成数据" in result.quality.to_text("zh")
    assert "合成数据" in result.quality.to_text("en")
    assert import_texts(tmp_path, BASE, base="code,name\n1,甲\n").metadata["zhida.synthetic"] == "false"


def test_the_registry_says_where_it_comes_from(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE, base="code,name\n1,甲\n")
    sources = json.loads(result.metadata["zhida.sources"])
    assert [source["file"] for source in sources] == ["base.csv"]
    assert len(sources[0]["sha256"]) == len(result.metadata["zhida.mapping_sha256"]) == 64
    assert result.metadata["zhida.subject"] == "enterprise"


def test_progress_ends_where_it_said_it_would(tmp_path: Path) -> None:
    (tmp_path / "base.csv").write_text("code,name\n1,甲\n", encoding="utf-8")
    told: list[tuple[str, int, int]] = []
    import_registry(mapping(BASE), [tmp_path / "base.csv"], dictionary(), progress=lambda *step: told.append(step))
    for stage in ("read", "convert", "join"):
        steps = [(done, total) for name, done, total in told if name == stage]
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1] == 1


def test_report_tells_the_same_counts_in_json_and_both_languages(tmp_path: Path) -> None:
    result = import_texts(tmp_path, BASE + MORE, base="code,name\n1,甲\n1,乙\n2,丙\n", more="code,n\n2,x\n")
    data = json.loads(result.quality.to_json())
    assert data["finding_counts"] == {"registry-duplicate-conflict": 2, "registry-unparsable": 1}
    assert [finding["row"] for finding in data["findings"]] == [2, 3, 2]
    assert data["files"][0]["conflicting_rows"] == 2
    for language, words in (("zh", "内容冲突的行"), ("en", "conflicting rows")):
        text = result.quality.to_text("zh" if language == "zh" else "en")
        assert words in text
        assert "registry-unparsable] 1" in text
        assert "more.csv:2: " in text


def test_parquet_and_csv_make_the_same_registry(tmp_path: Path) -> None:
    text = "code,name\n1,甲\n2,乙\n1,甲\n"
    plain = import_texts(tmp_path, BASE, base=text)
    out = io.BytesIO()
    pl.DataFrame({"code": ["1", "2", "1"], "name": ["甲", "乙", "甲"]}).write_parquet(out)
    path = tmp_path / "base.parquet"
    path.write_bytes(out.getvalue())
    packed = import_registry(mapping(BASE), [path], dictionary())
    assert packed.frame.equals(plain.frame)
    assert [finding.row for finding in packed.quality.findings] == [3]
    assert packed.quality.findings[0].diagnostic.span is None


CELLS = st.tuples(st.sampled_from(["", "1", "2", "3", "4"]), st.sampled_from(["", "甲", "乙"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CELLS, min_size=1, max_size=12), st.lists(CELLS, max_size=12), st.sampled_from(["left", "inner", "outer"]))
def test_every_row_is_used_merged_or_set_aside(tmp_path: Path, base: list[tuple[str, str]], more: list[tuple[str, str]], join: str) -> None:
    def text(cells: list[tuple[str, str]]) -> str:
        return "code,name\n" + "".join(f"{code},{name}\n" for code, name in cells)

    files = BASE + BASE.replace("base", "more").replace("key:", f"join: {join}, key:")
    result = import_texts(tmp_path, files, base=text(base), more=text(more))
    for file in result.quality.files:
        assert file.rows_read == file.rows_used + file.exact_duplicate_rows + file.rows_set_aside
    assert result.set_aside.height == sum(file.rows_set_aside for file in result.quality.files)
    keys = [row[0] for row in rows(result)]
    assert keys == sorted(set(keys))
    assert "" not in keys
    if join == "left":
        assert len(keys) == result.quality.files[0].rows_used
