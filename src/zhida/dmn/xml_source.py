"""Bytes of a stranger to XML elements that know where they stand; what is not sound XML is refused here.

    bytes ──decode──> text ──lxml──> tree ─┐
                       └──scan tags────────┴──> Element, with offsets in the text

No document type, so no entities but the five of XML; no network; bounds on size and nesting. Comments and processing
instructions are dropped. The text of an element is known to stand verbatim in the source, or not.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from zhida.errors import CompileError, Diagnostic, diagnostic
from zhida.source import Snippet, Source, Span

MAX_BYTES = 20_000_000
"""How many bytes a model may have."""
MAX_DEPTH = 200
"""How many elements may stand inside each other."""
MAX_PREFIXES = 200
"""How many namespaces may be declared at one place."""

ENCODINGS = {
    codecs.lookup(name).name
    for name in (
        *(
            "ascii",
            "utf-8",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "gb2312",
            "gbk",
            "gb18030",
            "big5",
            "shift_jis",
            "euc-jp",
            "euc-kr",
        ),
        *("koi8-r", "koi8-u", "iso2022_jp", *(f"iso8859-{part}" for part in range(1, 17) if part != 12)),
        *(f"cp{page}" for page in (874, 932, 949, 950, *range(1250, 1259))),
    )
}
"""Encodings that are read, by Python's names; not all that Python knows are encodings of texts."""
DECLARED = re.compile(rb"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BARE = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How UTF-16 begins without a byte order mark."""
TOKEN = re.compile(
    r"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|(?P<close></)[^>]*>|(?P<open><)[^\s/>]++(?:[^"'>]++|"[^"]*"|'[^']*')*+>""", re.DOTALL
)
"""What a sound XML document consists of beside text."""
ATTRIBUTE = re.compile(r"""([^\s=/<>"']+)\s*=\s*("[^"]*"|'[^']*')""")
CDATA = "<![CDATA["
REASONS_ZH = {
    "ERR_TAG_NAME_MISMATCH": "起始标签与结束标签不一致",
    "ERR_TAG_NOT_FINISHED": "文件在标签结束之前就断了",
    "ERR_GT_REQUIRED": "标签没有以“>”结束",
    "ERR_DOCUMENT_EMPTY": "不是以标签“<”开头，或文件是空的",
    "ERR_DOCUMENT_END": "根元素之后还有内容，或文件不完整",
    "ERR_NAME_REQUIRED": "“&”或“<”之后不是名称；文字中的“&”要写成 &amp;，“<”要写成 &lt;",
    "ERR_ENTITYREF_SEMICOL_MISSING": "“&”之后缺少分号；文字中的“&”要写成 &amp;",
    "ERR_UNDECLARED_ENTITY": "没有声明的实体",
    "ERR_LT_IN_ATTRIBUTE": "属性值中的“<”要写成 &lt;",
    "ERR_ATTRIBUTE_NOT_STARTED": "属性值没有加引号",
    "ERR_ATTRIBUTE_NOT_FINISHED": "属性值的引号没有结束",
    "ERR_ATTRIBUTE_REDEFINED": "同一个属性写了两次",
    "ERR_INVALID_CHAR": "含有 XML 不允许的字符",
    "NS_ERR_UNDEFINED_NAMESPACE": "名称空间前缀没有声明",
}
"""What is wrong with a text that is no XML, by libxml2's name of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """An element of an XML document, and where it stands."""

    tag: str
    """`{namespace}name`, or `name` without a namespace."""
    attributes: Mapping[str, str]
    """By name: `{namespace}name`, or `name`."""
    text: str
    """The text before its first child: all of it where it has none."""
    children: tuple["Element", ...]
    """Elements inside it."""
    namespaces: Mapping[str, str]
    """Prefixes that are known here: prefix → namespace; the default namespace has the prefix ``."""
    source: Source
    """The document."""
    start: int
    """Offset of its start tag."""
    end: int
    """Offset behind its start tag."""
    close: int
    """Offset of its end tag; `end` where it has none."""
    tree: etree._Element
    """The same in lxml, for what is kept as it is."""

    @property
    def namespace(self) -> str:
        """Its namespace, or an empty text."""
        return self.tag[1:].partition("}")[0] if self.tag.startswith("{") else ""

    @property
    def name(self) -> str:
        """Its name without the namespace."""
        return self.tag.rpartition("}")[2]

    @property
    def span(self) -> Span:
        """Where its name stands: what a message points at."""
        spelled = re.match(r"<[^\s/>]+", self.source.text[self.start : self.end])
        return Span(self.source, self.start, self.start + (spelled.end() if spelled else 1))

    @property
    def whole(self) -> Span:
        """Where all of it stands, from the start tag to the end tag."""
        return Span(self.source, self.start, self.close)

    def attribute_span(self, name: str) -> Span:
        """Return where the value of an attribute stands; the name of the element where it is not told."""
        for found in ATTRIBUTE.finditer(self.source.text, self.start, self.end):
            if found[1].rpartition(":")[2] == name.rpartition("}")[2]:
                return Span(self.source, found.start(2) + 1, max(found.end(2) - 1, found.start(2) + 1))
        return self.span

    def snippet(self) -> Snippet:
        """Return its text as a snippet: exact where it stands verbatim in the source, else as a whole."""
        raw = self.source.text[self.end : self.close]
        if raw == self.text:
            return Snippet(self.text, self.source, self.end)
        if raw == f"{CDATA}{self.text}]]>":
            return Snippet(self.text, self.source, self.end + len(CDATA))
        return Snippet(self.text, self.source, self.end, whole=max(self.close, self.end))

    def walk(self) -> Iterator["Element"]:
        """Yield this element and all inside it, in the order of the document."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(reversed(element.children))


def parse(data: bytes, name: str) -> Element:
    """Return the root of an XML document.

    Args:
        data: The document, in an encoding that it declares or UTF-8.
        name: The file's name as its reader knows it.

    Raises:
        CompileError: dmn-xml-too-large, dmn-xml-encoding, dmn-xml-doctype, dmn-xml-syntax, dmn-xml-too-deep.
    """
    if len(data) > MAX_BYTES:
        raise CompileError([diagnostic("dmn-xml-too-large", _beginning(name), size=len(data), limit=MAX_BYTES)])
    source = Source(name, decode(data, name))
    _refuse_doctype(source)
    # A parser of its own for each text: lxml's parsers keep what they met.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(source.text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise CompileError([_syntax_fault(source, error)]) from None
    return _place(source, root)


def decode(data: bytes, name: str) -> str:
    """Return the text of a document, with line feeds only and without a byte order mark.

    >>> decode('<?xml version="1.0" encoding="gb2312"?><a>中</a>'.encode("gbk"), "a.dmn")[-9:]
    '><a>中</a>'

    Raises:
        CompileError: dmn-xml-encoding.
    """
    encoding = next((known for mark, known in (*BYTE_ORDER_MARKS, *BARE) if data.startswith(mark)), "")
    if not encoding:
        declared = DECLARED.match(data[:1000])
        encoding = declared[1].decode() if declared else "utf-8"
    try:
        canonical = codecs.lookup(encoding).name
    except LookupError:
        canonical = ""
    if canonical not in ENCODINGS:
        raise CompileError([diagnostic("dmn-xml-encoding", _beginning(name), encoding=encoding, byte="")])
    # Texts that call themselves GB 2312 or GBK often hold characters of its successor.
    canonical = "gb18030" if canonical in {"gb2312", "gbk"} else canonical
    try:
        text = data.decode(canonical)
    except UnicodeDecodeError as error:
        raise CompileError([diagnostic("dmn-xml-encoding", _beginning(name), encoding=encoding, byte=error.start + 1)]) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _beginning(name: str) -> Span:
    """Return the beginning of a document that was not read."""
    return Span(Source(name, ""), 0, 0)


def _refuse_doctype(source: Source) -> None:
    """Refuse a document with a document type: it is where entities come from, and DMN has none."""
    text, place, blank = source.text, 0, re.compile(r"\s*")
    while True:
        if spaces := blank.match(text, place):
            place = spaces.end()
        if text.startswith("<!DOCTYPE", place):
            raise CompileError([diagnostic("dmn-xml-doctype", Span(source, place, place + len("<!DOCTYPE")))])
        end = "-->" if text.startswith("<!--", place) else "?>" if text.startswith("<?", place) else ""
        found = text.find(end, place) if end else -1
        if found < 0:
            return
        place = found + len(end)


def _syntax_fault(source: Source, error: etree.XMLSyntaxError) -> Diagnostic:
    """Return what is said of a text that is no XML."""
    line, column = error.position
    line = min(max(line or 1, 1), source.line_count)
    place = source.line_start(line) + min(max((column or 1) - 1, 0), len(source.line(line)))
    span = Span(source, place, min(place + 1, len(source.text)))
    reason = re.sub(r", line \d+, column \d+$", "", (error.msg or "").strip()).strip()
    if "Excessive depth" in reason:
        return diagnostic("dmn-xml-too-deep", span, limit=MAX_DEPTH)
    kind = etree.ErrorTypes._getName(getattr(error, "code", 0), "")  # noqa: SLF001 - the names of libxml2's errors have no other door
    return diagnostic("dmn-xml-syntax", span, reason=reason.replace("\n", " "), reason_zh=REASONS_ZH.get(kind, reason.replace("\n", " ")))


@dataclass(slots=True)
class _Open:
    """An element whose end is not yet met."""

    tree: etree._Element
    start: int
    end: int
    namespaces: Mapping[str, str]
    children: list[Element] = field(default_factory=list)


def _place(source: Source, root: etree._Element) -> Element:
    """Return the tree with offsets: the n-th start tag of the text is that of its n-th element."""
    trees = root.iter("*")
    stack: list[_Open] = []
    finished = root_element = None
    for token in TOKEN.finditer(source.text):
        if token["open"]:
            tree = next(trees)
            known = stack[-1].namespaces if stack else {}
            declared = {prefix or "": uri for prefix, uri in tree.nsmap.items()} if "xmlns" in token[0] else known
            stack.append(_Open(tree, token.start(), token.end(), declared))
            if len(declared) > MAX_PREFIXES:
                words = {
                    "reason": f"more than {MAX_PREFIXES} namespaces at once",
                    "reason_zh": f"同时声明了 {MAX_PREFIXES} 个以上的名称空间",
                }
                raise CompileError([diagnostic("dmn-xml-syntax", Span(source, token.start(), token.start() + 1), **words)])
            if len(stack) > MAX_DEPTH:
                raise CompileError([diagnostic("dmn-xml-too-deep", Span(source, token.start(), token.end()), limit=MAX_DEPTH)])
        if token["close"] or (token["open"] and token[0].endswith("/>")):
            opened = stack.pop()
            close = token.start() if token["close"] else opened.end
            attributes = {str(name): str(value) for name, value in sorted(opened.tree.attrib.items())}
            finished = Element(
                str(opened.tree.tag),
                attributes,
                opened.tree.text or "",
                tuple(opened.children),
                opened.namespaces,
                source,
                opened.start,
                opened.end,
                close,
                opened.tree,
            )
            if stack:
                stack[-1].children.append(finished)
            else:
                root_element = finished
    assert root_element is not None, "lxml has found a root"
    return root_element
