"""Accepting: proposed rows as examples of a policy's file, with what comes out today as what is expected.

What is written was read back first: the new text compiles, its new examples pass, and its old ones come out as they did.
"""

from dataclasses import replace

from zhida.assess.examples import run_examples
from zhida.errors import InputError, Language, diagnostic
from zhida.policy.document import parse
from zhida.policy.pack import Packs, Policy, with_policy
from zhida.policy.tangle import tangle
from zhida.proof.proposals.propose import Proposals
from zhida.proof.proposals.rows import identified, markdown, with_tables
from zhida.source import Source
from zhida.values.temporal import Date


def accepted_text(packs: Packs, policy: Policy, proposals: Proposals, raw: str | None = None, *, language: Language = "zh") -> str:
    """Return the text of a policy's file with the proposed rows among its examples; all else stays byte for byte.

    A row that does not hold once it is read back is left out: `accepted_rows` says how many there are.

    Args:
        packs: The packs that it stands in.
        policy: The policy.
        proposals: Its rows.
        raw: The file as it is now, with its own line ends; None where the text that was read is meant.
        language: That of annotations.

    Raises:
        InputError: proof-example-file-changed.
    """
    source = policy.document.source
    raw = source.text if raw is None else raw
    if _read(raw) != source.text:
        raise InputError([diagnostic("proof-example-file-changed", None, name=source.name)])
    rows = identified(proposals.rows, policy)
    while rows:
        text = with_tables(raw, policy.document, markdown(rows, proposals.order, language, is_filled=True), language)
        failed = _failed(packs, policy, text, frozenset(rows), proposals.as_of)
        if not failed:
            return text
        rows = {id_: row for id_, row in rows.items() if id_ not in failed}
    return raw


def accepted_rows(policy: Policy, text: str) -> int:
    """Return how many examples a text has beside those of the policy that it was made from."""
    written = tangle(parse(Source(policy.document.source.name, _read(text))))
    return len(written.examples) - len(policy.tangled.examples)


def _read(raw: str) -> str:
    """Return a text as it is read from a file."""
    return raw.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _failed(packs: Packs, policy: Policy, text: str, new: frozenset[str], as_of: Date) -> frozenset[str]:
    """Return the ids of the new examples that do not come out as they expect once they are read from the text."""
    source = Source(policy.document.source.name, _read(text))
    written = with_policy(packs, policy.id, source)
    around = replace(packs, policies={**packs.policies, policy.id: written}, _linked={})
    if not written.is_sound:
        return new
    return frozenset(
        result.example.id for result in run_examples(around, written, as_of=as_of) if not result.passed and result.example.id in new
    )
