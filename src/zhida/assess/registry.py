"""What a run over a registry comes to: counts for each policy, and what should be known of a registry beforehand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from zhida.assess.assessment import MissingParameter, Outcome
from zhida.errors import Diagnostic, diagnostic
from zhida.registry_io.registry import Registry
from zhida.registry_io.sources import Source
from zhida.values.temporal import Date

ORIGIN = ("zhida.sources", "zhida.mapping_sha256")
"""What in a registry's metadata says what it was imported from: the digests of the files, and of how they were read."""

SHA_DIGITS = 12
"""Digits of a digest that people compare."""


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """What one policy came to over a registry."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    counts: Mapping[Outcome, int]
    """How many subjects have each outcome."""
    amount_fen: int
    """The sum of all amounts, in fen."""
    gives_amount: bool
    """Whether the policy gives an amount of money."""
    subject_kind: str
    """The kind of subject that it is for: `enterprise`, …"""
    results: Mapping[str, int]
    """How many subjects have each status, where the policy gives one; as its table lists them."""
    missing: tuple[tuple[str, int], ...]
    """Missing facts of the subjects with the number of subjects, most missed first."""
    missing_parameters: tuple[tuple[MissingParameter, int], ...]
    """Parameters that the place has not filled in, with the number of subjects that lack them, most missed first."""
    near: int
    """How many subjects are one step away."""
    delivery: Mapping[str, int]
    """How many benefits can go out in each way."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run over a registry came to."""

    as_of: Date
    """The date of the business fact."""
    subjects: int
    """How many subjects there are."""
    rows: tuple[PolicySummary, ...]
    """One for each policy."""
    is_synthetic: bool
    """Whether the registry is invented."""
    registry: str
    """What the registry is called."""


def registry_findings(registry: Registry | Source) -> tuple[Diagnostic, ...]:
    """Return what should be known of a registry before its subjects are assessed; of one that was read whole, what was odd in it too.

    Codes: registry-dictionary-differs, registry-not-in-list, source-date-beyond.
    """
    odd = registry.diagnostics if isinstance(registry, Registry) else ()
    if not registry.dictionary_differs:
        return odd
    digest = registry.metadata.get("zhida.dictionary_sha256", "")
    return (diagnostic("registry-dictionary-differs", None, found=digest[:SHA_DIGITS] or "?"), *odd)


def known_at(metadata: Mapping[str, str]) -> str:
    """Return which knowledge a registry holds: what it says itself, else the digest of what it was imported from; empty if unknown.

    Args:
        metadata: What the registry says of itself.
    """
    if "zhida.known_at" in metadata:
        return metadata["zhida.known_at"]
    origin = {name: metadata[name] for name in ORIGIN if name in metadata}
    return f"sha256:{sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()}" if origin else ""
