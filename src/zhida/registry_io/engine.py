"""The version of the engine: what results and reports say that made them."""

from importlib.metadata import PackageNotFoundError, version


def engine_version() -> str:
    """Return the version of the engine that is running."""
    try:
        return version("zhida")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "0"
