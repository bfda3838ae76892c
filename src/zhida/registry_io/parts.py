"""Parts of a run: results that are kept piece by piece beside their target, and take its place together at the end.

    OUT/.results-<digest>/          the work of one order; another order has another digest
        lock                        held by whoever works here
        parts/part-00000.parquet    a part that is done; written elsewhere, then renamed
        marks/part-00000.json       what it was made of; a part without its mark, or of another size, is not done
        beside/results.csv          what stands beside the results
        commit.json                 the names that change places: once it is there, it is settled that they all do
        old/results.parquet         what stood at the target before, until everything is in its place
    OUT/results.parquet             one file where there is one part, else a folder of parts; with it whatever is beside

Whatever happens on the way (Ctrl-C, a full disk, a power cut), the old results are there, whole, or the new ones are; a change
of places that was cut short is brought to its end by the next run into the same folder.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zhida.errors import InputError, diagnostic
from zhida.registry_io.replacing import replacing, settle, write_failed

try:
    import fcntl
except ImportError:  # Windows has none: there, nobody keeps two runs apart
    fcntl = None  # type: ignore[assignment]

RESULTS_FILE = "results.parquet"
WORK_PREFIX = ".results-"
PART = re.compile(r"part-[0-9]{5,}\.parquet")
LOCK_TRIES = 100
"""How often a lock is taken anew that somebody has removed meanwhile."""

LAST = {"commit.json": 1, "lock": 2}
"""What of a work folder is removed last, and in which order."""

DIGEST_DIGITS = 16
"""Digits of an order's digest that name its work folder."""


@dataclass(frozen=True, slots=True)
class PartMark:
    """What a part that is done was made of."""

    fingerprint: str
    """That of the rows it was made from."""
    rows: int
    """How many there are."""
    size: int
    """Bytes of its file."""
    interpreted: int
    """Rows that went to the interpreter, counted for each policy."""
    taken_over: int
    """Rows that were taken over from earlier results as they were."""


def part_name(place: int) -> str:
    """Return the name of a part, in whose order the parts sort.

    >>> part_name(7)
    'part-00007'
    """
    return f"part-{place:05}"


class WorkFolder:
    """Where the parts of one order are kept until all are done."""

    def __init__(self, target: Path, path: Path) -> None:
        """Keep the places; see `work_folder`."""
        self.target = target
        """The folder of the results."""
        self.path = path
        """The hidden folder in it."""
        self.beside = path / "beside"
        """What is written here takes its place together with the results."""

    def file(self, place: int) -> Path:
        """Return the file of a part."""
        return self.path / "parts" / f"{part_name(place)}.parquet"

    def results(self, parts: int) -> Path:
        """Return what is to be the results: the file of the only part, or the folder of all."""
        return self.file(0) if parts == 1 else self.path / "parts"

    def done(self, place: int) -> PartMark | None:
        """Return the mark of a part if it is done; whoever asks sees whether it was made of the rows at hand."""
        mark, file = self._mark(place), self.file(place)
        try:
            found = PartMark(**json.loads(mark.read_text(encoding="utf-8")))
            is_whole = file.stat().st_size == found.size
            return found if is_whole and pq.read_metadata(file).num_rows == found.rows else None
        except (OSError, ValueError, TypeError, pa.ArrowException):
            return None

    def kept(self) -> int:
        """Return how many parts are done."""
        return sum(1 for _ in (self.path / "marks").iterdir())

    def read(self, place: int) -> pa.Table:
        """Return a part that is done."""
        return read_part(self.file(place))

    def write(self, place: int, data: bytes, mark: PartMark) -> None:
        """Write a part, which is a Parquet file; it counts as done when its mark is in place.

        Raises:
            InputError: registry-write-failed.
        """
        self._put(self.file(place), data)
        self._put(self._mark(place), json.dumps(asdict(mark)).encode())

    def publish(self, parts: int) -> list[Path]:
        """Put the results and what is beside them into their places: all of them, or none.

        What is there of an earlier run and is not among the new files is taken away with it.

        Args:
            parts: How many parts there are; more than that are left overs and are dropped.

        Returns:
            The paths, results first.

        Raises:
            InputError: registry-write-failed.
        """
        try:
            for extra in (self.path / "parts").iterdir():
                if extra.name not in {f"{part_name(place)}.parquet" for place in range(parts)}:
                    extra.unlink()
            results = self.results(parts)
            beside = sorted(self.beside.iterdir())
            for path in beside:
                settle(path)
            moves = {RESULTS_FILE: str(results.relative_to(self.path))} | {path.name: f"beside/{path.name}" for path in beside}
            _refuse_what_is_not_ours(self.target / RESULTS_FILE)
            (self.path / "old").mkdir(exist_ok=True)
            with replacing(self.path / "commit.json") as commit:
                commit.write_text(json.dumps(moves, ensure_ascii=False), encoding="utf-8")
            _change_places(self.path, self.target, moves)
        except OSError as error:
            raise write_failed(self.target, error) from error
        return [self.target / name for name in sorted(moves, key=lambda name: OWNED.index(name) if name in OWNED else len(OWNED))]

    def _mark(self, place: int) -> Path:
        return self.path / "marks" / f"{part_name(place)}.json"

    def _put(self, path: Path, data: bytes) -> None:
        """Write a file elsewhere and rename it into place, with everything on the disk before and after."""
        new = self.path / f"new-{os.getpid()}-{path.name}"  # whoever is left over of a run that was killed writes no file of ours
        try:
            with new.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            with suppress(OSError):  # some file systems cannot settle a folder
                settle(path.parent)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            raise write_failed(self.target, error) from error


def sorted_words(table: pa.Table) -> pa.Table:
    """Return a table whose columns of words have in their dictionaries just the words that occur, sorted.

    So the same rows give the same bytes, whichever words were known when they were decided.
    """
    if any(column.num_chunks != 1 for column in table.columns):
        table = table.unify_dictionaries().combine_chunks()
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            column = table.column(place)
            table = table.set_column(place, field, sorted_column(column.chunk(0) if column.num_chunks else pa.array([], column.type)))
    return table


def sorted_column(array: pa.Array) -> pa.Array:
    """Return a column as `sorted_words` does; one that holds no words as it is."""
    if not pa.types.is_dictionary(array.type):
        return array
    if array.null_count == len(array):
        return pa.DictionaryArray.from_arrays(pa.nulls(len(array), pa.int32()), pa.array([], pa.string()))
    indices = _places(array.indices)
    known: list[str] = array.dictionary.to_pylist()
    occurs = np.zeros(len(known) + 1, np.bool_)
    occurs[indices] = True  # the last place is that of none
    words = sorted({word for word, is_one in zip(known, occurs[:-1].tolist(), strict=True) if is_one})
    if words == known:
        return array
    places = {word: place for place, word in enumerate(words)}
    changed = np.array([*(places.get(word, 0) for word in known), 0], np.int32)[indices]
    validity = None if array.indices.offset else array.indices.buffers()[0]
    if array.null_count and validity is None:
        found = pa.array(changed, mask=indices < 0)
    else:
        found = pa.Array.from_buffers(pa.int32(), len(array), [validity, pa.py_buffer(changed)])
    return pa.DictionaryArray.from_arrays(found, pa.array(words, pa.string()))


def _places(indices: pa.Int32Array) -> NDArray[np.int32]:
    """Return the place of each row's word, -1 for none; by the bits of validity themselves, for there are many columns of words."""
    validity, data = indices.buffers()
    if not indices.null_count or indices.offset or validity is None:
        plain: NDArray[np.int32] = (indices.fill_null(-1) if indices.null_count else indices).to_numpy()
        return plain
    is_valid = np.unpackbits(np.frombuffer(validity, np.uint8), count=len(indices), bitorder="little").view(np.bool_)
    return np.where(is_valid, np.frombuffer(data, np.int32)[: len(indices)], np.int32(-1))


def read_part(file: Path) -> pa.Table:
    """Return what a part holds."""
    with pq.ParquetFile(file) as opened:
        return opened.read()


@contextmanager
def work_folder(target: Path, digest: str, *, is_fresh: bool = False) -> Iterator[WorkFolder]:
    """Give the work folder of an order, which nobody else works in meanwhile.

    If the block ends well and everything was published, it is removed, and those of other orders too; else it stays.

    Args:
        target: The folder of the results, which exists.
        digest: Of the order: everything that decides what the parts hold.
        is_fresh: Whether to drop what is there.

    Raises:
        InputError: registry-write-failed, run-in-progress.
    """
    path = target / f"{WORK_PREFIX}{digest[:DIGEST_DIGITS]}"
    try:
        _end_changes(target)
        _refuse_what_is_not_ours(target / RESULTS_FILE)
        with _locked(path, is_wanted=True) as is_ours:
            if not is_ours:
                raise InputError([diagnostic("run-in-progress", None, folder=target)])
            _clear(path, everything=is_fresh)
            for name in ("parts", "marks", "beside"):
                (path / name).mkdir(exist_ok=True)
            is_published = False
            try:
                with _told_of_the_target(path, target):
                    yield WorkFolder(target, path)
                is_published = (path / "commit.json").exists()
            finally:
                if is_published or not any((path / "marks").iterdir()):
                    with suppress(OSError):
                        _drop(path)
            if is_published:
                with suppress(OSError):
                    _drop_others(target)
    except OSError as error:
        raise write_failed(target, error) from error


@contextmanager
def _told_of_the_target(path: Path, target: Path) -> Iterator[None]:
    """Tell of the file that was to be, not of the one in the work folder that nobody will see."""
    try:
        yield
    except InputError as error:
        beside = f"{path}{os.sep}beside"
        found = [{name: word.replace(beside, str(target)) for name, word in item.arguments.items()} for item in error.diagnostics]
        raise InputError([replace(item, arguments=words) for item, words in zip(error.diagnostics, found, strict=True)]) from error


@contextmanager
def _locked(path: Path, *, is_wanted: bool = False) -> Iterator[bool]:
    """Try to be the only one in a folder; the operating system lets go of it when this process ends, however it ends.

    Whoever was the only one before may remove the folder between the opening of the lock and the taking of it. A lock that does not
    stand there any more keeps nobody away: then another is taken.

    Args:
        path: The folder.
        is_wanted: Whether to make it where it is gone; else there is nothing to be done in it.
    """
    for _ in range(LOCK_TRIES):
        if is_wanted:
            path.mkdir(exist_ok=True)
        try:
            lock = (path / "lock").open("wb")
        except FileNotFoundError:
            if is_wanted:
                continue
            break
        with lock:
            is_ours = _is_taken(lock.fileno())
            if not is_ours or _is_there(lock.fileno(), path / "lock"):
                yield is_ours
                return
    yield False


def _is_taken(descriptor: int) -> bool:
    """Say whether a lock could be taken."""
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _is_there(descriptor: int, path: Path) -> bool:
    """Say whether an open file is the one that stands in a place."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _clear(path: Path, *, everything: bool) -> None:
    """Remove what a run that was cut short had begun to write, or everything; parts that are done stay."""
    kept = {"lock"} if everything else {"lock", "parts", "marks"}
    for item in path.iterdir():
        if item.name not in kept:
            _remove(item)


def _refuse_what_is_not_ours(results: Path) -> None:
    """Refuse to take the place of a folder that holds anything but parts."""
    if results.is_dir() and not all(PART.fullmatch(item.name) for item in results.iterdir()):
        raise IsADirectoryError(f"{RESULTS_FILE} is a folder with other files")


def _change_places(path: Path, target: Path, moves: Mapping[str, str]) -> None:
    """Put what was made into its places, keeping what was there; after a refusal or Ctrl-C, everything goes back."""
    moved: list[tuple[Path, Path]] = []
    names = [*moves, *(name for name in OWNED if name not in moves)]
    try:
        for name in names:
            place, old = target / name, path / "old" / name
            new = path / moves[name] if name in moves else None
            if new is not None and not new.exists():
                continue  # a change of places that was cut short had come so far
            if place.exists() and not old.exists():
                place.replace(old)
                moved.append((old, place))
            if new is not None:
                new.replace(place)
                moved.append((place, new))
    except (OSError, KeyboardInterrupt):
        for here, there in reversed(moved):
            here.replace(there)
        (path / "commit.json").unlink()
        raise
    with suppress(OSError):
        settle(target)


POPULATION_FILE = "population.csv"
"""What groups of subjects come to, where policies rest on population facts."""

OWNED = (RESULTS_FILE, "results.csv", "report.html", "summary.json", POPULATION_FILE)
"""What a run leaves; what an earlier one left and this one does not is taken away."""


def _end_changes(target: Path) -> None:
    """Bring to their end changes of places that were cut short."""
    for commit in sorted(target.glob(f"{WORK_PREFIX}*/commit.json")):
        with _locked(commit.parent) as is_ours:
            if is_ours and commit.exists():
                _change_places(commit.parent, target, json.loads(commit.read_text(encoding="utf-8")))
                _drop(commit.parent)


def _drop_others(target: Path) -> None:
    """Remove the work folders of other orders, unless somebody works there."""
    for other in sorted(target.glob(f"{WORK_PREFIX}*")):
        if other.is_dir():
            with _locked(other) as is_ours:
                if is_ours:
                    _drop(other)


def _drop(path: Path) -> None:
    """Remove a work folder; the commit late, so that a removal that is cut short is taken up again, and the lock last."""
    for item in sorted(path.iterdir(), key=lambda item: LAST.get(item.name, 0)):
        _remove(item)
    path.rmdir()


def _remove(item: Path) -> None:
    if item.is_dir() and not item.is_symlink():
        shutil.rmtree(item)
    else:
        item.unlink()
