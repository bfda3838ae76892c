"""Frames and jobs to read: lines for the terminal and sections of docs/performance.md, Chinese first."""

from collections.abc import Iterable, Iterator, Sequence

import jobs
from drawn import FIRST, SUM, UNIQUE
from frames_side_by_side import OURS, PLAIN, TURNS, Figure, Race
from jobs import AGAIN, CONSTANTS, NUMPY, Job, Took

POLICIES = {FIRST: "FIRST", UNIQUE: "UNIQUE", SUM: "COLLECT（求和 sum）"}
SIZES = {"small": "小 small", "medium": "中 medium", "large": "大 large"}
GOALS = {
    ("small", "when/then"): 5,
    ("small", "OpenFisca"): 20,
    ("small", "zen-engine"): 2_000,
    ("large", "when/then"): 2_000,
    ("large", "OpenFisca"): 1_500,
    ("large", "zen-engine"): 3_000,
}
"""How many times as long others take at least, of FIRST."""
RATIOS = {"A": 1.5, "B": 2.0}
"""How many times as long as reading and writing alone a job takes at most."""
RATIO_OF_NUMPY = 5.0
GIGABYTE = 1e9


# --- tables over frames --------------------------------------------------------------------------------------------------


def ours_of(race: Race) -> tuple[str, float] | None:
    """Return our quickest path and its nanoseconds; None where none of ours has a time."""
    own = {name: figure.nanoseconds for name, figure in race.figures.items() if name.startswith(OURS) and figure.nanoseconds}
    return min(own.items(), key=lambda item: item[1]) if own else None


def race_lines(race: Race) -> str:
    """Return a race for the terminal."""
    best = ours_of(race)
    lines = [f"{race.size}, {race.hit_policy}: {race.rules} rules, {race.inputs} inputs; one row"]
    for name, figure in race.figures.items():
        if figure.nanoseconds is None:
            lines.append(f"  {name:<40}         -   {figure.remark}")
        else:
            ratio = f"{figure.nanoseconds / best[1]:>11,.1f} ×" if best else ""
            lines.append(f"  {name:<40}{figure.nanoseconds:>14,.1f} ns{ratio}   {figure.rows:,} rows")
    return "\n".join(lines)


def frame_section(races: Sequence[Race]) -> Iterator[str]:
    """Yield the section of tables over frames."""
    yield _FRAMES.format(turns=TURNS)
    names = list(dict.fromkeys(name for race in races for name in race.figures))
    for policy, words in POLICIES.items():
        chosen = [race for race in races if race.hit_policy == policy]
        if not chosen:
            continue
        heads = [f"{SIZES[race.size]}：{race.rules:,} × {race.inputs}" for race in chosen]
        yield f"### {words}\n"
        yield f"| 纳秒每行 ns per row | {' | '.join(heads)} |"
        yield f"|---|{'---:|' * len(heads)}"
        for name in names:
            yield f"| {name} | {' | '.join(_cell(race, race.figures.get(name)) for race in chosen)} |"
        first = [_first(race) for race in chosen]
        yield f"| {OURS}，第一遍，边学边算 the first time, learning | {' | '.join(first)} |"
        yield ""
    yield from goals_of_races(races)
    yield from left_out(races)


def _cell(race: Race, figure: Figure | None) -> str:
    """Return nanoseconds with the ratio to ours, and on how many rows where these were fewer."""
    if figure is None or figure.nanoseconds is None:
        return "—"
    best = ours_of(race)
    ratio = f"（{_times(figure.nanoseconds / best[1])}）" if best and figure.nanoseconds != best[1] else ""
    rows = "" if figure.rows >= 1_000_000 else f"<br>{figure.rows:,} 行 rows"
    return f"{_nanoseconds(figure.nanoseconds)}{ratio}{rows}"


def _first(race: Race) -> str:
    """Return what a row took our quickest path the first time."""
    best = ours_of(race)
    first = race.figures[best[0]].first if best else None
    return "—" if first is None else _nanoseconds(first)


def _nanoseconds(value: float) -> str:
    return f"{value:,.1f}" if value < 1_000 else f"{value:,.0f}"


def _times(ratio: float) -> str:
    return f"{ratio:,.1f} ×" if ratio < 100 else f"{ratio:,.0f} ×"


def goals_of_races(races: Iterable[Race]) -> Iterator[str]:
    """Yield the goals: how many times as long others take."""
    yield "目标（FIRST，与我们最快的一种比）。Goals (FIRST, against our quickest path):\n"
    yield "| | 倍数 Ratio | 目标 Goal |"
    yield "|---|---:|---:|"
    for race in races:
        best = ours_of(race)
        for (size, peer), goal in GOALS.items():
            if race.hit_policy != FIRST or race.size != size:
                continue
            taken = [figure.nanoseconds for name, figure in race.figures.items() if peer in name and figure.nanoseconds]
            if not taken or best is None:
                yield f"| {SIZES[size]}，{peer} | — | ≥ {goal:,} × |"
            else:
                ratio = min(taken) / best[1]
                yield f"| {SIZES[size]}，{peer} | {_times(ratio)}{'' if ratio >= goal else ' ✗'} | ≥ {goal:,} × |"
    yield ""


def left_out(races: Iterable[Race]) -> Iterator[str]:
    """Yield who has no time for which table, and why."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for race in races:
        for name, figure in race.figures.items():
            if figure.nanoseconds is None:
                reasons.setdefault((name, figure.remark), []).append(f"{SIZES[race.size]} {POLICIES[race.hit_policy]}")
    if reasons:
        yield "没有测的 / Left out:\n"
        for (name, remark), where in reasons.items():
            yield f"- {name}：{'，'.join(where)}。{remark}"
        yield ""


# --- jobs ----------------------------------------------------------------------------------------------------------------


def job_lines(job: Job) -> str:
    """Return a job for the terminal."""
    lines = [f"job {job.name}, {job.rows:,} rows, {job.columns:,} columns out, {job.turns} turns {job.remark}"]
    floors = {kind: job.figures[kind].seconds for kind in (CONSTANTS, AGAIN) if kind in job.figures}
    for who, took in job.figures.items():
        ratios = "".join(f"{took.seconds / floor:>8.2f} × {kind}" for kind, floor in floors.items() if kind != who)
        lines.append(f"  {who:<14}{took.seconds:>8.2f} s{took.opening:>7.2f} s before{took.peak / GIGABYTE:>7.2f} GB{ratios}")
    return "\n".join(lines)


def job_section(found: Sequence[Job]) -> Iterator[str]:
    """Yield the section of jobs."""
    yield _JOBS.format(workers=2)
    for name, words in _NAMES.items():
        chosen = [job for job in found if job.name == name]
        if not chosen:
            continue
        yield f"### {words}\n"
        yield "| 行数 Rows | | 用时 Time | 是底线的几倍 Times reading and writing | 目标 Goal | 内存 Memory | 写出 Written |"
        yield "|---:|---|---:|---:|---:|---:|---:|"
        for job in chosen:
            if not job.figures:
                yield f"| {job.rows:,} | 没有测成 failed: {job.remark.replace('|', '/')} | — | — | — | — | — |"
            for who, took in job.figures.items():
                yield _job_row(job, who, took)
        yield ""


def _job_row(job: Job, who: str, took: Took) -> str:
    """Return a row of a job's table."""
    floors = [job.figures[kind].seconds for kind in (AGAIN, CONSTANTS) if kind in job.figures]
    ratio, goal = "", ""
    if who in {OURS, NUMPY} and floors:
        limit = RATIOS[job.name]
        told = [took.seconds / floor for floor in floors]
        ratio = " / ".join(f"{each:.2f}" for each in told)
        if who == OURS:
            goal, ratio = f"≤ {limit}", ratio + ("" if told[0] <= limit else " ✗")
        else:
            slower = took.seconds / job.figures[OURS].seconds
            ratio += f"<br>是 zhida 的 {slower:.1f} 倍 times zhida{'' if slower <= RATIO_OF_NUMPY else ' ✗'}"
            goal = f"≤ {RATIO_OF_NUMPY:.0f} × zhida"
    seconds = f"{took.seconds:.2f} s" + (f"（另编译 and {took.opening:.2f} s to compile）" if who in {OURS, NUMPY} and took.opening else "")
    return f"| {job.rows:,} | {_WHO[who]} | {seconds} | {ratio} | {goal} | {took.peak / GIGABYTE:.2f} GB | {took.written / 1e6:,.1f} MB |"


_WHO = {
    OURS: "zhida",
    NUMPY: "zhida，不用本机内核 without the native kernel (numpy)",
    CONSTANTS: "底线二：读同样的列，写同样多的常数列 floor: constants written",
    AGAIN: "底线一：读同样的列，写同样的结果 floor: the very results written",
}

_NAMES = {
    "A": "A：一百张表，写出每行每表命中的规则 / the rule codes of a hundred tables",
    "B": "B：一百项政策，全部结果 / everything of a hundred policies",
}

assert set(_NAMES) == set(RATIOS) == set("AB"), "each job has words and a goal"
assert jobs.SIZES, "there are sizes"

_FRAMES = f"""
## 整列的表 / Tables over frames

同一张表，内存里的一百万行，先核对答案再计时；括号里是我们最快一种的几倍。每家在自己的进程里轮流跑 {{turns}} 轮，取中位数，按行数折算。
逐行算的，一百万行要用 0.6 秒以上就用较少的行（十的幂，写在格子里），按行折算；
整列算的都算满一百万行，只有要用 25 秒以上的才用十万行，分出与行数无关的部分，再折算。
“第一遍”是 zhida 头一次见到这些行：每种没见过的编码组合都要请解释器判一次，以后查表；其余各行都是第二遍以后。
数据由种子生成，没有空值：空值的意思各家不同，多数说不出“未知”。
每张表最后一条规则适用于所有行，所以每行都有答案。字符串取每家最快的样子：zhida 与 Polars 用 Enum，numpy 用编号，DuckDB 用 ENUM，
OpenFisca 用它的 Enum，其余用 Python 的字符串。Polars、DuckDB 与 zhida 都可用全部处理器。{PLAIN} 是手写的函数。
COLLECT 求和：zen-engine 与 SpiffWorkflow 给出列表，由我们相加；zen-engine 没有 UNIQUE，SpiffWorkflow 没有 FIRST，都按先中者算；
bkflow-feel 与 feelin 没有表，逐条规则求条件表达式。
One table, a million rows in memory; answers are compared before anything is timed; in brackets, times our quickest path. Each contestant
has a process of its own and they take {{turns}} turns; medians, for one row. Who goes row by row and
cannot decide a million in 0.6 s goes on fewer (a power of ten, named in the cell), and the time is divided; who goes over whole columns
goes on the whole million, or, where that takes more than 25 s, on 100,000: what does not depend on the rows is told apart then, and the
rest is scaled. *The first time*: zhida has not met these rows before, and asks its interpreter
about every new combination of codes; all other figures are of later times. The data are drawn from a seed and have no nulls: these mean
something else to everyone, and most cannot say “unknown”. The last rule of each table holds for all rows, so every row has an answer.
Strings are what is quickest for each: Enum for
zhida and Polars, numbers for numpy, ENUM for DuckDB, its own Enum for OpenFisca, and else Python's. Polars, DuckDB and zhida may use all
processors. {PLAIN} is a function written by hand. Of COLLECT, zen-engine and SpiffWorkflow give lists that are summed here; zen-engine
has no UNIQUE and SpiffWorkflow no FIRST: the first hit counts; bkflow-feel and feelin have no tables: the conditions of the rules, one
after another.
"""

_JOBS = """
## 整个任务 / Whole jobs

生成的 Parquet，31 列（整数、小数、日期、布尔值、字符串，约百分之一未知），每个行组 131,072 行；
50 张小表（6 条规则 × 4 个输入）、50 张中表（40 × 6），FIRST 为主，也有 UNIQUE 与 COLLECT（求和）。
{workers} 个线程，逐个行组读、算、写；各进程独立，轮流跑，取中位数；内存是进程的峰值。
两条底线用同样的读法，都用 pyarrow 写：底线一把事先算好的结果（前 8 块，轮着用）再写一遍，底线二写同样多的常数列；zhida 用自己的写法。
任务 B 的用时是整条命令，从启动到退出，每块写完都落盘，含报告；两条底线都只算读写。
A generated Parquet of 31 columns (integers, decimals, dates, booleans, strings; about one value in a hundred unknown) in row groups of
131,072; 50 small tables (6 rules, 4 inputs) and 50 medium ones (40, 6), mostly FIRST, some UNIQUE and COLLECT (sum). {workers} threads
read, decide and write row group by row group; each turn is a process of its own, turns go round; medians; memory is the most that the
process had. Both floors read in the same way and write with pyarrow: the first, the very results (of 8 parts, in turn), which are there
already; the second, as many columns of constants. zhida writes with its own writer. Of job B the time is that of the whole command from
its start to its end, with every part settled on the disk and the report; the floors are reading and writing alone.
"""
