"""What one worker of a run does, in a thread of the run's process or in a process of its own.

    scene ──settle──> population facts, where results go
    rows  ──look────> what the groups of population facts come to in them
          ──decide──> results, written; what was counted of them

What a worker says rests on the job, the scene and the rows alone: nothing of it depends on who the worker is, or on what it did before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from zhida.assess.columns import Columns, RegistryColumns
from zhida.assess.columns_tally import Tally
from zhida.assess.order import RunOrder, population_plan
from zhida.assess.population import Counting, Population, Sums, population_of
from zhida.assess.population_columns import Askers
from zhida.assess.renewing import Decider, Opened, Share
from zhida.assess.sums import TallySums
from zhida.columnar.parquet import parquet_bytes
from zhida.registry_io.former import Former
from zhida.registry_io.parts import PartMark, WorkFolder
from zhida.registry_io.tables import Frame


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is about; it does not change while the run goes on."""

    order: RunOrder
    """What is to be decided."""
    key: str
    """The attribute that names a subject."""
    former: Former | None
    """Former results, of which what still holds is taken over."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Where results go, and what they say of themselves."""

    work: WorkFolder
    """Where the parts are kept."""
    metadata: Mapping[bytes, bytes]
    """What the run adds to what results say of themselves."""


@dataclass(frozen=True, slots=True)
class Scene:
    """How far a run is; every worker is told when that changes."""

    groups: tuple[Sums, ...] = ()
    """What the groups of population facts come to, as far as they are counted, in the order of `population_plan`."""
    writing: Writing | None = None
    """Where results go; None before that is settled."""


@dataclass(frozen=True, slots=True)
class PartRows:
    """Rows of a part, and which part they are."""

    number: int
    """The number of the part."""
    fingerprint: str
    """That of the rows in the source."""
    frame: Frame
    """The rows."""


@dataclass(frozen=True, slots=True)
class DonePart:
    """A part that is decided and written."""

    mark: PartMark
    """Its mark, which is in place."""
    sums: TallySums
    """What was counted of its results."""


@dataclass
class Worker:
    """Works on parts, one after the other; used by one thread at a time."""

    job: Job
    """What the run is about."""
    go_on: Callable[[], None] = lambda: None
    """Called between steps; raises where the part is not wanted any more."""
    share: Share | None = None
    """Decides a batch together with another process; None where there is none."""
    _scene: Scene = field(default_factory=Scene)
    _population: Population | None = None
    _counting: tuple[int, Counting] | None = None
    _decider: Decider | None = None
    _askers: Askers = field(default_factory=Askers)
    _opened: Opened = field(default_factory=dict)
    _taken: tuple[RegistryColumns, Frame] | None = None

    def settle(self, scene: Scene) -> None:
        """Take in how far the run is."""
        if scene is self._scene:
            return
        planned = population_plan(self.job.order)
        self._population = population_of(self.job.order.as_of, zip(planned, scene.groups, strict=False))
        self._scene, self._counting, self._decider = scene, None, None

    def look(self, step: int, frame: Frame) -> list[Sums]:
        """Return for each statistic of a step what its groups come to in some rows."""
        if self._counting is None or self._counting[0] != step:
            self._counting = step, Counting(population_plan(self.job.order), self._known(), step, self._askers)
        return self._counting[1].count(frame)

    def decide(self, rows: PartRows) -> DonePart:
        """Decide the rows of a part and write the results.

        Raises:
            InputError: registry-write-failed, run-former-unusable.
        """
        writing, order = self._scene.writing, self.job.order
        assert writing is not None, "where results go is settled before anything is decided"
        decided = self._deciding().decide(rows.frame)
        self.go_on()
        results = decided.results.with_metadata({**writing.metadata, **decided.results.schema.metadata})
        data = parquet_bytes(results, with_statistics=[self.job.key])
        mark = PartMark(rows.fingerprint, results.rows, len(data), decided.interpreted, decided.taken_over)
        writing.work.write(rows.number, data, mark)
        tally = Tally(order.packs, order.policies, as_of=order.as_of, is_synthetic=False, registry="")
        tally.add(results)
        return DonePart(mark, tally.sums())

    def prepare(self) -> None:
        """Make all policies ready before there are rows."""
        self._deciding().columns(self.job.order.policies)

    def take(self, frame: Frame) -> None:
        """Take in a batch, population facts among its columns, of which policies are asked one by one."""
        columns = self._deciding().columns(self.job.order.policies)
        self._taken = columns, columns.ready(frame)

    def one(self, place: int) -> tuple[Columns, int]:
        """Return what the policy at a place says of the batch, and how many rows the interpreter decided."""
        assert self._taken is not None, "a batch was taken in before"
        columns, batch = self._taken
        before = columns.interpreted
        return columns.one(place, batch), columns.interpreted - before

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        if self._decider is not None:
            self._decider.keep()

    def _deciding(self) -> Decider:
        if self._decider is None:
            job = self.job
            self._decider = Decider(job.order, job.key, job.former, self._known(), self._askers, self.share, opened=self._opened)
        return self._decider

    def _known(self) -> Population:
        return self._population or Population(self.job.order.as_of)
