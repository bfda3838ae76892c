"""Functions that a model names in another language: a written-down few are done here, no other code ever runs (DMN 1.5, 10.3.2.13.2).

A model can name a Java class and a method. Some pure functions of `java.lang` that conformance asks for are known by that
name and done here, in decimal numbers: `double` is kept to 17 significant digits and `float` to 9, which tell all of their
values apart. Whatever else is named is refused with a diagnostic.
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from functools import partial
from typing import Any

from zhida.feel.run import MAX_SIZE, Frame
from zhida.source import Span
from zhida.values.function import Function
from zhida.values.text import excerpt, format_value

Value = Any

INTEGERS = {"byte": 8, "short": 16, "int": 32, "long": 64}
"""Java's whole numbers, and their width in bits."""

BOXES = {"Byte": "byte", "Short": "short", "Integer": "int", "Long": "long", "Float": "float", "Double": "double"}
"""Java's classes of numbers, and the types that they hold."""

FLOATS = {"float": Context(prec=9), "double": Context(prec=17)}
"""Java's other numbers, and the significant digits that tell their values apart."""

STRING, OBJECTS = "java.lang.String", "[Ljava.lang.Object;"

LONG_NAMES = {"String": STRING, "Object[]": OBJECTS, "Object...": OBJECTS, "java.lang.Object[]": OBJECTS, "java.lang.Object...": OBJECTS}
"""Other spellings of types."""

DIRECTIVE = re.compile(r"%(?:(\d+)\$)?([-+,0]*)(\d+)?(?:\.(\d+))?([sdfn%])")
"""A directive of a format: position, flags, width, precision, conversion."""

MAX_WIDTH = 1_000
"""How wide a directive may make a value."""


class _RefusedError(Exception):
    """An argument is no value of the Java type that a method takes, or a format does not fit its values."""


def external_function(specification: Value, names: tuple[str, ...], span: Span, frame: Frame) -> Function:
    """Return a function literal's foreign code as a function value.

    Args:
        specification: What the mapping says: `{java: {class: …, method signature: …}}`.
        names: Of the parameters.
        span: Where the function is written.
        frame: Takes the diagnostics.
    """
    java = specification.get("java") if isinstance(specification, dict) else None
    return Function("", names, lambda arguments: call_external(java, arguments, span, frame))


def call_external(specification: Value, arguments: tuple[Value, ...], span: Span, frame: Frame) -> Value:
    """Return what a function of the whitelist makes of arguments; any other is refused, and null.

    Args:
        specification: A context with the entries `class` and `method signature`.
        arguments: In the order of the method's parameters.
        span: Where the function is written.
        frame: Takes the diagnostics.
    """
    name, types, implementation = _method(specification)
    if implementation is None:
        frame.run.note("feel-external", span)
        return None
    if len(types) != len(arguments):
        frame.run.note("feel-bad-call", span, function=name, given=f"({len(arguments)})", signature=f"{name}({', '.join(types)})")
        return None
    converted = []
    for argument, type_ in zip(arguments, types, strict=True):
        try:
            converted.append(_to_java(argument, type_))
        except (_RefusedError, DecimalException):
            frame.run.note("feel-bad-argument", span, function=name, parameter=type_, value=excerpt(argument), expected=type_)
            return None
    try:
        return frame.run.keep(implementation(*converted), span)
    except (_RefusedError, DecimalException):
        frame.run.note("feel-bad-argument", span, function=name, parameter=types[0], value=excerpt(arguments[0]), expected=types[0])
        return None


def _method(specification: Value) -> tuple[str, list[str], Callable[..., Value] | None]:
    """Return the name, the parameters' types and the implementation of the method that is named; None for what is not done here."""
    context = specification if isinstance(specification, dict) else {}
    class_name, signature = context.get("class"), context.get("method signature")
    if not isinstance(class_name, str) or not isinstance(signature, str):
        return "", [], None
    found = re.fullmatch(r"\s*(\w+)\s*\(([^()]*)\)\s*", signature)
    if found is None:
        return signature, [], None
    types = [LONG_NAMES.get(part.strip(), part.strip()) for part in found[2].split(",") if part.strip()]
    return found[1], types, WHITELIST.get((class_name.strip(), found[1], ", ".join(types)))


def _to_java(value: Value, type_: str) -> Value:
    """Return a FEEL value as a parameter of a Java type takes it: whole numbers wrap around, others lose what does not fit."""
    if type_ == OBJECTS:
        return value if isinstance(value, tuple) else (value,)
    if type_ in {"char", STRING}:
        if not isinstance(value, str) or (type_ == "char" and len(value) != 1):
            raise _RefusedError
        return value
    if type_ == "boolean" and isinstance(value, bool):
        return value
    if not isinstance(value, Decimal) or value.adjusted() > MAX_WIDTH:
        raise _RefusedError
    if type_ in FLOATS:
        return FLOATS[type_].plus(value)
    bits = INTEGERS[type_]
    whole = int(value) & ((1 << bits) - 1)
    return Decimal(whole - (1 << bits) if whole >> (bits - 1) else whole)


def _cos(angle: Decimal) -> Decimal:
    """Return the cosine of an angle in radians, by its series after whole turns are taken off."""
    if abs(angle) > Decimal(10) ** 15:  # a `double` of that size says nothing of an angle any more
        raise _RefusedError
    angle = WIDE.remainder_near(angle, TURN)
    square = WIDE.multiply(angle, angle)
    term = total = Decimal(1)
    place = 0
    while abs(term) > SMALLEST_TERM:
        place += 2
        term = WIDE.divide(WIDE.multiply(-term, square), Decimal(place * (place - 1)))
        total = WIDE.add(total, term)
    return FLOATS["double"].plus(WIDE.quantize(total, SMALLEST_COSINE))


WIDE = Context(prec=60)
"""The digits in which a cosine is worked out."""
SMALLEST_TERM = Decimal("1e-30")
SMALLEST_COSINE = Decimal("1e-25")
TURN = Decimal("6.28318530717958647692528676655900576839433879875021164194988918461563281257241799726")
"""A whole turn in radians."""


def _value_of(value: Value) -> Value:
    return value


def _number_of(type_: str, text: str) -> Decimal:
    """Return the number that a text spells, as the class of a Java type reads it: nothing wraps around here."""
    spelled = text.strip() if type_ in FLOATS else text
    pattern = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?" if type_ in FLOATS else r"[+-]?\d+"
    if not re.fullmatch(pattern, spelled, re.ASCII) or len(spelled) > MAX_WIDTH:
        raise _RefusedError
    number = Decimal(spelled)
    converted: Decimal = _to_java(number, type_)
    if type_ in INTEGERS and converted != number:
        raise _RefusedError
    return converted


def _text_of(value: Value) -> str:
    return format_value(value)


def _format(pattern: str, values: tuple[Value, ...]) -> str:
    """Return a text formatted as Java does, for the conversions s, d, f, n and %."""
    parts: list[str] = []
    end = used = 0
    for found in DIRECTIVE.finditer(pattern):
        parts += [_plain(pattern[end : found.start()]), ""]
        end = found.end()
        if found[5] in "n%":
            parts[-1] = "\n" if found[5] == "n" else "%"
            continue
        used += found[1] is None
        place = int(found[1] or used) - 1
        if not 0 <= place < len(values):
            raise _RefusedError
        parts[-1] = _shown(values[place], found[2], int(found[3] or 0), found[4], found[5])
    return "".join((*parts, _plain(pattern[end:])))


def _plain(text: str) -> str:
    if "%" in text:
        raise _RefusedError
    return text


def _shown(value: Value, flags: str, width: int, precision: str | None, conversion: str) -> str:
    """Return one value as a directive asks."""
    if width > MAX_WIDTH or int(precision or 0) > MAX_WIDTH:
        raise _RefusedError
    if conversion == "s":
        text = format_value(value)[: None if precision is None else int(precision)]
    elif not isinstance(value, Decimal) or value.adjusted() > MAX_WIDTH or (conversion == "d" and value != value.to_integral_value()):
        raise _RefusedError
    else:
        places = 0 if conversion == "d" else int(precision or 6)
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=MAX_SIZE))
        text = f"{rounded:{'+' if '+' in flags else ''}{',' if ',' in flags else ''}f}"
    if "-" in flags:
        return text.ljust(width)
    return text.zfill(width) if "0" in flags else text.rjust(width)


WHITELIST: dict[tuple[str, str, str], Callable[..., Value]] = {
    ("java.lang.Math", "cos", "double"): _cos,
    **{("java.lang.Math", "max", f"{type_}, {type_}"): max for type_ in (*INTEGERS, *FLOATS) if type_ not in {"byte", "short"}},
    ("java.lang.Byte", "valueOf", "byte"): _value_of,
    ("java.lang.Short", "valueOf", "short"): _value_of,
    ("java.lang.Integer", "valueOf", "int"): _value_of,
    ("java.lang.Long", "valueOf", "long"): _value_of,
    ("java.lang.Float", "valueOf", "float"): _value_of,
    ("java.lang.Double", "valueOf", "double"): _value_of,
    **{(f"java.lang.{class_}", "valueOf", STRING): partial(_number_of, type_) for class_, type_ in BOXES.items()},
    ("java.lang.String", "valueOf", "char"): _value_of,
    **{("java.lang.String", "valueOf", type_): _text_of for type_ in ("boolean", "int", "long")},
    ("java.lang.String", "format", f"{STRING}, {OBJECTS}"): _format,
}
"""What may be named: class, method, types of its parameters."""
