"""DMN files of strangers: nothing is fetched, nothing grows, nothing hangs, and nothing but a CompileError comes out."""

import codecs
import time
from pathlib import Path

import pytest

from tests.engine.dmn_xml_models import decided, everything, model
from zhida.dmn.xml import read
from zhida.dmn.xml_expressions import MAX_NESTING
from zhida.dmn.xml_source import MAX_BYTES, MAX_DEPTH
from zhida.errors import CompileError, Diagnostic


def refused(data: bytes) -> Diagnostic:
    with pytest.raises(CompileError) as error:
        read(data, "m.dmn")
    assert error.value.diagnostics[0].render("zh")
    return error.value.diagnostics[0]


def attempt(data: bytes) -> None:
    """Read a file; it may be a model or not, but what is wrong with it can be told."""
    try:
        found = read(data, "m.dmn").diagnostics
    except CompileError as error:
        found = error.diagnostics
    assert all(item.render() for item in found)


LAUGHS = "".join(f'<!ENTITY a{place + 1} "{f"&a{place};" * 10}">' for place in range(20))


@pytest.mark.parametrize("before", ["", '<?xml version="1.0"?>\n<!-- a --> <?b c?>\n', "<!-- <!DOCTYPE --> " + " " * 50_000])
@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE d [<!ENTITY a0 "ha">{LAUGHS}]><d>&a20;</d>',
        '<!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><d/>',
    ],
)
def test_a_document_type_is_refused_before_anything_is_made_of_it(before: str, doctype: str) -> None:
    assert refused(f"{before}{doctype}".encode()).code == "dmn-xml-doctype"


def test_an_external_entity_is_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    body = f'<!DOCTYPE d [<!ENTITY e SYSTEM "{secret.as_uri()}">]>' + model("<description>&e;</description>").decode()
    assert "secret" not in refused(body.encode()).render().replace("secret.txt", "")


def test_elements_too_deep_inside_each_other_are_told_where_they_begin_to_be() -> None:
    deep = "<x:a>" * MAX_DEPTH + "</x:a>" * MAX_DEPTH
    found = refused(model(f"<extensionElements>{deep}</extensionElements>", 'xmlns:x="urn:x"'))
    assert found.code == "dmn-xml-too-deep"
    assert found.span is not None
    assert found.span.place == f"m.dmn:2:{1 + len('<extensionElements>') + 5 * (MAX_DEPTH - 2)}"


@pytest.mark.parametrize("depth", [1_000, 200_000])
def test_any_depth_is_told_and_no_stack_is_blown(depth: int) -> None:
    assert refused(b"<a>" * depth + b"</a>" * depth).code == "dmn-xml-too-deep"


def test_expressions_too_deep_inside_each_other_are_told() -> None:
    def nested(levels: int) -> bytes:
        return decided("<list>" * levels + "</list>" * levels)

    assert read(nested(MAX_NESTING), "m.dmn").definitions.decisions[0].expression
    assert refused(nested(MAX_NESTING + 1)).code == "dmn-xml-too-deep"


def test_item_components_too_deep_inside_each_other_are_told() -> None:
    body = '<itemComponent name="a">' * 61 + "</itemComponent>" * 61
    assert refused(model(f'<itemDefinition name="t">{body}</itemDefinition>')).code == "dmn-xml-too-deep"


def test_a_file_that_is_too_large_is_not_even_decoded() -> None:
    assert refused(b"\xff" * (MAX_BYTES + 1)).code == "dmn-xml-too-large"


@pytest.mark.parametrize("data", [b'<a b="' + b"x" * 11_000_000 + b'"/>', b"<a>" + b"x" * 11_000_000 + b"</a>"])
def test_one_huge_attribute_or_text_is_refused(data: bytes) -> None:
    assert refused(data).code == "dmn-xml-syntax"


@pytest.mark.parametrize(
    "data",
    [
        b"<!--" * 1_000_000,
        b"<?" * 1_000_000,
        b"<a '" * 1_000_000,
        b" " * 5_000_000,
        b"<![CDATA[" * 500_000,
        model("<decision " + " ".join(f'a{place}="1"' for place in range(20_000)) + "/>"),
        model('<decision name="a"/>' * 20_000),
        model('<decision id="a"/>' * 20_000),
        model(f'<decision hitPolicy="{"x" * 1_000_000}" {"y" * 1_000_000}="1"/>'),
        model("<d/>", " ".join(f'xmlns:p{place}="urn:p"' for place in range(50_000))),
        model("".join(f'<decision id="d{place}" name="d"><decisionOwner href="#gone{place}"/></decision>' for place in range(5_000))),
    ],
)
def test_no_text_takes_long(data: bytes) -> None:
    begun = time.process_time()
    attempt(data)
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk", "gb2312", "big5"]
)
def test_the_encodings_of_other_tools_are_read(encoding: str) -> None:
    named = encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    text = f'<?xml version="1.0" encoding="{named}"?>' + model('<decision id="d" name="中文"/>').decode()
    assert read(text.encode(encoding), "m.dmn").definitions.decisions[0].name == "中文"


@pytest.mark.parametrize("encoding", ["utf-7", "unicode_escape", "punycode", "idna", "rot13", "zip", "hex", "klingon", "mbcs"])
def test_what_is_no_encoding_of_documents_is_refused(encoding: str) -> None:
    assert refused(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode()).code == "dmn-xml-encoding"


def test_bytes_that_do_not_fit_the_encoding_are_told_by_their_place() -> None:
    found = refused('<?xml version="1.0"?><a>率</a>'.encode("gbk"))
    assert (found.code, found.arguments["byte"]) == ("dmn-xml-encoding", "25")
    assert refused(codecs.BOM_UTF16_LE + b"<").code == "dmn-xml-encoding"


def test_a_declared_encoding_does_not_undo_a_byte_order_mark() -> None:
    data = codecs.BOM_UTF8 + b'<?xml version="1.0" encoding="utf-16"?>' + model("")
    assert read(data, "m.dmn").definitions.name == "m"


def test_a_file_cut_off_anywhere_is_refused() -> None:
    data = everything("1.5")
    for length in range(0, len(data) - len("</definitions>") + 1, 97):
        assert refused(data[:length]).code == "dmn-xml-syntax", length


@pytest.mark.long
def test_any_byte_may_be_spoilt() -> None:
    data = everything("1.5")
    for place in range(0, len(data), 31):
        for byte in b'\x00<&"\xff x':
            spoilt = data[:place] + bytes([byte]) + data[place + 1 :]
            attempt(spoilt)


@pytest.mark.parametrize("body", ["", " ", "<", "<a", "a", "<a/>", "<definitions/>", "\x00", "<a></b>", "<p:a/>", "<a>&b;</a>", "<a/><b/>"])
def test_what_is_no_model_is_refused_with_a_place(body: str) -> None:
    found = refused(body.encode())
    assert found.code in {"dmn-xml-syntax", "dmn-xml-not-dmn"}
    assert found.span is not None
