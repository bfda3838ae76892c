"""Packs that were read before: kept as bytes, by a digest of their texts, so that the next command need not read and compile them again.

    texts of packs + engine ──digest──> <cache>/packs/<digest> ── there and whole? ──> Packs
                                                               └── else ── load_packs ──> Packs ──> kept for the next

Bytes are read into nothing but the engine's own values: classes of `zhida`, and decimals. Whatever is wrong with them, packs are
read anew. Packs that hold errors are not kept. What only the pages of a policy show, the cells of their tables above all, is left
out: a policy reads its text again where somebody asks (`zhida.policy.pack.Policy.document`).
"""

import io
import pickle
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from zhida.errors import has_errors
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.plan_cache import PACKS, plan_digest, read_plan, write_plan


def kept_packs(root: Path, cache: Path | None) -> Packs:
    """Return what `load_packs` does, out of a cache where it is there.

    Args:
        root: A folder of packs, or a pack.
        cache: The folder that keeps packs between commands; None for none.

    Raises:
        InputError: file-not-found or policy-no-policies; everything else is in the `diagnostics` of what comes back.
    """
    digest = None if cache is None else packs_digest(root)
    found = None if digest is None else packs_from_bytes(read_plan(cache, digest, PACKS) or b"")
    if found is not None:
        return found
    packs = load_packs(root)
    if digest is not None and not has_errors(packs.diagnostics) and (data := packs_to_bytes(packs)) and packs_digest(root) == digest:
        write_plan(cache, digest, data, PACKS)  # nobody wrote to the texts while they were read
    return packs


def packs_digest(root: Path) -> str | None:
    """Return the digest of all that packs are made of: how their folder is called, and its texts; None where they cannot be read."""
    try:
        return plan_digest([str(root), str((root / "policies").is_dir()), *_texts(root)])
    except OSError:
        return None


def _texts(root: Path) -> Iterator[str]:
    """Yield the place of each text, where that really is (a policy is called by it), and its digest; packs are one or two folders deep."""
    for pattern in ("*.md", "*/*.md", "*/*/*.md"):
        for path in sorted(root.glob(pattern)):
            yield f"{path.relative_to(root)} {path.resolve()} {sha256(path.read_bytes()).hexdigest()}"


def packs_to_bytes(packs: Packs) -> bytes:
    """Return packs as bytes; none where they cannot be written so."""
    try:
        return pickle.dumps(packs, protocol=5)
    except Exception:  # noqa: BLE001 - expressions nested too deep, or what nobody thought of: they are read anew next time
        return b""


def packs_from_bytes(data: bytes) -> Packs | None:
    """Return packs from bytes; None where they are not such bytes."""
    try:
        packs = _Unpickler(io.BytesIO(data)).load()
    except Exception:  # noqa: BLE001 - whatever is wrong with bytes from a disk, packs are read anew
        return None
    return packs if isinstance(packs, Packs) else None


class _Unpickler(pickle.Unpickler):
    """Makes nothing but the engine's own values."""

    OTHERS = frozenset({("zhida.values.types", "simple_type"), ("decimal", "Decimal")})
    """A function and a class that pickled values name beside classes of their own."""
    LAYERS = ("zhida.source", "zhida.errors.", "zhida.values.", "zhida.feel.", "zhida.dmn.", "zhida.policy.")
    """The modules whose classes values are made of."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - a class
        """Return a class that bytes name.

        Raises:
            pickle.UnpicklingError: it is none of those that packs are made of.
        """
        if (module, name) in self.OTHERS:
            return super().find_class(module, name)
        is_own = module.startswith(self.LAYERS) and "." not in name  # what a module only imports has a dot, or another module
        found = super().find_class(module, name) if is_own else None
        if isinstance(found, type) and found.__module__ == module:
            return found
        raise pickle.UnpicklingError(f"{module}.{name}")
