"""Notices as a frame, for programs: whose answer changed between two results, with the sentence that changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from zhida.entitle.frames import notices_table, run_given
from zhida.entitle.given import Day, Frame, day_of, known_word
from zhida.entitle.notices.pairs import pairs_of
from zhida.entitle.notices.telling import Tally, findings
from zhida.errors import Diagnostic, Language
from zhida.policy.pack import Packs
from zhida.report.notice_words import teller


def notices(  # noqa: PLR0913 - each says one thing
    packs: Packs,
    former: Frame | Path,
    results: Frame | Path,
    *,
    former_as_of: Day | None = None,
    as_of: Day | None = None,
    policies: Sequence[str] = (),
    closing: int = 14,
    new_policy: str | None = None,
    lang: Language = "zh",
    told: list[Diagnostic] | None = None,
) -> Frame:
    """Return exactly those subjects whose answer changed between two runs, or whose window opened, closes soon or closed.

    Args:
        packs: The packs; articles and windows are told of policies whose text is the one of the results.
        former: The results before: a folder of `zhida assess`, or what `zhida.assess_frame` returned, whole.
        results: Those of today.
        former_as_of: The date of the former results; needed where they are no folder and no Arrow table.
        as_of: The date of today's; the same.
        policies: Ids of the policies that are meant; all where none are named.
        closing: Days before a window closes in which that is told, once.
        new_policy: Only this policy, taken as new whatever the former results say of it.
        lang: `zh` or `en`: of the words; the heads are Chinese.
        told: Where it is put what should be known of the comparison; None for nowhere.

    Returns:
        A frame of the kind of `results` (Arrow where that is a folder), a row for each notice, by key and then by policy: the key,
        `名称`, `政策` (id), `政策名称`, `事由` (what it is about), `变动` (what differs between the runs), `原来` and `现在` (the answer
        before and now), `增减（元）` (decimal, yuan; null where nothing differs), `通知语` (the sentence), `kind` (the code of 事由).

    Raises:
        InputError: file-not-found, results-unreadable, frame-kind, frame-key-twice, frame-results-lack, frame-date-lacking,
            frame-argument, source-key-lacking, policy-unknown, notices-keys-differ, notices-not-decided.

    >>> notices(packs, Path("build/june"), Path("build/july"))["通知语"][0]  # doctest: +SKIP
    '您现在可以享受《示例》，20 万元（依据 第二条）；此前缺：收入。'
    """
    known_word("frame-argument", lang, get_args(Language), "lang")
    days = [None if day is None else day_of(name, day) for name, day in (("former_as_of", former_as_of), ("as_of", as_of))]
    then, _ = run_given(packs, former, days[0], "former")
    now, given = run_given(packs, results, days[1], "now")
    policies = (policies,) if isinstance(policies, str) else policies
    for policy in policies:
        known_word("policy-unknown", policy, dict.fromkeys((*now.policies, *then.policies)))
    pairs = pairs_of(packs, then, now, policies=policies, closing=closing, as_if_new=new_policy)
    found = findings(then, now, pairs)
    if told is not None:
        told += found
    return given.back(notices_table(then, now, teller(lang), Tally.of(pairs)))
