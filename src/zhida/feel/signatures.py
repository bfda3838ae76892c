"""What the builtin functions return, as far as it can be told before any data is seen."""

from zhida.values.types import ANY, BOOLEAN, DATE, DATE_TIME, NUMBER, STRING, TIME, Type, list_of

KEEPS_UNIT = frozenset(
    (
        *("min", "max", "sum", "mean", "median", "abs", "floor", "ceiling", "decimal"),
        *("round up", "round down", "round half up", "round half down"),
    )
)
"""Functions whose number is in the unit of their first argument."""

_RESULTS: dict[Type, tuple[str, ...]] = {
    NUMBER: ("count", "string length", "number", "sqrt", "log", "exp", "modulo", "day of year", "week of year", "product", "stddev"),
    STRING: (
        *("string", "substring", "upper case", "lower case", "substring before", "substring after", "replace", "string join"),
        *("day of week", "month of year"),
    ),
    BOOLEAN: (
        *("not", "contains", "starts with", "ends with", "matches", "list contains", "all", "any", "even", "odd", "is", "is defined"),
        *("before", "after", "meets", "met by", "overlaps", "overlaps before", "overlaps after", "finishes", "finished by"),
        *("includes", "during", "starts", "started by", "coincides"),
    ),
    DATE: ("date", "today"),
    TIME: ("time",),
    DATE_TIME: ("date and time", "now"),
    list_of(STRING): ("split",),
    list_of(NUMBER): ("index of", "string to code points"),
}

_BY_NAME = {name: type_ for type_, names in _RESULTS.items() for name in names}


def result_type(name: str) -> Type:
    """Return the type that a builtin's result has, `ANY` where that depends on its arguments.

    >>> str(result_type("string length"))
    'number'
    """
    return _BY_NAME.get(name, ANY)
