"""What the terms of z3 say of a subject is what the interpreter says of it, decision by decision."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.pack_policies import cases
from tests.engine.policy_texts import AS_OF, block, packs_with
from tests.packs import the_packs
from zhida.assess.examples import day_of
from zhida.assess.subject import inputs_of
from zhida.dmn.compiled import CompiledTable
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.policy.pack import PolicyModel
from zhida.proof.solver.encoding import strings_in
from zhida.source import snippet
from zhida.values import temporal
from zhida.values.equality import equal
from zhida.values.temporal import Date, MonthsDuration
from zhida.values.types import BOOLEAN, DATE, MONTHS_DURATION, NUMBER, STRING
from zhida.values.unknown import Unknown

pytest.importorskip("z3")

from zhida.proof.solver.facts import codes
from zhida.proof.solver.queries import Status, ask
from zhida.proof.solver.reading import as_given, value_of
from zhida.proof.solver.scope import Ground
from zhida.proof.solver.terms import Encoder
from zhida.proof.solver.values import Opaque

Value = Any

D = Decimal
SCOPE = Scope(NameSet(["人", "收入", "面积", "成立", "证书", "重点", "类型", "评估日", *BUILTINS]))
BUDGET = 3_000_000
SUBJECTS = 12


def linked(policy_id: str) -> PolicyModel:
    return the_packs().model_of(policy_id, day_of(the_packs().in_force[policy_id], Date(2026, 6, 30)))


def literals(model: PolicyModel) -> set[Any]:
    """Return the values that a model names."""
    found: set[Any] = {Decimal(0), Decimal(1)}
    for compiled in model.model.decisions.values():
        for node in compiled.body.nodes if isinstance(compiled.body, CompiledTable) else (compiled.body,):
            if isinstance(node, syntax.Node):
                found |= {each.value for each in syntax.descendants(node) if isinstance(each, syntax.Literal)}
    return found | {value for value in model.parameters.values() if isinstance(value, Decimal | Date)}


def named_in(model: PolicyModel) -> list[str]:
    return [text for compiled in model.model.decisions.values() for text in strings_in(compiled.body)]


class Subjects:
    """Draws subjects whose facts lie on the lines of a policy, or just beside them."""

    def __init__(self, model: PolicyModel, lot: random.Random) -> None:
        self.lot = lot
        self.as_of = model.as_of
        known = literals(model)
        self.numbers = sorted(value for value in known if isinstance(value, Decimal))
        self.texts = sorted(value for value in known if isinstance(value, str))
        self.days = sorted(temporal.to_days(value) for value in known if type(value) is Date)

    def value(self, item: ItemDefinition) -> Value:
        if item.is_nullable and self.lot.random() < 0.2:
            return None
        if item.components:
            element = {entry.name: self.value(entry) for entry in item.components}
            other = {entry.name: self.value(entry) for entry in item.components}
            return self.lot.choice([(), (element,), (element, element, other), (other, element)])
        if item.type.name == "list":
            inner = ItemDefinition(item.name, item.type.arguments[0], scale=item.scale)
            return tuple(self.value(inner) for _ in range(self.lot.randrange(5)))
        if item.type is NUMBER:
            scale = 2 if item.scale is None else item.scale
            step = self.lot.choice([0, 0, 1, -1]) * Decimal(1).scaleb(-scale)
            return (self.lot.choice(self.numbers) * self.lot.choice([1, 1, 2, 100]) + step).quantize(Decimal(1).scaleb(-scale))
        if item.type is BOOLEAN:
            return self.lot.random() < 0.6
        if item.type is DATE:
            day = self.lot.choice([*self.days, temporal.to_days(self.as_of), temporal.to_days(Date(2000, 2, 29))])
            months = self.lot.choice([0, 0, -12, -24, -36, -1, 5])
            return temporal.add(temporal.from_days(day + self.lot.choice([0, 0, 1, -1])), MonthsDuration(months))
        if item.type is MONTHS_DURATION:
            return MonthsDuration(self.lot.choice([0, 1, 12, 36]))
        assert item.type is STRING
        if item.allowed_beginnings is not None:
            named = [text for text in self.texts if item.allows(text)]
            return self.lot.choice([*codes(item.allowed_beginnings, named), *named])
        return self.lot.choice([*(item.allowed_values or (*self.texts, "别的"))])


def differences(encoder: Encoder, model: PolicyModel, facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield each decision of which terms and interpreter say different things."""
    evaluator = Evaluator(model.model, inputs_of(model, facts), as_of=model.as_of)
    symbols, ground = {}, Ground()
    for id_ in model.model.decisions:
        encoder.ground = Ground()
        try:
            symbol = encoder.element(0, id_)
        except Opaque:
            continue
        if not encoder.ground.opaque:
            symbols[id_] = symbol
            ground.add(encoder.ground)
    answer = ask(
        encoder.space, [term for fact in ground.facts.values() for term in as_given(encoder, fact.symbol, facts[fact.name])], BUDGET
    )
    assert answer.status is Status.POSSIBLE
    for id_, symbol in symbols.items():
        expected = evaluator.value(id_)
        found = value_of(encoder, symbol, answer.model)
        if not is_same(found, expected):
            yield f"{id_}: {found!r} in terms, {expected!r} by the interpreter, for {facts}"


def is_same(found: Value, expected: Value) -> bool:
    """Say whether two values are the same but for rounding to 34 digits."""
    if isinstance(found, Decimal) and isinstance(expected, Decimal):
        return abs(found - expected) <= abs(expected) * Decimal("1e-25")
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(is_same(found[name], expected[name]) for name in found)
    return equal(found, expected) is True


@pytest.mark.parametrize("policy_id", cases())
def test_terms_agree_with_the_interpreter_over_all_decisions_of_a_policy(policy_id: str) -> None:
    model = linked(policy_id)
    encoder = Encoder([model], {"": 0}, named_in(model), with_lists=True)
    lot = random.Random(policy_id)  # noqa: S311 - lots from a seed, nothing is secret
    subjects = Subjects(model, lot)
    names = {data.name: data.item for id_, data in model.model.inputs.items()}
    for _ in range(SUBJECTS):
        facts = {
            name: subjects.value(item)
            for id_, (name, item) in zip(model.model.inputs, names.items(), strict=True)
            if id_ not in model.parameters or isinstance(model.parameters[id_], Unknown)
        }
        found = list(differences(encoder, model, facts))
        assert not found, "\n".join(found)


# --- expressions -----------------------------------------------------------------------------------------------------

NUMBERS = ["人", "收入", "面积", "-1", "0", "1", "2.5", "300", "null"]
DATES = ["成立", "证书", "评估日", '@"2024-02-29"']
MONTHS = ['@"P1M"', '@"P1Y"', '@"-P13M"']
FACTS = {
    "人": [D("0"), D("1"), D("300")],
    "收入": [D("-1"), D("0"), D("0.05"), D("2.5"), D("299.99")],
    "面积": [D("0"), D("3"), D("100")],
    "成立": [Date(2023, 3, 1), Date(2024, 2, 29), Date(2025, 12, 31)],
    "证书": [None, Date(2024, 1, 31), Date(2026, 3, 1)],
    "重点": [True, False],
    "类型": ["企业", "高校"],
}


OPERATORS = ["=", "!=", "<", "<=", ">", ">="]


class Writer:
    """Writes an expression; `pick` says which of some it takes."""

    def __init__(self, pick: Callable[[Sequence[str]], str]) -> None:
        self.pick = pick

    def number(self, depth: int) -> str:
        kind = self.pick(["plain"] if depth == 0 else ["plain", "arithmetic", "extreme", "one", "rounded", "if", "list", "date"])
        a, b = (self.number(depth - 1), self.number(depth - 1)) if kind not in {"plain", "date"} else ("", "")
        match kind:
            case "plain":
                return self.pick(NUMBERS)
            case "arithmetic":
                return f"({a} {self.pick('+-*/')} {b})"
            case "extreme":
                return f"{self.pick(['min', 'max', 'sum', 'mean'])}({a}, {b})"
            case "one":
                return f"{self.pick(['floor', 'ceiling', 'abs'])}({a})"
            case "rounded":
                return f"{self.pick(['decimal', 'round up', 'round down', 'round half up', 'round half down'])}({a}, {self.pick('01')})"
            case "if":
                return f"(if {self.truth(depth - 1)} then {a} else {b})"
            case "list":
                return f"{self.pick(['count', 'sum', 'max', 'mean'])}([{a}, {b}, 1][item > {self.pick(NUMBERS)}])"
        return self.pick(
            [
                f"{self.date()}.{self.pick(['year', 'month', 'day'])}",
                f"({self.date()} - {self.date()}).days",
                f"years and months duration({self.date()}, {self.date()}).{self.pick(['years', 'months'])}",
            ]
        )

    def date(self) -> str:
        return self.pick([self.pick(DATES), f"({self.pick(DATES)} {self.pick('+-')} {self.pick(MONTHS)})"])

    def truth(self, depth: int) -> str:
        a, b, c = (self.number(max(depth - 1, 0)) for _ in range(3))
        kinds = ["plain", "numbers", "dates", "between", "in", "contains", "some"]
        match self.pick(kinds if depth == 0 else [*kinds, "and", "or", "=", "not"]):
            case "plain":
                return self.pick(["重点", '类型 = "企业"', '类型 in ("企业", "其他")', "null"])
            case "numbers":
                return f"({a} {self.pick(OPERATORS)} {b})"
            case "dates":
                return f"({self.date()} {self.pick(OPERATORS)} {self.date()})"
            case "between":
                return f"({a} between {b} and {c})"
            case "in":
                return f"({a} in ({b}, >= {c}, ({b}..{c}]))"
            case "contains":
                return f"list contains([{a}, {b}], {c})"
            case "some":
                return f"({self.pick(['some', 'every'])} x in [{a}, {b}] satisfies x {self.pick(OPERATORS)} {c})"
            case "not":
                return f"not({self.truth(depth - 1)})"
            case operator:
                return f"({self.truth(depth - 1)} {operator} {self.truth(depth - 1)})"


@st.composite
def expressions(draw: st.DrawFn) -> str:
    writer = Writer(lambda some: draw(st.sampled_from(some)))
    return writer.number(2) if draw(st.booleans()) else writer.truth(2)


class Demo:
    """A policy; what is shown of it where an example fails is short."""

    def __init__(self, model: PolicyModel) -> None:
        self.model = model


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    body = block("符合: boolean", " and ".join(f"{name} != null" for name in FACTS))
    return Demo(packs_with(tmp_path_factory.mktemp("packs"), body).model_of("demo/a", AS_OF))


@settings(max_examples=80, deadline=None)
@given(text=expressions(), facts=st.fixed_dictionaries({name: st.sampled_from(values) for name, values in FACTS.items()}))
def test_terms_agree_with_the_interpreter_on_any_expression(demo: Demo, text: str, facts: dict[str, Value]) -> None:
    node = parse_expression(snippet(text), SCOPE)
    model = demo.model
    evaluator = Evaluator(model.model, inputs_of(model, facts), as_of=model.as_of)
    expected = evaluate(node, evaluator.frame(model.model.decisions["demo/a#符合"], ElementTrace()))
    encoder = Encoder([model], {"": 0}, (), with_lists=True)
    try:
        symbol = encoder.value(node, encoder.scope(0, "demo/a#符合"))
    except Opaque:
        return
    if encoder.ground.opaque:
        return
    given_ = [term for fact in encoder.ground.facts.values() for term in as_given(encoder, fact.symbol, facts[fact.name])]
    answer = ask(encoder.space, given_, BUDGET)
    assert answer.status is Status.POSSIBLE
    assert is_same(value_of(encoder, symbol, answer.model), expected), f"{text} is {expected!r}"
