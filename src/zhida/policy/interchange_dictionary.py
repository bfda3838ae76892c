"""Input data of a model as the pages of a pack: its data dictionary and its parameters."""

import re
from collections.abc import Iterator, Mapping, Sequence

from zhida.dmn.model import InputData
from zhida.errors import CompileError
from zhida.feel.names import Scope
from zhida.feel.parse import parse_unary_tests
from zhida.feel.syntax import Literal
from zhida.policy.dictionary import COLUMNS as DICTIONARY_COLUMNS
from zhida.policy.dictionary import DEFAULT_SCALES, ELEMENTS
from zhida.policy.interchange_extensions import Part, first
from zhida.policy.interchange_markdown import table_text
from zhida.policy.parameters import COLUMNS as PARAMETER_COLUMNS
from zhida.source import snippet
from zhida.values.types import Type, unconstrained

ENTRY_COLUMNS = ("属性", "类型", "单位", "常见范围", "可空", "取值", "说明", "小数位")
"""The columns of a table of what the elements of a list hold; the name of the list stands behind the first."""
Fact = tuple[InputData, Mapping[str, Sequence[Part]]]
"""Input data whose types are told by structure, and its extension elements by name."""
SEPARATORS = re.compile(r"[、,，;；/\"\n|]")
"""What divides the words of a code list in a dictionary, so that no word may hold it."""


def is_parameter(fact: Fact) -> bool:
    """Say whether input data is a parameter of a pack."""
    told = first(fact[1], "fact")
    return told is not None and told.attributes.get("kind") == "parameter"


def dictionary_text(subject: str, facts: Sequence[Fact]) -> str:
    """Return the page of a data dictionary; an empty text where no input data belongs there."""
    told = {year_of(fact): fact for fact in reversed(facts) if not is_parameter(fact)}  # a bare name before those of its years
    told |= {fact[0].name: fact for fact in facts if not is_parameter(fact) and fact[0].name in told}
    rows = [_attribute(name, told.pop(name)) for name in dict.fromkeys(map(year_of, facts)) if name in told]
    if not rows:
        return ""
    tables = [table_text([DICTIONARY_COLUMNS, *rows]), *_element_tables(facts)]
    return f"# 数据字典 · Data dictionary: {subject}\n\n" + "\n\n".join(tables) + "\n"


def year_of(fact: Fact) -> str:
    """Return the yearly attribute that input data is one year of; of any other input data, its name."""
    told = first(fact[1], "fact")
    return told.attributes.get("yearOf", "") or fact[0].name if told is not None else fact[0].name


def yearly_names(facts: Sequence[Fact]) -> list[str]:
    """Return the names of the yearly attributes among the input data."""
    said = ((year_of(fact), first(fact[1], "fact")) for fact in facts)
    return list(dict.fromkeys(name for name, told in said if told is not None and told.attributes.get("yearly") == "true"))


def parameters_text(facts: Sequence[Fact]) -> str:
    """Return the page of parameters; an empty text where there are none."""
    rows = [row for fact in facts if is_parameter(fact) for row in _parameter(fact)]
    return f"# 参数 · Parameters\n\n{table_text([list(PARAMETER_COLUMNS), *rows])}\n" if rows else ""


def joined(page: str, other: str) -> str:
    """Return one page of two of the same kind: rows of the second whose name its table in the first has not stand below."""
    tables, more = _tables(page), _tables(other)
    for corner, rows in more.items():
        known = tables.setdefault(corner, {})
        for name, row in rows.items():
            known.setdefault(name, row)
    head = page.partition("\n|")[0].rstrip("\n")
    return "\n\n".join((head, *("\n".join("\n".join(row) for row in rows.values()) for rows in tables.values()))) + "\n"


def _tables(page: str) -> dict[str, dict[str, list[str]]]:
    """Return the lines of the tables of a page, by the corner of the table and the name of the row; a name may have several."""
    tables: dict[str, dict[str, list[str]]] = {}
    rows: dict[str, list[str]] | None = None
    for line in page.splitlines():
        if not line.startswith("|"):
            rows = None
            continue
        if rows is None:
            rows = tables.setdefault(_name(line), {})
        rows.setdefault(_name(line), []).append(line)
    return tables


def _name(line: str) -> str:
    return line.split("|")[1].strip()


def code_list(type_: Type) -> tuple[str, ...]:
    """Return the words that a type's constraint lists, or none where it says anything else."""
    type_ = type_.arguments[0] if type_.name == "list" and type_.constraint is None else type_
    if type_.constraint is None:
        return ()
    try:
        tests = parse_unary_tests(snippet(type_.constraint.tests), Scope())
    except CompileError:
        return ()
    words = [test.value if isinstance(test, Literal) else None for test in tests.tests]
    listed = tuple(word for word in words if isinstance(word, str) and word and not SEPARATORS.search(word) and word == word.strip())
    return listed if len(listed) == len(words) and not tests.is_negated else ()


def _entries(fact: Fact) -> tuple[Part, ...]:
    """Return what is told of the elements of a list, where it is told of all that they hold."""
    told = first(fact[1], "fact")
    fields = [name for name, _ in _fields(fact)]
    found = tuple(each for each in told.parts if each.name == "fact") if told is not None else ()
    return found if fields and fields == [each.attributes.get("name") for each in found] else ()


def _fields(fact: Fact) -> tuple[tuple[str, Type], ...]:
    type_ = unconstrained(fact[0].item.type)
    return type_.arguments[0].fields if type_.name == "list" and type_.arguments else ()


def _element_tables(facts: Sequence[Fact]) -> Iterator[str]:
    """Yield a table for each list that is told what its elements hold."""
    for fact in facts:
        if (entries := _entries(fact)) and not is_parameter(fact):
            rows = [_entry(each, type_) for each, (_, type_) in zip(entries, _fields(fact), strict=True)]
            yield table_text([[f"{ELEMENTS[0]}{fact[0].name}", *ENTRY_COLUMNS[1:]], *rows])


def _entry(told: Part, type_: Type) -> list[str]:
    """Return the row of what an element of a list holds."""
    said = told.attributes
    values = said.get("values", "").split("\n")
    listed = "" if any(map(SEPARATORS.search, values)) else "、".join(values)
    cells = {"属性": said["name"], "类型": str(type_), "单位": said.get("unit", ""), "常见范围": said.get("usual", "")}
    cells |= {"可空": "是" if said.get("nullable") == "true" else "否", "取值": listed}
    cells |= {"说明": said.get("description", ""), "小数位": _scale(said)}
    return [cells[name] for name in ENTRY_COLUMNS]


def _scale(said: Mapping[str, str]) -> str:
    """Return the decimal places that are told, where they are not those of the unit."""
    is_usual = not said.get("scale") or said["scale"] == str(DEFAULT_SCALES.get(said.get("unit", ""), 6))
    return "" if is_usual else said["scale"]


def _attribute(attribute: str, fact: Fact) -> list[str]:
    """Return the row of an attribute of this name, in the order of the dictionary's columns."""
    data, parts = fact
    told = first(parts, "fact")
    said = told.attributes if told is not None else {"nullable": "true"}

    def yes(name: str) -> str:
        return "是" if said.get(name) == "true" else "否"

    type_ = unconstrained(data.item.type)
    cells = {
        "属性": attribute,
        "类型": "list" if _entries(fact) else str(type_),
        "单位": said.get("unit", ""),
        "常见范围": said.get("usual", ""),
        "来源": said.get("source", ""),
        "可自报": yes("selfReported"),
        "可空": yes("nullable"),
        "敏感": yes("sensitive"),
        "取值": "、".join(code_list(data.item.type)),
        "说明": data.notes.description or data.notes.label,
        "小数位": _scale(said),
        "历史": "年" if said.get("yearly") == "true" else "",
        "统计": "",
        "可动": said.get("movable", ""),
        "单价": said.get("price", ""),
    }
    return [cells[name] for name in DICTIONARY_COLUMNS]


def _parameter(fact: Fact) -> list[list[str]]:
    """Return the rows of a parameter, in the order of the columns of parameters."""
    data, parts = fact
    told = first(parts, "fact")
    unit = told.attributes.get("unit", "") if told is not None else ""
    names = {"值": "value", "起止": "valid", "来源": "source", "可信度": "confidence", "核对": "settledBy"}
    rows = []
    for each in parts.get("parameter", ()):
        cells = {"参数": data.name, "类型": str(unconstrained(data.item.type)), "单位": unit}
        cells |= {column: each.attributes.get(name, "") for column, name in names.items()}
        rows.append([cells[name] for name in PARAMETER_COLUMNS])
    return rows
