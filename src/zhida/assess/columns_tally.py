"""Counting results: what the tables of a run come to, policy by policy, part after part.

table of results ──add──> sums ──merge──> sums of all parts ──summary──> RunSummary
"""

import json
from collections.abc import Sequence

from zhida.assess.assessment import Outcome
from zhida.assess.cells import WORD, names_of
from zhida.assess.columns import counted, known_in, sum_of, words_counted
from zhida.assess.registry import PolicySummary, RunSummary
from zhida.assess.statuses import status_rank
from zhida.assess.subject import gives_amount, missing_parameters
from zhida.assess.sums import PolicySums, TallySums
from zhida.columnar.spread import ResultColumns
from zhida.policy.pack import Packs, PolicyModel
from zhida.values.temporal import Date


class Tally:
    """What a run came to, counted part by part."""

    def __init__(self, packs: Packs, policies: Sequence[str], *, as_of: Date, is_synthetic: bool, registry: str) -> None:
        """Begin with nothing.

        Args:
            packs: The packs.
            policies: Ids of the policies, in the order of the columns.
            as_of: The date of the business fact.
            is_synthetic: Whether the registry is invented.
            registry: What it is called.
        """
        self.counts = [_Counts(packs.model_of(policy, as_of)) for policy in policies]
        self.as_of = as_of
        self.is_synthetic = is_synthetic
        self.registry = registry
        self.subjects = 0

    def add(self, results: ResultColumns) -> None:
        """Count a part: what `RegistryColumns.results` returned, or what was read back from a file of it."""
        self.subjects += results.rows
        missing = json.loads(results.schema.metadata[b"zhida.missing"])
        for counts in self.counts:
            counts.add(results, missing[counts.model.policy.id])

    def merge(self, other: TallySums) -> None:
        """Count what was counted elsewhere of other parts."""
        self.subjects += other.subjects
        for counts, sums in zip(self.counts, other.policies, strict=True):
            counts.sums.merge(sums)

    def sums(self) -> TallySums:
        """Return what was counted, without what it was counted of."""
        return TallySums(self.subjects, tuple(counts.sums for counts in self.counts))

    def summary(self) -> RunSummary:
        """Return the counts."""
        return RunSummary(self.as_of, self.subjects, tuple(counts.summary() for counts in self.counts), self.is_synthetic, self.registry)


class _Counts:
    """Counts one policy's results."""

    def __init__(self, model: PolicyModel) -> None:
        self.model = model
        self.sums = PolicySums()

    def add(self, results: ResultColumns, missing: Sequence[str]) -> None:
        """Count a part, whose bits of missing facts have these names."""
        head = f"{self.model.policy.id}:"
        for name, counter in self.sums.words.items():
            counter.update(words_counted(results.column(head + name)))
        self.sums.amount_fen += sum_of(results.column(f"{head}amount_fen"))
        self.sums.near += known_in(results.column(f"{head}near"))
        for start in range(0, len(missing), WORD):
            cell = f"{head}missing:{start // WORD}" if start else f"{head}missing"
            for bits, count in counted(results.column(cell)):
                self.sums.missing.update(dict.fromkeys(names_of(missing[start : start + WORD], [bits]), count))

    def summary(self) -> PolicySummary:
        """Return the counts."""
        model, front = self.model, self.model.policy.front
        rank = status_rank(model)
        missing = sorted(self.sums.missing.items(), key=lambda item: (-item[1], item[0]))
        parameters = {item.name: item for item in missing_parameters(model, self.sums.missing)}
        return PolicySummary(
            policy=model.policy.id,
            title=front.title,
            counts={outcome: self.sums.words["outcome"][outcome.value] for outcome in Outcome},
            amount_fen=self.sums.amount_fen,
            gives_amount=gives_amount(model),
            subject_kind=front.subject,
            results=dict(sorted(self.sums.words["result"].items(), key=lambda item: rank(item[0]))),
            missing=tuple((name, count) for name, count in missing if name not in parameters),
            missing_parameters=tuple((parameters[name], count) for name, count in missing if name in parameters),
            near=self.sums.near,
            delivery=dict(sorted(self.sums.words["delivery"].items())),
        )
