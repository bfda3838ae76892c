"""The record of an allocation: a folder from which anybody repeats it to the byte.

    claims.csv        the claims, sorted by the subject's code: its SHA-256 is what is published before a seed is drawn
    set-aside.csv     applications that do not count, each with its reason
    allocation.json   the terms, the digests of all files, of the policy and of what the amounts came from; what it came to; last
                      its seal: the SHA-256 of all before
    allocation.csv    the claims in the order of service with what each is paid, then what was set aside

The allocation is computed from the bytes of claims.csv and from the terms, from nothing else: `replay` reads them, computes again
and compares every byte of the other files.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from zhida.entitle.budgets.allocation import LOTTERY, SCORE, Allocation, Terms, allocate
from zhida.entitle.budgets.applications import SCORE_FORM
from zhida.entitle.budgets.claims import CLAIMS, SET_ASIDE, Claims, written_when
from zhida.entitle.budgets.run_out import Rate
from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.policy.front_matter import LASTS, ORDERS
from zhida.registry_io.replacing import replacing, settle
from zhida.registry_io.results import SYNTHETIC_COLUMN, SYNTHETIC_WORD
from zhida.registry_io.writing import csv_bytes
from zhida.values.temporal import Date, parse_date, to_days

CLAIMS_FILE, ASIDE_FILE, ALLOCATION_FILE, RECORD_FILE = "claims.csv", "set-aside.csv", "allocation.csv", "allocation.json"
"""The files of a record."""
FORM = "zhida allocation 1"
"""What a record says that it is."""

KEY, NAME, AMOUNT, DAY, TIME, SCORE_HEAD, REASON = "主体", "名称", "应得（元）", "申请日期", "申请时刻", "得分", "缘由"
"""The heads of the files of claims and of what was set aside."""
CLAIM_HEADS = (KEY, NAME, AMOUNT, DAY, TIME, SCORE_HEAD)
ASIDE_HEADS = (KEY, NAME, DAY, TIME, SCORE_HEAD, REASON)
REFUSED = "不受理"
"""The state of what was set aside."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the claims come from: digests, so that nothing can be exchanged later."""

    amounts: str
    """What a claim amounts to: `sum` or `own`."""
    policies: Mapping[str, str]
    """Digest of the policy's text, by its id."""
    entitlements: Mapping[str, str]
    """What the entitlements say of themselves: the day, the policies, the stacking rules, the engine."""
    applications_sha256: str
    """Digest of the sheet of applications; empty where there is none."""
    is_synthetic: bool
    """Whether the subjects are invented."""
    engine_version: str
    """The engine that computed it."""
    idle: tuple[int, int]
    """How many are to have something and did not apply, and how many fen that is."""
    open_subjects: int
    """How many subjects were not decided."""


@dataclass(frozen=True, slots=True)
class Record:
    """An allocation with all its files."""

    allocation: Allocation
    """What it comes to."""
    origin: Origin
    """Where the claims come from."""
    set_aside: pl.DataFrame
    """What does not count (`SET_ASIDE`)."""
    files: Mapping[str, bytes]
    """The files by name."""

    @property
    def data(self) -> dict[str, Any]:
        """What allocation.json holds."""
        found: dict[str, Any] = json.loads(self.files[RECORD_FILE])
        return found


# --- making --------------------------------------------------------------------------------------------------------


def claims_files(claims: Claims, *, is_synthetic: bool) -> dict[str, bytes]:
    """Return claims.csv and set-aside.csv: what is published before anybody is served."""
    marks = [pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN)] if is_synthetic else []
    told = claims.frame.sort("key").select("key", "name", _yuan("amount_fen"), *written_when(), "score", *marks)
    told.columns = [*CLAIM_HEADS, *told.columns[len(CLAIM_HEADS) :]]
    aside = claims.set_aside.select("key", "name", *written_when(), "score", "reason", *marks)
    aside.columns = [*ASIDE_HEADS, *aside.columns[len(ASIDE_HEADS) :]]
    return {CLAIMS_FILE: _csv(told), ASIDE_FILE: _csv(aside)}


def record_of(files: Mapping[str, bytes], terms: Terms, origin: Origin) -> Record:
    """Compute an allocation from the files of its claims, and return it with all its files.

    Args:
        files: claims.csv and set-aside.csv (`claims_files`).
        terms: What the allocation goes by.
        origin: Where the claims come from.

    Raises:
        InputError: allocation-record-unreadable, allocation-no-seed.
    """
    aside = _read_aside(files[ASIDE_FILE])
    claims = read_claims(files[CLAIMS_FILE])
    is_later = (claims["date"].to_physical() > to_days(terms.as_of)).any()
    if is_later or (terms.order == SCORE and not claims["score"].str.contains(f"^$|{SCORE_FORM}").all()):
        raise _unreadable(CLAIMS_FILE)
    allocation = allocate(claims, terms)
    made = dict(files) | {ALLOCATION_FILE: _allocation_csv(allocation, aside, is_synthetic=origin.is_synthetic)}
    data = _data(allocation, origin, aside, {name: hashlib.sha256(content).hexdigest() for name, content in sorted(made.items())})
    data["seal"] = hashlib.sha256(_json(data)).hexdigest()
    made[RECORD_FILE] = _json(data)
    return Record(allocation, origin, aside, made)


def write_files(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write files into a folder that exists: all beside the old ones first, then each in its place.

    Raises:
        InputError: registry-write-failed.
    """
    with ExitStack() as stack:
        new = {name: stack.enter_context(replacing(folder / name)) for name in files}
        for name, path in new.items():
            path.write_bytes(files[name])
            settle(path)
    return [folder / name for name in files]


def _json(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def _csv(frame: pl.DataFrame) -> bytes:
    """Return a frame as CSV; an empty text is an empty cell, without quotes."""
    return csv_bytes(frame.with_columns(pl.col(pl.String).replace("", None)))


def _yuan(column: str) -> pl.Expr:
    """Return fen as yuan with two decimals, as text."""
    fen = pl.col(column)
    return pl.concat_str(fen // 100, pl.lit("."), (fen % 100).cast(pl.String).str.zfill(2)).alias(column)


def _allocation_csv(allocation: Allocation, aside: pl.DataFrame, *, is_synthetic: bool) -> bytes:
    """Return the claims in the order of service, then what was set aside."""
    frame = allocation.frame.with_columns(
        left=pl.col("amount_fen") - pl.col("paid_fen"), reason=pl.lit(""), turn=pl.col("turn").cast(pl.String)
    )
    amounts = ("amount_fen", "paid_fen", "left")
    served = frame.with_columns(*(_yuan(name) for name in amounts), *written_when())
    blank = {name: pl.lit("") for name in ("turn", *amounts, "lot")}
    refused = aside.with_columns(*written_when(), **blank, state=pl.lit(REFUSED))
    scored, drawn = allocation.terms.order == SCORE, allocation.terms.order == LOTTERY
    heads = {"key": KEY, "name": NAME, "turn": "次序", "amount_fen": AMOUNT, "paid_fen": "实付（元）", "left": "待付（元）"}
    heads |= {"state": "状态", "date": DAY, "time": TIME} | ({"score": SCORE_HEAD} if scored else {}) | ({"lot": "签号"} if drawn else {})
    heads |= {"reason": REASON}
    told = pl.concat([served.select(list(heads)), refused.select(list(heads))]).rename(heads)
    return _csv(told.with_columns(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN)) if is_synthetic else told)


def _data(allocation: Allocation, origin: Origin, aside: pl.DataFrame, digests: Mapping[str, str]) -> dict[str, Any]:
    terms, money = allocation.terms, allocation.run_out
    reasons = aside.group_by("reason").len().sort("reason").iter_rows()
    return {
        "form": FORM,
        "synthetic": origin.is_synthetic,
        "engine_version": origin.engine_version,
        "terms": {
            "policy": terms.policy,
            "title": terms.title,
            "year": terms.year,
            "budget_fen": terms.budget_fen,
            "spent_fen": terms.spent_fen,
            "order": terms.order,
            "last": terms.last,
            "seed": terms.seed,
            "as_of": str(terms.as_of),
            "last_day": str(terms.last_day),
        },
        "origin": {
            "amounts": origin.amounts,
            "policies": dict(sorted(origin.policies.items())),
            "entitlements": dict(sorted(origin.entitlements.items())),
            "applications_sha256": origin.applications_sha256,
            "entitled_without_application": {"subjects": origin.idle[0], "fen": origin.idle[1]},
            "undecided_subjects": origin.open_subjects,
        },
        "sha256": dict(digests),
        "outcome": {
            "claims": allocation.frame.height,
            "claimed_fen": allocation.claimed_fen,
            "paid_fen": allocation.paid_fen,
            "waiting_fen": allocation.waiting_fen,
            "states": {
                state: {"claims": count, "fen": fen, "paid_fen": paid_fen} for state, (count, fen, paid_fen) in allocation.counts.items()
            },
            "set_aside": dict(reasons),
            "without_date": allocation.undated,
            "without_score": allocation.unscored,
        },
        "run_out": {
            "available_fen": money.available_fen,
            "left_fen": money.left_fen,
            "gone_on": str(money.gone_on) if money.gone_on else None,
            "present": _rate_data(money.present),
            "slowest_month": _rate_data(money.slowest),
            "fastest_month": _rate_data(money.fastest),
        },
    }


def _rate_data(rate: Rate | None) -> dict[str, Any] | None:
    if rate is None:
        return None
    gone_on = str(rate.gone_on) if rate.gone_on else None
    return {"first": str(rate.first), "last": str(rate.last), "days": rate.days, "fen": rate.fen, "gone_on": gone_on}


# --- reading -------------------------------------------------------------------------------------------------------


def read_claims(content: bytes) -> pl.DataFrame:
    """Return the claims that claims.csv holds (`CLAIMS`).

    Raises:
        InputError: allocation-record-unreadable.
    """
    texts = _texts(content, CLAIM_HEADS, CLAIMS_FILE)
    yuan = pl.col(AMOUNT)
    fen = pl.when(yuan.str.contains(r"^[0-9]{1,17}\.[0-9]{2}$")).then(yuan.str.replace(".", "", literal=True)).cast(pl.Int64)
    frame = texts.select(pl.col(KEY), pl.col(NAME), fen, *_read_when(), pl.col(SCORE_HEAD))
    frame.columns = list(CLAIMS)
    is_sound = frame.select((pl.col("amount_fen") > 0).fill_null(value=False).all() & pl.col("key").is_unique().all()).item()
    if not is_sound:
        raise _unreadable(CLAIMS_FILE)
    return frame


def _read_aside(content: bytes) -> pl.DataFrame:
    texts = _texts(content, ASIDE_HEADS, ASIDE_FILE)
    frame = texts.select(pl.col(KEY), pl.col(NAME), *_read_when(), pl.col(SCORE_HEAD), pl.col(REASON))
    frame.columns = list(SET_ASIDE)
    return frame


def _read_when() -> tuple[pl.Expr, pl.Expr]:
    hours, minutes, seconds = (pl.col(TIME).str.slice(place, 2).cast(pl.Int32, strict=False) for place in (0, 3, 6))
    return pl.col(DAY).str.to_date("%Y-%m-%d", strict=False), hours * 3600 + minutes * 60 + seconds


def _texts(content: bytes, heads: tuple[str, ...], name: str) -> pl.DataFrame:
    try:
        frame = pl.read_csv(content, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise _unreadable(name) from error
    if tuple(frame.columns[: len(heads)]) != heads:
        raise _unreadable(name)
    return frame.select(pl.col(head).fill_null("") for head in heads)


def _unreadable(name: str) -> InputError:
    return InputError([diagnostic("allocation-record-unreadable", None, name=name)])


# --- repeating -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replayed:
    """A record that was computed again."""

    record: Record
    """What comes out now."""
    differences: tuple[Diagnostic, ...]
    """Where the files of the record are other than what comes out; empty where all are the same to the byte."""


def replay(folder: Path) -> Replayed:
    """Compute an allocation again from its record alone, and compare.

    Args:
        folder: The folder of the record, or its allocation.json.

    Raises:
        InputError: file-not-found, allocation-record-unreadable.
    """
    place = folder.parent if folder.name == RECORD_FILE else folder
    stored = {name: _stored(place / name) for name in (RECORD_FILE, CLAIMS_FILE, ASIDE_FILE, ALLOCATION_FILE)}
    try:
        terms, origin, digests = _stated(json.loads(stored[RECORD_FILE]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # it is no JSON, or not of this form
        raise _unreadable(str(place / RECORD_FILE)) from error
    differences = [
        diagnostic("allocation-file-changed", None, name=place / name, stated=digests.get(name, "–"), found=digest)
        for name in (CLAIMS_FILE, ASIDE_FILE, ALLOCATION_FILE)
        if (digest := hashlib.sha256(stored[name]).hexdigest()) != digests.get(name)
    ]
    try:
        record = record_of({name: stored[name] for name in (CLAIMS_FILE, ASIDE_FILE)}, terms, origin)
    except InputError as error:  # whatever was changed is named, also where nothing comes out any more
        raise InputError([*differences, *error.diagnostics]) from error
    differences += [
        _difference(place / name, stored[name], record.files[name])
        for name in (ALLOCATION_FILE, RECORD_FILE)
        if stored[name] != record.files[name]
    ]
    return Replayed(record, tuple(differences))


def _stored(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError([diagnostic("file-not-found", None, name=path)]) from error


def _stated(data: dict[str, Any]) -> tuple[Terms, Origin, dict[str, str]]:
    """Return what a record states: the terms, the origin, the digests.

    Raises:
        ValueError, KeyError, TypeError: it is not of this form.
    """
    if data["form"] != FORM:
        raise ValueError(data["form"])
    terms, origin = dict(data["terms"]), dict(data["origin"])
    as_of, until = (parse_date(terms.pop(name)) for name in ("as_of", "last_day"))
    found = Terms(as_of=as_of or Date(1, 1, 1), until=until, **terms)
    whole = (found.year, found.budget_fen, found.spent_fen)
    texts = (found.policy, found.title, found.seed)
    if (
        as_of is None
        or until is None
        or found.order not in ORDERS
        or found.last not in LASTS
        or {type(number) for number in whole} != {int}
    ):
        raise ValueError(terms)
    if {type(text) for text in texts} != {str} or (found.order == LOTTERY and not found.seed):
        raise ValueError(terms)
    idle = origin["entitled_without_application"]
    stated = Origin(
        amounts=origin["amounts"],
        policies=dict(origin["policies"]),
        entitlements=dict(origin["entitlements"]),
        applications_sha256=origin["applications_sha256"],
        is_synthetic=data["synthetic"] is True,
        engine_version=data["engine_version"],
        idle=(idle["subjects"], idle["fen"]),
        open_subjects=origin["undecided_subjects"],
    )
    return found, stated, dict(data["sha256"])


def _difference(path: Path, found: bytes, expected: bytes) -> Diagnostic:
    """Return the first line that differs; one that differs in blanks alone is shown with them."""
    left, right = (content.decode(errors="backslashreplace").split("\n") for content in (found, expected))
    pairs = enumerate(zip(left, right, strict=False), 1)
    line = next((number for number, (was, comes) in pairs if was != comes), min(len(left), len(right)) + 1)
    was, comes = (lines[line - 1] if line <= len(lines) else "–" for lines in (left, right))
    if was.strip() != comes.strip():
        was, comes = was.strip(), comes.strip()
    was, comes = (text if text.isprintable() else repr(text)[1:-1] for text in (was, comes))
    return diagnostic("allocation-record-differs", None, name=path, line=line, found=was, expected=comes)
