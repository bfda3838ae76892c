"""The page that says how a run of the conformance kit came out: docs/conformance.md.

Everything on it is counted; nothing of the kit is quoted but the names of its folders and labels.
"""

from collections.abc import Iterable, Iterator, Sequence

from zhida.dmn.conformance import CaseResult, Tally, tally
from zhida.dmn.conformance_disputes import DISPUTES

INTRODUCTION = """# 符合性 · Conformance

DMN 的符合性由公开的测试包（TCK）来量。下面是 zhida 跑这个测试包的结果，由 `zhida tck … --report docs/conformance.md` 写成，手工不改。

*How far zhida conforms to DMN 1.5, as the public conformance kit (TCK) measures it. This page is written by
`zhida tck … --report docs/conformance.md` and never by hand.*

```
zhida tck TestCases                        # 各级通过与未过 passed and failed by level
zhida tck TestCases --failures             # 逐个说明 explain each failure
zhida tck TestCases --only '0068*/range_*' # 只跑一部分 a part
zhida tck TestCases --strict               # 无据可依的错误标志不符也算未过 flags that differ without a clause count as failures
zhida tck TestCases --csv tck_results.csv --properties tck_results.properties  # 供提交的文件 what a vendor submits
```

## 量的是什么 · What is measured

- **用例**：一个测试用例里的每个结果都要与预期的值相等，才算通过。*A case has passed when every result in it equals what is expected.*
- **数字**：与各家公布成绩的程序一样，相差不到 1e-8 即为相等；而我们另外数出有多少是逐位相同的。
  *Numbers may differ by less than 1e-8, as in every published runner; how many agree in all digits is counted apart.*
- **错误标志**：测试包用 `errorResult` 标出“因出错而为空”的结果。各家程序都不比这一项，我们比：空值旁有诊断，就是出错。
  *The kit marks a null that comes from an error (`errorResult`). Published runners do not compare the mark; here it is compared:
  a null with a finding beside it is an error.*
- 时间、日期、时区按 `is()` 相同来比，比 `=` 更严。*Dates and times are compared as `is()` does, more strictly than `=`.*
"""


def conformance_page(results: Sequence[CaseResult]) -> str:
    """Return the page about a run, as Markdown."""
    return "\n".join((INTRODUCTION, *_summary(results), *_flags(results), *_labels(results), *_folders(results)))


def _summary(results: Sequence[CaseResult]) -> Iterator[str]:
    yield "## 结果 · Results"
    yield ""
    yield from _table("级别 Level", [*_grouped((result.level, result) for result in results), ("**合计 In all**", tally(results))])
    whole = tally(results)
    yield ""
    yield f"**{whole.passed} passed, {whole.failed} failed**"
    yield ""
    yield "| 含数字的结果 Results with numbers | |"
    yield "|---|---:|"
    yield f"| 逐位相同 in all digits | {whole.exact} |"
    yield f"| 按预期的位数舍入后相同 when rounded to the places expected | {whole.rounded} |"
    yield f"| 仅在 1e-8 之内 within 1e-8 only | {whole.near} |"
    yield ""
    failed = [result.path for result in results if not result.passed]
    if failed:
        yield "未过 Failed:"
        yield ""
        yield from (f"- {path}" for path in failed)
        yield ""


def _flags(results: Sequence[CaseResult]) -> Iterator[str]:
    yield "## 有争议的错误标志 · Disputed error flags"
    yield ""
    differing = [(result, node) for result in results for node in result.nodes if not node.flag_agrees]
    if not differing:
        yield "没有：全部一致。*None: all agree.*"
    else:
        yield "| 用例 Case | 测试包 Kit | zhida | 条款 Clause | 理由 Reason |"
        yield "|---|---|---|---|---|"
    for result, node in differing:
        path = result.path if result.path in DISPUTES or len(result.nodes) == 1 else f"{result.path}:{node.name}"
        marks = " | ".join("错误 error" if flag else "– " for flag in (node.expects_error, node.is_error))
        why = f"{node.dispute.clause} | {node.dispute.reason_zh} *{node.dispute.reason}*" if node.dispute else " | "
        yield f"| {path} | {marks} | {why} |"
    yield ""


def _labels(results: Sequence[CaseResult]) -> Iterator[str]:
    yield "## 按标签 · By label"
    yield ""
    yield "标签是测试文件自己写的，一个文件可以有几个。*Labels are what test files say that they are about; a file may have several.*"
    yield ""
    labelled = sorted(
        ((label, result) for result in results for label in dict.fromkeys(result.labels)), key=lambda pair: pair[0].casefold()
    )
    yield from _table("标签 Label", _grouped(labelled))
    yield ""


def _folders(results: Sequence[CaseResult]) -> Iterator[str]:
    yield "## 按文件夹 · By folder"
    yield ""
    yield from _table("文件夹 Folder", _grouped((f"{result.level}/{result.folder}", result) for result in results))
    yield ""


def _grouped(pairs: Iterable[tuple[str, CaseResult]]) -> list[tuple[str, Tally]]:
    groups: dict[str, list[CaseResult]] = {}
    for name, result in pairs:
        groups.setdefault(name, []).append(result)
    return [(name, tally(own)) for name, own in groups.items()]


def _table(heading: str, rows: Iterable[tuple[str, Tally]]) -> Iterator[str]:
    yield f"| {heading} | 用例 Cases | 通过 Passed | 未过 Failed | 有值 Values | 空值 Nulls | 错误标志 Error flags |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, counts in rows:
        parts = (
            *(str(number) for number in (counts.cases, counts.passed, counts.failed)),
            f"{counts.values_passed}/{counts.values}",
            f"{counts.nulls_passed}/{counts.nulls}",
            f"{counts.flags_agree}/{counts.flags}",
        )
        yield f"| {name} | {' | '.join(parts)} |"
