"""Reading a mapping file: YAML to a `Mapping`, every mistake in it at once and at its place.

The YAML is read as nodes, not as Python values: `01` stays the text 01, `是` and `no` stay words, a date stays as written,
and every key and value knows where it stands. docs/registry-mapping.md is the description for people.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import yaml

from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.policy.document import read_source
from zhida.registry_io.attributes import year_column
from zhida.registry_io.mapping import AttributeMapping, CodeTable, ColumnName, FileMapping, ListMapping, Mapping, Rate
from zhida.source import Source, Span

TOP_KEYS = ("subject", "key", "files", "lists", "note")
KEY_KEYS = ("attribute", "check", "note")
FILE_KEYS = ("name", "path", "encoding", "separator", "key", "join", "ignore", "unknown", "columns", "note")
LIST_KEYS = ("name", "list", "path", "encoding", "separator", "key", "unique", "ignore", "unknown", "columns", "note")
COLUMN_KEYS = ("column", "columns", "constant", "years", "unit", "rate", "values", "otherwise", "format", "absent", "note")
RATE_KEYS = ("from", "to", "value", "date", "source", "note")
CHECKS = ("uscc", "none")
JOINS = ("left", "inner", "outer")
ENCODINGS = ("utf-8", "gb18030")
OTHERWISE = ("unknown", "error")

RATE_VALUE = re.compile(r"\d{1,12}(\.\d{1,18})?")
DATE_PARTS = {"%Y", "%m", "%d"}
YEARS = re.compile(r"([0-9]{4})(?:\.\.([0-9]{4}))?")
YEAR_PART = "%Y"
"""Stands for the year in the name of a column that is one of a series."""
MAX_YEARS = 50
"""Years of a series at most: more are a slip."""


def read_mapping(path: Path | str) -> Mapping:
    """Read a mapping file.

    Args:
        path: A YAML file; see docs/registry-mapping.md.

    Raises:
        InputError: file-not-found, file-is-directory, file-unreadable, file-not-utf8, file-empty, file-too-large,
            registry-mapping-yaml, registry-mapping-unknown-key, registry-mapping-missing-key,
            registry-mapping-duplicate-key, registry-mapping-shape, registry-mapping-value, registry-column-choice.
    """
    return parse_mapping(read_source(Path(path)))


def parse_mapping(source: Source) -> Mapping:
    r"""Read the text of a mapping file; raises as `read_mapping` does.

    >>> text = "subject: enterprise\nkey: {attribute: 代码}\nfiles:\n- {name: 甲, key: code, columns: {营业收入: income}}\n"
    >>> parse_mapping(Source("mapping.yaml", text)).files[0].columns[0].columns[0].name
    'income'
    """
    reader = _Reader(source)
    root = reader.compose()
    mapping = _mapping(reader, root) if root is not None else None
    if reader.diagnostics or mapping is None:
        raise InputError(sorted(reader.diagnostics, key=lambda item: item.span.start if item.span else 0))
    return mapping


class _Reader:
    """Takes YAML nodes apart and collects what is wrong with them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []

    def compose(self) -> yaml.Node | None:
        """Return the root node, or None where the text is not YAML."""
        try:
            root = yaml.compose(self.source.text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = min(mark.index if mark else 0, max(len(self.source.text) - 1, 0))
            self.complain("registry-mapping-yaml", Span(self.source, place, place + 1), reason=error.problem or "YAML")
            return None
        except (yaml.YAMLError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
            self.complain("registry-mapping-yaml", Span(self.source, 0, 0), reason=reason)
            return None
        if root is None:
            self.complain("file-empty", Span(self.source, 0, 0), name=self.source.name)
        return root

    def complain(self, code: str, span: Span, **words: object) -> None:
        """Add a diagnostic."""
        self.diagnostics.append(diagnostic(code, span, **words))

    def span(self, node: yaml.Node) -> Span:
        """Return where a node stands; of a mapping or a list that takes several lines only the first line."""
        start, end = node.start_mark.index, node.end_mark.index
        if not isinstance(node, yaml.ScalarNode):
            end = start + len(self.source.text[start:end].split("\n", 1)[0].rstrip())
        return Span(self.source, start, max(end, start + 1))

    def entries(self, node: yaml.Node, where: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Return key → (key node, value node) of a YAML mapping; complain of another shape and of keys that stand twice."""
        if not isinstance(node, yaml.MappingNode):
            self.complain("registry-mapping-shape", self.span(node), where=where, expected="key: value", expected_zh="“键: 值”的形式")
            return {}
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.complain("registry-mapping-shape", self.span(key), where=where, expected="a word", expected_zh="一个词")
            elif key.value in found:
                self.complain("registry-mapping-duplicate-key", self.span(key), name=key.value, where=where)
            else:
                found[key.value] = (key, value)
        return found

    def known(self, node: yaml.Node, where: str, allowed: tuple[str, ...], required: Iterable[str]) -> dict[str, yaml.Node]:
        """Return key → value node; complain of unknown keys and of those that are lacking."""
        found = self.entries(node, where)
        for name, (key, _) in found.items():
            if name not in allowed:
                near = nearest(name, allowed)
                self.complain("registry-mapping-unknown-key", self.span(key), name=name, where=where, near=near, keys="、".join(allowed))
        if isinstance(node, yaml.MappingNode):
            for name in required:
                if name not in found:
                    self.complain("registry-mapping-missing-key", self.span(node), name=name, where=where)
        return {name: value for name, (_, value) in found.items() if name in allowed}

    def text(self, node: yaml.Node | None, name: str) -> str:
        """Return a scalar as it is written; complain of a list, a mapping or an empty value."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or is_null(node):
            self.complain("registry-mapping-shape", self.span(node), where=name, expected="a word", expected_zh="一个词")
            return ""
        return str(node.value)

    def choice(self, node: yaml.Node | None, name: str, choices: tuple[str, ...]) -> str:
        """Return one of the words that are allowed; the first where nothing is stated."""
        if node is None:
            return choices[0]
        word = self.text(node, name)
        if word and word.lower() not in choices:
            expected = " | ".join(choices)
            self.complain("registry-mapping-value", self.span(node), name=name, value=word, expected=expected)
        return word.lower() if word.lower() in choices else choices[0]

    def names(self, node: yaml.Node | None, name: str) -> tuple[ColumnName, ...]:
        """Return one column name or a list of them; an empty name means the column without one."""
        if node is None:
            return ()
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found = []
        for item in nodes:
            if isinstance(item, yaml.ScalarNode) and not is_null(item):
                found.append(ColumnName(str(item.value).strip(), self.span(item)))
            else:
                self.complain("registry-mapping-shape", self.span(item), where=name, expected="a word", expected_zh="一个词")
        return tuple(found)


def is_null(node: yaml.ScalarNode) -> bool:
    """Say whether a scalar is YAML's null (`~`, `null` or nothing) and not an empty text in quotes."""
    return bool(node.tag == "tag:yaml.org,2002:null")


def _mapping(reader: _Reader, root: yaml.Node) -> Mapping:
    top = reader.known(root, "mapping", TOP_KEYS, ("subject", "key", "files"))
    key_node = top.get("key", root)
    key = reader.known(key_node, "key", KEY_KEYS, ("attribute",)) if "key" in top else {}
    files_node = top.get("files")
    files: list[FileMapping] = []
    if isinstance(files_node, yaml.SequenceNode) and files_node.value:
        files = [_file(reader, node)[0] for node in files_node.value]
    elif files_node is not None:
        expected = ("a list of files, each beginning with `- `", "文件的列表，每个以“- ”开头")
        reader.complain("registry-mapping-shape", reader.span(files_node), where="files", expected=expected[0], expected_zh=expected[1])
    lists = _lists(reader, top["lists"]) if "lists" in top else []
    seen: set[str] = set()
    for file in (*files, *(each.file for each in lists)):
        if file.name in seen:
            reader.complain("registry-mapping-duplicate-key", file.span, name=file.name, where="files")
        seen.add(file.name)
    return Mapping(
        subject=reader.text(top.get("subject"), "subject"),
        subject_span=reader.span(top.get("subject", root)),
        key_attribute=reader.text(key.get("attribute"), "attribute"),
        key_span=reader.span(key.get("attribute", key_node)),
        key_check=reader.choice(key.get("check"), "check", CHECKS),
        files=tuple(files),
        source=reader.source,
        sha256=hashlib.sha256(reader.source.text.encode()).hexdigest(),
        lists=tuple(lists),
    )


def _lists(reader: _Reader, node: yaml.Node) -> list[ListMapping]:
    """Return how the elements of lists are read."""
    if not isinstance(node, yaml.SequenceNode):
        expected = ("a list of files, each beginning with `- `", "文件的列表，每个以“- ”开头")
        reader.complain("registry-mapping-shape", reader.span(node), where="lists", expected=expected[0], expected_zh=expected[1])
        return []
    lists = []
    for item in node.value:
        file, found = _file(reader, item, "lists", LIST_KEYS, ("name", "list", "key", "columns"))
        named = found.get("list", item)
        lists.append(
            ListMapping(reader.text(found.get("list"), "list"), reader.span(named), file, reader.names(found.get("unique"), "unique"))
        )
    return lists


def _file(
    reader: _Reader,
    node: yaml.Node,
    where: str = "files",
    keys: tuple[str, ...] = FILE_KEYS,
    required: tuple[str, ...] = ("name", "key", "columns"),
) -> tuple[FileMapping, dict[str, yaml.Node]]:
    """Return how a file is read, with all that is said of it."""
    found = reader.known(node, where, keys, required)
    columns_node = found.get("columns")
    columns = reader.entries(columns_node, "columns") if columns_node is not None else {}
    separator = reader.text(found.get("separator"), "separator") if "separator" in found else ","
    if len(separator) != 1 or separator in '"\n\r':
        reader.complain("registry-mapping-value", reader.span(found["separator"]), name="separator", value=separator, expected=", ; | \\t")
    file = FileMapping(
        name=reader.text(found.get("name"), "name"),
        path=reader.text(found.get("path"), "path"),
        span=reader.span(found.get("name", node)),
        key=reader.names(found.get("key"), "key"),
        columns=_columns(reader, columns),
        join=reader.choice(found.get("join"), "join", JOINS),
        encoding=reader.choice(found.get("encoding"), "encoding", ENCODINGS),
        separator=separator if len(separator) == 1 else ",",
        ignore=reader.names(found.get("ignore"), "ignore"),
        unknown=frozenset(column.name for column in reader.names(found.get("unknown"), "unknown")),
    )
    return file, found


def _columns(reader: _Reader, entries: dict[str, tuple[yaml.Node, yaml.Node]]) -> tuple[AttributeMapping, ...]:
    """Return how the attributes of a file are read, a series of years one by one."""
    found: dict[str, AttributeMapping] = {}
    for name, (key, node) in entries.items():
        for column in _of_years(reader, _column(reader, name, key, node), node):
            if column.attribute in found:
                reader.complain("registry-mapping-duplicate-key", column.span, name=column.attribute, where="columns")
            found[column.attribute] = column
    return tuple(found.values())


def _of_years(reader: _Reader, column: AttributeMapping, node: yaml.Node) -> list[AttributeMapping]:
    """Return the mapping of each year where `years` says that it is one of a series; else the mapping itself."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    stated = next((value for key, value in pairs if isinstance(key, yaml.ScalarNode) and key.value == "years"), None)
    if stated is None:
        return [column]
    text = reader.text(stated, "years")
    found = YEARS.fullmatch(text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if text and not 0 <= last - first < MAX_YEARS:
        reader.complain("registry-mapping-value", reader.span(stated), name="years", value=text, expected="2023..2025 | 2025")
    head = column.columns[0] if column.columns else ColumnName("", column.span)
    if YEAR_PART not in head.name or len(column.columns) != 1:
        reader.complain("registry-mapping-value", head.span, name="column", value=head.name, expected=f"{column.attribute} {YEAR_PART}")
    return [
        replace(
            column,
            attribute=year_column(column.attribute, year),
            columns=(ColumnName(head.name.replace(YEAR_PART, str(year)), head.span),),
        )
        for year in range(first, min(last, first + MAX_YEARS - 1) + 1)
    ]


def _column(reader: _Reader, attribute: str, key: yaml.Node, node: yaml.Node) -> AttributeMapping:
    if isinstance(node, yaml.ScalarNode):  # the short form: `营业收入: income`
        return AttributeMapping(attribute, reader.names(node, attribute), reader.span(key))
    found = reader.known(node, attribute, COLUMN_KEYS, ())
    sources = [name for name in ("column", "columns", "constant") if name in found]
    if len(sources) != 1 and isinstance(node, yaml.MappingNode):
        reader.complain("registry-column-choice", reader.span(key), name=attribute, found=", ".join(sources) or "–")
    if isinstance(found.get("column"), yaml.SequenceNode):
        reader.complain("registry-mapping-shape", reader.span(found["column"]), where="column", expected="a word", expected_zh="一个词")
    if "otherwise" in found and "values" not in found:
        reader.complain("registry-mapping-missing-key", reader.span(found["otherwise"]), name="values", where=attribute)
    return AttributeMapping(
        attribute=attribute,
        columns=reader.names(found.get("column"), "column") + reader.names(found.get("columns"), "columns"),
        span=reader.span(key),
        constant=reader.text(found["constant"], "constant") if "constant" in found else None,
        unit=reader.text(found.get("unit"), "unit"),
        unit_span=reader.span(found["unit"]) if "unit" in found else None,
        rate=_rate(reader, found["rate"]) if "rate" in found else None,
        codes=_codes(reader, found) if "values" in found else None,
        date_format=_date_format(reader, found["format"]) if "format" in found else "",
        absent=reader.text(found["absent"], "absent") if "absent" in found else None,
        options=tuple((name, reader.span(value)) for name, value in found.items()),
    )


def _rate(reader: _Reader, node: yaml.Node) -> Rate | None:
    found = reader.known(node, "rate", RATE_KEYS, RATE_KEYS[:5])
    words = {name: reader.text(found.get(name), name).strip() for name in RATE_KEYS[:5]}
    if not all(words.values()):
        return None
    if not RATE_VALUE.fullmatch(words["value"]) or Decimal(words["value"]) == 0:
        reader.complain("registry-mapping-value", reader.span(found["value"]), name="value", value=words["value"], expected="6.2855")
        return None
    try:
        on = date.fromisoformat(words["date"])
    except ValueError:
        reader.complain("registry-mapping-value", reader.span(found["date"]), name="date", value=words["date"], expected="2012-12-31")
        return None
    return Rate(words["from"], words["to"], Decimal(words["value"]), on, words["source"], reader.span(node))


def _codes(reader: _Reader, found: dict[str, yaml.Node]) -> CodeTable:
    entries: dict[str, str | None] = {}
    spans: dict[str, Span] = {}
    for word, (_, value) in reader.entries(found["values"], "values").items():
        is_left_unknown = isinstance(value, yaml.ScalarNode) and is_null(value)
        entries[word.strip()] = None if is_left_unknown else reader.text(value, word).strip()
        spans[word.strip()] = reader.span(value)
    return CodeTable(entries, spans, reader.choice(found.get("otherwise"), "otherwise", OTHERWISE) == "error")


def _date_format(reader: _Reader, node: yaml.Node) -> str:
    """Return a form of dates that names year, month and day once each."""
    form = reader.text(node, "format")
    parts = re.findall(r"%.?", form)
    if form and sorted(parts) != sorted(DATE_PARTS):
        reader.complain("registry-mapping-value", reader.span(node), name="format", value=form, expected="%Y%m%d | %Y-%m-%d | %d/%m/%Y")
        return ""
    return form
