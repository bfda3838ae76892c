"""Explanations: one answer of a run, decided again by the interpreter and held against what the run says.

run ──packs, snapshot──> the enterprise's row ──interpreter──> assessment ──> page
                                            └──columns────────> the same? ──┘
results of the run ──────────────────────────────────────────> the same? ──┘
"""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from zhida.assess.agreement import Agreement, agreement
from zhida.assess.assessment import Assessment
from zhida.assess.population import input_names, notes_of
from zhida.assess.subject import assess_subject
from zhida.errors import Language
from zhida.report.explanation import explanation_data
from zhida.report.explanation_html import explanation_inside
from zhida_server.catalogue import service as catalogue
from zhida_server.entitlements import kept, records
from zhida_server.entitlements.data import Decided, Explanation, NoAnswer, NoRun, Run
from zhida_server.entitlements.subjects import engine_date, registry_of_one
from zhida_server.people.data import Actor
from zhida_server.registry import service as registry


def explain(  # noqa: PLR0913 - each says one thing about what is asked
    actor: Actor, code: str, policy: str, *, purpose: str, run_id: UUID | None = None, language: Language = "zh"
) -> Explanation:
    """Say why a run says what it says of an enterprise and a policy: decided again, compared, and told with its articles.

    Args:
        actor: Who reads.
        code: The enterprise.
        policy: `pack/name`.
        purpose: What for; it stands in the audit.
        run_id: The run; None for the one whose answers count.
        language: Of the labels; the policy's own words stay as they are.

    Raises:
        NotAllowed: the actor may not, or it is another's enterprise.
        NoRun, RunNotDone, NoAnswer: there is no such run, it is not done, or it did not decide the policy.
        NotFound: the snapshot does not have the enterprise.
        DamagedFileError: something that it was decided by is missing, or differs.
    """
    run = records.latest_done() if run_id is None else records.done_run(run_id)
    if run is None:
        raise NoRun("no-run", "还没有完成过运行：先运行一次", "no run is done yet: run one first")
    if policy not in run.policies:
        raise NoAnswer("no-answer", f"这次运行没有判定“{policy}”", f"the run did not decide '{policy}'")
    subject = registry.access_subject(actor, code, purpose=purpose, snapshot_sha256=run.snapshot_sha256)
    packs, day = catalogue.packs_of(run.packs_sha256), engine_date(run.as_of)
    found, population = registry_of_one(run.snapshot_sha256, run.packs_sha256, (policy,), code, day)
    notes = tuple(notes_of(population, found, code, input_names(packs, policy, day)))
    assessment = replace(assess_subject(packs, policy, found.subject(code), as_of=day), population=notes)
    results = kept.results_folder(run.results_sha256)
    compared = replace(agreement(packs, policy, found, code, as_of=day, results=results), results=_name(run))
    name, is_synthetic = subject.name, found.is_synthetic
    shown = explanation_inside(
        assessment, language=language, subject_name=name, subject_code=code, is_synthetic=is_synthetic, agreement=compared
    )
    data = explanation_data(assessment, subject_name=name, subject_code=code, is_synthetic=is_synthetic, agreement=compared)
    return Explanation(
        html=shown.body,
        style=shown.style,
        assessment=assessment,
        data=data,
        article=article_of(assessment),
        as_of=run.as_of,
        run_id=run.id,
        packs_sha256=run.packs_sha256,
        snapshot_sha256=run.snapshot_sha256,
        policy_sha256=assessment.policy_sha256,
        differences=tuple(_differences(compared, code, language)),
    )


def told_of(decided: Decided, *, code: str, name: str, language: Language = "zh") -> str:
    """Return why a decision at once says what it says, as the body of a page that needs the style of an explanation.

    Args:
        decided: The decision; whoever made it was let in already.
        code: The enterprise.
        name: Its name.
        language: Of the labels.
    """
    return explanation_inside(decided.assessment, language=language, subject_name=name, subject_code=code).body


def article_of(assessment: Assessment) -> str:
    """Return the article that an answer rests on: of the amount, of the first reason that has one, or else the document."""
    return next((reason.article for reason in assessment.reasons if reason.article), assessment.document)


def _name(run: Run) -> str:
    """Return what a run is called in an explanation."""
    return f"{run.as_of.isoformat()} {str(run.id)[:8]}"


def _differences(compared: Agreement, code: str, language: Language) -> Iterator[str]:
    return (item.message(language) for item in compared.diagnostics(code))
