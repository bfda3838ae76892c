"""The quality report of an import: what was read, what was odd, and where.

Owns the counts and the findings; `importing` fills them in. Every finding names its file and row, so that whoever owns
the file can mend it there. The report is data first (JSON), and is told in Chinese and English from the same data.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from zhida.errors import SEVERITY_WORDS, Diagnostic, Language
from zhida.source import display_width

SHOWN_OF_EACH = 10
"""Findings of one kind that the text shows; the JSON holds all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One odd thing in one row of one file."""

    diagnostic: Diagnostic
    """What it is; its span is the cell or row of a CSV file."""
    file: str
    """The file's base name."""
    row: int
    """The line on which the row starts (CSV), or the number of the row from 1 (Parquet)."""
    key: str
    """The key of the row; empty where it has none."""
    attribute: str = ""
    """The attribute that it concerns; empty where it concerns the row."""
    value: str = ""
    """The text that was met."""

    @property
    def code(self) -> str:
        """The kind of finding: a code of `zhida.errors`."""
        return self.diagnostic.code


@dataclass(frozen=True, slots=True)
class FileQuality:
    """What was read from one file. Every row is used, merged or set aside: rows_read is their sum."""

    name: str
    """The mapping's name of the file."""
    file: str
    """The file's base name."""
    sha256: str
    """Digest of its bytes."""
    rows_read: int
    """Rows below the header."""
    rows_used: int
    """Rows whose facts are in the registry."""
    rows_set_aside: int
    """Rows whose facts are not in the registry; each is listed with its reason."""
    exact_duplicate_keys: int
    """Keys of which the same row stands more than once, and no other."""
    exact_duplicate_rows: int
    """Rows that were merged into an identical one before them."""
    conflicting_keys: int
    """Keys with rows that differ."""
    conflicting_rows: int
    """All rows of these keys; none of them is used."""
    empty_keys: int
    """Rows without a key."""
    bad_codes: int
    """Keys that are no valid unified social credit code; their rows are used."""
    not_in_base: int
    """Rows whose subject the first file does not have, or that went with a subject that was set aside."""
    left_out: int
    """Subjects that were left out because this file, joined as `inner`, lacks them."""
    is_synthetic: bool
    """Whether the file says of itself that its data are invented."""


@dataclass(frozen=True, slots=True)
class AttributeQuality:
    """What is known of one attribute."""

    name: str
    """The attribute."""
    files: tuple[str, ...]
    """Names of the files that give it; empty where none does."""
    unknown: int
    """Subjects of whom it is unknown."""
    absent: int
    """Subjects of whom it is known to be absent."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Cells by what was odd about them: codes of findings, and liberties such as `thousands` or `left_unknown`."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What an import met."""

    subject: str
    """The kind of subject."""
    subjects: int
    """How many there are in the registry."""
    is_synthetic: bool
    """Whether any of the files says that its data are invented."""
    files: tuple[FileQuality, ...]
    """The files, in the mapping's order."""
    attributes: tuple[AttributeQuality, ...]
    """Every attribute of the dictionary but the key, in its order."""
    findings: tuple[Finding, ...]
    """All findings, by file and row."""
    subjects_set_aside: int = 0
    """How many are not in it: their rows contradict each other, or a file leaves them out."""

    def to_json(self) -> str:
        """Return the whole report as JSON, with every finding in both languages."""
        return json.dumps(_as_data(self), ensure_ascii=False, indent=1) + "\n"

    def to_text(self, language: Language = "zh") -> str:
        """Return the report for people: files, unknowns by attribute, and the first findings of each kind."""
        return "\n".join(_text(self, language)) + "\n"


LIBERTIES: Mapping[str, tuple[str, str]] = {
    "full_width": ("full-width characters", "全角字符"),
    "thousands": ("thousands separators", "千分位分隔符"),
    "plus_sign": ("plus signs", "正号"),
    "date_form": ("dates in another form", "其他写法的日期"),
    "rounded": ("rounded to the places kept", "按小数位舍入"),
    "incomplete_list": ("lists of which a part is unknown", "部分未知的列表"),
    "left_unknown": ("words that the mapping leaves unknown", "映射注明未知的词"),
}
"""What was tolerated in cells, in English and Chinese."""

FILE_ROWS: tuple[tuple[str, str, str], ...] = (
    ("rows_read", "rows read", "读入行"),
    ("rows_used", "rows used", "采用行"),
    ("rows_set_aside", "rows set aside", "搁置行"),
    ("exact_duplicate_keys", "keys with exact duplicates", "完全重复的代码"),
    ("exact_duplicate_rows", "duplicate rows merged", "合并的重复行"),
    ("conflicting_keys", "keys with conflicting rows", "内容冲突的代码"),
    ("conflicting_rows", "conflicting rows", "内容冲突的行"),
    ("empty_keys", "rows without a key", "没有代码的行"),
    ("bad_codes", "bad codes", "不合规的代码"),
    ("not_in_base", "rows without a subject", "没有对应主体的行"),
    ("left_out", "subjects left out", "因缺行而不收的主体"),
)
"""Counts of a file with their names in English and Chinese; a count of zero below the first two is not shown."""


def _as_data(report: QualityReport) -> dict[str, object]:
    return {
        "subject": report.subject,
        "subjects": report.subjects,
        "subjects_set_aside": report.subjects_set_aside,
        "synthetic": report.is_synthetic,
        "files": [
            {"name": file.name, "file": file.file, "sha256": file.sha256}
            | {name: getattr(file, name) for name, _, _ in FILE_ROWS}
            | {"synthetic": file.is_synthetic}
            for file in report.files
        ],
        "attributes": [
            {
                "name": attribute.name,
                "files": list(attribute.files),
                "unknown": attribute.unknown,
                "absent": attribute.absent,
                "counts": dict(sorted(attribute.counts.items())),
            }
            for attribute in report.attributes
        ],
        "finding_counts": dict(sorted(_counts(report).items())),
        "findings": [
            {
                "code": finding.code,
                "severity": str(finding.diagnostic.severity),
                "file": finding.file,
                "row": finding.row,
                "key": finding.key,
                "attribute": finding.attribute,
                "value": finding.value,
                "zh": finding.diagnostic.message("zh"),
                "en": finding.diagnostic.message("en"),
            }
            for finding in report.findings
        ],
    }


def _counts(report: QualityReport) -> dict[str, int]:
    counts: dict[str, int] = {}
    for finding in report.findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    return counts


def _text(report: QualityReport, language: Language) -> Iterator[str]:
    zh = language == "zh"
    aside = report.subjects_set_aside
    if zh:
        yield f"登记册质量报告：{report.subject}，{report.subjects} 户" + (f"，另有 {aside} 户搁置" if aside else "")
    else:
        yield f"Quality of the registry: {report.subject}, {report.subjects}" + (f", {aside} more set aside" if aside else "")
    if report.is_synthetic:
        yield "合成数据 synthetic：不是真实主体" if zh else "Synthetic data 合成数据: no real subjects"
    for file in report.files:
        yield ""
        yield f"文件 {file.name}（{file.file}）" if zh else f"File {file.name} ({file.file})"
        for place, (name, en, chinese) in enumerate(FILE_ROWS):
            count = getattr(file, name)
            if count or place < 2:
                yield f"  {_pad(chinese if zh else en, 28)}{count:>10}"
    yield ""
    yield from _attribute_lines(report, zh=zh)
    yield from _finding_lines(report, language)


def _attribute_lines(report: QualityReport, *, zh: bool) -> Iterator[str]:
    yield "未知的事实（按属性）" if zh else "Unknown facts by attribute"
    for attribute in report.attributes:
        if not attribute.files:
            continue
        notes = []
        if attribute.absent:
            notes.append(f"已知没有 {attribute.absent}" if zh else f"known to be absent: {attribute.absent}")
        for name, (en, chinese) in LIBERTIES.items():
            if count := attribute.counts.get(name, 0):
                notes.append(f"{chinese if zh else en} {count}")
        share = f"{_percent(attribute.unknown, report.subjects):>8}"
        joined = ("；" if zh else "; ").join(notes)
        yield f"  {_pad(attribute.name, 28)}{attribute.unknown:>10}{share}  {joined}".rstrip()
    lacking = [attribute.name for attribute in report.attributes if not attribute.files]
    if lacking:
        yield f"  没有文件提供（全部未知）：{'、'.join(lacking)}" if zh else f"  No file gives (all unknown): {', '.join(lacking)}"


def _finding_lines(report: QualityReport, language: Language) -> Iterator[str]:
    zh = language == "zh"
    for code, count in sorted(_counts(report).items()):
        of_kind = [finding for finding in report.findings if finding.code == code]
        word = SEVERITY_WORDS[language][of_kind[0].diagnostic.severity]
        yield ""
        yield f"{word}[{code}] {count}"
        for finding in of_kind[:SHOWN_OF_EACH]:
            yield f"  {finding.file}:{finding.row}: {finding.diagnostic.message(language)}"
        if count > SHOWN_OF_EACH:
            more = count - SHOWN_OF_EACH
            yield f"  …… 另有 {more} 条，全部见 quality.json" if zh else f"  … and {more} more, all in quality.json"


def _percent(part: int, whole: int) -> str:
    """Return a share with one decimal, in whole-number arithmetic."""
    thousandths = (2000 * part + whole) // (2 * whole) if whole else 0
    return f"{thousandths // 10}.{thousandths % 10} %"


def _pad(text: str, width: int) -> str:
    return text + " " * max(width - display_width(text), 1)
