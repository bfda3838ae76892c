"""What the tests of simulations look at: packs in a folder, a registry, and the same as a source."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.simulation.simulated_packs import packs_in, registry_in, source_of, texts
from tests.house.tree import plant
from zhida.policy.pack import Packs
from zhida.registry_io.sources import Source


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("packs"), texts())


@pytest.fixture(scope="module")
def packs(root: Path) -> Packs:
    return packs_in(root)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, packs: Packs) -> Path:
    return registry_in(tmp_path_factory.mktemp("registry"), packs)


@pytest.fixture(scope="module")
def source(packs: Packs, registry: Path) -> Iterator[Source]:
    opened = source_of(packs, registry)
    yield opened
    opened.close()
