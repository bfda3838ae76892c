"""Claims: what a table of results says may be claimed, for sure and possibly, as arrays over policies and rows.

    ELIGIBLE                                     sure and possible: the amount
    UNDETERMINED, every possible answer ELIGIBLE  sure: the least amount, possible: the greatest
    UNDETERMINED, ELIGIBLE among others           sure: nothing, possible: the greatest amount
    REVIEW                                        neither: a person decides first
    INELIGIBLE, NOT_APPLICABLE                    nothing

An amount that has no end upwards counts with what is known of it, and the row is told to be open (`is_endless`). Amounts of caps
are read the same way, by `limits_of`: a cap that is for a person leaves out the policies of its group.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhida.assess.assessment import Delivery, Outcome
from zhida.entitle.best.situations import NO_LIMIT, Fen, Mask, Rows
from zhida.entitle.stacking.structure import Structure

ETC = "等"
"""Stands behind possible answers where there may be others."""

JOINED = "、"
"""Stands between possible answers."""

NOT_HELD = frozenset((Outcome.INELIGIBLE.value, Outcome.REVIEW.value, Outcome.NOT_APPLICABLE.value))
"""Possible answers by which nothing is held; any other is ELIGIBLE or a status."""

HELD, REVIEW, OPEN = 1, 2, 3
KINDS = {Outcome.ELIGIBLE.value: HELD, Outcome.REVIEW.value: REVIEW, Outcome.UNDETERMINED.value: OPEN}
"""What an outcome means here; nothing for the others."""

EFFORTS = {way.value: rank for rank, way in enumerate(Delivery)}
"""How much paper each way of delivery takes."""

WORD_BITS = 64
"""Missing facts that one integer holds."""

Scalar = TypeVar("Scalar", bound=np.generic)

Words = NDArray[np.uint64]
"""Bits of missing facts: (words, rows)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one policy, or one cap, says for each row."""

    sure: Fen
    """What it gives for sure."""
    possible: Fen
    """What it gives at most, as far as that is known; no less than `sure`."""
    is_sure: Mask
    """Whether it is held for sure."""
    is_possible: Mask
    """Whether it may be held."""
    is_review: Mask
    """Whether a person decides."""
    is_endless: Mask
    """Whether it may give more than `possible`."""
    missing: Words
    """What it lacks where the answer is open; nothing elsewhere."""

    @property
    def is_open(self) -> Mask:
        """Whether the possible is more than the sure."""
        found: Mask = (self.possible > self.sure) | (self.is_possible & ~self.is_sure)
        return found

    def closed(self, rows: Mask) -> "Claim":
        """Return the claim as if in some rows nothing more than what is sure were possible."""
        possible, is_possible = np.where(rows, self.sure, self.possible), np.where(rows, self.is_sure, self.is_possible)
        return replace(self, possible=possible, is_possible=is_possible, is_endless=self.is_endless & ~rows)

    def take(self, rows: Rows) -> "Claim":
        """Return some rows."""
        fen = (self.sure[rows], self.possible[rows])
        masks = (self.is_sure[rows], self.is_possible[rows], self.is_review[rows], self.is_endless[rows])
        return Claim(*fen, *masks, self.missing[:, rows])


@dataclass(frozen=True, slots=True)
class Claims:
    """What all policies say for each row."""

    sure: Fen
    """(policies, rows): fen for sure."""
    is_sure: Mask
    """(policies, rows): whether it is held for sure."""
    efforts: NDArray[np.int8]
    """(policies, rows): how much paper it takes."""
    is_review: Mask
    """(policies, rows): whether a person decides."""
    is_unsure: Mask
    """(policies, rows): whether it may be held, and is not for sure."""
    open: tuple[tuple[int, Claim], ...]
    """The policies of which any row is open, by position."""


def claims_of(structure: Structure, results: pa.Table) -> Claims:
    """Return what a table of results lets claim.

    Args:
        structure: The policies, whose columns the table has (`zhida.assess.columns`).
        results: One row for each subject.
    """
    shape = (len(structure.policies), results.num_rows)
    sure, is_sure = np.zeros(shape, np.int64), np.zeros(shape, np.bool_)
    efforts, is_review, is_unsure = np.zeros(shape, np.int8), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    found: list[tuple[int, Claim]] = []
    for position, policy in enumerate(structure.policies):
        claim = claim_of(results, policy, is_money=structure.is_money[position])
        sure[position], is_sure[position], is_review[position] = claim.sure, claim.is_sure, claim.is_review
        efforts[position] = looked_up(results.column(f"{policy}:delivery"), lambda word: EFFORTS.get(word, 0), np.int8)
        is_unsure[position] = claim.is_possible & ~claim.is_sure
        if claim.is_open.any():
            found.append((position, claim))
    return Claims(sure, is_sure, efforts, is_review, is_unsure, tuple(found))


def claim_of(results: pa.Table, policy: str, *, is_money: bool) -> Claim:
    """Return what one policy lets claim.

    Args:
        results: One row for each subject, with the policy's columns.
        policy: Its id.
        is_money: Whether it gives money; what others give counts as nothing, but is held.
    """
    head = f"{policy}:"
    outcome = results.column(f"{head}outcome")
    kinds = looked_up(outcome, lambda word: KINDS.get(word, 0), np.int8)
    is_held, is_review, is_open = (kinds == kind for kind in (HELD, REVIEW, OPEN))
    amount = np.maximum(_integers(results.column(f"{head}amount_fen")), 0) if is_money else np.zeros(len(is_held), np.int64)
    sure: Fen = np.where(is_held, amount, 0)
    if not is_open.any():
        none = np.zeros(len(is_held), np.bool_)
        return Claim(sure, sure, is_held, is_held, is_review, none, np.zeros((1, len(is_held)), np.uint64))
    rows = np.flatnonzero(is_open)
    at = pa.array(rows)
    words = results.column(f"{head}possible").take(at)
    is_all, is_any = looked_up(words, _is_always_held, np.bool_), looked_up(words, _may_be_held, np.bool_)
    possible, is_sure, is_possible, is_endless = sure.copy(), is_held.copy(), is_held.copy(), np.zeros(len(is_held), np.bool_)
    is_sure[rows], is_possible[rows] = is_all, is_any
    if is_money:
        highest = results.column(f"{head}high_fen").take(at)
        low, high = np.maximum(_integers(results.column(f"{head}low_fen").take(at)), 0), np.maximum(_integers(highest), 0)
        sure[rows] = np.where(is_all, low, 0)
        possible[rows] = np.where(is_any, np.maximum(high, low), 0)
        is_etc = looked_up(words, lambda word: word.endswith(ETC), np.bool_)
        is_endless[rows] = is_any & (is_etc | highest.is_null().combine_chunks().to_numpy(zero_copy_only=False))
    bits = missing_words(results, policy)
    bits[:, ~is_open] = 0
    return Claim(sure, possible, is_sure, is_possible, is_review, is_endless, bits)


def limits_of(results: pa.Table, caps: Sequence[str]) -> tuple[Claim, ...]:
    """Return the amounts of caps: the least and the greatest that each may be, and whether nobody can tell but a person.

    Args:
        results: One row for each subject, with the caps as policies.
        caps: Their ids.
    """
    return tuple(_limit(claim_of(results, cap, is_money=True), results.column(f"{cap}:outcome")) for cap in caps)


def _limit(claim: Claim, outcome: pa.ChunkedArray) -> Claim:
    known = (Outcome.ELIGIBLE.value, Outcome.UNDETERMINED.value)
    is_told = looked_up(outcome, lambda word: word in known, np.bool_)
    possible = np.where(claim.is_sure & ~claim.is_endless, claim.possible, NO_LIMIT)
    return Claim(claim.sure, possible, is_told, is_told, ~is_told, claim.is_endless, claim.missing)


def missing_words(results: pa.Table, policy: str) -> Words:
    """Return the bits of what a policy lacks in each row."""
    names = [f"{policy}:missing"]
    while f"{policy}:missing:{len(names)}" in results.schema.names:
        names.append(f"{policy}:missing:{len(names)}")
    return np.stack([results.column(name).combine_chunks().to_numpy(zero_copy_only=False).astype(np.uint64) for name in names])


def missing_names(results: pa.Table) -> dict[str, list[str]]:
    """Return the names of the bits of each policy, as the metadata of results tells them."""
    found: dict[str, list[str]] = json.loads((results.schema.metadata or {})[b"zhida.missing"])
    return found


def looked_up(column: pa.ChunkedArray, said: Callable[[str], int | bool], type_: type[Scalar]) -> NDArray[Scalar]:
    """Return for each row what is said of its word; 0 or False where there is none.

    Args:
        column: Words, in dictionaries or plain.
        said: What is said of a word.
        type_: The type of the answers.
    """
    parts = []
    for chunk in column.chunks:
        words = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        told = np.array([*(said(word) for word in words.dictionary.to_pylist()), 0]).astype(type_)
        if words.null_count == len(words):
            parts.append(np.zeros(len(words), type_))
            continue
        places = words.indices.fill_null(len(told) - 1) if words.null_count else words.indices
        parts.append(told[places.to_numpy()])
    return np.concatenate(parts) if parts else np.zeros(0, type_)


def _integers(column: pa.ChunkedArray) -> Fen:
    """Return integers, 0 where there is none."""
    found: Fen = column.combine_chunks().fill_null(0).to_numpy(zero_copy_only=False)
    return found


def _is_always_held(words: str) -> bool:
    return not words.endswith(ETC) and not NOT_HELD & set(words.split(JOINED))


def _may_be_held(words: str) -> bool:
    return words.endswith(ETC) or bool(set(words.removesuffix(ETC).split(JOINED)) - NOT_HELD)
