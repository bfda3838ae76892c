"""The claims on a budget: what everybody is to have, by whom it was applied for, and what does not count with its reason.

    entitlements.parquet (what the best combination pays) or results.parquet (what the policy gives by itself)
       + applications ──check: day, window, subject, once──> claims, sorted by the subject's code
                                                         └─> set aside, each with its reason

Nothing is dropped: an application is a claim or is set aside. Without applications everybody who is to have something claims it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from zhida.entitle.budgets.applications import Applications
from zhida.errors import InputError, diagnostic
from zhida.policy.front_matter import EveryYear, Window, WindowState, window_on
from zhida.registry_io.results import RESULTS_FILE
from zhida.values.temporal import Date, from_days, to_days

ENTITLEMENTS_FILE = "entitlements.parquet"
"""What `zhida combine` writes: a file, or a folder of parts."""

SUM, OWN = "sum", "own"
"""What a claim amounts to: what the best combination of all policies pays of this one, or what the policy gives by itself."""
COLUMNS = {SUM: "paid_fen", OWN: "amount_fen"}
"""Where that stands."""

CLAIMS = {"key": pl.String, "name": pl.String, "amount_fen": pl.Int64, "date": pl.Date, "time": pl.Int32, "score": pl.String}
"""The columns of claims: the subject's code and name, fen, the day, the second of the day, points as written."""
SET_ASIDE = {"key": pl.String, "name": pl.String, "date": pl.Date, "time": pl.Int32, "score": pl.String, "reason": pl.String}
"""The columns of what is set aside; the reason in words."""

REASONS = {
    "fault": "申请表里这一行看不懂",
    "future": "申请日在核算日之后",
    "year": "申请日不在预算年度",
    "early": "申请时还没有开始受理",
    "late": "申请时已经截止",
    "stranger": "名单里没有这个主体",
    "open": "待核定",
    "nothing": "不应享受",
    "twice": "重复申请，只算最早的一次",
}
"""Why an application is set aside, in the order in which it is asked."""

OUTCOMES = {"INELIGIBLE": "不符合条件", "UNDETERMINED": "待核定：还缺事实", "REVIEW": "待核定：转人工", "NOT_APPLICABLE": "政策不适用"}
"""Why a policy by itself gives nothing, by its outcome."""
OPEN = "待核定"
"""Begins the words of what is not decided yet."""


@dataclass(frozen=True, slots=True)
class Entitled:
    """What everybody is to have of a policy."""

    frame: pl.DataFrame
    """`key`, `name`, `amount_fen` (0 for nothing), `why` (words, empty where nothing is to be said); sorted by key."""
    amounts: str
    """What the amounts are: `sum` or `own`."""
    metadata: dict[str, str]
    """What the file says of itself."""

    @property
    def is_synthetic(self) -> bool:
        """Whether the subjects are invented."""
        return self.metadata.get("zhida.synthetic") == "true"

    @property
    def policies(self) -> dict[str, str]:
        """Digests of the texts of the policies that it was made with, by policy."""
        found: dict[str, str] = json.loads(self.metadata.get("zhida.policies", "{}"))
        return found


@dataclass(frozen=True, slots=True)
class Claims:
    """Who claims what."""

    frame: pl.DataFrame
    """A row for each claim (`CLAIMS`), amounts above 0, sorted by key; each key once."""
    set_aside: pl.DataFrame
    """A row for each application that does not count (`SET_ASIDE`), sorted by key, then as in the sheet."""
    idle: tuple[int, int]
    """How many are to have something and did not apply, and how many fen that is."""
    open_subjects: int
    """How many subjects are not decided yet."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Which applications count."""

    year: int
    """The year of the budget."""
    as_of: int
    """The day of the calculation, as a number of days."""
    window: Window | None
    """When one may apply; None for all the year."""


def read_entitled(place: Path, policy: str, amounts: str | None = None) -> Entitled:
    """Read what everybody is to have of a policy.

    Args:
        place: entitlements.parquet or results.parquet (a file or a folder of parts), or the folder that it stands in.
        policy: The id of the policy.
        amounts: `sum`, `own`, or None for what the file has.

    Raises:
        InputError: file-not-found, allocation-source-unreadable, allocation-policy-lacking, allocation-amounts-lacking.
    """
    files = _files(place)
    try:
        metadata = {name: value for name, value in pl.read_parquet_metadata(files[0]).items() if name.startswith("zhida.")}
        columns = pl.scan_parquet(files[0]).collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError([diagnostic("allocation-source-unreadable", None, name=files[0])]) from error
    if "zhida.as_of" not in metadata or "名称" not in columns:
        raise InputError([diagnostic("allocation-source-unreadable", None, name=files[0])])
    there = [kind for kind, column in COLUMNS.items() if f"{policy}:{column}" in columns]
    if not there:
        known = sorted({name.rpartition(":")[0] for name in columns if name.endswith(tuple(COLUMNS.values()))})
        raise InputError([diagnostic("allocation-policy-lacking", None, name=place, policy=policy, known="、".join(known[:8]))])
    kind = amounts or there[0]
    if kind not in there:
        raise InputError([diagnostic("allocation-amounts-lacking", None, name=place, asked=kind, there=there[0])])
    frames = [_amounts(pl.scan_parquet(file), policy, kind, set(columns)).collect() for file in files]
    return Entitled(pl.concat(frames).sort("key"), kind, metadata)


def _files(place: Path) -> list[Path]:
    """Return the files of some entitlements or results, in the order of their rows."""
    found = next((place / name for name in (ENTITLEMENTS_FILE, RESULTS_FILE) if (place / name).exists()), place)
    files = sorted(found.glob("part-*.parquet")) if found.is_dir() else [found]
    if not files or not files[0].exists():
        raise InputError([diagnostic("file-not-found", None, name=found)])
    return files


def _amounts(wide: pl.LazyFrame, policy: str, kind: str, columns: set[str]) -> pl.LazyFrame:
    amount = pl.col(f"{policy}:{COLUMNS[kind]}").cast(pl.Int64).fill_null(0)
    why = pl.col(f"{policy}:why").cast(pl.String).fill_null("") if f"{policy}:why" in columns else pl.lit("")
    if f"{policy}:outcome" in columns:
        outcome = pl.col(f"{policy}:outcome").cast(pl.String)
        amount = pl.when(outcome == "ELIGIBLE").then(amount).otherwise(0)
        why = outcome.replace_strict(OUTCOMES, default="", return_dtype=pl.String)
    key, name = pl.first().cast(pl.String).alias("key"), pl.col("名称").cast(pl.String).fill_null("").alias("name")
    return wide.select(key, name, amount.alias("amount_fen"), why.alias("why"))


def claims_of(entitled: Entitled, applications: Applications | None, admission: Admission) -> Claims:
    """Return the claims on a budget.

    Args:
        entitled: What everybody is to have.
        applications: Who applied; None where nobody has to.
        admission: Which applications count.
    """
    to_have = entitled.frame.filter(pl.col("amount_fen") > 0)
    undecided = entitled.frame.filter(pl.col("why").str.starts_with(OPEN)).height
    if applications is None:
        blank = {"date": pl.lit(None, pl.Date), "time": pl.lit(None, pl.Int32), "score": pl.lit("")}
        claims = to_have.with_columns(**blank).select(list(CLAIMS))
        return Claims(claims, pl.DataFrame(schema=SET_ASIDE), (0, 0), undecided)
    asked = applications.frame.join(entitled.frame, on="key", how="left", maintain_order="left")
    asked = asked.sort("key", "date", "time", "line", nulls_last=True)
    code = _code(asked, admission)
    asked = asked.with_columns(code=code)
    is_later = pl.col("code").is_null() & (pl.col("code").is_null().cast(pl.Int32).cum_sum().over("key") > 1)
    asked = asked.with_columns(code=pl.when(is_later).then(pl.lit("twice")).otherwise(pl.col("code")))
    counted = asked.filter(pl.col("code").is_null()).select(list(CLAIMS))
    # What the policy or the combination says of somebody is more than that nothing is due.
    detail = pl.when((pl.col("code").is_in(["open", "nothing"])) & (pl.col("why") != "")).then(pl.col("why"))
    fault = pl.when(pl.col("code") == "fault").then(pl.lit(REASONS["fault"] + "：") + pl.col("fault"))
    reason = pl.coalesce(fault, detail, pl.col("code").replace_strict(REASONS, default=None, return_dtype=pl.String))
    aside = asked.filter(pl.col("code").is_not_null()).with_columns(reason=reason, name=pl.col("name").fill_null(""))
    idle = to_have.join(counted, on="key", how="anti")
    return Claims(counted, aside.sort("key", "line").select(list(SET_ASIDE)), (idle.height, sum(idle["amount_fen"].to_list())), undecided)


def _code(asked: pl.DataFrame, admission: Admission) -> pl.Series:
    """Return why an application does not count (`REASONS`), null where it does; that it was made twice is asked later."""
    days = asked["date"].to_physical()
    met = days.unique().drop_nulls().to_list()
    by_day = {day: _of_day(day, admission) for day in met}
    of_day = days.replace_strict(by_day, default="", return_dtype=pl.String) if met else pl.Series([""] * asked.height, dtype=pl.String)
    frame = asked.with_columns(of_day=of_day)
    return frame.select(
        pl.when(pl.col("fault") != "")
        .then(pl.lit("fault"))
        .when(pl.col("of_day") != "")
        .then(pl.col("of_day"))
        .when(pl.col("amount_fen").is_null())
        .then(pl.lit("stranger"))
        .when((pl.col("amount_fen") == 0) & pl.col("why").str.starts_with(OPEN))
        .then(pl.lit("open"))
        .when(pl.col("amount_fen") == 0)
        .then(pl.lit("nothing"))
        .alias("code")
    )["code"]


def written_when() -> tuple[pl.Expr, pl.Expr]:
    """Return day and time (`date`, `time`) as text, empty where they are not known."""
    figures = [(pl.col("time") // 3600), (pl.col("time") // 60 % 60), (pl.col("time") % 60)]
    clock = pl.concat_str([figure.cast(pl.String).str.zfill(2) for figure in figures], separator=":")
    return pl.col("date").dt.to_string("%Y-%m-%d").fill_null("").alias("date"), clock.fill_null("").alias("time")


def last_day(window: Window | None, year: int) -> Date:
    """Return the last day on which one may apply for the money of a year.

    >>> str(last_day(EveryYear((11, 1), (2, 28)), 2026)), str(last_day(None, 2026))
    ('2027-02-28', '2026-12-31')
    """
    end_of_year = Date(year, 12, 31)
    if window is None:
        return end_of_year
    days = window.begun_in(year) if isinstance(window, EveryYear) else window
    if days.end is None:
        return end_of_year
    return days.end if days.start is not None or to_days(days.end) < to_days(end_of_year) else end_of_year


def _of_day(day: int, admission: Admission) -> str:
    """Return why an application of a day does not count; an empty text where it does."""
    date, window = from_days(day), admission.window
    if day > admission.as_of:
        return "future"
    if window is None:
        return "" if date.year == admission.year else "year"
    state, days = window_on(window, date)
    if state is not WindowState.OPEN:
        return "early" if state is WindowState.NOT_YET else "late"
    if isinstance(window, EveryYear):  # one that runs into the next year belongs to the year in which it began
        return "" if days.start is not None and days.start.year == admission.year else "year"
    is_of_one_budget = days.start is not None and days.end is not None
    return "" if is_of_one_budget or date.year == admission.year else "year"
