"""Long runs as people meet them: interrupted, killed, taken up again, cut to little memory, renewed; always the same bytes."""

import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.engine.postgresql_server import run, running_server
from tests.stories.small_district import AS_OF, COMMAND, ENVIRONMENT, PACKS, ROOT, District, Zhida, files_below, plant_district
from zhida.cli.registry import import_files
from zhida.policy.pack import load_packs
from zhida.registry_io.synthetic import write_district
from zhida.registry_io.synthetic_district import read_district

pytestmark = pytest.mark.long  # each of them starts the program several times; tests/engine/test_run.py has the same in one process

RESULTS = {"results.parquet", "results.csv", "report.html", "summary.json"}
KEY = "统一社会信用代码"


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a registry of 24 row groups."""
    folder = tmp_path_factory.mktemp("parted")
    parameters = plant_district(folder / "parameters", 480)
    (folder / "sources").mkdir()
    sources = write_district(read_district(parameters / "district.yaml"), folder / "sources")
    imported = import_files(load_packs(PACKS), parameters / "mapping.yaml", list(sources), "zh")
    imported.frame.write_parquet(folder / "registry.parquet", row_group_size=20, metadata=dict(imported.metadata))
    return folder / "registry.parquet"


def command(source: Path, out: Path, *more: str) -> tuple[str, ...]:
    return (*COMMAND, "assess", str(source), "--out", str(out), "--packs", str(PACKS), "--as-of", AS_OF, *more)


def assess(zhida: Zhida, source: Path, out: Path, *more: object) -> str:
    answer = zhida("assess", source, "--out", out, "--packs", PACKS, "--as-of", AS_OF, *more)
    assert answer.code == 0, answer.err
    return answer.out


@pytest.fixture(scope="module")
def undisturbed(parted: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    subprocess.run(command(parted, out, "--csv"), check=True, capture_output=True, env=ENVIRONMENT, cwd=ROOT)
    return files_below(out)


def marks(out: Path) -> list[Path]:
    return list(out.glob(".results-*/marks/*.json"))


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT, start_new_session=True)


# --- interruption --------------------------------------------------------------------------------------------------


def test_a_run_of_many_parts_writes_a_folder_and_what_people_read(undisturbed: dict[str, bytes]) -> None:
    names = {name.partition("/")[0] for name in undisturbed}
    assert names == RESULTS
    assert sum(name.startswith("results.parquet/part-") for name in undisturbed) == 24


@pytest.mark.parametrize("sent", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_interrupting_a_run_keeps_its_parts_and_the_old_results_and_says_how_to_go_on(
    parted: Path, tmp_path: Path, undisturbed: dict[str, bytes], sent: signal.Signals
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "summary.json").write_text("old\n", encoding="utf-8")
    with start(*command(parted, out, "--csv", "--workers", "2")) as process:
        wait_for(lambda: len(marks(out)) >= 3)
        os.killpg(process.pid, sent)  # as the terminal does
        said, err = process.communicate(timeout=120)
    assert (process.returncode, said) == (130, b"")
    told = re.fullmatch(r"提示\[run-parts-kept\]: 已完成的 (\d+)/24 块留着\n   = .*--fresh.*\n\n已中断；原有的结果未动\n", err.decode())
    assert told, err.decode()
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {"summary.json"}
    kept = len(marks(out))
    assert kept == int(told[1]) >= 3
    again = subprocess.run(command(parted, out, "--csv"), check=True, capture_output=True, env=ENVIRONMENT, cwd=ROOT)
    assert f"接着上次：已完成 {kept}/24 块\n" in again.stderr.decode()
    assert files_below(out) == undisturbed


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_a_bad_row_group_is_told_and_the_run_goes_on_when_it_is_mended(
    zhida: Zhida, parted: Path, tmp_path: Path, undisturbed: dict[str, bytes], lang: str
) -> None:
    sound = parted.read_bytes()
    column = pq.read_metadata(parted).row_group(15).column(7)
    start = column.dictionary_page_offset or column.data_page_offset
    harmed = tmp_path / "registry.parquet"
    harmed.write_bytes(sound[:start] + bytes(column.total_compressed_size) + sound[start + column.total_compressed_size :])
    options = ("--out", tmp_path / "out", "--packs", PACKS, "--as-of", AS_OF, "--csv", "--workers", "1", "--lang", lang)
    answer = zhida("assess", harmed, *options)
    assert (answer.code, answer.out) == (1, "")
    first, second = re.findall(r"^(?:\S*: )?\w+\[(.+)\]: (.+)$", answer.err, re.MULTILINE)
    assert first[0] == "source-part-damaged"
    assert str(harmed) in first[1]
    assert re.search(r"\b16\b", first[1].replace(str(harmed), ""))
    assert second[0] == "run-parts-kept"
    assert re.match(r"15 of 24" if lang == "en" else r"已完成的 15/24", second[1])
    harmed.write_bytes(sound)
    assert zhida("assess", harmed, *options).code == 0
    assert files_below(tmp_path / "out").keys() == undisturbed.keys()


def interrupt(*_arguments: object, **_options: object) -> None:
    raise KeyboardInterrupt


def test_an_interruption_is_told_in_the_language_that_was_asked_for(
    zhida: Zhida, parted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhida.cli.assess.summary_html", interrupt)
    answer = zhida("assess", parted, "--out", tmp_path / "out", "--packs", PACKS, "--policy", "sme-size", "--lang", "en")
    assert (answer.code, answer.out) == (130, "")
    assert answer.err.startswith("information[run-parts-kept]: 24 of 24 parts are done and kept\n   = run the same command again")
    assert answer.err.endswith("\ninterrupted; earlier results are untouched\n")


def kill_and_go_on(parted: Path, out: Path, times: int, seed: int) -> int:
    """Kill runs after random times until one comes to its end by itself; then end it. Returns how many were killed at work."""
    lots = random.Random(seed)  # noqa: S311 - nothing is secret
    out.mkdir()
    killed = 0
    for _ in range(times):
        with start(*command(parted, out, "--csv", "--workers", "2")) as process:
            before = len(marks(out))
            wait_for(lambda: len(marks(out)) > before or bool(list(out.glob(".results-*"))) or process.poll() is not None)  # noqa: B023
            time.sleep(lots.random() * 0.25)
            killed += process.poll() is None
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        if (out / "summary.json").exists() and not list(out.glob(".results-*")):
            for path in sorted(out.rglob("*"), reverse=True):  # it was quicker: from the beginning, then
                path.rmdir() if path.is_dir() else path.unlink()
    subprocess.run(command(parted, out, "--csv"), check=True, capture_output=True, env=ENVIRONMENT, cwd=ROOT)
    return killed


@pytest.mark.long
def test_a_run_that_is_killed_ends_with_the_bytes_of_an_undisturbed_one(
    parted: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    assert kill_and_go_on(parted, tmp_path / "out", 3, seed=1) > 0
    assert files_below(tmp_path / "out") == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_runs_that_are_killed_fifty_times_end_with_the_bytes_of_an_undisturbed_one(
    parted: Path, tmp_path: Path, undisturbed: dict[str, bytes], seed: int
) -> None:
    assert kill_and_go_on(parted, tmp_path / "out", 5, seed=seed + 100) > 0
    assert files_below(tmp_path / "out") == undisturbed


COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(
    arguments: tuple[str, ...], meanwhile: Callable[[subprocess.Popen[bytes]], None] = lambda _: None
) -> tuple[int, bytes, bytes]:
    """Run a command with a terminal as its standard error; returns its exit code, its output and what the terminal was sent."""
    ours, theirs = pty.openpty()
    environment = {**ENVIRONMENT, "TERM": "xterm"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT, env=environment) as process:
        os.close(theirs)
        meanwhile(process)
        shown = b""
        with suppress(OSError):  # the end of a terminal is an error
            while part := os.read(ours, 4096):
                shown += part
        os.close(ours)
        out, _ = process.communicate()
    return process.returncode, out, shown


def test_an_interrupted_run_takes_its_bar_from_the_terminal_before_it_says_anything(parted: Path, tmp_path: Path) -> None:
    def interrupt_it(process: subprocess.Popen[bytes]) -> None:
        wait_for(lambda: len(marks(tmp_path)) >= 3)
        process.send_signal(signal.SIGTERM)

    code, _, shown = on_a_terminal(command(parted, tmp_path, "--workers", "1"), interrupt_it)
    bars, _, said = shown.decode().partition("\x1b[?25h")  # the cursor is shown again
    assert code == 130
    assert "判定" in bars
    told = COLOURS.sub("", said).replace("\r", "").lstrip("\n")
    assert re.fullmatch(r"提示\[run-parts-kept\]: .*\n.*--fresh.*\n\n已中断；原有的结果未动\n", told)


@pytest.mark.long
def test_progress_on_a_terminal_tells_the_rate_and_the_time_left(parted: Path, tmp_path: Path) -> None:
    code, out, shown = on_a_terminal(command(parted, tmp_path, "--json"))
    assert code == 0
    bars = COLOURS.sub("", shown.decode())
    assert re.search(r"判定 ━+ +\d+/\d+ [\d,]+ 户/秒，剩余 \d+:\d\d", bars), bars
    assert json.loads(out)["run"]["parts"] == 24


# --- sources, workers, memory ------------------------------------------------------------------------------------


@pytest.mark.long
def test_any_number_of_workers_gives_the_same_bytes(zhida: Zhida, parted: Path, tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    for workers in (1, 3):
        assess(zhida, parted, tmp_path / str(workers), "--workers", workers, "--csv")
        assert files_below(tmp_path / str(workers)) == undisturbed


@pytest.mark.long
def test_results_csv_is_for_registries_of_one_part_unless_it_is_asked_for(
    zhida: Zhida, district: District, parted: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for source, options, expected in (
        (district.registry, (), True),
        (district.registry, ("--no-csv",), False),
        (parted, ("--csv",), True),
        (parted, (), False),
    ):
        assess(zhida, source, out, *options)
        assert {path.name for path in out.iterdir()} == (RESULTS if expected else RESULTS - {"results.csv"})


@pytest.mark.parametrize("text", ["1 GiB", "2GB", "900.5mb", "1500000000"])
def test_memory_is_named_in_many_ways(zhida: Zhida, district: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("zhida.assess.order.used_memory", lambda: 100_000_000)  # whatever other tests have left in this process
    assess(zhida, district.registry, tmp_path / "out", "--memory", text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lots", "错误：--memory：“lots”不是大小，写法如 1GB、512MiB"),
        ("1 PB", "错误：--memory：“1 PB”不是大小"),
        ("-1GB", "错误：--memory：“-1GB”不是大小"),
        ("1MB", "错误[run-memory-too-small]: 内存 1 MB 不够：24 列、4 项政策至少需要 "),
    ],
)
def test_memory_that_is_none_or_too_little_is_misuse(zhida: Zhida, district: District, tmp_path: Path, text: str, said: str) -> None:
    answer = zhida("assess", district.registry, "--out", tmp_path / "out", "--packs", PACKS, "--memory", text)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(said)
    assert not (tmp_path / "out").exists()


def test_the_run_is_told_on_the_terminal_and_not_in_the_files(zhida: Zhida, district: District, tmp_path: Path) -> None:
    answer = zhida("assess", district.registry, "--out", tmp_path, "--packs", PACKS, "--as-of", AS_OF, "--json")
    data = json.loads(answer.out)
    assert data["run"]["rows"] == data["subjects"] == data["run"]["rows_decided"]
    assert {"seconds", "rows_per_second", "rows_interpreted", "kernel", "threads", "processes"} <= data["run"].keys()
    assert "run" not in json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    told = assess(zhida, district.registry, tmp_path, "--lang", "en")
    assert re.search(r"\d+ subjects × 4 policies in [\d.]+ s, [\d,]+ a second; kernel \w+\n", told)


@pytest.mark.long
def test_only_what_changed_is_decided_when_former_results_are_named(zhida: Zhida, parted: Path, tmp_path: Path) -> None:
    assess(zhida, parted, tmp_path / "former")
    rows = pl.read_parquet(parted)
    changed = rows.with_columns(pl.when(pl.int_range(rows.height) % 100 == 7).then(None).otherwise(pl.col("从业人员")).alias("从业人员"))
    (tmp_path / "new").mkdir()
    changed.write_parquet(tmp_path / "new/registry.parquet", row_group_size=20, metadata=pl.read_parquet_metadata(parted))
    assess(zhida, tmp_path / "new/registry.parquet", tmp_path / "full", "--json")
    told = assess(zhida, tmp_path / "new/registry.parquet", tmp_path / "renewed", "--changed-since", tmp_path / "former")
    found = re.search(r"4 项政策 × (\d+) 户照抄；内核", told)
    assert found
    assert rows.height - 5 <= int(found[1]) < rows.height
    assert files_below(tmp_path / "renewed") == files_below(tmp_path / "full")


@pytest.mark.long
def test_a_registry_as_csv_gives_the_same_answers(zhida: Zhida, parted: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(parted)
    names = [name for name in rows.columns if not name.endswith(":absent") and rows.schema[name] != pl.List(pl.Decimal(38, 0))]
    lists = [name for name in names if isinstance(rows.schema[name], pl.List)]
    chosen = rows.select(names).with_columns(pl.col(name).list.eval(pl.element().cast(pl.String)).list.join(";") for name in lists)
    chosen.write_csv(tmp_path / "registry.csv")
    assess(zhida, tmp_path / "registry.csv", tmp_path / "csv", "--policy", "sme-size")
    assess(zhida, parted, tmp_path / "parquet", "--policy", "sme-size")
    column = "national/sme-size:outcome"
    parts = [*tmp_path.glob("csv/*.parquet")], sorted(tmp_path.glob("parquet/results.parquet/*"))
    found = [pl.concat([pl.read_parquet(file)[column].cast(pl.String) for file in files]) for files in parts]
    assert found[0].equals(found[1])


def quoted(value: object) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


@pytest.mark.long
def test_a_table_of_a_database_gives_the_same_answers_and_can_be_taken_up_again(
    zhida: Zhida, parted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [KEY, "企业名称", "行业代码", "从业人员", "营业收入@2025", "资产总额@2025"]
    rows = ", ".join(f"({', '.join(map(quoted, row))})" for row in pl.read_parquet(parted).select(names).iter_rows())
    columns = ", ".join(f'"{name}" {"numeric" if name in names[3:] else "text"}' for name in names)
    chosen = ("--policy", "sme-size", "--no-csv")
    monkeypatch.setattr("zhida.assess.order.ROWS_PER_PART", 100)
    with ExitStack() as stack:
        try:
            address = stack.enter_context(running_server())
        except OSError as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        run(address, f"CREATE TABLE enterprise ({columns})", f"INSERT INTO enterprise VALUES {rows}")  # noqa: S608 - names of ours
        source = f"{address}&table=enterprise"
        monkeypatch.setattr("zhida.cli.assess.write_text", interrupt)
        assert zhida("assess", source, "--out", tmp_path / "sql", "--packs", PACKS, "--as-of", AS_OF, *chosen).code == 130
        monkeypatch.undo()
        monkeypatch.setattr("zhida.assess.order.ROWS_PER_PART", 100)
        assert zhida("assess", source, "--out", tmp_path / "sql", "--packs", PACKS, "--as-of", AS_OF, *chosen).err.startswith(
            "接着上次：已完成 5/5 块\n"
        )
    assess(zhida, parted, tmp_path / "parquet", *chosen)
    column = "national/sme-size:outcome"
    folders = [sorted((tmp_path / name / "results.parquet").iterdir()) for name in ("sql", "parquet")]
    found = [pl.concat([pl.read_parquet(file).select(KEY, pl.col(column).cast(pl.String)) for file in files]) for files in folders]
    assert found[0].equals(found[1])


MEASURED = """
import sys
from zhida.cli import run
from zhida.registry_io.memory import most_used_memory
code = run(sys.argv[1:])
print(code, most_used_memory())
"""


@pytest.mark.long
def test_memory_stays_below_what_was_named(parted: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(parted)
    times = -(-400_000_000 // rows.estimated_size())
    many = pl.concat([rows] * times).with_columns(pl.format("9133{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(14)).alias(KEY))
    assert many.estimated_size() >= 400_000_000
    many.write_parquet(tmp_path / "registry.parquet", metadata=pl.read_parquet_metadata(parted), row_group_size=131_072)
    arguments = command(tmp_path / "registry.parquet", tmp_path / "out", "--memory", "360MB")[len(COMMAND) :]
    measured = subprocess.run([sys.executable, "-c", MEASURED, *arguments], check=True, capture_output=True, env=ENVIRONMENT, cwd=ROOT)
    code, peak = map(int, measured.stdout.split()[-2:])
    assert code == 0, measured.stderr.decode()
    assert peak < 360_000_000
