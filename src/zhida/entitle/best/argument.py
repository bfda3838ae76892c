"""The argument that no lawful combination pays more, as data: what `certificate` finds, `checker` verifies and pages word.

    Certificate ── Part (policies that are tied together, and what they pay at most)
                    └─ Argument: Bound (added up) | Cases (each of which has an argument of its own)

Everything in it is said by name too, so that a person can follow it beside the packs; the checker holds name and number
to each other. `seal` is a digest of all the rest: nothing can be changed unnoticed, not even to what would still be true.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from zhida.errors import InputError, diagnostic

Value = TypeVar("Value")

TIMES = r"-?[0-9]{1,400}(/[0-9]{1,400})?"
"""How a number of times is written; what would take for ever to work out, such as 1e999999999, is none."""


@dataclass(frozen=True, slots=True)
class Term:
    """One line of what is added up: so many times at most so much."""

    on: str
    """`sum`: a limit of 封顶 or 补差; `choice`: a choice of 择一, 择高 or 限次; `policy`: what a policy pays by itself."""
    place: int
    """Which of `Laws.sums` or `Laws.choices`, or the position of the policy."""
    name: str
    """The name of the group, or the id of the policy."""
    article: str
    """Where that is ordered; empty where the row does not say, and of a policy."""
    times: Fraction
    """How often it is added: once, half, …; of a choice, the fen that each unit is worth."""
    limit: int
    """The most it can be, in fen; of a choice the number of units that are left."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Limits added up: no combination of the case pays more than their sum, rounded down to a fen."""

    terms: tuple[Term, ...]
    """What is added up."""
    limit_fen: int
    """Their sum, rounded down."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case, and why it pays no more."""

    kind: str
    """`only`: of a choice, none but the units named; `without`: not the unit named; `with`: the policy named is taken;
    `at_most`, `at_least`: the policy named pays so much."""
    names: tuple[str, ...]
    """The units or the policy."""
    fen: int
    """So much; 0 where the case is about no amount."""
    argument: "Argument"
    """Why it pays no more."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases, of which one holds whatever is taken."""

    on: str
    """`choice`: what is chosen; `requirement`: whether what requires is taken; `amount`: how much a policy pays."""
    place: int
    """Which of `Laws.choices` or `Laws.requirements`, or the position of the policy."""
    name: str
    """The name of the group, or the id of the policy."""
    article: str
    """Where that is ordered; empty where the row does not say, and of a policy."""
    cases: tuple[Case, ...]
    """The cases."""


Argument = Bound | Cases


@dataclass(frozen=True, slots=True)
class Part:
    """Policies that are tied together, and why they pay no more."""

    policies: tuple[str, ...]
    """Their ids, in the order of the structure."""
    total_fen: int
    """What they pay in the combination: the most that they can."""
    argument: Argument
    """Why that is the most."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """That a combination is lawful and no other pays more."""

    as_of: str
    """The day."""
    stacking_sha256: str
    """Digest of the rows of stacking that were applied."""
    policies: tuple[str, ...]
    """The policies, in the order of the structure."""
    paid_fen: tuple[int, ...]
    """What each pays."""
    is_taken: tuple[bool, ...]
    """Whether each is taken."""
    total_fen: int
    """The sum of what is paid."""
    parts: tuple[Part, ...]
    """Every policy that could pay something stands in one of them."""
    seal: str
    """Digest of all the rest."""


def sealed(certificate: Certificate) -> str:
    """Return the digest of all of a certificate but its seal."""
    told = {name: value for name, value in data(certificate).items() if name != "seal"}
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def data(certificate: Certificate) -> dict[str, Any]:
    """Return a certificate as what JSON can hold; fractions are texts such as `1/2`."""
    return {
        "as_of": certificate.as_of,
        "stacking_sha256": certificate.stacking_sha256,
        "policies": list(certificate.policies),
        "paid_fen": list(certificate.paid_fen),
        "is_taken": list(certificate.is_taken),
        "total_fen": certificate.total_fen,
        "parts": [
            {"policies": list(part.policies), "total_fen": part.total_fen, "argument": _argument_data(part.argument)}
            for part in certificate.parts
        ],
        "seal": certificate.seal,
    }


def read(told: Mapping[str, Any]) -> Certificate:
    """Return the certificate that `data` wrote.

    Raises:
        InputError: certificate-unreadable.
    """
    try:
        parts = tuple(
            Part(_each(part, "policies", str), _one(part, "total_fen", int), _read_argument(part["argument"])) for part in told["parts"]
        )
        certificate = Certificate(
            _one(told, "as_of", str),
            _one(told, "stacking_sha256", str),
            _each(told, "policies", str),
            _each(told, "paid_fen", int),
            _each(told, "is_taken", bool),
            _one(told, "total_fen", int),
            parts,
            _one(told, "seal", str),
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError, RecursionError) as error:
        raise InputError([diagnostic("certificate-unreadable", None, **_words_of(error))]) from error
    return certificate


def _words_of(error: Exception) -> dict[str, str]:
    """Return what keeps a certificate from being read, in both languages."""
    if isinstance(error, KeyError):
        return {"found": f"it lacks '{error.args[0]}'", "found_zh": f"缺少“{error.args[0]}”"}
    return {"found": f"it does not say what it should ({error})", "found_zh": f"写的不是应有的内容（{error}）"}


def _argument_data(argument: Argument) -> dict[str, Any]:
    if isinstance(argument, Bound):
        terms = [
            {"on": each.on, "place": each.place, "name": each.name, "article": each.article, "times": str(each.times), "limit": each.limit}
            for each in argument.terms
        ]
        return {"terms": terms, "limit_fen": argument.limit_fen}
    cases = [
        {"kind": each.kind, "names": list(each.names), "fen": each.fen, "argument": _argument_data(each.argument)}
        for each in argument.cases
    ]
    return {"on": argument.on, "place": argument.place, "name": argument.name, "article": argument.article, "cases": cases}


def _read_argument(told: Mapping[str, Any]) -> Argument:
    if "terms" in told:
        return Bound(tuple(map(_read_term, told["terms"])), _one(told, "limit_fen", int))
    cases = tuple(
        Case(_one(case, "kind", str), _each(case, "names", str), _one(case, "fen", int), _read_argument(case["argument"]))
        for case in told["cases"]
    )
    return Cases(_one(told, "on", str), _one(told, "place", int), _one(told, "name", str), _one(told, "article", str), cases)


def _read_term(told: Mapping[str, Any]) -> Term:
    texts = [_one(told, name, str) for name in ("on", "name", "article", "times")]
    if not re.fullmatch(TIMES, texts[3]):
        raise ValueError(f"times: {texts[3]!r}")
    return Term(texts[0], _one(told, "place", int), texts[1], texts[2], Fraction(texts[3]), _one(told, "limit", int))


def _one(told: Mapping[str, Any], name: str, kind: Callable[..., Value]) -> Value:
    value: Value = told[name]
    if type(value) is not kind:  # true is no 1
        raise TypeError(f"{name}: {value!r}")
    return value


def _each(told: Mapping[str, Any], name: str, kind: Callable[..., Value]) -> tuple[Value, ...]:
    values = told[name]
    if type(values) is not list or any(type(value) is not kind for value in values):
        raise TypeError(f"{name}: {values!r}")
    return tuple(values)
