"""What `zhida check` and `zhida weave` do with a DMN file: a model by itself, which may import those beside it."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import typer

from zhida.cli.console import FOUND_ERRORS, OK, count_severities, diagnostic_data, print_diagnostics, print_json, words
from zhida.cli.over_columns import cost_data, costs_of_model, print_costs
from zhida.dmn.compile import compile_models
from zhida.dmn.model import Definitions
from zhida.dmn.xml import Document
from zhida.dmn.xml import read as read_dmn
from zhida.errors import CompileError, Diagnostic, DiagnosticsError, Language, has_errors
from zhida.errors.code import Severity
from zhida.policy.interchange import LEFT_TO_CHECK, Form, read_text, with_pages
from zhida.policy.pack import Packs, Policy, with_policy
from zhida.values.temporal import Date

MAX_NEIGHBOURS = 200
"""Files beside a model that are looked at for what it imports."""
BLANK = "interchange-blank"
"""What is told of lines to fill in, where a text is made that somebody will fill in."""


def check_model(path: Path, language: Language, *, strict: bool, is_json: bool, columnar_on: Date | None = None) -> int:
    """Read and compile a DMN file, say what is wrong, and return the exit code.

    Args:
        path: The file.
        language: Of what is said.
        strict: Whether warnings are errors.
        is_json: Whether JSON is printed.
        columnar_on: The day for which it is said what has no column form; None where nobody asks.
    """
    document, found = _read(path)
    models = compile_models(document.definitions, _imported(path, document.definitions)) if document is not None else None
    diagnostics = [*found, *(models.diagnostics if models is not None else ())]
    counts = {
        "decisions": len(document.definitions.decisions) if document is not None else 0,
        "business_knowledge_models": len(document.definitions.knowledge_models) if document is not None else 0,
        "input_data": len(document.definitions.inputs) if document is not None else 0,
    }
    left = costs_of_model(models, columnar_on) if models is not None and columnar_on is not None else None
    if is_json:
        data = {"model": str(path), **counts, **count_severities(diagnostics), "diagnostics": [*map(diagnostic_data, diagnostics)]}
        print_json(data if left is None else {**data, "columnar": cost_data(left)})
    else:
        print_diagnostics((item for item in diagnostics if item.severity is not Severity.INFORMATION), language)
        severities = count_severities(diagnostics)
        decisions, knowledge, inputs = counts.values()
        zh = f"{path}：{decisions} 项决策，{knowledge} 个业务知识模型，{inputs} 项输入数据；"
        en = f"{path}: {decisions} decisions, {knowledge} business knowledge models, {inputs} input data; "
        zh += f"错误 {severities['errors']}，警告 {severities['warnings']}"
        en += f"{severities['errors']} errors, {severities['warnings']} warnings"
        typer.echo(words(language, zh, en))
        if left is not None:
            print_costs({path.name: left}, language)
    return FOUND_ERRORS if has_errors(diagnostics, strict=strict) else OK


def _read(path: Path) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    try:
        document = read_dmn(path.read_bytes(), str(path))
    except DiagnosticsError as error:
        return None, error.diagnostics
    return document, document.diagnostics


def _imported(path: Path, definitions: Definitions) -> Iterator[Definitions]:
    """Yield the models that a model may import: those that it says the place of, and those beside it."""
    seen = {path.resolve()}
    waiting = [(path, definitions)]
    while waiting:
        here, model = waiting.pop()
        if not model.models:
            continue
        stated = [here.parent / unquote(each.location) for each in model.models if each.location and ":" not in each.location]
        for candidate in (*stated, *sorted(here.parent.glob("*.dmn"))[:MAX_NEIGHBOURS]):
            place = candidate.resolve()
            if place in seen or not place.is_file():
                continue
            seen.add(place)
            document, _ = _read(candidate)
            if document is not None:
                yield document.definitions
                waiting.append((candidate, document.definitions))


def model_as_policy(path: Path, packs: Packs) -> tuple[Policy, Packs]:
    """Return a DMN file as a policy among packs, for those who read; its findings are those of the file.

    Raises:
        CompileError: it is no sound model, or has what has no form in Markdown. What the types of its expressions are is left to
            `zhida check`: DMN converts values at run time.
    """
    data = path.read_bytes()
    text = read_text(data, Form.DMN, str(path), f"{path.resolve().parent.name}/{path.stem}")
    if not text.is_complete:
        raise CompileError([item for item in text.diagnostics if has_errors([item])])
    around = with_pages(packs, text)
    policy = with_policy(around, text.policy_id, text.source)
    errors = [item for item in policy.tangled.diagnostics if has_errors([item]) and item.code not in LEFT_TO_CHECK]
    if errors:
        raise CompileError(errors)
    told = tuple(item for item in text.diagnostics if item.code != BLANK)
    of_text = policy.diagnostics if policy.tangled.examples else ()  # only a policy of ours has examples; others lack what we ask for
    policy = replace(policy, sha256=sha256(data).hexdigest(), diagnostics=(*told, *of_text))
    policies = {**around.policies, policy.id: policy}
    in_force = {**around.in_force, policy.id: policy.front.in_force}
    return policy, Packs(around.dictionaries, around.parameters, policies, in_force, around.diagnostics)
