"""The files of `zhida simulate`: the data part by part, then the page, the verdict and the JSON; all of them together, or none."""

import json
from collections.abc import Mapping
from pathlib import Path

from zhida.entitle.simulation.files import DataFiles
from zhida.entitle.simulation.findings import Findings
from zhida.errors import Language
from zhida.report.simulation import simulation_data
from zhida.report.simulation_page import simulation_html
from zhida.report.simulation_verdict import verdict
from zhida.report.words import OUTCOMES

PAGE, VERDICT, DATA = "simulation.html", "verdict.md", "simulation.json"
"""What is read first."""


class SimulatedFiles(DataFiles):
    """All files of a simulation, while they are written."""

    def __init__(self, folder: Path, key: str, titles: Mapping[str, str], *, metadata: Mapping[str, str], is_csv: bool) -> None:
        """Begin with none; see `DataFiles`."""
        said = {outcome: words["zh"] for outcome, words in OUTCOMES.items()}
        super().__init__(folder, key, said, titles, metadata=metadata, is_csv=is_csv)

    def finish(self, findings: Findings, language: Language) -> tuple[Path, ...]:
        """Write what is read by people, and return the paths of all files, what is read first first."""
        if findings.curves:
            self.write_curves(findings.curves)
        self.close()
        self.text(PAGE, simulation_html(findings, language))
        self.text(VERDICT, verdict(findings, language))
        self.text(DATA, f"{json.dumps(simulation_data(findings), ensure_ascii=False, indent=1)}\n")
        first = (PAGE, VERDICT, DATA)
        return tuple(self.folder / name for name in (*first, *(name for name in self.written if name not in first)))

    def text(self, name: str, text: str) -> None:
        """Write one text."""
        self.place(name).write_text(text, encoding="utf-8", newline="\n")
