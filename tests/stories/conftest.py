"""Fixtures of the stories: `zhida` runs a command in this process, `district` is a registry to run it on, `opened` is a browser window."""

from functools import lru_cache
from pathlib import Path

import pytest

from tests.stories.browsing import browser, opened, site  # noqa: F401 - fixtures, one of each for all modules
from tests.stories.small_district import Answer, District, Zhida, plant_district, the_few_packs
from zhida.cli import run
from zhida.cli.registry import import_files
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.pack_cache import kept_packs, packs_digest
from zhida.registry_io.synthetic import write_district
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import write_registry


@lru_cache(8)
def loaded(root: Path, _digest: str) -> Packs:
    return load_packs(root)


def packs_of(root: Path, cache: Path | None) -> Packs:
    """Return the packs of a folder, read and compiled once as long as nobody writes to it."""
    digest = packs_digest(root) if cache is None else None
    return kept_packs(root, cache) if digest is None else loaded(root, digest)


@pytest.fixture
def zhida(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Zhida:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("zhida.cli.console.kept_packs", packs_of)  # the same texts are read a hundred times

    def call(*arguments: object) -> Answer:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return call


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> District:
    folder = tmp_path_factory.mktemp("district")
    parameters = plant_district(folder / "parameters")
    paths = write_district(read_district(parameters / "district.yaml"), folder / "sources")
    write_registry(import_files(the_few_packs(), parameters / "mapping.yaml", list(paths), "zh"), folder / "registry")
    return District(parameters, paths, folder / "registry")
