"""What commands are given: a registry, and the dictionary of its subjects."""

from pathlib import Path

from zhida.errors import InputError, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry, read_registry
from zhida.registry_io.writing import REGISTRY_FILE
from zhida.source import Span


def taken_registry(path: Path, packs: Packs, subject: str) -> Registry:
    """Read the registry that a command was given.

    Raises:
        InputError: file-not-found, policy-unknown-subject, and those of `read_registry`.
    """
    if not path.exists():
        raise InputError([diagnostic("file-not-found", None, name=path)])
    if path.is_dir() and not (path / REGISTRY_FILE).exists():
        raise InputError([diagnostic("registry-not-a-registry", None, name=path)])
    return read_registry(path, dictionary_of(packs, subject))


def dictionary_of(packs: Packs, subject: str, span: Span | None = None) -> Dictionary:
    """Return the data dictionary of a kind of subject.

    Args:
        packs: The packs.
        subject: The kind of subject.
        span: Where it is asked for, if that is in a file.

    Raises:
        InputError: policy-unknown-subject.
    """
    if subject not in packs.dictionaries:
        near = nearest(subject, packs.dictionaries)
        raise InputError([diagnostic("policy-unknown-subject", span, name=subject, near=near)])
    return packs.dictionaries[subject]
