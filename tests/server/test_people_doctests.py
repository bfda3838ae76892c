"""The examples in the docstrings of audit and people say what happens."""

import doctest
from types import ModuleType

import pytest

from zhida_server.audit import service as audit
from zhida_server.people import data as people


@pytest.mark.parametrize("module", [audit, people], ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)
