"""Fixtures of the stories: `zhida` runs a command in this process, `district` is a registry to run it on."""

import pytest

from tests.stories.small_district import PACKS, Answer, District, Zhida, plant_district, the_few_packs
from zhida.cli import run
from zhida.cli.registry import import_files
from zhida.policy.pack import load_packs
from zhida.registry_io.synthetic import write_district
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import write_registry


@pytest.fixture
def zhida(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Zhida:
    monkeypatch.setenv("COLUMNS", "80")
    # They cannot change while the tests run, and are read a hundred times.
    monkeypatch.setattr("zhida.cli.console.load_packs", lambda root: the_few_packs() if root == PACKS else load_packs(root))

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
