"""DMN files of every version for tests, and what makes two models the same."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from zhida.dmn.model import Definitions
from zhida.dmn.xml import read
from zhida.dmn.xml_schema import DMNDI, FEEL, MODEL
from zhida.source import Snippet, Source, Span

NAMESPACES = {
    "1.2": ("http://www.omg.org/spec/DMN/20180521/MODEL/", "http://www.omg.org/spec/DMN/20180521/DMNDI/"),
    "1.3": ("https://www.omg.org/spec/DMN/20191111/MODEL/", "https://www.omg.org/spec/DMN/20191111/DMNDI/"),
    "1.4": ("https://www.omg.org/spec/DMN/20211108/MODEL/", "https://www.omg.org/spec/DMN/20191111/DMNDI/"),
    "1.5": (MODEL, DMNDI),
}
FEELS = {
    "1.2": "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "1.3": "https://www.omg.org/spec/DMN/20191111/FEEL/",
    "1.4": "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "1.5": FEEL,
}


def model(body: str, attributes: str = "") -> bytes:
    """Return a DMN 1.5 file with these elements; its first line is the root's start tag."""
    return f'<definitions xmlns="{MODEL}" name="m" namespace="urn:m" {attributes}>\n{body}\n</definitions>'.encode()


def decided(expression: str) -> bytes:
    """Return a file with one decision `d` that is decided so."""
    return model(f'<decision id="d" name="d"><variable name="d"/>{expression}</decision>')


def definitions(data: bytes) -> Definitions:
    """Return the model of a file about which nothing is odd."""
    document = read(data, "m.dmn")
    assert not document.diagnostics, [item.render() for item in document.diagnostics]
    return document.definitions


def without_places(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    """Return a model as plain data: the texts of it, not where they stand."""
    if isinstance(value, Snippet):
        return value.text
    if isinstance(value, Span | Source):
        return None
    if isinstance(value, tuple):
        return tuple(map(without_places, value))
    if isinstance(value, dict):
        return {name: without_places(each) for name, each in value.items()}
    if is_dataclass(value):
        return (type(value).__name__, {each.name: without_places(getattr(value, each.name)) for each in fields(value)})
    return value


def differences(left: object, right: object, path: str = "") -> Iterator[str]:
    """Yield where two things of plain data differ."""
    if left == right:
        return
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        for key in left:
            yield from differences(left[key], right[key], f"{path}.{key}")
    elif isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    else:
        yield f"{path}: {left!r} is not {right!r}"


def model_differences(left: Definitions, right: Definitions) -> list[str]:
    """Return where two models differ, but for places."""
    return list(differences(without_places(left), without_places(right)))


# --- what each version had -----------------------------------------------------------------------------------------------

ITEMS = """
  <itemDefinition id="t1" name="tRate" label="rate"><description>of tax</description><typeRef>feel:number</typeRef>
    <allowedValues id="av"><text>[0..1]</text></allowedValues></itemDefinition>
  <itemDefinition name="tLoan" typeLanguage="urn:types">
    <itemComponent id="c1" name="rates" isCollection="true"><typeRef>tRate</typeRef></itemComponent>
    <itemComponent name="bank"><typeRef>other:tBank</typeRef></itemComponent>
    <itemComponent name="start"><typeRef>dateTime</typeRef></itemComponent>
  </itemDefinition>"""

GRAPH = """
  <decision id="d_table" name="level of risk" x:colour="red">
    <description>which level</description>
    <extensionElements><x:note kind="x:long">  two  <b xmlns="">words</b></x:note><x:note/></extensionElements>
    <question>How risky?</question><allowedAnswers>high, low</allowedAnswers>
    <variable id="v" name="level of risk" typeRef="feel:string" label="l"/>
    <informationRequirement id="r1"><requiredInput href="#i"/></informationRequirement>
    <informationRequirement><requiredDecision href="urn:m#d_context"/></informationRequirement>
    <knowledgeRequirement><requiredKnowledge href="urn:other#k"/></knowledgeRequirement>
    <authorityRequirement id="r2"><requiredAuthority href="#s"/></authorityRequirement>
    <authorityRequirement><requiredInput href="#i"/></authorityRequirement>
    <supportedObjective href="urn:goals#1"/>
    <impactedPerformanceIndicator href="#pi"/>
    <decisionMaker href="#ou"/><decisionOwner href="#ou"/>
    <usingProcess href="urn:p#1"/><usingTask href="urn:p#2"/>
    <decisionTable id="t" hitPolicy="COLLECT" aggregation="MAX" preferredOrientation="Rule-as-Column" outputLabel="level">
      <input id="in1" label="amount"><inputExpression id="ie" typeRef="number"><text>loan.amount</text></inputExpression>
        <inputValues><text>&gt;= 0</text></inputValues></input>
      <output id="o1" name="level" typeRef="string"><outputValues><text>"low", "high"</text></outputValues>
        <defaultOutputEntry><text>"low"</text></defaultOutputEntry></output>
      <annotation name="why"/><annotation/>
      <rule id="rule1"><description>large</description>
        <inputEntry id="e1"><text><![CDATA[> 100]]></text></inputEntry><outputEntry id="e2"><text>"high"</text></outputEntry>
        <annotationEntry><text>much money</text></annotationEntry><annotationEntry><text>§ 2</text></annotationEntry></rule>
      <rule><inputEntry><text>-</text></inputEntry><outputEntry><text>"low"</text></outputEntry>
        <annotationEntry/><annotationEntry/></rule>
    </decisionTable>
  </decision>
  <decision id="d_context" name="context">
    <variable name="context"/>
    <context id="cx" typeRef="tLoan">
      <contextEntry id="ce"><variable id="cv" name="a" typeRef="number"/><literalExpression id="le"><text>1 + 2</text></literalExpression>
      </contextEntry>
      <contextEntry><variable name="f"/><functionDefinition kind="FEEL"><formalParameter name="x" typeRef="number"/>
        <literalExpression><text>x * x</text></literalExpression></functionDefinition></contextEntry>
      <contextEntry><variable name="l"/><list><literalExpression><text>1</text></literalExpression><list/></list></contextEntry>
      <contextEntry><variable name="r"/><relation><column name="p"/><column name="q" typeRef="string"/>
        <row><literalExpression><text>1</text></literalExpression><literalExpression><text>"b"</text></literalExpression></row>
        </relation></contextEntry>
      <contextEntry><invocation><literalExpression><text>f</text></literalExpression>
        <binding><parameter name="x"/><literalExpression><text>a</text></literalExpression></binding></invocation></contextEntry>
    </context>
  </decision>
  <decision id="d_bare" name="open"><variable name="open"/></decision>
  <decision id="d_values" name="values"><variable name="values"/>
    <literalExpression expressionLanguage="urn:xpath"><importedValues name="v" namespace="urn:v" importType="urn:xsd"
      locationURI="v.xml"><importedElement>/v</importedElement></importedValues></literalExpression></decision>
  <businessKnowledgeModel id="k" name="rate of">
    <variable id="kv" name="rate of" typeRef="tRate"/>
    <encapsulatedLogic id="kl" typeRef="number" kind="FEEL"><formalParameter id="kp" name="x" typeRef="number"/>
      <literalExpression><text>x / 100</text></literalExpression></encapsulatedLogic>
    <authorityRequirement><requiredAuthority href="#s"/></authorityRequirement>
  </businessKnowledgeModel>
  <businessKnowledgeModel id="k2" name="nothing yet"><variable name="nothing yet"/></businessKnowledgeModel>
  <inputData id="i" name="loan" label="L"><description>asked for</description>
    <variable id="iv" name="loan" typeRef="list&lt;tLoan&gt;"/></inputData>
  <knowledgeSource id="s" name="the law" locationURI="https://example.org/law">
    <authorityRequirement><requiredDecision href="#d_bare"/></authorityRequirement><type>law</type><owner href="#ou"/></knowledgeSource>
  <decisionService id="ds" name="service"><variable name="service" typeRef="string"/>
    <outputDecision href="#d_table"/><encapsulatedDecision href="#d_context"/><inputDecision href="#d_bare"/><inputData href="#i"/>
  </decisionService>
  <textAnnotation id="ta" textFormat="text/plain"><text>see   here</text></textAnnotation>
  <association id="as" associationDirection="One"><sourceRef href="#ta"/><targetRef href="#d_table"/></association>"""

AROUND = """
  <elementCollection id="ec" name="all"><drgElement href="#d_table"/></elementCollection>
  <performanceIndicator id="pi" name="speed" URI="urn:pi"><impactingDecision href="#d_table"/></performanceIndicator>
  <organizationUnit id="ou" name="bank"><decisionMade href="#d_table"/><decisionOwned href="#d_context"/></organizationUnit>
  <dmndi:DMNDI><dmndi:DMNDiagram id="page"><di:extension><x:zoom>2</x:zoom></di:extension>
    <dmndi:Size width="400" height="300"/>
    <dmndi:DMNShape id="shape" dmnElementRef="d_table" sharedStyle="style"><dc:Bounds x="10" y="20" width="100" height="60"/>
      <dmndi:DMNLabel><dmndi:Text>level</dmndi:Text></dmndi:DMNLabel></dmndi:DMNShape>
    <dmndi:DMNShape id="shape2" dmnElementRef="other:k"><dc:Bounds x="10" y="120" width="100" height="60"/></dmndi:DMNShape>
    <dmndi:DMNEdge dmnElementRef="r1"><di:waypoint x="60" y="120"/><di:waypoint x="60" y="80"/></dmndi:DMNEdge>
    </dmndi:DMNDiagram><dmndi:DMNStyle id="style" fontSize="9"><dmndi:FillColor red="1" green="2" blue="3"/></dmndi:DMNStyle>
  </dmndi:DMNDI>"""

SINCE_1_3 = {
    "items": """
  <itemDefinition name="tF"><functionItem id="fi" outputTypeRef="number"><parameters id="fp" name="x" typeRef="number"/></functionItem>
  </itemDefinition>""",
    "artifacts": """
  <group id="g" name="both"/>""",
}
SINCE_1_4 = """
  <decision id="d_if" name="if"><variable name="if"/><conditional id="cond">
    <if id="p1"><literalExpression><text>true</text></literalExpression></if>
    <then><literalExpression><text>1</text></literalExpression></then>
    <else><literalExpression><text>2</text></literalExpression></else></conditional></decision>
  <decision id="d_for" name="for"><variable name="for"/><for iteratorVariable="x">
    <in id="p2" typeRef="list&lt;number&gt;"><literalExpression><text>[1]</text></literalExpression></in>
    <return><filter><in><list/></in><match id="p3"><literalExpression><text>item > x</text></literalExpression></match></filter></return>
    </for></decision>
  <decision id="d_some" name="some"><variable name="some"/><some iteratorVariable="x">
    <in><literalExpression><text>[1]</text></literalExpression></in>
    <satisfies><every iteratorVariable="y"><in><literalExpression><text>[x]</text></literalExpression></in>
      <satisfies><literalExpression><text>x = y</text></literalExpression></satisfies></every></satisfies></some></decision>"""
SINCE_1_5 = """
  <itemDefinition name="tPair" isCollection="true"><typeRef>number</typeRef>
    <typeConstraint id="tc"><text>count(?) = 2</text></typeConstraint></itemDefinition>"""


def everything(version: str, *, namespaces_of: str = "") -> bytes:
    """Return a file with all that a version of DMN had; `namespaces_of` writes it in the namespaces of another version."""
    (main, diagrams), feel = NAMESPACES[namespaces_of or version], FEELS[namespaces_of or version]
    is_new = {since: version >= since for since in ("1.3", "1.4", "1.5")}
    graph = GRAPH.replace("  <textAnnotation", SINCE_1_4 + "\n  <textAnnotation") if is_new["1.4"] else GRAPH
    parts = (
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<definitions xmlns="{main}" xmlns:feel="{feel}" xmlns:dmndi="{diagrams}" xmlns:other="urn:other" xmlns:x="urn:x"',
        '  xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" xmlns:di="http://www.omg.org/spec/DMN/20180521/DI/"',
        f'  id="m1" name="all" namespace="urn:m" exporter="a tool" exporterVersion="7" expressionLanguage="{feel}" x:made="by hand">',
        f'  <description>of everything</description><import id="im" name="Model B" namespace="urn:other" importType="{main}"/>',
        f'  <import name="" namespace="urn:no-name" importType="{main}" locationURI="c.dmn"/>',
        ITEMS,
        SINCE_1_3["items"] if is_new["1.3"] else "",
        SINCE_1_5 if is_new["1.5"] else "",
        graph,
        SINCE_1_3["artifacts"] if is_new["1.3"] else "",
        AROUND,
        "</definitions>",
    )
    return "\n".join(parts).encode()
