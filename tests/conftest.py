"""What all tests share: how many examples hypothesis tries, and where the conformance kit is."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# `make test` and `make check` must give the same answer twice, so their examples are derandomized; the exhaustive run of `make
# check-long` looks for what nobody has met yet.
settings.register_profile("short", max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", max_examples=1_000, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("exhaustive", max_examples=20_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("short")


# A program of its own: its solver and the engine's do not fit into one process, so nothing may import it to look for doctests.
collect_ignore = ["properties/second_opinion.py"]

os.environ["ZHIDA_CACHE"] = ""  # what one test has learned is nothing that another may rest on


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage neither while tests are collected nor, later, among what was collected: it stays, and walking it takes long."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the conformance kit where there is none; the reason shows in the summary."""
    kit = os.environ.get("ZHIDA_TCK", "")
    if kit and Path(kit).is_dir():
        return
    reason = f"ZHIDA_TCK is no folder: '{kit}'" if kit else "ZHIDA_TCK is not set: it names the folder of the DMN conformance kit"
    for item in items:
        if item.get_closest_marker("conformance"):
            item.add_marker(pytest.mark.skip(reason=reason))
