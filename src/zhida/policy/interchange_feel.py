"""Boxed expressions as FEEL text that means the same (DMN 1.5, 10.2.2).

    context ──> {…}      relation ──> list of contexts      invocation ──> call      `if`, filter, `for` ──> FEEL's own

Where boxed expressions are stricter than FEEL, the FEEL says so: a boxed `if` whose condition is neither boolean nor null
is null, so is a boxed filter, `some` or `every` with a condition that is not boolean for any element. A declared type
converts or refuses a value: where it is not plain that the value has it, a function with a typed parameter stands around
it. A decision table inside of another expression becomes the conditions that it stands for.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from zhida.dmn.model import (
    Conditional,
    Context,
    ContextEntry,
    DecisionTable,
    Expression,
    Filter,
    FunctionDefinition,
    HitPolicy,
    Invocation,
    Iteration,
    ListExpression,
    LiteralExpression,
    Relation,
    Variable,
)
from zhida.errors import CompileError
from zhida.feel import syntax
from zhida.feel.names import PART, Scope
from zhida.feel.parse import parse_expression, parse_unary_tests
from zhida.feel.unparse import quoted, unparse
from zhida.source import Snippet, snippet
from zhida.values.types import ANY, BOOLEAN, NUMBER, STRING, Type, unconstrained

ATOM = re.compile(r'[^\W\d]\w*(?:\.[^\W\d]\w*)*|\d+(?:\.\d+)?|"(?:[^"\\\n]|\\.)*"|\[\]|\{\}')
"""What needs no parentheses wherever it stands."""
LONGEST = 100_000
"""Characters of the FEEL that one expression may become: conditions inside of each other are said several times."""
BOOLEAN_NODES = (syntax.Comparison, syntax.Conjunction, syntax.Disjunction, syntax.Between, syntax.In, syntax.InstanceOf, syntax.Quantified)
"""Expressions that are true, false or null."""
BOOLEAN_BUILTINS = {"not", "contains", "starts with", "ends with", "matches", "list contains", "is", "before", "after", "even", "odd"}
"""Builtins that answer true, false or null."""
NUMBER_BUILTINS = {
    *("number", "decimal", "floor", "ceiling", "round up", "round down", "round half up", "round half down", "count", "string length"),
    *("modulo", "sqrt", "exp", "log", "product", "median", "stddev", "day of year", "week of year"),
}
"""Builtins that answer a number or null."""
EXTREMES = {"min", "max", "sum", "mean", "abs"}
"""Builtins that answer a number or null where all that they are given is numbers."""
STRING_BUILTINS = {"string", "substring", "substring before", "substring after", "upper case", "lower case", "replace", "string join"}
"""Builtins that answer a string or null."""

Refusal = Callable[[str, str, str, str], None]
"""Is told what has no form in Markdown, in English and Chinese, and what to do about it, in English and Chinese."""


class FeelWriter:
    """Writes the expressions of one element as FEEL."""

    def __init__(self, scope: Scope, types: Mapping[str, Type], texts: str, refuse: Refusal) -> None:
        """Keep what is known around the element.

        Args:
            scope: The names that its expressions may use.
            types: The types that some of these names have, whatever their values are.
            texts: Everything that is said in the model: new names are none that occur in it.
            refuse: Is told what has no form.
        """
        self.scope = scope
        self.types = dict(types)
        self.texts = texts
        self.refuse = refuse
        self.made = 0
        self.has_table = False

    def new_name(self) -> str:
        """Return a name that nothing in the model says."""
        self.made += 1
        while f"v{self.made}" in self.texts:
            self.made += 1
        return f"v{self.made}"

    # --- parts -----------------------------------------------------------------------------------------------------

    def text(self, expression: Expression | None, declared: Type = ANY) -> str:
        """Return an expression as FEEL; `declared` is the type that stands around it anyway."""
        text = "null" if expression is None else self.written(expression, declared)
        if len(text) > LONGEST:
            words = ("expressions that are too deep inside each other", "套得太深的表达式")
            self.refuse(*words, "divide it into decisions", "请分成几项决策")
            return "null"
        return text

    def written(self, expression: Expression, declared: Type) -> str:
        """Return an expression as FEEL, however long."""
        write: Callable[[FeelWriter, Any], str] = _WRITERS[type(expression)]
        if isinstance(expression, FunctionDefinition | LiteralExpression) or expression.type in {ANY, declared}:
            inner = write(self, expression)
            is_typed = isinstance(expression, LiteralExpression) and expression.type not in {ANY, declared}
            return self.typed(inner, expression.type) if is_typed else inner
        return self.typed(write(self, expression), expression.type)

    def part(self, expression: Expression | None, type_: Type = ANY) -> str:
        """Return an expression as FEEL that may stand inside of another; of the type that its place declares."""
        if isinstance(expression, LiteralExpression) and self.parsed(expression.text.text) is None:
            # In parentheses it could become FEEL and mean something.
            words = ("an expression that is no FEEL", "不是 FEEL 的表达式")
            self.refuse(*words, f"mend it: {expression.text.text}", f"请改正：{expression.text.text}")
            return "null"
        return self.closed(self.typed(self.text(expression, type_), type_))

    def closed(self, text: str) -> str:
        """Return a text in parentheses, where it needs any."""
        if ATOM.fullmatch(text) or (text.startswith("(") and _closes_at_end(text)):
            return text
        return f"({text}\n)" if "//" in text else f"({text})"

    def typed(self, text: str, type_: Type) -> str:
        """Return FEEL that converts a value to a declared type, or makes it null, as the standard's variables do."""
        type_ = unconstrained(type_)
        if type_ == ANY or self.certain(text) == type_:
            return text
        name = self.new_name()
        return f"(function({name}: {type_}) {name})({text}{chr(10) if '//' in text else ''})"

    def certain(self, text: str) -> Type | None:
        """Return the type that an expression plainly has wherever it is not null, or None."""
        node = self.parsed(text)
        return self.plain(node) if node is not None else None

    def plain(self, node: syntax.Node) -> Type | None:
        """Return the type that a node plainly has wherever it is not null, or None."""
        match node:
            case syntax.Literal():
                return _LITERALS.get(type(node.value).__name__)
            case syntax.Name() | syntax.Path():
                return self.known(node)
            case syntax.ContextLiteral() if not any(name in self.types for name, _ in node.entries):
                fields = [(name, self.plain(value)) for name, value in node.entries]
                known = tuple((name, type_) for name, type_ in fields if type_ is not None)
                return Type("context", fields=known) if len(known) == len(fields) else None
            case syntax.Arithmetic():
                types = {self.plain(node.left), self.plain(node.right)}
                return next((type_ for type_ in (NUMBER, STRING) if types == {type_}), None)
            case syntax.If():
                types = {self.plain(node.then), self.plain(node.otherwise)}
                return types.pop() if len(types) == 1 else None
            case syntax.Call(function=syntax.Name() as function) if function.name not in self.types:
                is_number = function.name in NUMBER_BUILTINS or (
                    function.name in EXTREMES and bool(node.positional) and all(self.plain(each) == NUMBER for each in node.positional)
                )
                return NUMBER if is_number else STRING if function.name in STRING_BUILTINS else BOOLEAN if _is_boolean(node) else None
        return BOOLEAN if _is_boolean(node) else None

    def known(self, node: syntax.Node) -> Type | None:
        """Return the type that a name, or an entry of a named context, has; None where that is not known."""
        match node:
            case syntax.Name():
                return self.types.get(node.name)
            case syntax.Path():
                whole = self.known(node.value)
                return dict(whole.fields).get(node.name) if whole is not None and whole.name == "context" else None
        return None

    def parsed(self, text: str) -> syntax.Node | None:
        """Return an expression as nodes, or None where it is no FEEL."""
        try:
            return parse_expression(snippet(text), self.scope)
        except CompileError:
            return None

    def within(self, names: Iterable[str], write: Callable[[], str]) -> str:
        """Return what is written where more names are in scope."""
        scope, types = self.scope, self.types
        hidden = set(names)
        self.scope, self.types = scope.inner(hidden), {name: type_ for name, type_ in types.items() if name not in hidden}
        try:
            return write()
        finally:
            self.scope, self.types = scope, types

    # --- kinds of expressions ----------------------------------------------------------------------------------------

    def literal(self, expression: LiteralExpression) -> str:
        """Return the text as it stands."""
        if expression.language:
            self.refuse("an expression in another language", "其他语言的表达式", "write it in FEEL", "请改用 FEEL 书写")
        if expression.imported_values:
            self.refuse("imported values", "引入的取值（importedValues）", "write the values themselves", "请直接写出取值")
        return self.without_named_types(expression.text.text.strip()) or "null"

    def cell(self, cell: Snippet) -> Snippet:
        """Return an output cell without the names of types that the model defines."""
        text = self.without_named_types(cell.text)
        return cell if text == cell.text else snippet(text)

    def without_named_types(self, text: str) -> str:
        """Return FEEL in which each type that the model defines is spelled by its structure; Markdown defines none."""
        if not any(name in text for name in self.scope.types):
            return text
        node = self.parsed(text)
        if node is None or not any(map(self.names_type, syntax.descendants(node))):
            return text
        return unparse(self.spelled(node), scope=self.scope, width=100)

    def names_type(self, node: syntax.Node) -> bool:
        """Say whether a node spells a type that the model defines."""
        if isinstance(node, syntax.FunctionLiteral):
            return any(type_ is not None for _, type_ in node.parameters)
        return isinstance(node, syntax.InstanceOf) and any(name in node.type_name for name in self.scope.types)

    def spelled(self, node: Any) -> Any:  # noqa: ANN401 - nodes, tuples of them, and what else nodes hold
        """Return a node whose types are spelled by their structure."""
        if isinstance(node, syntax.InstanceOf) and node.type_ is not None and self.names_type(node):
            if unconstrained(node.type_) != node.type_:
                words = (f"a test of the limited type {node.type_name}", f"对限定取值的类型 {node.type_name} 的检验")
                self.refuse(*words, "test the values themselves", "请直接检验取值")
            node = replace(node, type_name=str(unconstrained(node.type_)))
        if isinstance(node, syntax.FunctionLiteral):
            node = replace(node, parameters=tuple((name, type_ and unconstrained(type_)) for name, type_ in node.parameters))
        return mapped(node, self.spelled)

    def context(self, context: Context) -> str:
        """Return `{a: 1, b: a}`, or the last entry of it where that is the result."""
        entries: list[str] = []
        scope, types = self.scope, self.types
        result = ""
        for entry in context.entries:
            if entry.variable is None:
                result = self.new_name()
                entries.append(f"{result}: {self.part(entry.expression)}")
                continue
            entries.append(self.entry(entry.variable, entry.expression))
            self.scope = self.scope.inner([entry.variable.name])
            is_function = isinstance(entry.expression, FunctionDefinition)
            self.types = {**self.types, entry.variable.name: ANY if is_function else unconstrained(entry.variable.type)}
        self.scope, self.types = scope, types
        text = _lines("{", entries, "}")
        return f"{text}.{result}" if result else text

    def entry(self, variable: Variable, expression: Expression | None) -> str:
        """Return an entry of a context."""
        type_ = ANY if isinstance(expression, FunctionDefinition) else variable.type
        return f"{key(variable.name)}: {self.part(expression, type_)}"

    def elements(self, list_: ListExpression) -> str:
        """Return `[a, b]`."""
        return _lines("[", [self.part(element) for element in list_.elements], "]")

    def relation(self, relation: Relation) -> str:
        """Return a list of contexts, one for each row."""
        rows = (
            Context(tuple(ContextEntry(column, cell) for column, cell in zip(relation.columns, row.elements, strict=False)), span=row.span)
            for row in relation.rows
        )
        return _lines("[", [self.context(row) for row in rows], "]")

    def sees(self, cell: str, names: Iterable[str]) -> bool:
        """Say whether a cell may mention one of these names."""
        return any(name in cell for name in names)

    def apart(self, names: list[str], cells: list[str]) -> str:
        """Return a context whose entries are bound to new names first, so that none sees another."""
        bound = [self.new_name() for _ in cells]
        outer = [f"{name}: {cell}" for name, cell in zip(bound, cells, strict=True)]
        inner = ", ".join(f"{key(name)}: {other}" for name, other in zip(names, bound, strict=False))
        result = self.new_name()
        return "{" + ", ".join((*outer, f"{result}: {{{inner}}}")) + f"}}.{result}"

    def invocation(self, invocation: Invocation) -> str:
        """Return `f(a: 1)`."""
        function = self.part(invocation.function)
        if isinstance(invocation.function, LiteralExpression) and isinstance(self.parsed(function.strip("()")), syntax.Name):
            function = invocation.function.text.text.strip()
        given = [f"{binding.parameter.name}: {self.part(binding.expression, binding.parameter.type)}" for binding in invocation.bindings]
        return f"{function}({', '.join(given)})"

    def function(self, function: FunctionDefinition) -> str:
        """Return `function(a: number) a + 1`."""
        if function.kind != "FEEL":
            self.refuse(f"a function in {function.kind}", f"{function.kind} 函数", "write it in FEEL", "请改用 FEEL 书写")
            return "null"
        parameters = ", ".join(_parameter(each) for each in function.parameters)
        names = [each.name for each in function.parameters]
        return f"function({parameters}) {self.within(names, lambda: self.part(function.body, function.type))}"

    def conditional(self, conditional: Conditional) -> str:
        """Return `if a then b else c`; null where the condition is neither boolean nor null."""
        condition = self.text(conditional.condition)
        then, otherwise = self.part(conditional.then), self.part(conditional.otherwise)
        if self.certain(condition) == BOOLEAN:
            return f"if {self.closed(condition)} then {then} else {otherwise}"
        name, result = self.new_name(), self.new_name()
        strict = f"if {name} = null or {name} instance of boolean then (if {name} then {then} else {otherwise}) else null"
        return f"{{{name}: {self.closed(condition)}, {result}: {strict}}}.{result}"

    def filter(self, filter_: Filter) -> str:
        """Return `list[condition]`; null where the condition is neither boolean nor null for any element."""
        value = self.part(filter_.value)
        condition = self.within(["item"], lambda: self.text(filter_.condition))
        if self.within(["item"], lambda: str(self.certain(condition))) == str(BOOLEAN):
            return f"{value}[{condition}]"
        name, result = self.new_name(), self.new_name()
        inner = self.closed(condition)
        odd = f"count({name}[not({inner} = null or {inner} instance of boolean)]) > 0"
        return f"{{{name}: {value}, {result}: if {odd} then null else {name}[{inner} = true]}}.{result}"

    def iteration(self, iteration: Iteration) -> str:
        """Return `for x in list return y`, `some` or `every`; null where a condition is neither boolean nor null."""
        name, domain = iteration.variable, self.part(iteration.domain, iteration.variable_type)
        names = [name, syntax.PARTIAL] if iteration.kind == "for" else [name]
        body = self.within(names, lambda: self.text(iteration.body))
        if iteration.kind == "for":
            return f"for {name} in {domain} return {self.closed(body)}"
        plain = f"{iteration.kind} {name} in {domain} satisfies {self.closed(body)}"
        if self.within(names, lambda: str(self.certain(body))) == str(BOOLEAN):
            return plain
        each = self.new_name()
        values = f"(for {name} in {domain} return {self.closed(body)})"
        odd = f"some {each} in {values} satisfies not({each} = null or {each} instance of boolean)"
        return f"if ({odd}) then null else ({plain})"

    # --- decision tables ---------------------------------------------------------------------------------------------

    def table(self, table: DecisionTable) -> str:
        """Return the conditions that a decision table stands for."""
        self.has_table = True
        if table.hit_policy in {HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER}:
            words = (f"a table of hit policy {table.hit_policy.value} inside", f"里层的 {table.hit_policy.value} 判定表")
            self.refuse(*words, "make it a decision of its own", "请单独作为一项决策")
            return "null"
        tested = [self.new_name() for _ in table.inputs]
        entries = [
            f"{name}: {self.closed(self.typed(clause.expression.text.strip(), clause.type))}"
            for name, clause in zip(tested, table.inputs, strict=True)
        ]
        return self.within(tested, lambda: self.table_within(table, tested, entries))

    def table_within(self, table: DecisionTable, tested: list[str], entries: list[str]) -> str:
        """Return the conditions of a table whose inputs are bound to names."""
        allowed = [
            f"({name} = null or {self.test(clause.allowed_values, name)})"
            for name, clause in zip(tested, table.inputs, strict=True)
            if clause.allowed_values is not None
        ]
        matches = [self.match(allowed, tested, rule.input_entries) for rule in table.rules]
        outputs = [self.outputs(table, rule.output_entries) for rule in table.rules]
        default = self.default(table)
        hits, found, result = self.new_name(), self.new_name(), self.new_name()
        if table.hit_policy is HitPolicy.FIRST:
            chain = "".join(f"if {match} then {output} else " for match, output in zip(matches, outputs, strict=True))
            return _lines("{", [*entries, f"{result}: {chain}{default}"], f"}}.{result}")
        entries.append(_lines(f"{hits}: [", matches, "]"))
        if table.hit_policy is HitPolicy.UNIQUE:
            chain = "".join(f"if {hits}[{place}] = true then {output} else " for place, output in enumerate(outputs, start=1))
            entries.append(f"{result}: if count({hits}[item = true]) > 1 then null else {chain}{default}")
        else:
            every = [f"if {hits}[{place}] = true then [{output}] else []" for place, output in enumerate(outputs, start=1)]
            entries.append(_lines(f"{found}: concatenate(", every or ["[]"], ")"))
            entries.append(f"{result}: if count({found}) = 0 then {default} else {_COLLECTED[table.hit_policy].replace('#', found)}")
        return _lines("{", entries, f"}}.{result}")

    def match(self, allowed: list[str], tested: list[str], cells: tuple[Snippet, ...]) -> str:
        """Return the condition of a rule."""
        tests = [self.test(cell, name) for name, cell in zip(tested, cells, strict=True)]
        return " and ".join((*allowed, *(each for each in tests if each != "true"))) or "true"

    def test(self, cell: Snippet, name: str) -> str:
        """Return the condition that unary tests make of a named value."""
        try:
            tests = parse_unary_tests(cell, self.scope)
        except CompileError:
            return "null"
        if not tests.tests:
            return "true"
        parts = [self.one_test(each, name) for each in tests.tests]
        text = f"({' or '.join(parts)})" if len(parts) > 1 else parts[0]
        return f"not({text})" if tests.is_negated else text

    def one_test(self, node: syntax.Node, name: str) -> str:
        """Return the condition that one test makes of a named value."""
        span = node.span
        if isinstance(node, syntax.Condition):
            return f"({unparse(_renamed(node.expression, {syntax.INPUT: name}), scope=self.scope)})"
        return f"({unparse(syntax.In(span, syntax.Name(span, name), syntax.UnaryTests(span, (node,))), scope=self.scope)})"

    def outputs(self, table: DecisionTable, cells: Iterable[Snippet | None]) -> str:
        """Return what a rule comes to: its bare output, or a context of several."""
        texts = []
        for clause, cell in zip(table.outputs, cells, strict=True):
            text = self.typed("null" if cell is None else cell.text.strip() or "null", clause.type)
            if clause.allowed_values is not None and cell is not None:
                name, result = self.new_name(), self.new_name()
                test = self.within([name], lambda name=name, tests=clause.allowed_values: self.test(tests, name))  # type: ignore[misc]
                text = f"{{{name}: {self.closed(text)}, {result}: if {name} = null or {test} then {name} else null}}.{result}"
            texts.append(self.closed(text))
        if len(texts) == 1:
            return texts[0]
        names = [clause.name for clause in table.outputs]
        if any(self.sees(text, names) for text in texts):
            return self.apart(names, texts)
        return "{" + ", ".join(f"{key(name)}: {text}" for name, text in zip(names, texts, strict=True)) + "}"

    def default(self, table: DecisionTable) -> str:
        """Return what a table comes to where no rule matches."""
        defaults = [clause.default for clause in table.outputs]
        return "null" if all(each is None for each in defaults) else self.outputs(table, defaults)


_COLLECTED: Mapping[HitPolicy, str] = {
    HitPolicy.ANY: "(if every x in # satisfies x = #[1] then #[1] else null)",
    HitPolicy.RULE_ORDER: "#",
    HitPolicy.COLLECT: "#",
    HitPolicy.COLLECT_SUM: "sum(#)",
    HitPolicy.COLLECT_MIN: "min(#)",
    HitPolicy.COLLECT_MAX: "max(#)",
    HitPolicy.COLLECT_COUNT: "count(#)",
}
"""What is made of the outputs of all rules that match, `#`."""

_WRITERS: dict[type, Callable[[FeelWriter, Any], str]] = {
    LiteralExpression: FeelWriter.literal,
    Context: FeelWriter.context,
    ListExpression: FeelWriter.elements,
    Relation: FeelWriter.relation,
    Invocation: FeelWriter.invocation,
    FunctionDefinition: FeelWriter.function,
    Conditional: FeelWriter.conditional,
    Filter: FeelWriter.filter,
    Iteration: FeelWriter.iteration,
    DecisionTable: FeelWriter.table,
}
"""How each kind of expression is written."""

_LITERALS: Mapping[str, Type] = {"Decimal": NUMBER, "str": STRING, "bool": BOOLEAN}


def key(name: str) -> str:
    """Return the key of an entry of a context.

    >>> key("金额"), key("a+b")
    ('金额', '"a+b"')
    """
    return name if all(PART.fullmatch(word) for word in name.split(" ")) and name not in {"true", "false", "null"} else quoted(name)


def _parameter(variable: Variable) -> str:
    type_ = unconstrained(variable.type)
    return variable.name if type_ == ANY else f"{variable.name}: {type_}"


def _is_boolean(node: syntax.Node) -> bool:
    """Say whether an expression is plainly true, false or null."""
    match node:
        case syntax.Literal():
            return node.value is None or isinstance(node.value, bool)
        case syntax.Call(function=syntax.Name() as function):
            return function.name in BOOLEAN_BUILTINS
    return isinstance(node, BOOLEAN_NODES)


def _renamed(node: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - nodes, tuples of them, and what else nodes hold
    """Return a node in which some names are others."""
    if isinstance(node, syntax.Name):
        return replace(node, name=names.get(node.name, node.name))
    return mapped(node, lambda inner: _renamed(inner, names))


def mapped(node: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - nodes, tuples of them, and what else nodes hold
    """Return a node whose parts are changed."""
    if isinstance(node, tuple):
        return tuple([change(each) for each in node])
    if not isinstance(node, syntax.Node | syntax.Iteration):
        return node
    held = {name: getattr(node, name) for name in node.__dataclass_fields__ if name not in {"span", "parameters"}}
    return replace(node, **{name: change(value) for name, value in held.items() if isinstance(value, tuple | syntax.Node)})


def _lines(opening: str, parts: list[str], closing: str) -> str:
    """Return parts in brackets: in one line where they are short, else one in a line."""
    line = f"{opening}{', '.join(parts)}{closing}"
    if len(line) <= 100 and "\n" not in line:
        return line
    inner = ",\n".join(f"  {_indented(part)}" for part in parts)
    return f"{opening}\n{inner}\n{closing}"


def _indented(text: str) -> str:
    """Return a text of several lines farther to the right; one with a string over several lines stays."""
    has_long_string = any("\n" in found for found in re.findall(r'"(?:[^"\\]|\\.)*"', text))
    return text if has_long_string else text.replace("\n", "\n  ")


def _closes_at_end(text: str) -> bool:
    """Say whether the parenthesis that a text begins with is closed by its last character."""
    depth = 0
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', lambda found: '"' * len(found[0]), text)
    for place, character in enumerate(bare):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return place == len(text) - 1 and "//" not in bare
    return False
