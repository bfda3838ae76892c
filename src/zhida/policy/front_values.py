"""The front matter as YAML: texts, lists and mappings, each with the place where it stands.

Every value is a text: nothing is turned into numbers or dates, nothing is constructed, anchors are refused. Where a text is
written with escapes, over several lines or with a tag, its snippet holds what is meant and points at the whole of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from zhida.errors import Diagnostic, diagnostic
from zhida.source import Snippet, Source, Span

YAML_REASONS = {
    "mapping values are not allowed here": "此处多了一个冒号",
    "could not find expected ':'": "此处缺少冒号",
    "expected ',' or ']'": "方括号没有合上，或缺少逗号",
    "expected ',' or '}'": "花括号没有合上，或缺少逗号",
    "expected <block end>": "缩进不齐，或一行里多写了内容",
    "found character '\\t'": "缩进用了制表符，请用空格",
    "found unexpected end of stream": "引号没有合上",
    "found character": "值以不能打头的符号开头",
    "character U+": "有不可见的控制字符",
    "brackets": "括号套得太深",
    "keys with values": "应为“键: 值”",
    "anchors and aliases": "这里不用 YAML 的锚与别名（&、*）",
    "expected alphabetic": "值以 & 或 * 开头",
}
"""What is wrong with a front matter, by the beginning of the words in English."""


@dataclass(frozen=True, slots=True)
class FrontValue:
    """A value of the front matter."""

    value: "str | tuple[FrontValue, ...] | dict[str, FrontValue]"
    """Text, a list or a mapping."""
    snippet: Snippet
    """Its text in the source."""
    key_span: Span
    """Where its key stands."""


def read_front_values(source: Source, diagnostics: list[Diagnostic]) -> tuple[dict[str, FrontValue], int]:
    """Return the YAML between two lines `---` at the very top, and the number of the line behind it.

    Args:
        source: The Markdown text.
        diagnostics: Where mistakes are put: policy-front-matter-open, policy-front-matter-yaml, policy-duplicate-key.
    """
    if source.line(1).rstrip() != "---":
        return {}, 1
    last = next((n for n in range(2, source.line_count + 1) if source.line(n).rstrip() == "---"), None)
    if last is None:
        diagnostics.append(diagnostic("policy-front-matter-open", Span(source, 0, len(source.line(1)))))
        return {}, source.line_count + 1
    return _Reader(source, diagnostics).read(source.line_start(2), source.line_start(last)), last + 1


def _alias(text: str) -> yaml.Token | None:
    """Return the first anchor or alias of a YAML text; only where their signs occur is it read once more."""
    if "&" not in text and "*" not in text:
        return None
    tokens = yaml.scan(text, Loader=yaml.BaseLoader)
    return next((token for token in tokens if isinstance(token, yaml.AliasToken | yaml.AnchorToken)), None)


class _Reader:
    """Reads one front matter."""

    def __init__(self, source: Source, diagnostics: list[Diagnostic]) -> None:
        self.source = source
        self.diagnostics = diagnostics

    def read(self, start: int, end: int) -> dict[str, FrontValue]:
        """Read the YAML from one offset to another."""
        text = self.source.text[start:end]
        try:
            root = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            return self.refuse(start + (mark.index if mark else 0), error.problem or "YAML")
        except yaml.reader.ReaderError as error:
            return self.refuse(start + error.position, f"character U+{ord(text[error.position]):04X} is not allowed")
        except RecursionError:
            return self.refuse(start, "brackets stand too deep inside each other")
        if not isinstance(root, yaml.MappingNode):
            return self.refuse(start, "keys with values were expected")
        if (alias := _alias(text)) is not None:
            return self.refuse(start + alias.start_mark.index, "anchors and aliases are not used here")
        return dict(self.entries(root, start))

    def refuse(self, place: int, reason: str) -> dict[str, FrontValue]:
        """Complain of a front matter that cannot be read, and return what can be known of it: nothing."""
        reason_zh = next((zh for en, zh in YAML_REASONS.items() if reason.startswith(en)), "此处不合“键: 值”的写法")
        span = Span(self.source, place, min(place + 1, len(self.source.text)))
        self.diagnostics.append(diagnostic("policy-front-matter-yaml", span, reason=reason, reason_zh=reason_zh))
        return {}

    def entries(self, node: yaml.MappingNode, base: int) -> Iterator[tuple[str, FrontValue]]:
        """Yield the entries of a YAML mapping; a key that stands twice is a diagnostic."""
        seen: set[str] = set()
        for key, value in node.value:
            key_span = Span(self.source, base + key.start_mark.index, base + key.end_mark.index)
            if str(key.value) in seen:
                self.diagnostics.append(diagnostic("policy-duplicate-key", key_span, name=key.value))
            else:
                seen.add(str(key.value))
                yield str(key.value), self.value(value, key_span, base)

    def value(self, node: yaml.Node, key_span: Span, base: int) -> FrontValue:
        """Return one YAML value with the snippet that it stands in."""
        start, end = base + node.start_mark.index, base + node.end_mark.index
        written = self.source.text[start:end].rstrip()
        match node:
            case yaml.MappingNode():
                return FrontValue(dict(self.entries(node, base)), Snippet(written, self.source, start), key_span)
            case yaml.SequenceNode():
                items = tuple(self.value(item, key_span, base) for item in node.value)
                return FrontValue(items, Snippet(written, self.source, start), key_span)
        meant = str(node.value).strip()
        inside = start + (isinstance(node, yaml.ScalarNode) and node.style in {"'", '"'})
        if self.source.text[inside : inside + len(meant)] == meant and len(written) == len(meant) + 2 * (inside - start):
            return FrontValue(meant, Snippet(meant, self.source, inside), key_span)
        return FrontValue(meant, Snippet(meant, self.source, start, whole=start + len(written)), key_span)
