"""zhida (直达): policies as Markdown, decided for a whole registry, each answer explained by its article.

The names below are the public API. Each is loaded when it is first used, so that `import zhida` costs nothing.

>>> import zhida
>>> packs = zhida.load_packs(pathlib.Path("packs"))  # doctest: +SKIP
>>> zhida.assess_subject(packs, "national/sme-size", {"行业代码": "3411"}, as_of=zhida.Date(2026, 6, 30))  # doctest: +SKIP
>>> zhida.assess_frame(packs, ["national/sme-size"], frame, as_of=zhida.Date(2026, 6, 30))  # doctest: +SKIP
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Assessment": "zhida.assess.assessment",
    "CompileError": "zhida.errors",
    "Date": "zhida.values.temporal",
    "Diagnostic": "zhida.errors",
    "InputError": "zhida.errors",
    "Outcome": "zhida.assess.assessment",
    "Packs": "zhida.policy.pack",
    "Registry": "zhida.registry_io.registry",
    "Unknown": "zhida.values.unknown",
    "ZhidaError": "zhida.errors",
    "allocate": "zhida.entitle.frames",
    "assess_frame": "zhida.entitle.frames",
    "assess_registry": "zhida.assess.columns",
    "assess_subject": "zhida.assess.subject",
    "best_combinations": "zhida.entitle.frames",
    "import_registry": "zhida.registry_io.importing",
    "load_packs": "zhida.policy.pack",
    "long_form": "zhida.registry_io.results",
    "next_steps": "zhida.entitle.frames",
    "notices": "zhida.report.notice_frames",
    "open_decisions": "zhida.columnar.decisions",
    "read_mapping": "zhida.registry_io.mapping_reading",
    "read_registry": "zhida.registry_io.registry",
    "run_examples": "zhida.assess.examples",
    "simulate": "zhida.entitle.frames",
    "write_registry": "zhida.registry_io.writing",
}
"""Where each public name is defined."""

__all__ = sorted(_HOMES)  # noqa: PLE0605 - one list, not two


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever it names
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'zhida' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(_HOMES)
