"""A certificate in words: the steps by which anybody can see that no lawful combination pays more.

    Part ──> which policies, and what they pay        Bound ──> limits added up
                                                      Cases ──> one step for each case, a level deeper

Says what the certificate says and nothing else; whether that holds is for `zhida.entitle.best.checker`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from zhida.entitle.best.argument import Argument, Bound, Case, Cases, Certificate, Part, Term
from zhida.errors import Language
from zhida.report.words import bracketed, choose, format_amount, listed

HUNDRED = 100
"""Fen of a yuan."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the argument."""

    depth: int
    """How deep it lies: 0 for the policies it is about."""
    text: str
    """What it says."""


def certificate_steps(certificate: Certificate, titles: Mapping[str, str], language: Language) -> list[Step]:
    """Return the argument of a certificate, step by step.

    Args:
        certificate: The certificate.
        titles: The titles of the policies, by id.
        language: `zh` or `en`.
    """
    words = _Words(titles, language)
    steps: list[Step] = []
    for part in certificate.parts:
        if not part.total_fen and _is_plain(part.argument):
            continue
        if _is_alone(part):
            (title,) = map(words.title, part.policies)
            said = choose(
                language,
                f"{title}：不受限制，全额 {format_amount(part.total_fen)}",
                f"{title}: nothing limits it, {format_amount(part.total_fen)} in full",
            )
            steps.append(Step(0, said))
            continue
        names = listed((words.title(policy) for policy in part.policies), language)
        total = format_amount(part.total_fen)
        steps.append(Step(0, choose(language, f"{names}：最多 {total}", f"{names}: {total} at most")))
        steps += words.argument(part.argument, 1)
    return steps


def _is_alone(part: Part) -> bool:
    """Say whether a part is one policy that is paid in full because nothing but its own amount limits it."""
    argument = part.argument
    return len(part.policies) == 1 and isinstance(argument, Bound) and [term.on for term in argument.terms] == ["policy"]


def _is_plain(argument: Argument) -> bool:
    return isinstance(argument, Bound) and not argument.terms


@dataclass(frozen=True, slots=True)
class _Words:
    """Words an argument."""

    titles: Mapping[str, str]
    """The titles of the policies, by id."""
    language: Language
    """In which language."""

    def title(self, name: str) -> str:
        """Return what a policy, or a nested group, is called."""
        title = self.titles.get(name, name)
        return choose(self.language, f"《{title}》", f'"{title}"')

    def argument(self, argument: Argument, depth: int) -> Iterator[Step]:
        """Yield the steps of an argument."""
        if isinstance(argument, Cases):
            yield from self.cases(argument, depth)
            return
        sums = [self.term(term) for term in argument.terms]
        limit = format_amount(argument.limit_fen)
        if not sums:
            yield Step(depth, choose(self.language, "这里没有能付的", "nothing can be paid here"))
        elif len(sums) == 1:
            yield Step(depth, sums[0])
        else:
            zh, en = f"加起来最多 {limit}：", f"added up, {limit} at most:"
            yield Step(depth, choose(self.language, zh, en))
            yield from (Step(depth + 1, said) for said in sums)

    def term(self, term: Term) -> str:
        """Return one limit that is added up."""
        article = bracketed(term.article, self.language)
        if term.on == "choice":
            each = _yuan(term.times)
            zh = f"“{term.name}”{article}还可选 {term.limit} 项，每项最多 {each}"
            return choose(self.language, zh, f"'{term.name}'{article}: {term.limit} more, each worth {each} at most")
        what = self.title(term.name) if term.on == "policy" else choose(self.language, f"“{term.name}”{article}", f"'{term.name}'{article}")
        limit = format_amount(term.limit)
        if term.times == 1:
            kind = choose(self.language, "本身最多" if term.on == "policy" else "合计最多", "at most")
            return choose(self.language, f"{what}{kind} {limit}", f"{what}: {limit} {kind}")
        return choose(self.language, f"{what}最多 {limit}，按 {term.times} 计", f"{what}: {limit} at most, times {term.times}")

    def cases(self, cases: Cases, depth: int) -> Iterator[Step]:
        """Yield the steps of cases."""
        if not cases.cases:
            yield Step(depth, choose(self.language, "这种情形不会出现", "this case cannot be"))
            return
        article = bracketed(cases.article, self.language)
        name = (
            self.title(cases.name)
            if cases.on == "amount"
            else choose(self.language, f"“{cases.name}”{article}", f"'{cases.name}'{article}")
        )
        zh = {"choice": f"看{name}里选哪一项：", "requirement": f"看{name}的前提：", "amount": f"看{name}付多少："}
        en = {"choice": f"by what is chosen of {name}:", "requirement": f"by what {name} asks for:", "amount": f"by what {name} pays:"}
        yield Step(depth, choose(self.language, zh[cases.on], en[cases.on]))
        for case in cases.cases:
            yield Step(depth + 1, self.case(case))
            yield from self.argument(case.argument, depth + 2)

    def case(self, case: Case) -> str:
        """Return what one case supposes."""
        names = listed(map(self.title, case.names), self.language)
        fen = format_amount(case.fen)
        match case.kind:
            case "only":
                zh, en = (f"只选{names}", f"none but {names}") if case.names else ("一项也不选", "none of them")
            case "without":
                zh, en = f"不享受{names}", f"without {names}"
            case "with":
                zh, en = f"享受{names}", f"with {names}"
            case "at_most":
                zh, en = f"{names}不超过 {fen}", f"{names} pays {fen} at most"
            case _:
                zh, en = f"{names}至少 {fen}", f"{names} pays {fen} at least"
        return choose(self.language, zh, en)


def _yuan(fen: Fraction) -> str:
    """Return an amount of fen, which may be no whole number, in yuan."""
    return format_amount(int(fen)) if fen.denominator == 1 else f"¥{fen / HUNDRED}"
