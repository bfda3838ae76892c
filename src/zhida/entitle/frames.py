"""zhida as a library: frames in, frames out.

    polars DataFrame, LazyFrame ─┐                                    ┌─> polars DataFrame
    pandas DataFrame ────────────┼─> zhida.entitle.given ──> rooms ───┼─> pandas DataFrame, with the same index
    Arrow (__arrow_c_stream__) ──┘                                    └─> pyarrow Table, with what it says of itself

Each door is thin: it converts what is given, calls the room that does the work, and gives back a frame of the kind it was given, one
row for each row, in the order of the rows. What a frame has beside attributes is told by a warning.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa

from zhida.assess.columns import NAME, WORDS, open_run
from zhida.assess.order import processors
from zhida.assess.population import with_population
from zhida.entitle.best.columns import Combiner
from zhida.entitle.best.payments import read_received
from zhida.entitle.best.registry import CHANGE_WORDS
from zhida.entitle.budgets.allocation import LOTTERY, SCORE, Terms
from zhida.entitle.budgets.allocation import allocate as allocate_claims
from zhida.entitle.budgets.applications import Applications, read_applications
from zhida.entitle.budgets.claims import Admission, claims_of, read_entitled
from zhida.entitle.given import (
    GIVEN,
    Day,
    Frame,
    Given,
    Told,
    argument_fault,
    day_of,
    fen_of,
    given_of,
    known_word,
    policies_of,
    registry_of,
    renamed,
    sheet_of,
    tell,
    typed,
)
from zhida.entitle.next.finder import StepFinder
from zhida.entitle.notices.runs import Run, run_of
from zhida.entitle.notices.runs import open_run as open_results
from zhida.entitle.notices.telling import Tally, notices_between
from zhida.entitle.notices.telling import schema as notice_schema
from zhida.entitle.notices.told import Teller
from zhida.entitle.simulation.comparing import compare_sides
from zhida.entitle.simulation.groupings import groupings_of
from zhida.entitle.simulation.scenario import plan_scenario
from zhida.entitle.simulation.tally import CHANGES, Compared
from zhida.entitle.stacking.caps import with_caps
from zhida.entitle.stacking.structure import structure_of
from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.policy.front_matter import LASTS, ORDERS, Budget
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.sources_parts import Part
from zhida.values.temporal import Date, to_days

ROWS = 131_072
"""Rows that are compared at a time."""

MADE_OF: Mapping[bytes, str] = {b"zhida.as_of": "date", b"zhida.policies": "text", b"zhida.dictionary_sha256": "dictionary"}
"""Where results say of what they are, and in which of `CHANGE_WORDS` they then differ."""


def assess_frame(  # noqa: PLR0913 - each says one thing
    packs: Packs, policies: Sequence[str], frame: Frame, *, as_of: Day, key: str | None = None, findings: Told = None
) -> Frame:
    """Say what policies say for each row of a frame at a date.

    Args:
        packs: The packs that the policies stand in.
        policies: Ids of the policies, `pack/name`, in the order of the columns.
        frame: A row for each subject, in any order. Columns by the names of the dictionary's attributes and their years
            (`研发费用@2024`), in its base units (元, 人, m2, 1): integers, decimals, dates, booleans, texts, lists. Null is unknown;
            true in `名称:absent` says that it is known to be absent. Attributes without a column are unknown for all.
        as_of: The date of the business fact: it selects the law in force. `zhida.Date`, Python's `date`, or `"2026-06-30"`.
        key: The attribute that names a subject; the first of the dictionary by default.
        findings: Where what was odd is put (cells that say nothing, columns that are no attributes); None to tell it as warnings.

    Returns:
        A frame of the kind that was given: the key, `名称`, then for each policy the columns of docs/results.md, headed
        `<policy>:`: outcome, result, possible, near, delivery, diagnostics, review (words), amount_fen, low_fen, high_fen
        (integers, fen), missing (bits), and a column for each of its tables. An Arrow table says in its metadata what it was made of.

    Raises:
        InputError: policy-unknown, frame-kind, frame-argument, frame-column, frame-key-twice, source-key-lacking; columns that
            cannot be read (registry-missing-column, registry-type, source-column-type, source-float, registry-year, …).
        CompileError: a policy, or one that it uses, has errors.

    >>> table = assess_frame(packs, ["national/sme-size"], frame, as_of=Date(2026, 6, 30))  # doctest: +SKIP
    >>> table["national/sme-size:result"]  # doctest: +SKIP
    """
    policies, as_of = policies_of(packs, policies), day_of("as_of", as_of)
    given = given_of(frame)
    facts = registry_of(packs, policies, given, key, findings)
    return given.back(_assess(packs, policies, facts, as_of))


def best_combinations(  # noqa: PLR0913 - each says one thing
    packs: Packs,
    policies: Sequence[str],
    frame: Frame,
    *,
    as_of: Day,
    results: Frame | None = None,
    received: Frame | Path | None = None,
    key: str | None = None,
    findings: Told = None,
) -> Frame:
    """Return the best lawful combination of benefits for each row of a frame.

    Args:
        packs: The packs, whose pages of stacking count.
        policies: Ids of the policies; their order is the last tie-breaker.
        frame: The subjects, as `assess_frame` takes them.
        as_of: The date of the business fact.
        results: What `assess_frame` returned for the same rows, policies and date, whole, to save the work; None to do it here.
        received: What was received earlier: a frame or a file with the columns 主体, 政策, 金额（元）, 日期 and perhaps 事项.
        key: The attribute that names a subject; the first of the dictionary by default.
        findings: Where what was odd is put; None to tell it as warnings.

    Returns:
        A frame of the kind that was given, a row for each of its rows: the key, `名称`, `total_fen` and `possible_fen` (integers, fen),
        `decides` and `subject_decides` (words: the fact between them, and which of the subject's own), and for each policy
        `<policy>:paid_fen` (fen), `<policy>:taken` (boolean) and `<policy>:why` (words: what took it away or cut it; empty where
        nothing did).

    Raises:
        InputError: those of `assess_frame`; frame-results-lack, combine-results-differ, combine-rows-differ; those of a sheet of
            payments (received-…).
        CompileError: a policy, or one that it uses, has errors.
    """
    policies, as_of = policies_of(packs, policies), day_of("as_of", as_of)
    given = given_of(frame)
    facts = registry_of(packs, policies, given, key, findings)
    told = _results(packs, policies, facts, as_of, results)
    payments = None
    if received is not None:
        with sheet_of(received, "received") as path:
            payments = read_received(path, packs)
    wider, caps = with_caps(packs, structure_of(packs, policies, as_of).caps, as_of)
    filled, _ = with_population(wider, caps, facts, as_of)
    return given.back(Combiner(packs, policies, as_of=as_of, key=facts.key).decide(filled.frame, told, payments))


def next_steps(  # noqa: PLR0913 - each says one thing
    packs: Packs,
    policies: Sequence[str],
    frame: Frame,
    *,
    as_of: Day,
    results: Frame | None = None,
    wanted: Mapping[str, str] | None = None,
    key: str | None = None,
    findings: Told = None,
) -> Frame:
    """Return the smallest change that would make each row of a frame eligible, for each policy under which it is not.

    Args:
        packs: The packs; their dictionary says what a subject can move, which way and at what price.
        policies: Ids of the policies.
        frame: The subjects, as `assess_frame` takes them.
        as_of: The date of the business fact.
        results: What `assess_frame` returned for the same rows, policies and date; None to do it here.
        wanted: Policy → the status that is wanted of it; by default any that makes eligible.
        key: The attribute that names a subject; the first of the dictionary by default.
        findings: Where what was odd is put; None to tell it as warnings.

    Returns:
        A frame of the kind that was given, a row for each of its rows: the key, `名称`, and for each policy the columns of
        `zhida.entitle.next.finder`: `<policy>:step` (words), `:steps` (1 or 2), `:then` (words), `:cost_fen` (fen), `:kind`,
        `:attribute` (words), `:value`, `:change` (integers at the attribute's scale), `:tested`, `:met`, `:line` (words, and
        integers in millionths), and the same of a second step. Null where no change is needed or none is known.

    Raises:
        InputError: those of `assess_frame`; frame-results-lack, combine-results-differ, combine-rows-differ.
        CompileError: a policy, or one that it uses, has errors.
    """
    policies, as_of = policies_of(packs, policies), day_of("as_of", as_of)
    for policy in wanted or ():
        known_word("frame-argument", policy, policies, "wanted")
    given = given_of(frame)
    facts = registry_of(packs, policies, given, key, findings)
    told = _results(packs, policies, facts, as_of, results)
    filled, _ = with_population(packs, policies, facts, as_of)
    steps = StepFinder(packs, policies, as_of=as_of, wanted=wanted).find(filled.frame, told)
    heads = [told.column(name) for name in (facts.key, NAME)]
    fields = [told.schema.field(name) for name in (facts.key, NAME)]
    table = pa.Table.from_arrays([*heads, *steps.columns], schema=pa.schema([*fields, *steps.schema]))
    return given.back(table.replace_schema_metadata(told.schema.metadata))


def allocate(  # noqa: PLR0913 - each says one thing
    packs: Packs,
    policy: str,
    entitled: Frame,
    *,
    as_of: Day,
    applications: Frame | Path | None = None,
    budget: Decimal | int | None = None,
    spent: Decimal | int = 0,
    order: str | None = None,
    last: str | None = None,
    seed: str = "",
    findings: Told = None,
) -> Frame:
    """Share out the budget of a policy: who is paid now, and who waits.

    Args:
        packs: The packs; what is not said here is as the policy's `budget:` says.
        policy: Id of the policy.
        entitled: What `best_combinations` returned (what is paid after stacking), or `assess_frame` (what the policy gives by itself).
        as_of: The day of the calculation: applications are known until then.
        applications: A frame or a file with the columns 主体, 政策, 申请日期 and perhaps 申请时刻, 得分; None where all who are to
            have something are served. Those that do not count (too late, of nobody who is to have something, …) have no row.
        budget: Yuan.
        spent: Yuan that were spent before.
        order: `first-come`, `pro-rata`, `score` or `lottery`.
        last: At the edge: `part` pays what is left, `wait` pays in full or not at all.
        seed: The published seed of a lottery.
        findings: Where applications that cannot be read are put; None to tell them as warnings.

    Returns:
        A frame of the kind of `entitled`, a row for each claim in the order of service: key, name, turn (from 1), amount_fen,
        paid_fen (fen), state (付清, 付一部分, 按比例付, 等候), date, time (second of the day), score, lot. Never a fen over.

    Raises:
        InputError: policy-unknown, frame-kind, frame-argument, allocation-no-budget, allocation-no-seed, allocation-policy-lacking,
            applications-no-scores; those of a sheet of applications (applications-…).
    """
    (policy,), as_of = policies_of(packs, policy), day_of("as_of", as_of)
    front = packs.policies[policy].front
    if front.budget is None and budget is None:
        raise InputError([diagnostic("allocation-no-budget", None, policy=policy)])
    stated = front.budget or Budget(as_of.year, Decimal(0), ORDERS[0])
    kind, edge = order or stated.order, last or stated.last
    known_word("frame-argument", kind, ORDERS, "order")
    known_word("frame-argument", edge, LASTS, "last")
    terms = Terms(
        policy=policy,
        title=front.title,
        year=stated.year,
        budget_fen=fen_of("budget", stated.amount if budget is None else budget),
        spent_fen=fen_of("spent", spent),
        order=kind,
        last=edge,
        seed=seed if kind == LOTTERY else "",
        as_of=as_of,
    )
    given = given_of(entitled)
    said = {b"zhida.as_of": str(as_of).encode(), **(given.table.schema.metadata or {})}
    with sheet_of(given.table.replace_schema_metadata(said), "entitled") as path:
        held = read_entitled(path, policy)
    sheet = None if applications is None else _applications(applications, policy, front.title, findings, is_scored=kind == SCORE)
    if kind == SCORE and not (sheet and sheet.has_scores):
        raise InputError([diagnostic("applications-no-scores", None, name="applications")])
    claims = claims_of(held, sheet, Admission(terms.year, to_days(as_of), front.window))
    served = allocate_claims(claims.frame, terms).frame
    return replace(given, index=None).back(served.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _applications(given: Frame | Path, policy: str, title: str, findings: Told, *, is_scored: bool) -> Applications:
    """Read a sheet of applications, and tell which cannot be read to the caller of the door."""
    with sheet_of(given, "applications") as path:
        sheet = read_applications(path, policy, title, is_scored=is_scored)
    tell((renamed(item, str(path), "applications") for item in sheet.diagnostics), findings, 4)
    return sheet


def simulate(  # noqa: PLR0913 - each says one thing
    before: Packs,
    after: Packs,
    frame: Frame,
    *,
    as_of: Day,
    subject: str = "enterprise",
    is_stacked: bool = True,
    key: str | None = None,
    findings: Told = None,
) -> Frame:
    """Return whose answers, and whose money, a change of the packs would change; only what it touches is decided.

    Args:
        before: The packs as they are.
        after: The packs as they would be.
        frame: The subjects, as `assess_frame` takes them.
        as_of: The date of the business fact.
        subject: The kind of subject.
        is_stacked: Whether what may not be enjoyed together is taken away (`net_fen_…`).
        key: The attribute that names a subject; the first of the dictionary by default.
        findings: Where what was odd is put; None to tell it as warnings.

    Returns:
        A frame of the kind that was given, a row for each subject and policy of which something differs, sorted by key: the key,
        `名称`, policy, outcome_before and outcome_after (words), gross_fen_before and gross_fen_after (what the policy gives by
        itself), net_fen_before and net_fen_after (after stacking), total_fen_before and total_fen_after (the subject's sum).

    Raises:
        InputError: those of `assess_frame`.
        CompileError: a policy, or one that it uses, has errors.
    """
    as_of, given = day_of("as_of", as_of), given_of(frame)
    known_word("frame-argument", subject, before.dictionaries, "subject")
    scenario = plan_scenario(before, after, subject=subject, as_of=as_of)
    facts = typed(scenario.dictionary, given, key, findings)
    source = _FrameSource(replace(facts, frame=facts.frame.sort(facts.key)))
    found: list[pl.DataFrame] = []

    def keep(part: Compared) -> None:
        found.append(part.changes)

    def open_combiner(packs: Packs, policies: Sequence[str], day: Date, name: str) -> Combiner:
        return Combiner(packs, policies, as_of=day, key=name)

    groupings = groupings_of(before, (), subject=subject, as_of=as_of)
    compare_sides(scenario, source, groupings, open_combining=open_combiner if is_stacked else None, sink=keep)
    empty = pl.DataFrame(schema={facts.key: pl.String, NAME: pl.String, **CHANGES})
    told = pl.concat([empty, *(each.select(empty.columns).cast(empty.schema) for each in found)])
    return replace(given, index=None).back(told.to_arrow(compat_level=pl.CompatLevel.oldest()))


# --- results -------------------------------------------------------------------------------------------------------


def _assess(packs: Packs, policies: Sequence[str], facts: Registry, as_of: Date) -> pa.Table:
    """Return the results of the rows of a registry."""
    filled, _ = with_population(packs, policies, facts, as_of)
    return open_run(packs, policies, as_of=as_of, key=facts.key).decide(filled.frame)


def _results(packs: Packs, policies: Sequence[str], facts: Registry, as_of: Date, given: Frame | None) -> pa.Table:
    """Return results of the rows of a registry: those that are given, if they are of these rows, else new ones.

    Raises:
        InputError: frame-kind, frame-results-lack, combine-results-differ, combine-rows-differ.
    """
    if given is None:
        return _assess(packs, policies, facts, as_of)
    found = given_of(given).table
    schema = open_run(packs, policies, as_of=as_of, key=facts.key).schema
    _check_made_of(found, schema)
    table = with_schema(found, schema)
    keys = pl.Series(pl.from_arrow(table.column(0)), dtype=pl.String)
    own = facts.frame[facts.key].cast(pl.String)
    if len(keys) != len(own) or not bool((keys == own).all()):
        count = min(len(keys), len(own))
        differs = (keys.head(count) != own.head(count)).arg_true()
        row = int(differs[0]) if len(differs) else count
        found, expected = (series[row] if row < len(series) else "–" for series in (keys, own))
        raise InputError([diagnostic("combine-rows-differ", None, name="results", found=found, expected=expected, row=row + 1)])
    return table


def _check_made_of(found: pa.Table, schema: pa.Schema) -> None:
    """See that results are of the same date and texts, where they say of what they are.

    Raises:
        InputError: combine-results-differ.
    """
    said, wanted = found.schema.metadata or {}, schema.metadata
    for name, change in MADE_OF.items():
        then, now = (_each(words.get(name, b"").decode()) for words in (said, wanted))
        other = [part for part in now if then.get(part, now[part]) != now[part]]
        if other:
            what, what_zh = CHANGE_WORDS[change]
            ends = (other[0], other[0]) if other[0] else (then[""], now[""])
            told = {"what": what, "what_zh": what_zh, "found": ends[0], "expected": ends[1]}
            raise InputError([diagnostic("combine-results-differ", None, name="results", **told)])


def _each(text: str) -> Mapping[str, str]:
    """Return words by what they are of: JSON by its names, others under the empty name; nothing of nothing."""
    found: Mapping[str, str] = json.loads(text) if text.startswith("{") else {"": text} if text else {}
    return found


def with_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return results that came back as a frame with the columns, types and metadata that they had.

    Raises:
        InputError: frame-results-lack.
    """
    lacking = [name for name in schema.names if name not in table.column_names]
    if lacking:
        names = "、".join(lacking[:5]) + (f" … ({len(lacking)})" if len(lacking) > 5 else "")
        raise InputError([diagnostic("frame-results-lack", None, names=names)])
    columns = []
    for field in schema:
        column = table.column(field.name).combine_chunks()
        if field.type == WORDS:
            column = column.cast(pa.string()).dictionary_encode().cast(WORDS)
        columns.append(column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


# --- two runs ------------------------------------------------------------------------------------------------------

DATES: Mapping[str, tuple[str, str, str]] = {
    "former": ("former", "上次", "former_as_of"),
    "now": ("present", "这次", "as_of"),
}
"""What the results of a comparison are called, in English and in Chinese, and the argument that names their date."""


def run_given(packs: Packs, results: Frame | Path, as_of: Date | None, which: str) -> tuple[Run, Given]:
    """Return results as a run that can be compared, and what kind of frame they were.

    Args:
        packs: The packs, which tell how to read columns that came back without saying so.
        results: A folder of `zhida assess`, or what `assess_frame` returned, whole.
        as_of: Their date; None where they say so themselves.
        which: `former` or `now`.

    Raises:
        InputError: file-not-found, results-unreadable, frame-kind, frame-column, source-key-lacking, frame-key-twice,
            frame-results-lack, frame-date-lacking, frame-argument.
    """
    argument = DATES[which][2]
    if isinstance(results, str | Path):
        return _of_day(open_results(Path(results)), argument, as_of), Given(pa.table({}), "arrow")
    given = given_of(results)
    table = given.table
    if b"zhida.missing" not in (table.schema.metadata or {}):
        if as_of is None:
            what, what_zh, _ = DATES[which]
            raise InputError([diagnostic("frame-date-lacking", None, what=what, what_zh=what_zh, argument=argument)])
        decided = {name.rpartition(":")[0] for name in table.column_names if name.endswith(":outcome")}
        policies = [policy for policy in packs.policies if policy in decided]
        ordered = sorted(policies, key=lambda policy: table.column_names.index(f"{policy}:outcome"))
        table = with_schema(table, open_run(packs, ordered, as_of=as_of, key=table.column_names[0]).schema)
    return _of_day(run_of(table, GIVEN), argument, as_of), replace(given, index=None)


def _of_day(run: Run, argument: str, stated: Date | None) -> Run:
    """Return a run, if it is of the day that was stated."""
    if stated is not None and stated != run.as_of:
        raise argument_fault(argument, stated, str(run.as_of))
    return run


def notices_table(former: Run, now: Run, teller: Teller, tally: Tally) -> pa.Table:
    """Return all notices of two runs as one table.

    Args:
        former: The run before.
        now: The run of today.
        teller: The words.
        tally: The policies, as they are compared.
    """
    frames = [pl.DataFrame(schema=notice_schema(now.key)), *notices_between(former, now, teller, tally, processors())]
    return pl.concat(frames).to_arrow(compat_level=pl.CompatLevel.oldest())


class _FrameSource:
    """A registry in memory, sorted by key, as a source (`zhida.registry_io.sources.Source`)."""

    def __init__(self, registry: Registry) -> None:
        self.name = GIVEN
        self.key = registry.key
        self.frame = registry.frame
        self.rows: int | None = registry.frame.height
        self.metadata: Mapping[str, str] = registry.metadata
        self.attributes = tuple(name for name in registry.frame.columns if name != registry.key)
        self.is_registry = True
        self.dictionary_differs = False
        keys = registry.frame[registry.key]
        starts = range(0, registry.frame.height, ROWS)
        bounds = [(start, min(ROWS, registry.frame.height - start)) for start in starts]
        self.parts: Sequence[Part] = [
            Part(number, start, rows, str(keys[start]), str(keys[start + rows - 1])) for number, (start, rows) in enumerate(bounds)
        ]

    def read(self, part: Part, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the rows of a part."""
        rows = self.frame.slice(part.start, part.rows)
        if columns is None:
            return rows
        return rows.select(self.key, *(name for name in columns if name in rows.columns and name != self.key))

    def fingerprint(self, part: Part) -> str:
        """Return what tells a part from others."""
        return f"{part.number}"

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return nothing: what was odd was told before."""
        return ()

    def check(self) -> None:
        """Do nothing: nobody else changes it."""

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
