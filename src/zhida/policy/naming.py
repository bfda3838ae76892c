"""Names that are declared: each must read as one FEEL name, mean nothing else, and not look like a sum of others.

FEEL reads a name by what is declared, so a name with a bracket or a digit at its start is never found, and one that is
spelled like a keyword or a built-in function hides it or is hidden by it.
"""

from collections.abc import Iterable, Iterator, Mapping

from zhida.dmn.compiled import AS_OF
from zhida.errors import Diagnostic, diagnostic
from zhida.feel.builtins import BUILTINS
from zhida.feel.names import PART, read_part, skip_space, split_name
from zhida.feel.tokens import KEYWORDS
from zhida.source import Span

RESERVED = {"not", "item", "partial", "?"} | KEYWORDS
"""Words that FEEL keeps for itself."""

OPERATORS = {"+", "-", "*", "/", "and", "or", "in"}
"""Parts of a name that are also operations."""


def name_faults(name: str, span: Span | None = None) -> Iterator[Diagnostic]:
    """Yield what is wrong with the spelling of a declared name: policy-name, dmn-reserved-name or policy-reserved-name.

    >>> [item.code for item in name_faults("税率（%）")]
    ['policy-name']
    """
    odd = _odd_character(name)
    if odd is not None:
        yield diagnostic("policy-name", span, name=name, found=odd)
    elif name == AS_OF:
        yield diagnostic("dmn-reserved-name", span, name=name)
    elif name in RESERVED:
        yield diagnostic("policy-reserved-name", span, name=name, what="a word of FEEL itself", what_zh="FEEL 自己的词")
    elif name in BUILTINS:
        yield diagnostic("policy-reserved-name", span, name=name, what="a built-in function", what_zh="FEEL 的内置函数")


def _odd_character(name: str) -> str | None:
    """Return the first character that keeps a text from being one name; empty where there is no name at all."""
    position = 0
    while position < len(name):
        part = read_part(name, position)
        if not part or (position == 0 and not PART.match(part)):
            return name[position]
        position += len(part)
        behind = skip_space(name, position)
        if "/" in name[position:behind]:
            return "/"
        position = behind
    return None if name else ""


def name_clashes(names: Mapping[str, Span], others: Iterable[str] = ()) -> Iterator[Diagnostic]:
    """Yield each name that another may be taken for: spelled alike but for spaces, or reading as an operation on others.

    Args:
        names: The names to look at, and where they are declared.
        others: More names in the same scope.
    """
    known = dict.fromkeys(others, "") | {name: span.place for name, span in names.items()}
    spelled: dict[tuple[str, ...], str] = {}
    for name, place in known.items():
        first = spelled.setdefault(split_name(name), name)
        if first != name and name in names:
            yield diagnostic("dmn-duplicate-name", names[name], name=name, first=known[first] or first or place)
    for name, span in names.items():
        operands = _operands(name)
        if len(operands) > 1 and all(operand in spelled or operand == ("",) or operand[0].isdigit() for operand in operands):
            told = [spelled[operand] for operand in operands if operand in spelled]
            if told:
                yield diagnostic("policy-name-reads-as", span, name=name, others="、".join(told))


def _operands(name: str) -> list[tuple[str, ...]]:
    """Return what stands between the operations that a name may be read as."""
    operands: list[list[str]] = [[]]
    for part in split_name(name):
        if part in OPERATORS:
            operands.append([])
        else:
            operands[-1].append(part)
    return [tuple(operand) or ("",) for operand in operands]
