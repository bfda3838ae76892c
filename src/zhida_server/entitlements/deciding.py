"""Decisions at once: one enterprise and one policy, by what is known and what was just told, by the interpreter.

known facts ─┐
told facts  ─┴─> assessment ──eligible──> the best lawful combination with everything else ──> what may be granted
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from zhida.assess.assessment import Outcome
from zhida.assess.feeds import facts_at
from zhida.assess.population import input_names
from zhida.assess.subject import assess_subject, engine_value
from zhida.entitle.best.lawful import Received
from zhida.entitle.best.subject import combine_subject
from zhida.entitle.stacking.structure import structure_of
from zhida.errors import Language
from zhida.policy.pack import Packs, in_force
from zhida.registry_io.engine import engine_version
from zhida.report import phrases
from zhida.report.year_names import spoken
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida_server.catalogue import service as catalogue
from zhida_server.entitlements import grants
from zhida_server.entitlements.data import Decided, Entitlement, EntitlementState, NoAnswer
from zhida_server.entitlements.explaining import article_of
from zhida_server.entitlements.subjects import SUBJECT, about_enterprises, engine_date, registry_of_one
from zhida_server.people.data import Actor
from zhida_server.registry import service as registry
from zhida_server.registry.data import Subject

LANGUAGES: tuple[Language, ...] = ("zh", "en")

PURPOSE = "claim"
"""What facts are read for; it stands in the audit."""


def decide_now(  # noqa: PLR0913 - each says one thing about what is asked
    actor: Actor,
    code: str,
    policy: str,
    told: Mapping[str, object],
    *,
    on: dt.date,
    purpose: str = PURPOSE,
    subject: Subject | None = None,
) -> Decided:
    """Say what a policy says for an enterprise today, with facts that it has just told; nothing is kept of it.

    Args:
        actor: Who asks.
        code: The enterprise.
        policy: `pack/name`, of the packs that hold now.
        told: What was told, by attribute; it takes the place of what is known.
        on: The day.
        purpose: What for; it stands in the audit.
        subject: What is known of the enterprise on that day, where the caller has read it, and recorded that, already.

    Raises:
        NotAllowed: the actor may not, or it is another's enterprise.
        NoAnswer: the packs have no such policy about enterprises.
        NotFound: the registry has no such enterprise.
        InputError: a told fact has a name or a value that the dictionary does not allow.
    """
    packs_sha256, packs = catalogue.current_packs()
    if policy not in about_enterprises(packs):
        raise NoAnswer("no-answer", f"政策包里没有关于企业的“{policy}”", f"the packs have no policy '{policy}' about enterprises")
    if subject is None:
        subject = registry.access_subject(actor, code, purpose=purpose, on=on)
    day = engine_date(on)
    facts = _with_told(subject.facts, told, day)
    received = [each for each in grants.granted_to(code) if each.state is not EntitlementState.VOIDED]
    return _decided(_Basis(packs_sha256, packs, subject.snapshot_sha256, code, facts, day, tuple(received)), policy, sorted(told))


def decide_again(actor: Actor, entitlement_id: UUID, *, purpose: str) -> Decided:
    """Decide once more what was granted at once: by the packs, the snapshot and the told facts of that moment.

    Whether it comes out the same is seen by comparing what both decisions keep: the digests of packs, policy and facts, the outcome and
    the amounts. What rests on a run is explained by `explain` instead.

    Args:
        actor: Who asks.
        entitlement_id: The grant.
        purpose: What for; it stands in the audit.

    Raises:
        NotAllowed: the actor may not.
        NoEntitlement: there is no such grant.
        NoAnswer: it rests on a run.
    """
    granted = grants.by_ids([entitlement_id]).get(entitlement_id)
    if granted is None:
        raise grants.missing(entitlement_id)
    if granted.run_id is not None:
        raise NoAnswer("of-a-run", "这一笔依据一次运行：请看它的说明", "this grant rests on a run: read its explanation")
    packs_sha256, snapshot = str(granted.decision["packs_sha256"]), str(granted.decision["snapshot_sha256"])
    subject = registry.access_subject(
        actor, granted.code, purpose=purpose, snapshot_sha256=snapshot, on=granted.on, known_at=granted.granted_at
    )
    facts, day = subject.facts, engine_date(granted.on)
    before = [
        each
        for each in grants.granted_to(granted.code)
        if each.state is not EntitlementState.VOIDED and each.granted_at < granted.granted_at
    ]
    basis = _Basis(packs_sha256, catalogue.packs_of(packs_sha256), snapshot, granted.code, facts, day, tuple(before))
    return _decided(basis, granted.policy, list(granted.decision.get("told", ())))


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a decision at once is made of."""

    packs_sha256: str
    packs: Packs
    snapshot_sha256: str
    code: str
    facts: Mapping[str, Any]
    day: Date
    received: tuple[Entitlement, ...]

    def computed(self, policy: str) -> dict[str, Any]:
        """Return the facts that a policy rests on and that are computed of everybody, as the snapshot has them."""
        names = set(self.packs.dictionaries[SUBJECT].statistics).intersection(input_names(self.packs, policy, self.day))
        if not names:
            return {}
        found, _ = registry_of_one(self.snapshot_sha256, self.packs_sha256, (policy,), self.code, self.day)
        return {name: value for name, value in found.subject(self.code).items() if name in names}


def _decided(basis: _Basis, policy: str, told: list[str]) -> Decided:
    """Decide a policy by the interpreter, and by what stacking leaves of it."""
    packs, day = basis.packs, basis.day
    assessment = assess_subject(packs, policy, dict(basis.facts) | basis.computed(policy), as_of=day)
    amount = assessment.amount_fen or 0
    paid = _paid(basis, policy) if assessment.outcome is Outcome.ELIGIBLE and amount > 0 else 0
    names = set(input_names(packs, policy, day))
    decision = {
        "outcome": assessment.outcome.value,
        "title": assessment.title,
        "claimed_fen": amount,
        "as_of": str(day),
        "packs_sha256": basis.packs_sha256,
        "snapshot_sha256": basis.snapshot_sha256,
        "policy_sha256": assessment.policy_sha256,
        "facts_sha256": facts_sha256({name: value for name, value in facts_at(basis.facts, day).items() if name in names}),
        "told": told,
        "engine_version": engine_version(),
    }
    reasons = [phrases.conclusion(spoken(assessment, language), language) for language in LANGUAGES]
    missing, article = assessment.missing_facts, article_of(assessment)
    return Decided(assessment, assessment.outcome, amount, paid, reasons[0], reasons[1], missing, article, decision)


def facts_sha256(facts: Mapping[str, Any]) -> str:
    """Return the digest of facts: of their names and values, in the order of their names."""
    written = {name: None if value is None else literal(value) for name, value in sorted(facts.items())}
    return hashlib.sha256(json.dumps(written, ensure_ascii=False).encode()).hexdigest()


def _with_told(known: Mapping[str, Any], told: Mapping[str, object], day: Date) -> dict[str, Any]:
    """Return what is known, with what was told in its place: a fact of a year has two names, with the year and without."""
    news = {name: engine_value(value) for name, value in told.items()}
    replaced = facts_at(news, day).keys()
    return {name: value for name, value in known.items() if facts_at({name: value}, day).keys().isdisjoint(replaced)} | news


def _paid(basis: _Basis, policy: str) -> int:
    """Return what a policy gives in the best lawful combination with the policies that stacking ties it to."""
    packs, day = basis.packs, basis.day
    meant = tuple(dict.fromkeys(in_force(packs, id_, day) or id_ for id_ in about_enterprises(packs)))
    if policy not in meant:
        return 0
    structure = structure_of(packs, meant, day)
    tied = next(each for each in structure.components() if meant.index(policy) in each)
    policies = tuple(meant[position] for position in tied)
    computed: dict[str, Any] = {}
    for each in policies:
        computed |= basis.computed(each)
    received = [(each.policy, Received(-1, each.amount_fen, _day_of(each), "")) for each in basis.received]
    found = combine_subject(packs, policies, facts_at(dict(basis.facts) | computed, day), as_of=day, received=received)
    return found.sure.paid_fen[policies.index(policy)]


def _day_of(granted: Entitlement) -> Date:
    """Return the day that a grant counts for: in January, what is granted of a run as of December is still of the former year."""
    return engine_date(granted.on) if granted.on.year == granted.period else Date(granted.period, 12, 31)
