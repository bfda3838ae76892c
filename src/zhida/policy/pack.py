"""Packs: folders of policies, dictionaries and parameters that see each other by name.

    packs/<pack>/policies/<name>.md      policies, called pack/name
    packs/<pack>/registry/<subject>.md   data dictionaries
    packs/<pack>/codes/<name>.md         code lists
    packs/<pack>/parameters.md           figures that a place sets
    packs/<pack>/stacking.md             which benefits go together
    packs/<pack>/ladder.md               the rungs by which a subject grows
    packs/<pack>/calendar.md             days off and days worked; no policy rests on it, and it is not read here

Everything is read and compiled once, faults are collected over all of it, and `model_of` links a policy with the
versions of what it uses that are in force on a day. Invariant: a policy whose diagnostics hold an error is never linked.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from zhida.dmn.compile import compile_definitions, link
from zhida.dmn.compiled import CompiledDecision, CompiledDefinitions, DecisionModel
from zhida.dmn.elementary import Use, uses
from zhida.dmn.graph import closure, sort_requirements
from zhida.dmn.model import Definitions, InputData, ItemDefinition
from zhida.dmn.wiring import shape_of
from zhida.errors import CompileError, Diagnostic, InputError, diagnostic, has_errors, nearest
from zhida.feel.builtins import BUILTINS
from zhida.feel.shape import Shape
from zhida.policy import checks
from zhida.policy.codes import CodeList, parse_codes
from zhida.policy.dictionary import Dictionary, parse_dictionary
from zhida.policy.document import PolicyDocument, parse, read_source
from zhida.policy.front_matter import FrontMatter, Interval
from zhida.policy.ladder import Ladder, read_ladders
from zhida.policy.naming import name_clashes
from zhida.policy.parameters import Parameter, parameter_faults, parse_parameters
from zhida.policy.stacking import StackingGroup, Surroundings, read_stacking
from zhida.policy.stacking_examples import Decided, StackingExample, read_stacking_examples
from zhida.policy.statistics import statistic_faults
from zhida.policy.tangle import APPLIES, Caveat, TangledPolicy, caveats_in, tangle
from zhida.policy.versions import effective_intervals, version_faults, version_on
from zhida.policy.years import Years, parse_offset
from zhida.source import Snippet, Source, Span
from zhida.values.temporal import Date
from zhida.values.unknown import unknown


@dataclass(slots=True, eq=False)
class _Text:
    """The text of a policy and what it is read into, which is left behind on the way through bytes and read anew when asked for."""

    source: Source
    """The text."""
    read: tuple[PolicyDocument, TangledPolicy] | None
    """What it was read into, where it was."""

    def __reduce__(self) -> tuple[type["_Text"], tuple[Source, None]]:
        """Leave behind what the text alone says: there are more cells of tables in it than of everything else."""
        return _Text, (self.source, None)

    def both(self) -> tuple[PolicyDocument, TangledPolicy]:
        """Return what the text is read into."""
        if self.read is None:
            document = parse(self.source)
            self.read = (document, tangle(document))
        return self.read


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, read and compiled."""

    id: str
    """`pack/name`, by the place of its file."""
    sha256: str
    """Digest of its text: the name of exactly this version."""
    front: FrontMatter
    """What it says of itself."""
    compiled: CompiledDefinitions
    """Its decisions, checked."""
    diagnostics: tuple[Diagnostic, ...]
    """All that was found in it."""
    _text: _Text = field(repr=False, compare=False)
    """Its text, whose digest is `sha256`."""

    @property
    def source(self) -> Source:
        """Its text."""
        return self._text.source

    @property
    def document(self) -> PolicyDocument:
        """Its blocks."""
        return self._text.both()[0]

    @property
    def tangled(self) -> TangledPolicy:
        """What it executes."""
        return self._text.both()[1]

    @property
    def is_sound(self) -> bool:
        """Whether it can be evaluated."""
        return not has_errors(self.diagnostics)

    def element(self, name: Snippet | None) -> str | None:
        """Return the id of the decision that a front-matter value names."""
        return f"{self.id}#{name.text}" if name else None

    @property
    def published(self) -> dict[str, CompiledDecision]:
        """Its decisions that others may use, by name."""
        ids = {name.text: f"{self.id}#{name.text}" for name in self.front.publishes}
        return {name: self.compiled.decisions[id_] for name, id_ in ids.items() if id_ in self.compiled.decisions}

    @property
    def applies_id(self) -> str | None:
        """The id of the decision that says who is in scope."""
        return f"{self.id}#{APPLIES}" if self.front.applies else None

    @property
    def eligible_id(self) -> str | None:
        """The id of the decision that says who is eligible."""
        return self.element(self.front.eligible)

    @property
    def result_id(self) -> str | None:
        """The id of the decision that is the status."""
        return self.element(self.front.result)

    @property
    def amount_id(self) -> str | None:
        """The id of the decision that is the amount."""
        return self.element(self.front.amount)


@dataclass(frozen=True, slots=True)
class PolicyModel:
    """A policy linked with what it uses on a day, ready to be evaluated."""

    policy: Policy
    """The policy."""
    as_of: Date
    """The day."""
    in_force: Interval
    """The days on which the policy is law: its own, up to the day before one that replaces it begins."""
    model: DecisionModel
    """Its decisions and those it uses."""
    parameters: Mapping[str, object]
    """The values of the parameters on that day, by id; `Unknown` where a figure is lacking."""
    used: Mapping[str, str]
    """Each policy that is used by name, with the version that is meant."""
    used_policies: tuple[Policy, ...]
    """The versions that are meant, each once."""
    parameter_rows: Mapping[str, tuple[Parameter, ...]]
    """All rows of each parameter, by name."""
    _items: dict[str, ItemDefinition] = field(default_factory=dict, repr=False)
    """What is known of attributes and parameters, by name, once it was asked for."""
    _uses: dict[tuple[str, ...], dict[str, Use]] = field(default_factory=dict, repr=False)
    """What was found out before of how named values are used, by goals."""
    witnessed: dict[str, tuple[object, ...]] = field(default_factory=dict, repr=False)
    """Values that a decision is known to have for some value of what it rests on, by id, as far as that was asked."""

    def item(self, name: str) -> ItemDefinition | None:
        """Return what is known of an attribute or parameter by its name in FEEL, that of an earlier year included."""
        if not self._items:
            self._items.update((data.name, data.item) for data in self.policy.compiled.definitions.inputs)
        items = self._items
        base, offset = parse_offset(name)
        if name in items or not offset or base not in items or not items[base].is_yearly:
            return items.get(name)
        return replace(items[base], name=name)

    def uses(self, goals: tuple[str, ...]) -> dict[str, Use]:
        """Return how each named value is used by what `goals` rest on, by id."""
        if goals not in self._uses:
            self._uses[goals] = uses(self.model, goals)
        return self._uses[goals]


@dataclass(frozen=True, slots=True)
class Packs:
    """All packs that see each other."""

    dictionaries: Mapping[str, Dictionary]
    """By subject."""
    parameters: Mapping[str, tuple[Parameter, ...]]
    """By name; one for each stretch of days."""
    policies: Mapping[str, Policy]
    """By id, in the order of the files."""
    in_force: Mapping[str, Interval]
    """The days on which each policy is law, what replaces it considered; by id."""
    diagnostics: tuple[Diagnostic, ...]
    """All that was found anywhere."""
    codes: Mapping[str, CodeList] = field(default_factory=dict)
    """Code lists by name."""
    stacking: tuple[StackingGroup, ...] = ()
    """Which benefits may be enjoyed together, in the order of the files."""
    stacking_examples: tuple[StackingExample, ...] = ()
    """What pages of stacking show by examples, in the order of the files."""
    caveats: tuple[Caveat, ...] = ()
    """Reservations that stand on pages which are no policies: parameters, stacking, ladders."""
    ladders: tuple[Ladder, ...] = ()
    """The rungs by which subjects grow, in the order of the files."""
    _linked: dict[tuple[str, str], PolicyModel] = field(default_factory=dict, repr=False)
    """Models that were linked before, by policy and day."""
    _figures: dict[str, dict[str, object]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The values of all parameters, by id, by the days for which they were asked for before."""

    def figures(self, as_of: Date) -> Mapping[str, object]:
        """Return the values of all parameters on a day, by id; `Unknown` where a figure is lacking."""
        key = str(as_of)
        if key not in self._figures:
            self._figures[key] = {parameter_id(name): _valid_value(name, rows, as_of) for name, rows in self.parameters.items()}
        return self._figures[key]

    def model_of(self, policy_id: str, as_of: Date) -> PolicyModel:
        """Return a policy linked with the versions in force on a day.

        Raises:
            InputError: policy-uses-unknown.
            CompileError: the policy, or one that it uses, has errors.
        """
        key = (policy_id, str(as_of))
        if key not in self._linked:
            self._linked[key] = _link(self, policy_id, as_of)
        return self._linked[key]


def load_packs(root: Path) -> Packs:
    """Read and compile all packs below a folder, or one pack.

    Args:
        root: A folder of packs, or a pack (a folder that holds `policies/`).

    Raises:
        InputError: file-not-found or policy-no-policies; everything else is in the `diagnostics` of what comes back.
    """
    if not root.exists():
        raise InputError([diagnostic("file-not-found", name=root)])
    marks = ("policies", "registry", "codes", "parameters.md", "stacking.md", "ladder.md")
    folders = [root] if (root / "policies").is_dir() else sorted({path.parent for mark in marks for path in root.glob(f"*/{mark}")})
    paths = [(folder, path) for folder in folders for path in sorted((folder / "policies").glob("*.md"))]
    if not paths:
        raise InputError([diagnostic("policy-no-policies", name=root)])
    return _Loader().load(folders, paths)


def with_policy(packs: Packs, policy_id: str, source: Source) -> Policy:
    """Return a policy, read and compiled as if it stood among packs; they stay as they are.

    Args:
        packs: The packs, whose dictionaries, parameters and policies it may use.
        policy_id: `pack/name`; a policy of this name among the packs is not looked at.
        source: Its text.
    """
    loader = _Loader()
    loader.dictionaries = dict(packs.dictionaries)
    loader.parameters = {name: list(rows) for name, rows in packs.parameters.items()}
    loader.policies = dict(packs.policies)
    loader.tangled = {id_: (policy.document, policy.tangled) for id_, policy in packs.policies.items()}
    document = parse(source)
    loader.tangled[policy_id] = (document, tangle(document))
    return loader.compile(policy_id)


class _Loader:
    """Reads the files of all packs, then compiles the policies in the order of what they use."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.codes: dict[str, CodeList] = {}
        self.dictionaries: dict[str, Dictionary] = {}
        self.parameters: dict[str, list[Parameter]] = {}
        self.parameter_faults: list[Diagnostic] = []
        self.tangled: dict[str, tuple[PolicyDocument, TangledPolicy]] = {}
        self.policies: dict[str, Policy] = {}
        self.folders: list[Path] = []
        self.caveats: list[Caveat] = []
        self.inputs: dict[str, tuple[InputData, ...]] = {}
        self.shapes: dict[str, dict[str, Shape]] = {}

    def load(self, folders: Iterable[Path], paths: Iterable[tuple[Path, Path]]) -> Packs:
        """Read everything."""
        self.folders = list(folders)
        for folder in self.folders:
            self.read_codes(folder)
        for folder in self.folders:
            self.read_registry(folder)
            self.read_parameters(folder)
        self.check_parameters()
        for folder, path in paths:
            source = self.read(path)
            if source is not None:
                document = parse(source)
                self.tangled[f"{folder.resolve().name}/{path.stem}"] = (document, tangle(document))
        uses = {id_: [used.text for used in tangled.front.uses] for id_, (_, tangled) in self.tangled.items()}
        order, cycles = sort_requirements(uses)
        for cycle in cycles:
            span = next(used.span() for used in self.tangled[cycle[0]][1].front.uses if used.text == cycle[1])
            self.diagnostics.append(diagnostic("dmn-cycle", span, cycle=" → ".join(cycle)))
        for id_ in order:
            self.policies[id_] = self.compile(id_)
        for dictionary in self.dictionaries.values():
            own = (tangled.front for _, tangled in self.tangled.values() if tangled.front.subject == dictionary.subject)
            published = {name.text for front in own for name in front.publishes}
            for statistic in dictionary.statistics.values():
                self.diagnostics.extend(statistic_faults(statistic, dictionary.items, published))
        fronts = {id_: tangled.front for id_, (_, tangled) in self.tangled.items()}
        intervals = effective_intervals(fronts)
        self.check_versions(fronts, intervals)
        stacking, stacking_examples = self.read_stacking()
        ladders = self.read_ladders()
        policies = {id_: self.policies[id_] for id_ in self.tangled}
        told = (item for policy in policies.values() for item in policy.diagnostics if item not in self.parameter_faults)
        found = [*self.diagnostics, *told]
        rows = {name: tuple(rows) for name, rows in self.parameters.items()}
        diagnostics = in_reading_order(found)
        return Packs(
            dictionaries=self.dictionaries,
            parameters=rows,
            policies=policies,
            in_force=intervals,
            diagnostics=diagnostics,
            codes=self.codes,
            stacking=tuple(stacking),
            stacking_examples=tuple(stacking_examples),
            caveats=tuple(self.caveats),
            ladders=ladders,
        )

    def read(self, path: Path) -> Source | None:
        """Read one file; what is wrong with it is kept."""
        try:
            return read_source(path)
        except InputError as error:
            self.diagnostics.extend(error.diagnostics)
            return None

    def read_codes(self, folder: Path) -> None:
        """Read the code lists of a pack."""
        for path in sorted((folder / "codes").glob("*.md")):
            source = self.read(path)
            if source is None:
                continue
            found = parse_codes(source, path.stem, self.diagnostics)
            first = self.codes.setdefault(path.stem, found)
            if first is not found:
                self.diagnostics.append(diagnostic("dmn-duplicate-name", Span(source, 0, 0), name=path.stem, first=first.source.name))

    def read_registry(self, folder: Path) -> None:
        """Read the data dictionaries of a pack."""
        for path in sorted((folder / "registry").glob("*.md")):
            source = self.read(path)
            if source is not None:
                dictionary = parse_dictionary(source, path.stem, self.codes)
                self.diagnostics.extend(dictionary.diagnostics)
                if path.stem in self.dictionaries:
                    first = self.dictionaries[path.stem].source.name
                    self.diagnostics.append(diagnostic("dmn-duplicate-name", Span(source, 0, 0), name=path.stem, first=first))
                else:
                    self.dictionaries[path.stem] = dictionary

    def read_parameters(self, folder: Path) -> None:
        """Read the parameters of a pack."""
        path = folder / "parameters.md"
        source = self.read(path) if path.exists() else None
        self.caveats += caveats_in(parse(source)) if source else ()
        for parameter in parse_parameters(source, self.diagnostics) if source else ():
            rows = self.parameters.setdefault(parameter.item.name, [])
            first = rows[0].item.span if rows else None
            if first is not None and first.source is not source:
                span = parameter.item.span
                self.diagnostics.append(diagnostic("dmn-duplicate-name", span, name=parameter.item.name, first=first.place))
            rows.append(parameter)

    def read_stacking(self) -> tuple[list[StackingGroup], list[StackingExample]]:
        """Read which benefits go together, and what shows it, once all policies are known."""
        subjects = {id_: tangled.front.subject for id_, (_, tangled) in self.tangled.items()}
        shapes = {id_: {name: found.shape for name, found in policy.published.items()} for id_, policy in self.policies.items()}
        around = Surroundings(subjects, shapes, self.dictionaries, self.parameters)
        decided = {id_: Decided(_own(tangled), frozenset(self.lent(tangled))) for id_, (_, tangled) in self.tangled.items()}
        groups: list[StackingGroup] = []
        examples: list[StackingExample] = []
        for folder in self.folders:
            path = folder / "stacking.md"
            source = self.read(path) if path.exists() else None
            if source is not None:
                document = parse(source)
                self.diagnostics.extend(document.diagnostics)
                self.caveats += caveats_in(document)
                found = read_stacking(document, around, self.diagnostics)
                groups += found
                examples += read_stacking_examples(document, found, around, decided, self.diagnostics)
        return groups, examples

    def read_ladders(self) -> tuple[Ladder, ...]:
        """Read the rungs by which subjects grow, once all policies are known."""
        subjects = {id_: tangled.front.subject for id_, (_, tangled) in self.tangled.items()}
        shapes = {id_: {name: found.shape for name, found in policy.published.items()} for id_, policy in self.policies.items()}
        around = Surroundings(subjects, shapes, self.dictionaries, self.parameters)
        ladders: list[Ladder] = []
        for path in (folder / "ladder.md" for folder in self.folders):
            source = self.read(path) if path.exists() else None
            if source is not None:
                document = parse(source)
                self.diagnostics.extend(document.diagnostics)
                self.caveats += caveats_in(document)
                ladders += read_ladders(document, around, self.diagnostics)
        return tuple(ladders)

    def check_parameters(self) -> None:
        """Check that no parameter has, or reads as, the name of an attribute, and that its rows fit each other."""
        for rows in self.parameters.values():
            self.parameter_faults.extend(parameter_faults(rows))
        self.diagnostics.extend(self.parameter_faults)
        spans = {name: rows[0].item.span for name, rows in self.parameters.items()}
        for dictionary in self.dictionaries.values():
            for name in dictionary.items.keys() & self.parameters.keys():
                first = dictionary.items[name].span
                span = self.parameters[name][0].item.span
                self.diagnostics.append(diagnostic("dmn-duplicate-name", span, name=name, first=first.place if first else ""))
            declared = {name: item.span for name, item in dictionary.items.items()}
            self.diagnostics.extend(name_clashes({name: span for name, span in declared.items() if span}, spans))
            own = {name: span for name, span in spans.items() if span and name not in declared}
            self.diagnostics.extend(item for item in name_clashes(own, declared) if item not in self.diagnostics)

    def check_versions(self, fronts: Mapping[str, FrontMatter], intervals: Mapping[str, Interval]) -> None:
        """Check who replaces whom, and that a successor publishes what it replaces published; keep it with the policy."""
        found: dict[str, list[Diagnostic]] = {}
        for id_, item in version_faults(fronts, intervals):
            found.setdefault(id_, []).append(item)
        for id_, policy in self.policies.items():
            for replaced in policy.front.replaces:
                old = self.policies.get(replaced.text)
                if old is not None:
                    faults = checks.successor_publishes(policy.front, replaced, old.published, policy.published)
                    found.setdefault(id_, []).extend(faults)
        for id_, items in found.items():
            policy = self.policies[id_]
            self.policies[id_] = replace(policy, diagnostics=in_reading_order((*policy.diagnostics, *items)))

    # --- compiling -----------------------------------------------------------------------------------------------

    def compile(self, id_: str) -> Policy:
        """Compile one policy, knowing those that it uses."""
        document, tangled = self.tangled[id_]
        front = tangled.front
        found: list[Diagnostic] = []
        if front.policy and front.policy != id_:
            found.append(diagnostic("policy-path", document.front["policy"].snippet.span(), name=front.policy, expected=id_))
        dictionary = self.dictionaries.get(front.subject)
        if dictionary is None and front.subject:
            near = nearest(front.subject, self.dictionaries)
            found.append(diagnostic("policy-unknown-subject", document.front["subject"].snippet.span(), name=front.subject, near=near))
        imports, shapes = self.imports(tangled, set(dictionary.items if dictionary else ()) | set(self.parameters), found)
        inputs = list(self.declared(dictionary))
        years = self.years(tangled, dictionary, imports)
        decisions, knowledge_models = years.spread(tangled.decisions), years.spread(tangled.knowledge_models)
        inputs += years.used.values()
        found.extend(years.diagnostics)
        definitions = Definitions(id_, decisions, knowledge_models, tuple(inputs), imports)
        compiled = compile_definitions(definitions, shapes, self.shapes[dictionary.subject if dictionary else ""])
        found.extend(checks.front_names(tangled))
        found.extend(checks.goal_types(id_, front, compiled))
        found.extend(checks.listed_results(compiled))
        used = {data.name for data in compiled.inputs.values()}
        found.extend(item for item in self.parameter_faults if item.arguments["name"] in used)
        found.extend(checks.names_apart(tangled, [*(data.name for data in inputs), *imports]))
        # Without a dictionary no name can be known: the one complaint of it is enough.
        heard = [item for item in compiled.diagnostics if dictionary or item.code != "feel-unknown-name"]
        if dictionary:
            self.check_examples(tangled, dictionary.items, found)
        diagnostics = in_reading_order((*tangled.diagnostics, *found, *heard))
        digest = hashlib.sha256(document.source.text.encode()).hexdigest()
        return Policy(id_, digest, front, compiled, diagnostics, _Text(document.source, (document, tangled)))

    def declared(self, dictionary: Dictionary | None) -> tuple[InputData, ...]:
        """Return what every policy on a kind of subject may be given: attributes and parameters, the same ones for all."""
        subject = dictionary.subject if dictionary else ""
        if subject not in self.inputs:
            data = [InputData(item.name, item) for item in (dictionary.items.values() if dictionary else ())]
            data += [InputData(parameter_id(name), rows[0].item) for name, rows in self.parameters.items()]
            self.inputs[subject] = tuple(data)
            self.shapes[subject] = {each.id: shape_of(each.item) for each in data}
        return self.inputs[subject]

    def years(self, tangled: TangledPolicy, dictionary: Dictionary | None, imports: Iterable[str]) -> Years:
        """Return what writes out the years in the rules of a policy."""
        decisions = (each.name for each in tangled.decisions)
        models = (each.name for each in tangled.knowledge_models)
        return Years(dictionary.items if dictionary else {}, [*decisions, *models, *self.parameters, *imports, *BUILTINS])

    def imports(self, tangled: TangledPolicy, declared: set[str], found: list[Diagnostic]) -> tuple[dict[str, str], dict[str, Shape]]:
        """Return the ids and shapes of the names that the used policies publish; a name may come from one place only."""
        ids: dict[str, str] = {}
        shapes: dict[str, Shape] = {}
        for used in tangled.front.uses:
            policy = self.policies.get(used.text)
            if policy is None:
                if used.text not in self.tangled:
                    near = nearest(used.text, self.tangled)
                    found.append(diagnostic("policy-uses-unknown", used.span(), name=used.text, near=near))
                continue
            for name, decision in policy.published.items():
                id_ = f"{used.text}#{name}"
                first = ids.get(name, name if name in declared else id_)
                if first != id_:
                    found.append(diagnostic("dmn-duplicate-name", used.span(), name=id_, first=first))
                    continue
                ids[name] = id_
                shapes[name] = decision.shape
        for replaced in tangled.front.replaces:
            if replaced.text not in self.tangled:
                near = nearest(replaced.text, self.tangled)
                found.append(diagnostic("policy-uses-unknown", replaced.span(), name=replaced.text, near=near))
        return ids, shapes

    def check_examples(self, tangled: TangledPolicy, attributes: Mapping[str, ItemDefinition], found: list[Diagnostic]) -> None:
        """Check that the columns of examples name what can be given or expected, once for each column."""
        own = set(_own(tangled))
        given = (set(attributes) | set(self.parameters) | self.lent(tangled)) - own
        yearly = {name for name, item in attributes.items() if item.is_yearly}
        found.extend(checks.example_columns(tangled, given, own, yearly))

    def lent(self, tangled: TangledPolicy) -> set[str]:
        """Return the names of the decisions of all policies that a policy uses, directly and through others."""
        used = closure(
            {id_: [name.text for name in policy.front.uses] for id_, policy in self.policies.items()},
            (name.text for name in tangled.front.uses),
        )
        return {decision.name for id_ in used if id_ in self.policies for decision in self.policies[id_].tangled.decisions}


def _own(tangled: TangledPolicy) -> frozenset[str]:
    """Return the names of the decisions of a policy that others may speak of."""
    return frozenset(decision.name for decision in tangled.decisions if decision.name != APPLIES)


def in_reading_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics file by file, in the order in which the files were read, and from top to bottom in each."""
    files: dict[str, list[Diagnostic]] = {}
    for item in diagnostics:
        files.setdefault(item.span.source.name if item.span else "", []).append(item)
    return tuple(item for found in files.values() for item in sorted(found, key=lambda item: item.span.start if item.span else 0))


def parameter_id(name: str) -> str:
    """Return the id of a parameter as an element of a model."""
    return f"parameter:{name}"


def in_force(packs: Packs, policy_id: str, as_of: Date) -> str | None:
    """Return the version of a policy that is law on a day: the one along `replaces` that is in force, or None.

    Args:
        packs: The packs.
        policy_id: Any version of it.
        as_of: The day.
    """
    fronts = {id_: policy.front for id_, policy in packs.policies.items()}
    return version_on(fronts, packs.in_force, policy_id, as_of)


def _link(packs: Packs, policy_id: str, as_of: Date) -> PolicyModel:
    """Link a policy with the versions of what it uses, directly and through others."""
    if policy_id not in packs.policies:
        near = nearest(policy_id, packs.policies)
        raise InputError([diagnostic("policy-uses-unknown", name=policy_id, near=near)])
    parts: dict[str, CompiledDefinitions] = {}
    aliases: dict[str, str] = {}
    used: dict[str, str] = {}
    waiting = [policy_id]
    while waiting:
        policy = packs.policies[waiting.pop()]
        if policy.id in parts:
            continue
        parts[policy.id] = policy.compiled
        for snippet in policy.front.uses:
            meant = in_force(packs, snippet.text, as_of)
            if meant is None:
                continue
            used[snippet.text] = meant
            waiting.append(meant)
            if meant != snippet.text:
                aliases |= {f"{snippet.text}#{name.text}": f"{meant}#{name.text}" for name in packs.policies[meant].front.publishes}
    values = packs.figures(as_of)
    errors = [item for id_ in parts for item in packs.policies[id_].diagnostics if has_errors([item])]
    if errors:
        raise CompileError(errors)
    policies = tuple(packs.policies[id_] for id_ in parts if id_ != policy_id)
    model = link(parts.values(), aliases)
    return PolicyModel(packs.policies[policy_id], as_of, packs.in_force[policy_id], model, values, used, policies, packs.parameters)


def _valid_value(name: str, rows: Iterable[Parameter], as_of: Date) -> object:
    return next((row.value for row in rows if as_of in row.valid), unknown(name))
