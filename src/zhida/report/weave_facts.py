"""What a policy says of itself and what it rests on, as HTML: its card, the facts, the parameters, the policies it uses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from zhida.assess.examples import ExampleResult
from zhida.dmn.model import DecisionTable, InputData, ItemDefinition
from zhida.errors import SEVERITY_WORDS, Language
from zhida.policy.front_matter import FrontMatter
from zhida.policy.pack import Packs, Policy, parameter_id
from zhida.policy.parameters import Parameter
from zhida.policy.years import parse_offset
from zhida.report.page import Markup, element, facts, join, table
from zhida.report.prose import render_line
from zhida.report.weave_rules import Names, anchor
from zhida.report.words import (
    CHECKED_BY,
    DELIVERIES,
    GIVES,
    ORDERS,
    SUBJECTS,
    bracketed,
    choose,
    format_interval,
    format_quantity,
    format_rounding,
    format_type,
    format_unit,
    format_value,
    format_window,
    gloss_yuan,
    group_digits,
    listed,
    word,
)
from zhida.source import Snippet

SHOWN_VALUES = 12
"""How many values of a code list are shown."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a policy rests on beside its own decisions."""

    facts: tuple[ItemDefinition, ...]
    """Attributes of the subject that it mentions, each once for all its years."""
    years: Mapping[str, tuple[int, ...]]
    """How many years before the reporting year it asks for, by the yearly attribute."""
    parameters: tuple[tuple[str, tuple[Parameter, ...]], ...]
    """Parameters that it mentions, with all their rows."""
    used: tuple[tuple[str, tuple[str, ...]], ...]
    """Policies that it uses, with the names that it takes from each."""


def ground_of(policy: Policy, packs: Packs) -> Ground:
    """Return what a policy rests on, in the order of the dictionary."""
    mentioned: Mapping[str, InputData] = policy.compiled.inputs
    parameters = tuple((name, rows) for name, rows in packs.parameters.items() if parameter_id(name) in mentioned)
    taken = {parameter_id(name) for name, _ in parameters}
    dictionary = packs.dictionaries.get(policy.front.subject)
    order = list(dictionary.items) if dictionary else []
    named = [parse_offset(data.name) for id_, data in mentioned.items() if id_ not in taken]
    known = {data.name: data.item for data in policy.compiled.definitions.inputs}
    names = sorted(dict(named), key=lambda name: order.index(name) if name in order else len(order))
    years = {name: tuple(sorted(offset for each, offset in named if each == name)) for name in names if known[name].is_yearly}
    required = {id_ for item in policy.compiled.decisions.values() for id_ in item.requirements.values()}
    required |= {id_ for item in policy.compiled.knowledge.values() for id_ in item.requirements.values()}
    imports = policy.compiled.definitions.imports
    used = tuple(
        (snippet.text, tuple(name for name, id_ in imports.items() if id_ in required and id_.startswith(f"{snippet.text}#")))
        for snippet in policy.front.uses
    )
    return Ground(tuple(known[name] for name in names), years, parameters, used)


def names_of(policy: Policy, ground: Ground) -> Names:
    """Return where each name that the policy mentions is defined on its page, and the units of those that have one."""
    anchors = {item.name: anchor("fact", item.name) for item in ground.facts}
    anchors |= {name: anchor("parameter", name) for name, _ in ground.parameters}
    anchors |= {name: anchor("used", id_) for id_, names in ground.used for name in names}
    anchors |= {item.name: anchor("decision", item.name) for item in policy.tangled.decisions}
    anchors |= {item.name: anchor("decision", item.name) for item in policy.tangled.knowledge_models}
    units = {item.name: item.unit for item in ground.facts} | {name: rows[0].item.unit for name, rows in ground.parameters}
    for compiled in policy.compiled.decisions.values():
        if compiled.shape.unit:
            units[compiled.decision.name] = "*".join(name for name, power in compiled.shape.unit for _ in range(power))
    if policy.front.amount:
        units[policy.front.amount.text] = "元"
    return Names(anchors, units)


# --- the card ------------------------------------------------------------------------------------------------------


def card(policy: Policy, results: Sequence[ExampleResult], language: Language) -> Markup:
    """Return what a policy says of itself: number, issuer, validity, what it gives, how well it was checked."""
    front = policy.front
    rows = facts(_front_rows(front, language, is_dated="in_force" in policy.document.front), "facts front")
    count = facts(_counts(policy, results, language), "facts front")
    return element(
        "div", element("div", rows, class_="stated"), element("div", _checked(front, language), count, class_="state"), class_="card"
    )


def _front_rows(front: FrontMatter, language: Language, *, is_dated: bool) -> Iterator[tuple[str, str]]:
    in_force = format_interval(front.in_force, language) if is_dated else choose(language, "没有写明", "not stated")
    rows: list[tuple[str, str, str]] = [
        ("文号", "Document", front.document),
        ("发文机关", "Issued by", listed(front.issuer, language)),
        ("有效期", "In force", in_force),
        ("对象", "For", word(SUBJECTS, front.subject, language)),
        ("适用范围", "Scope", element("code", front.applies.text) if front.applies else choose(language, "全部", "all")),
        ("给什么", "Gives", word(GIVES, front.gives, language)),
        ("兑付方式", "Delivery", word(DELIVERIES, front.delivery, language)),
        ("申报时间", "Window", format_window(front.window, language) if front.window else ""),
        ("资格看", "Eligible if", _decision_link(front.eligible)),
        ("结果看", "Result", _decision_link(front.result)),
        ("金额看", "Amount", _decision_link(front.amount)),
        ("取整", "Rounding", format_rounding(front.rounding, language) if front.amount else ""),
        ("年度总额", "Budget", _budget(front, language)),
        ("引用", "Uses", listed((item.text for item in front.uses), language)),
        ("替代", "Replaces", listed((item.text for item in front.replaces), language)),
        ("供引用", "Publishes", join((_decision_link(item) for item in front.publishes), choose(language, "、", ", "))),
    ]
    return ((choose(language, zh, en), value) for zh, en, value in rows if value)


def _decision_link(name: Snippet | None) -> Markup:
    return element("a", name.text, href=f"#{anchor('decision', name.text)}") if name else Markup()


def _budget(front: FrontMatter, language: Language) -> str:
    if front.budget is None:
        return ""
    amount = gloss_yuan(front.budget.amount, language) or format_quantity(front.budget.amount, "元", language)
    order = word(ORDERS, front.budget.order, language)
    return choose(language, f"{front.budget.year} 年 {amount}，{order}", f"{amount} in {front.budget.year}, {order}")


def _checked(front: FrontMatter, language: Language) -> Markup:
    """Return how well the figures were checked; what is less than the official text stands out."""
    checked = front.checked
    by = word(CHECKED_BY, checked.by, language)
    said = choose(language, f"核对依据：{by}（{checked.on}）", f"Checked against {by} ({checked.on})")
    if not checked.by:
        said = choose(language, "没有写明对照什么核对过", "It is not stated what it was checked against")
    if checked.by == "recalled":
        said = choose(language, f"未对照文本：{by}（{checked.on}）", f"From {by}, not checked against a text ({checked.on})")
    note = element("p", checked.note) if checked.note else Markup()
    return element("div", element("strong", said), note, class_=f"checked {'official' if checked.by == 'official' else 'open'}")


def _counts(policy: Policy, results: Sequence[ExampleResult], language: Language) -> Iterator[tuple[str, str]]:
    tangled = policy.tangled
    rules = sum(len(item.expression.rules) for item in tangled.decisions if isinstance(item.expression, DecisionTable))
    own = [item for item in tangled.decisions if item.id != policy.applies_id]
    yield choose(language, ("政策", policy.id), ("Policy", policy.id))
    yield (
        choose(language, "规模", "Size"),
        choose(
            language,
            f"{len(own)} 个决策，{rules} 条规则，{len(tangled.caveats)} 处待确认",
            f"{len(own)} decisions, {rules} rules, {len(tangled.caveats)} points to be confirmed",
        ),
    )
    passed = sum(result.passed for result in results)
    failed = len(results) - passed
    mark = element("span", choose(language, f"{passed} 个相符", f"{passed} as expected"), class_="good")
    wrong = element("strong", choose(language, f"，{failed} 个不符", f", {failed} otherwise"), class_="bad") if failed else Markup()
    not_run = len(tangled.examples) - len(results)
    rest = choose(language, f"，{not_run} 个未运行", f", {not_run} not run") if not_run > 0 else ""
    none = Markup(choose(language, "没有", "none"))
    yield choose(language, "例", "Examples"), join([mark, wrong, rest]) if tangled.examples else none
    yield "sha256", element("code", policy.sha256, class_="digest")


# --- what it rests on ----------------------------------------------------------------------------------------------


def facts_table(ground: Ground, language: Language) -> Markup:
    """Return the attributes of the subject that a policy mentions, with the department that each comes from."""
    head = choose(
        language,
        ("属性", "类型", "单位", "来源", "可自报", "可空", "取值或常见范围", "说明"),
        ("Attribute", "Type", "Unit", "Source", "Self-reported", "May be absent", "Values or usual range", "Description"),
    )
    rows = [
        element(
            "tr",
            element("th", item.name, scope="row"),
            element("td", _type(item, language), class_="short"),
            element("td", format_unit(item.unit, language), class_="short"),
            element("td", item.department, class_="short"),
            element("td", _yes(item.is_self_reported, language), class_="short"),
            element("td", _yes(item.is_nullable, language), class_="short"),
            element("td", _values(item, language)),
            element("td", join([render_line(item.description), _more(item, ground.years.get(item.name, ()), language)])),
            id=anchor("fact", item.name),
        )
        for item in ground.facts
    ]
    return element(
        "table",
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *rows),
        class_="plain ground",
    )


def _yes(value: bool, language: Language) -> str:
    return choose(language, "是", "yes") if value else "–"


def _type(item: ItemDefinition, language: Language) -> str:
    if item.components:
        return choose(language, "清单", "list of things")
    return format_type(item.type, language) + (choose(language, "，按年", ", yearly") if item.is_yearly else "")


def _more(item: ItemDefinition, years: tuple[int, ...], language: Language) -> Markup:
    """Return what else a reader should know of a fact: the years that are asked for, how it is computed, what its things have."""
    said = []
    if any(years):
        none = choose(language, "报告年度", "the reporting year")
        told = [choose(language, f"前 {each} 年", f"{each} before") if each else none for each in years]
        said.append(choose(language, f"用到：{listed(told, language)}", f"Years asked for: {listed(told, language)}"))
    if item.statistic is not None:
        said.append(choose(language, f"由全部主体算出：{item.statistic.text}", f"Computed of all subjects: {item.statistic.text}"))
    if item.components:
        names = listed((entry.name for entry in item.components), language)
        said.append(choose(language, f"各项有：{names}", f"Each has: {names}"))
    return join(element("p", text, class_="quiet") for text in said)


def _values(item: ItemDefinition, language: Language) -> str:
    values = item.allowed_values or item.allowed_beginnings
    if values:
        shown = listed(values[:SHOWN_VALUES], language) + (" …" if len(values) > SHOWN_VALUES else "")
        return choose(language, f"{item.code_list}：{shown}", f"{item.code_list}: {shown}") if item.code_list else shown
    if item.usual_range is None:
        return ""
    low, high = (_bound(bound, item.unit, language) for bound in item.usual_range)
    return choose(language, f"{low} 至 {high}", f"{low} to {high}")


def _bound(bound: Decimal | None, unit: str, language: Language) -> str:
    if bound is None:
        return "…"
    return (gloss_yuan(bound, language) if unit == "元" else "") or group_digits(bound)


def parameters_table(parameters: Iterable[tuple[str, tuple[Parameter, ...]]], language: Language) -> Markup:
    """Return the parameters that a policy mentions: figure, validity, source and confidence; a lacking figure stands out."""
    head = choose(language, ("参数", "值", "起止", "来源", "可信度"), ("Parameter", "Value", "Valid", "Source", "Confidence"))
    rows = []
    for name, entries in parameters:
        for place, row in enumerate(entries):
            lacks = row.confidence == "" or not _is_known(row)
            value = choose(language, "未填写", "not filled in") if not _is_known(row) else format_value(row.value, row.item.unit, language)
            rows.append(
                element(
                    "tr",
                    element("th", name, scope="row"),
                    element("td", value, class_="open" if lacks else ""),
                    element("td", format_interval(row.valid, language)),
                    element("td", join([render_line(row.source), _settles(row, language)])),
                    element("td", word(CHECKED_BY, row.confidence, language) if _is_known(row) else "–"),
                    id=anchor("parameter", name) if place == 0 else "",
                )
            )
    return element(
        "table",
        element("thead", element("tr", *(element("th", text, scope="col") for text in head))),
        element("tbody", *rows),
        class_="plain ground",
    )


def _settles(parameter: Parameter, language: Language) -> Markup:
    """Return what would settle a figure, where the pack says so."""
    if not parameter.settled_by:
        return Markup()
    said = choose(language, f"核对：{parameter.settled_by}", f"To be settled by: {parameter.settled_by}")
    return element("p", said, class_="quiet")


def _is_known(parameter: Parameter) -> bool:
    return format_value(parameter.value, "", "en") != "unknown"


def used_table(used: Iterable[tuple[str, tuple[str, ...]]], packs: Packs, language: Language) -> Markup:
    """Return the policies that a policy uses, with what it takes from each."""
    head = choose(language, ("政策", "文号", "有效期", "取用", "sha256"), ("Policy", "Document", "In force", "Takes", "sha256"))
    rows = []
    for id_, names in used:
        policy = packs.policies.get(id_)
        if policy is None:
            continue
        front = policy.front
        rows.append(
            element(
                "tr",
                element("th", front.title + bracketed(id_, language), scope="row"),
                element("td", front.document),
                element("td", format_interval(front.in_force, language)),
                element("td", listed(names, language) or "–"),
                element("td", element("code", policy.sha256[:12])),
                id=anchor("used", id_),
            )
        )
    return element(
        "table",
        element("thead", element("tr", *(element("th", text, scope="col") for text in head))),
        element("tbody", *rows),
        class_="plain ground",
    )


def findings(policy: Policy, language: Language) -> Markup:
    """Return what the checker found in a policy."""
    rows = (
        (
            SEVERITY_WORDS[language][item.severity],
            join([item.message(language), element("span", f" {item.hint(language)}", class_="quiet")]),
            f"{choose(language, '第', 'line ')}{item.span.line}{choose(language, ' 行', '')}" if item.span else "",
            element("code", item.code),
        )
        for item in policy.diagnostics
    )
    return table(choose(language, ("程度", "内容", "位置", "代码"), ("Gravity", "Finding", "Place", "Code")), rows, "plain ground")
