"""Every command as its users meet it: exit codes, what is printed where, in which language, and what is said of mistakes."""

import json
import os
import pty
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.house.tree import plant
from tests.stories.small_district import AS_OF, COMMAND, ENVIRONMENT, PACKS, ROOT, District, Zhida
from zhida.source import display_width

COMMANDS = (
    ("check",),
    ("assess",),
    ("explain",),
    ("weave",),
    ("convert",),
    ("examples",),
    ("tck",),
    ("demo",),
    ("registry", "import"),
    ("registry", "synthesize"),
)

DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 常见范围 |
|---|---|---|---|
| 从业人员 | number | 人 | 0..1000000 |
| 营业收入 | number | 元 | 0..1000000000000 |
"""


def policy(name: str, expression: str, subject: str = "enterprise") -> str:
    return f"""---
policy: demo/{name}
title: 示例{name}
in_force: 2025-01-01/..
subject: {subject}
gives: cash
eligible: 符合
checked: {{on: 2026-01-01, by: recalled}}
---

```feel 符合: boolean
{expression}
```
"""


def packs_with(root: Path, **expressions: str) -> Path:
    policies = {f"demo/policies/{name}.md": policy(name, expression) for name, expression in expressions.items()}
    return plant(root / "packs", {"demo/registry/enterprise.md": DICTIONARY, **policies})


# --- help ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_each_command_shows_examples_of_it_in_80_columns(zhida: Zhida, command: tuple[str, ...]) -> None:
    answer = zhida(*command, "--help")
    assert (answer.code, answer.err) == (0, "")
    _, heading, examples = answer.out.partition("例 Examples:")
    assert heading
    assert f"zhida {' '.join(command)}" in examples.partition("╭")[0]
    assert {"--json", "--lang"} <= set(examples.split())
    assert max(display_width(line) for line in answer.out.splitlines()) <= 80
    assert "…" not in answer.out  # nothing is cut off


@pytest.mark.parametrize("arguments", [(), ("registry",)])
def test_without_a_command_the_commands_are_shown(zhida: Zhida, arguments: tuple[str, ...]) -> None:
    answer = zhida(*arguments)
    assert answer.code == 2
    assert answer.out == zhida(*arguments, "--help").out.rstrip("\n") + "\n"
    assert answer.err == ""


def test_each_command_is_described_in_both_languages(zhida: Zhida) -> None:
    listed = zhida("--help").out.partition("Commands")[2] + zhida("registry", "--help").out.partition("Commands")[2]
    described = [line for line in listed.splitlines() if " | " in line]
    assert [line.strip("│ ").split()[0] for line in described] == [
        *("check", "assess", "explain", "weave", "convert", "examples", "diff"),
        *("combine", "allocate", "next", "simulate", "notices", "registry", "tck", "demo"),
        *("serve", "site"),  # of another package, found by its entry points
        *("import", "synthesize"),
    ]
    assert "…" not in listed


def test_version_is_told(zhida: Zhida) -> None:
    answer = zhida("--version")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("zhida ")


# --- check ---------------------------------------------------------------------------------------------------------


def test_sound_packs_pass_with_their_policies_and_examples_counted(zhida: Zhida) -> None:
    answer = zhida("check", PACKS, "--as-of", AS_OF, "--json")
    assert (answer.code, answer.err) == (0, "")
    data = json.loads(answer.out)
    assert data["policies"] == len(list(PACKS.glob("*/policies/*.md"))) == len(data["by_policy"])
    assert data["examples"]["failed"] == data["examples"]["not_run"] == data["errors"] == 0
    assert data["examples"]["passed"] == sum(item["examples"]["passed"] for item in data["by_policy"]) > 0


@pytest.mark.parametrize(("lang", "words"), [("zh", "错误 0，警告 0"), ("en", "0 errors, 0 warnings")])
def test_the_table_of_policies_fits_80_columns(zhida: Zhida, lang: str, words: str) -> None:
    answer = zhida("check", PACKS, "--as-of", AS_OF, "--lang", lang)
    assert answer.code == 0
    assert words in answer.out
    assert "national/sme-size" in answer.out
    assert max(display_width(line) for line in answer.out.splitlines()) <= 80


def test_faults_of_all_files_are_shown_at_once(zhida: Zhida, tmp_path: Path) -> None:
    root = packs_with(tmp_path, a="从业人数 > 0", b="从业人员 + 营业收入 > 0", c="从业人员 > 0")
    answer = zhida("check", root)
    assert answer.code == 1
    assert f"{root}/demo/policies/a.md:12:1: 错误[feel-unknown-name]" in answer.err
    assert "是否想写“从业人员”？" in answer.err
    assert f"{root}/demo/policies/b.md:12:1: 错误[feel-unit-mismatch]" in answer.err
    assert "c.md" not in answer.err
    assert "错误 2，警告 0" in answer.out
    data = json.loads(zhida("check", root, "--json").out)
    assert [(item["file"], item["line"], item["code"]) for item in data["diagnostics"]] == [
        (f"{root}/demo/policies/a.md", 12, "feel-unknown-name"),
        (f"{root}/demo/policies/b.md", 12, "feel-unit-mismatch"),
    ]


def test_a_failing_example_fails_the_check(zhida: Zhida, tmp_path: Path) -> None:
    examples = "\n## 例\n\n| 例 | 从业人员 | **符合** |\n|---|---|---|\n| 1 | 1 | true |\n| 2 | 0 | true |\n"
    root = plant(tmp_path, {"demo/registry/enterprise.md": DICTIONARY, "demo/policies/a.md": policy("a", "从业人员 > 0") + examples})
    answer = zhida("check", root)
    assert answer.code == 1
    assert "错误[policy-example-failed]: 例 2：“符合”应为 true，实际是 false" in answer.err
    assert "2 个例：通过 1，未过 1" in answer.out
    assert json.loads(zhida("check", root, "--json").out)["examples"] == {"passed": 1, "failed": 1, "not_run": 0}


def test_warnings_fail_only_a_strict_check(zhida: Zhida, tmp_path: Path) -> None:
    root = packs_with(tmp_path, a="从业人员 > 30000000")
    lenient, strict = zhida("check", root), zhida("check", root, "--strict")
    assert (lenient.code, strict.code) == (0, 1)
    assert "警告[feel-literal-range]" in lenient.err
    assert lenient.err == strict.err


def test_a_pack_checked_alone_is_sent_to_its_neighbours(zhida: Zhida, tmp_path: Path) -> None:
    root = packs_with(tmp_path, a="从业人员 > 0")
    plant(root, {"other/policies/b.md": policy("b", "从业人员 > 0").replace("demo/b", "other/b")})
    assert zhida("check", root).code == 0
    answer = zhida("check", root / "other")
    assert answer.code == 1
    assert answer.err.endswith(f"请一起检查：zhida check {root}\n")


def test_errors_in_the_packs_stop_what_rests_on_them(zhida: Zhida, tmp_path: Path, district: District) -> None:
    root = packs_with(tmp_path, a="从业人数 > 0")
    for arguments in (("assess", district.registry), ("weave",), ("explain", "--registry", district.registry, "1")):
        answer = zhida(*arguments, "--packs", root, "--lang", "en")
        assert answer.code == 1
        assert "error[feel-unknown-name]: " in answer.err
        assert answer.out == ""


# --- misuse --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        ("chekc", "没有命令 chekc；是否想写 check？", "No such command 'chekc'. Did you mean 'check'?"),
        ("zzz", "没有命令 zzz", "No such command 'zzz'"),
        ("registry imprt", "没有命令 imprt；是否想写 import？", "No such command 'imprt'. Did you mean 'import'?"),
        ("check --strictt", "没有选项 --strictt；是否想写 --strict？", "No such option: --strictt (Possible options: --strict)"),
        ("check --zzz", "没有选项 --zzz", "No such option: --zzz"),
        ("check a b", "多出的参数：b", "Got unexpected extra argument"),
        ("check --as-of 2026-02-30", "--as-of：“2026-02-30”不是日期", "--as-of: '2026-02-30' is no date"),
        ("check --as-of yesterday", "--as-of：“yesterday”不是日期", "--as-of: 'yesterday' is no date"),
        ("check nowhere", "没有文件夹“nowhere”", "there is no folder 'nowhere'"),
        ("assess", "缺少参数 SOURCE", "Missing argument 'SOURCE'"),
        ("assess x --workers 0", "--workers 至少为 1", "Invalid value for '--workers'"),
        ("assess x --workers two", "--workers 应为整数", "Invalid value for '--workers'"),
        ("assess x --packs nowhere", "没有文件夹“nowhere”", "there is no folder 'nowhere'"),
        ("explain CODE", "缺少选项 --registry", "Missing option '--registry'"),
        ("explain CODE --registry x --format pdf", "--format：“pdf”不是 text、json、html 之一", "'pdf' is not one of"),
        ("weave --packs nowhere", "没有文件夹“nowhere”", "there is no folder 'nowhere'"),
        ("demo --packs nowhere", "没有文件夹“nowhere”", "there is no folder 'nowhere'"),
        ("registry import map.yaml --out x", "缺少参数 PATH...", "Missing argument 'PATH...'"),
        ("registry import map.yaml a.csv", "缺少选项 --out", "Missing option '--out'"),
    ],
)
def test_misuse_is_told_in_both_languages_with_the_way_to_help(zhida: Zhida, arguments: str, zh: str, en: str) -> None:
    chinese, english = zhida(*arguments.split()), zhida(*arguments.split(), "--lang", "en")
    assert chinese.code == english.code == 2
    assert chinese.out == english.out == ""
    assert chinese.err.startswith(f"错误：{zh}")
    assert en in english.err.splitlines()[0]
    assert "--help" in chinese.err
    assert "--help" in english.err


def test_an_unknown_language_is_misuse(zhida: Zhida) -> None:
    answer = zhida("check", "--lang", "fr")
    assert (answer.code, answer.out) == (2, "")
    assert "--lang：“fr”不是 zh、en 之一" in answer.err


def test_a_registry_that_an_import_wrote_has_checksums(zhida: Zhida, district: District, tmp_path: Path) -> None:
    answer = zhida("assess", district.registry, "--out", tmp_path, "--policy", "sme-size", "--packs", PACKS)
    assert answer.code == 0
    assert "source-no-checksums" not in answer.err
    again = zhida("assess", tmp_path / "results.parquet", "--packs", PACKS)
    assert (again.code, again.out, again.err.count("错误[")) == (2, "", 1)
    assert "错误[source-is-results]" in again.err


def test_explain_says_what_a_registry_is_where_a_database_or_a_csv_file_was_given(zhida: Zhida, district: District) -> None:
    for given, said in (("postgresql://me:secret@db/x?table=t", "请导出为 CSV"), (district.sources[0], "CSV 可直接用 zhida assess 判定")):
        answer = zhida("explain", "1", "--registry", given, "--packs", PACKS)
        assert (answer.code, answer.out) == (2, "")
        assert said in answer.err
        assert "zhida registry import" in answer.err
        assert "secret" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("assess {nowhere}", "file-not-found", "没有这个文件或文件夹"),
        ("assess {sources}", "registry-not-a-registry", "请先用 zhida registry import 生成"),
        ("assess {registry} --subject residnt", "policy-unknown-subject", "没有主体“residnt”的数据字典"),
        ("assess {registry} --policy sme-sise", "policy-unknown", "是否想写“national/sme-size”？"),
        ("assess {registry} --policy 中小企业划形标准", "policy-unknown", "是否想写“national/sme-size”？"),
        ("assess {registry} --policy national", "policy-unknown", "national/disability-levy、national/small-profit-tax"),
        ("explain 1 --registry {nowhere}", "file-not-found", "没有这个文件或文件夹"),
        ("explain 1 --registry {registry}", "registry-unknown-subject", "户中没有“1”"),
        ("explain 1 nope --registry {registry}", "policy-unknown", "“nope”不能确定是哪一份政策"),
        ("weave nope", "policy-unknown", "“nope”不能确定是哪一份政策"),
        ("registry import {nowhere} {csv} --out {out}", "file-not-found", "没有这个文件或文件夹"),
        ("registry import {sources} {csv} --out {out}", "file-is-directory", "是文件夹，不是文件"),
        ("registry import {mapping} {csv} --out {out}", "registry-file-lacking", "文件名应符合 finance*.csv"),
        ("registry synthesize {nowhere} --out {out}", "file-not-found", "没有这个文件或文件夹"),
        ("demo --district {nowhere} --out {out}", "file-not-found", "没有这个文件或文件夹"),
    ],
)
def test_what_does_not_exist_or_does_not_fit_is_misuse(
    zhida: Zhida, district: District, tmp_path: Path, arguments: str, code: str, words: str
) -> None:
    places = {
        "nowhere": tmp_path / "nowhere",
        "csv": district.sources[0],
        "sources": district.sources[0].parent,
        "registry": district.registry,
        "mapping": district.mapping,
        "out": tmp_path / "out",
    }
    given = [part.format_map(places) for part in arguments.split()]
    given += [] if given[:2] == ["registry", "synthesize"] else ["--packs", str(PACKS)]
    answer = zhida(*given)
    assert (answer.code, answer.out) == (2, "")
    assert f"错误[{code}]: " in answer.err
    assert words in answer.err
    assert not (tmp_path / "out").exists()
    as_data = zhida(*given, "--json")
    assert (as_data.code, as_data.err) == (2, "")
    assert code in {item["code"] for item in json.loads(as_data.out)["diagnostics"]}


def test_a_registry_of_another_kind_of_subject_is_misuse(zhida: Zhida, district: District, tmp_path: Path) -> None:
    resident = policy("r", "从业人员 > 0", "resident")
    root = plant(tmp_path, {"demo/registry/resident.md": DICTIONARY, "demo/policies/r.md": resident})
    answer = zhida("assess", district.registry, "--subject", "resident", "--packs", root)
    assert (answer.code, answer.out) == (2, "")
    assert "错误[registry-subject-differs]" in answer.err


def test_a_policy_says_which_dictionary_a_registry_must_fit(zhida: Zhida, district: District, tmp_path: Path) -> None:
    files = {f"demo/registry/{kind}.md": DICTIONARY for kind in ("enterprise", "resident")}
    root = plant(tmp_path, {**files, "demo/policies/r.md": policy("r", "从业人员 > 0", "resident")})
    answer = zhida("assess", district.registry, "--policy", "demo/r", "--packs", root)
    assert answer.code == 2
    assert "错误[registry-subject-differs]: 主体是“enterprise”，而数据字典的主体是“resident”" in answer.err
    chosen = zhida("assess", district.registry, "--policy", "demo/r", "--subject", "enterprise", "--packs", root)
    assert chosen.code == 2
    assert "“demo/r”不能确定是哪一份政策" in chosen.err


def test_a_mapping_with_a_subject_that_nobody_knows_is_an_error_of_the_mapping(zhida: Zhida, district: District, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(district.mapping.read_text(encoding="utf-8").replace("subject: enterprise", "subject: enterprize"), encoding="utf-8")
    answer = zhida("registry", "import", mapping, *district.sources, "--out", tmp_path / "out", "--packs", PACKS)
    assert answer.code == 1
    assert f"{mapping}:" in answer.err
    assert "是否想写“enterprise”？" in answer.err


# --- output --------------------------------------------------------------------------------------------------------


def test_json_is_all_that_stands_on_standard_output(zhida: Zhida, district: District, tmp_path: Path) -> None:
    code = district_code(district)
    packs = ("--packs", PACKS, "--as-of", AS_OF)
    calls = {
        "check": ("check", PACKS, "--as-of", AS_OF),
        "assess": ("assess", district.registry, "--out", tmp_path / "results", *packs),
        "explain": ("explain", code, "--registry", district.registry, *packs),
        "weave": ("weave", "sme-size", "--out", tmp_path / "pages", *packs),
        "import": ("registry", "import", district.mapping, *district.sources, "--out", tmp_path / "again", "--packs", PACKS),
        "synthesize": ("registry", "synthesize", district.parameters / "district.yaml", "--out", tmp_path / "sources"),
    }
    for name, arguments in calls.items():
        answer = zhida(*arguments, "--json")
        assert (name, answer.code, answer.err) == (name, 0, "")
        assert json.loads(answer.out), name


def district_code(district: District) -> str:
    return district.sources[0].read_text(encoding="utf-8-sig").splitlines()[1].split(",")[0]


@pytest.mark.parametrize(("lang", "words"), [("zh", "政策适用说明"), ("en", "How the policy applies")])
def test_explanations_are_in_the_language_that_was_asked_for(zhida: Zhida, district: District, lang: str, words: str) -> None:
    asked = (district_code(district), "中小企业", "--registry", district.registry, "--packs", PACKS, "--as-of", AS_OF)
    answer = zhida("explain", *asked, "--lang", lang)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(words)
    assert max(display_width(line) for line in answer.out.splitlines()) <= 80


def test_a_page_explains_one_policy(zhida: Zhida, district: District, tmp_path: Path) -> None:
    asked = (district_code(district), "--registry", district.registry, "--packs", PACKS, "--as-of", AS_OF, "--format", "html")
    refused = zhida("explain", *asked)
    assert (refused.code, refused.out) == (2, "")
    assert "一个网页只说一项政策" in refused.err
    answer = zhida("explain", *asked, "--out", tmp_path / "pages")
    assert answer.code == 0
    pages = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert pages == sorted(f"{asked[0]}-{path.parts[-3]}-{path.stem}.html" for path in PACKS.glob("*/policies/*.md"))
    for path in (tmp_path / "pages").iterdir():
        assert path.read_text(encoding="utf-8").count("<html") == 1


def test_a_policy_named_twice_is_assessed_once(zhida: Zhida, district: District, tmp_path: Path) -> None:
    named = ("--policy", "sme-size", "--policy", "中小企业划型")
    answer = zhida("assess", district.registry, *named, "--out", tmp_path, "--packs", PACKS, "--json")
    assert [row["policy"] for row in json.loads(answer.out)["policies"]] == ["national/sme-size"]


def test_the_summary_of_a_run_fits_80_columns(zhida: Zhida, district: District, tmp_path: Path) -> None:
    answer = zhida("assess", district.registry, "--out", tmp_path, "--packs", PACKS, "--as-of", AS_OF)
    assert (answer.code, answer.err) == (0, "")
    table = answer.out.partition("\n\n")[2].partition("\n\n")[0].splitlines()
    assert max(display_width(line) for line in table) <= 80
    files = ("results.parquet", "results.csv", "report.html", "summary.json")
    assert answer.out.splitlines()[-4:] == [str(tmp_path / name) for name in files]


@pytest.mark.long
def test_progress_is_silent_where_nobody_watches(district: District, tmp_path: Path) -> None:
    command = (*COMMAND, "registry", "import", str(district.mapping), *map(str, district.sources), "--out", str(tmp_path / "out"))
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=ENVIRONMENT)
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"\r" not in done.stdout + done.stderr


@pytest.mark.long
def test_progress_is_shown_with_the_time_left_where_somebody_watches(district: District, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = (*COMMAND, "registry", "import", str(district.mapping), *map(str, district.sources), "--out", str(tmp_path / "out"))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, cwd=ROOT, env={**ENVIRONMENT, "TERM": "xterm"}) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the end of a terminal is an error
            while part := os.read(ours, 4096):
                shown += part
        os.close(ours)
    assert process.returncode == 0
    bars = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"读取 ━+ +\d/6 +[-0-9]:[-0-9]{2}:[-0-9]{2}", bars)
    assert re.search(r"换算 ━+ +\d+/\d+ +[-0-9]:[-0-9]{2}:[-0-9]{2}", bars)
    assert "convert" not in bars


@pytest.mark.parametrize("arguments", [pytest.param("check packs", marks=pytest.mark.long), "--help"])
def test_a_reader_that_has_read_enough_is_no_error(arguments: str) -> None:
    command = (*COMMAND, *arguments.split())
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # before anything is written
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_output_that_cannot_be_written_is_an_error_without_a_traceback() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    with full.open("wb") as out:
        done = subprocess.run((*COMMAND, "--help"), check=False, stdout=out, stderr=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("错误：操作系统拒绝了：")
    assert b"Traceback" not in done.stderr
