"""stub"""

from typing import Any


def fill(folder: str, packs: str, language: str) -> dict[str, Any]:
    return {}
