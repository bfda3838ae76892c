"""A conformance kit of a few cases, made by hand: what passes, what fails, what is near."""

from zhida.dmn.conformance import KitFolder

DMN = "https://www.omg.org/spec/DMN/20230324/MODEL/"
TESTS = "http://www.omg.org/spec/DMN/20160719/testcase"
DATE_LINE = '<value xsi:type="xsd:date">2026-01-01</value>'
NIL = '<value xsi:nil="true"/>'


def model(body: str, namespace: str = "urn:m", name: str = "m") -> bytes:
    return f'<definitions xmlns="{DMN}" id="_{name}" name="{name}" namespace="{namespace}">{body}</definitions>'.encode()


def decision(name: str, text: str, type_: str = "", requires: str = "") -> str:
    """Return a decision by a literal expression; `requires` are names of input data and, behind a colon, decisions."""
    declared = f' typeRef="{type_}"' if type_ else ""
    arrows = ""
    for each in requires.split():
        kind = "Decision" if each.startswith(":") else "Input"
        arrows += f'<informationRequirement><required{kind} href="#{each.lstrip(":")}"/></informationRequirement>'
    return (
        f'<decision id="{name}" name="{name}"><variable name="{name}"{declared}/>{arrows}'
        f"<literalExpression><text>{text}</text></literalExpression></decision>"
    )


def input_data(name: str, type_: str) -> str:
    return f'<inputData id="{name}" name="{name}"><variable name="{name}" typeRef="{type_}"/></inputData>'


def number(text: str) -> str:
    return f'<value xsi:type="xsd:decimal">{text}</value>'


def string(text: str) -> str:
    return f'<value xsi:type="xsd:string">{text}</value>'


def given(name: str, value: str, attributes: str = "") -> str:
    return f'<inputNode name="{name}"{attributes}>{value}</inputNode>'


def wanted(name: str, value: str, *, error: bool = False, attributes: str = "") -> str:
    flag = ' errorResult="true"' if error else ""
    return f'<resultNode name="{name}"{flag}{attributes}><expected>{value}</expected></resultNode>'


def case(id_: str, *nodes: str, attributes: str = "") -> str:
    return f'<testCase id="{id_}"{attributes}>{"".join(nodes)}</testCase>'


def case_file(*cases: str, of: str = "m.dmn", label: str = "some label") -> bytes:
    return (
        f'<testCases xmlns="{TESTS}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"<modelName>{of}</modelName><labels><label>{label}</label></labels>{''.join(cases)}</testCases>"
    ).encode()


def folder(name: str, level: str = "compliance-level-3", **files: bytes) -> KitFolder:
    """Return a folder of the kit; `m_dmn=` is the file `m.dmn`."""
    return KitFolder(level, name, {key.replace("_dmn", ".dmn").replace("_xml", ".xml"): data for key, data in files.items()})


def small_kit() -> dict[str, bytes]:
    """Return the files of a kit with two levels: seven cases, of which one fails, by their paths."""
    sums = model(
        decision("sum", "1 + 1", "number")
        + decision("third", "1 / 3", "number")
        + decision("wrong", "1 + &quot;a&quot;", "number")
        + decision("nothing", "null")
        + decision("bad", "1 + 1", "number")
    )
    greeting = model(input_data("who", "string") + decision("greeting", "&quot;Hello, &quot; + who", "string", "who"))
    return {
        "compliance-level-2/0001-greeting/m.dmn": greeting,
        "compliance-level-2/0001-greeting/m-test.xml": case_file(
            case("001", given("who", string("Ann")), wanted("greeting", string("Hello, Ann"))),
            case("002", wanted("greeting", NIL, error=True)),
        ),
        "compliance-level-3/0002-sums/m.dmn": sums,
        "compliance-level-3/0002-sums/m-test.xml": case_file(
            case("001", wanted("sum", number("2"))),
            case("002", wanted("third", number("0.333333333"))),
            case("003", wanted("wrong", NIL, error=True)),
            case("004", wanted("nothing", NIL)),
            case("005", wanted("bad", number("3"))),
        ),
    }
