"""The plan: what must be computed, column by column, to decide every row of a frame.

    Plan
    ├── operations   each a column made of earlier columns, by their places; what is the same is there once
    ├── steps        the decisions, each after those that it requires, with the operation that is its value
    ├── facts        the input data that the frame gives
    └── fallbacks    what has no column form, by name and reason: the interpreter does it, once for each distinct combination

Frozen data, without arrays and without a frame. An operand is the place of an operation; operands stand before what uses them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zhida.dmn.compiled import CompiledTable, DecisionModel
from zhida.dmn.model import ItemDefinition
from zhida.feel.syntax import Node
from zhida.values.temporal import Date
from zhida.values.types import Type


class Kind(StrEnum):
    """How the values of a column are kept."""

    NUMBER = "number"
    """A 64-bit integer: the number times ten to the power of the scale."""
    RATIO = "ratio"
    """Two 64-bit integers: a quotient that was not divided; the denominator is positive."""
    BOOLEAN = "boolean"
    """A truth value."""
    DATE = "date"
    """A 64-bit integer: days."""
    DAYS = "days"
    """A 64-bit integer: a duration of whole days."""
    MONTHS = "months"
    """A 64-bit integer: a duration of months."""
    STRING = "string"
    """The number of a string in the vocabulary."""
    VALUE = "value"
    """The number of any value in the vocabulary."""
    LIST = "list"
    """Lists of scaled integers, one after another."""
    ELEMENTS = "elements"
    """Lists of contexts, by the numbers of these, one after another."""
    NULL = "null"
    """Nothing but null and unknown."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a column holds."""

    kind: Kind
    """How its values are kept."""
    scale: int = 0
    """Decimal places of a number, or of the numbers in a list."""


LISTS = frozenset((Kind.LIST, Kind.ELEMENTS))
"""Kinds of columns whose rows hold several values."""

BOOLEANS, DATES, STRINGS, VALUES, RATIOS, NULLS = map(Form, (Kind.BOOLEAN, Kind.DATE, Kind.STRING, Kind.VALUE, Kind.RATIO, Kind.NULL))


@dataclass(frozen=True, slots=True)
class Fact:
    """An input datum of the row."""

    id: str
    """Its id in the model."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in each row."""

    value: object
    """A FEEL value, or an `Unknown`."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Read:
    """The value of another decision: what was odd about it is that decision's own."""

    decision_id: str
    """The decision."""
    operand: int
    """Its value."""
    form: Form
    """What the column holds."""
    is_part: bool = False
    """Whether the operand is a part of the value: what was odd about taking it is the reader's."""


@dataclass(frozen=True, slots=True)
class Bare:
    """A value without what was odd on the way to it: a parameter inside of a function, whose argument was told of at the call."""

    operand: int
    """The value."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class After:
    """A value, once others were evaluated: the body of a function after the arguments of its call."""

    first: tuple[int, ...]
    """What is evaluated before, whether it is used or not."""
    operand: int
    """The value."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Convert:
    """The same values, kept in another way."""

    operand: int
    """The values."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`a + b`, `a - b`, `a * b` of numbers, or the ratio `a / b`."""

    operator: str
    """One of the four."""
    left: int
    """Left operand."""
    right: int
    """Right operand."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`a = b`, `!=`, `<`, `<=`, `>`, `>=`."""

    operator: str
    """One of the six."""
    left: int
    """Left operand."""
    right: int
    """Right operand."""
    form: Form = BOOLEANS
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Between:
    """`a between b and c`."""

    value: int
    """What is compared."""
    low: int
    """Least value."""
    high: int
    """Greatest value."""
    form: Form = BOOLEANS
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Logical:
    """`a and b`, `a or b`."""

    is_disjunction: bool
    """Whether it is `or`."""
    left: int
    """Left operand."""
    right: int
    """Right operand."""
    form: Form = BOOLEANS
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Opposite:
    """`not(a)`."""

    operand: int
    """What is negated."""
    form: Form = BOOLEANS
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Choose:
    """`if c then a else b`."""

    condition: int
    """The condition."""
    then: int
    """The value if it is true."""
    otherwise: int
    """The value if it is anything else."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A builtin of numbers (`min`, `max` and `sum` of arguments, `abs`, `floor`, `round up`, …, negation) or of dates."""

    name: str
    """The builtin."""
    node: Node
    """The call, with placeholders for its arguments: how rows are decided that lack one of them."""
    operands: tuple[int, ...]
    """The arguments, in order: the placeholders `placeholder(0)`, …."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class FoldList:
    """A builtin of one list of numbers: `sum`, `count`, `min`, `max`."""

    name: str
    """The builtin."""
    node: Node
    """The call, with a placeholder for the list: how rows are decided where the list is null, unknown or empty."""
    operand: int
    """The list."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """The elements of a list of which a condition holds that names nothing but their entries."""

    operand: int
    """The list."""
    condition: "Plan"
    """The condition, the last operation of a plan whose rows are elements and whose facts their entries."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Iterate:
    """What each element of a list comes to, a number made of nothing but its entries."""

    operand: int
    """The list."""
    body: "Plan"
    """What each comes to, as in `Filter`."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Interpret:
    """An expression that the interpreter evaluates, once for each distinct combination of its operands."""

    node: Node
    """The expression."""
    names: tuple[tuple[str, int], ...]
    """What the names in it stand for."""
    form: Form
    """What the column holds."""
    by_state: bool = False
    """Whether known values do not matter, only which operands are known, null or unknown."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Values as a declared type asks: what does not fit is null, and told."""

    operand: int
    """The values."""
    type: Type
    """The declared type."""
    form: Form
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class InterpretDecision:
    """A whole decision that the interpreter evaluates, once for each distinct combination of what it may read."""

    decision_id: str
    """The decision."""
    operands: tuple[tuple[str, int], ...]
    """Ids of what it may read, each with its value."""
    form: Form
    """What the column holds."""
    path: Node | None = None
    """Where only a part of its value is wanted: that part of the placeholder."""


@dataclass(frozen=True, slots=True)
class Test:
    """An expression with one operand that is compared with constants only: decided once for each elementary interval."""

    node: Node
    """The expression, with a placeholder for the operand."""
    bounds: tuple[object, ...]
    """The constants."""
    operand: int
    """The operand."""
    form: Form = BOOLEANS
    """What the column holds."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A cell that compares with what a name stands for: it became a column of truth values."""

    rule: int
    """The place of its rule."""
    column: int
    """The column that it stood in."""
    input: int
    """The place of the comparison among the inputs of the table."""
    operand: int
    """What the name stands for."""


@dataclass(frozen=True, slots=True)
class Decide:
    """A decision table: decided once for each combination of codes of its inputs."""

    decision_id: str
    """The decision."""
    table: CompiledTable
    """The table with placeholders for its inputs, and tokens for outputs that are no constants."""
    inputs: tuple[int, ...]
    """What is tested, by column."""
    bounds: tuple[tuple[object, ...] | None, ...]
    """For each column, the constants that its cells compare with; None where each value is tested by itself."""
    outputs: tuple[tuple[int, int], ...]
    """Places of the rules whose output is no constant, each with its value; `DEFAULT` is the place of the default."""
    type: Type
    """The declared type of the decision."""
    form: Form
    """What the column holds."""
    hard: int | None
    """Where there are such outputs, or relations: the same decision by the interpreter, for rows that need more than one of them,
    or of which a side of a relation is not known."""
    relations: tuple[Relation, ...] = ()
    """The cells that became columns."""


Operation = (
    Fact
    | Constant
    | Read
    | Bare
    | After
    | Convert
    | Arithmetic
    | Compare
    | Between
    | Logical
    | Opposite
    | Choose
    | Fold
    | FoldList
    | Filter
    | Iterate
    | Interpret
    | Fit
    | InterpretDecision
    | Test
    | Decide
)


def operands_of(operation: Operation) -> tuple[int, ...]:
    """Return the places of what an operation is made of."""
    match operation:
        case Fact() | Constant():
            return ()
        case Read() | Bare() | Convert() | Opposite() | FoldList() | Filter() | Iterate() | Test() | Fit():
            return (operation.operand,)
        case After():
            return (*operation.first, operation.operand)
        case Arithmetic() | Compare() | Logical():
            return (operation.left, operation.right)
        case Between():
            return (operation.value, operation.low, operation.high)
        case Choose():
            return (operation.condition, operation.then, operation.otherwise)
        case Fold():
            return operation.operands
        case Interpret():
            return tuple(place for _, place in operation.names)
        case InterpretDecision():
            return tuple(place for _, place in operation.operands)
        case Decide():
            hard = () if operation.hard is None else (operation.hard,)
            named = tuple(relation.operand for relation in operation.relations)
            return (*operation.inputs, *(place for _, place in operation.outputs), *named, *hard)


DEFAULT = -1
"""The place of the default among the outputs of a table."""


def placeholder(place: int) -> str:
    """Return the name by which a template calls its operand; no FEEL name looks like it."""
    return f"\0{place}"


def token(place: int) -> str:
    """Return what stands for the output of a rule that is no constant; no string of a registry looks like it."""
    return f"\0rule {place}"


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of the plan."""

    id: str
    """Its id in the model."""
    name: str
    """Its name in FEEL."""
    operation: int
    """The place of its value."""
    is_table: bool
    """Whether it is decided by a table, so that rules can have fired."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Something that has no column form."""

    decision: str
    """The name of the decision that it stands in."""
    text: str
    """The expression; empty for the whole decision."""
    reason: str
    """Why it has none."""
    operation: int | None = None
    """The place of the operation by which the interpreter does it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the decisions of a model are computed over a frame."""

    model: DecisionModel
    """The model that was lowered: what the interpreter decides rows by."""
    as_of: Date
    """The date of the business fact."""
    constants: Mapping[str, object]
    """Input data that is the same for every row, by id: the parameters of a policy."""
    operations: tuple[Operation, ...]
    """What is computed, in order."""
    steps: tuple[Step, ...]
    """The decisions, in the order of requirement."""
    facts: Mapping[str, ItemDefinition]
    """The input data that rows give, by id."""
    fallbacks: tuple[Fallback, ...]
    """What the interpreter does."""

    def step(self, decision_id: str) -> Step:
        """Return the step of one decision."""
        return next(step for step in self.steps if step.id == decision_id)
