"""Packs are kept as they were read; what comes out of the cache is what reading them anew gives, and nothing else comes out of it."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.engine.policy_texts import AS_OF, block, front, packs_of, packs_with
from tests.packs import PACKS
from zhida.assess.subject import assess_subject
from zhida.policy import pack
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io import pack_cache, plan_cache
from zhida.registry_io.pack_cache import kept_packs, packs_digest, packs_from_bytes, packs_to_bytes
from zhida.source import Source

BODY = block("大类: string", "substring(行业, 1, 2)") + block("符合: boolean", '大类 = "51" and 人 >= 20')


def is_alike(one: Any, other: Any, seen: set[tuple[int, int]]) -> bool:  # noqa: ANN401 - whatever packs are made of
    """Say whether two values are made of the same; texts are told by what they say, not by being the same object."""
    if one is other or (id(one), id(other)) in seen:
        return True
    seen.add((id(one), id(other)))
    if type(one) is not type(other):
        return False
    if isinstance(one, Source):
        return (one.name, one.text, one.first_line) == (other.name, other.text, other.first_line)
    if is_dataclass(one):
        return all(is_alike(getattr(one, each.name), getattr(other, each.name), seen) for each in fields(one) if each.name != "_text")
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(is_alike(value, other[name], seen) for name, value in one.items())
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(is_alike(*pair, seen) for pair in zip(one, other, strict=True))
    return bool(one == other)


def files_of(cache: Path) -> list[Path]:
    return sorted((cache / plan_cache.PACKS).iterdir())


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    packs_with(tmp_path / "packs", BODY)
    return tmp_path / "packs"


@pytest.mark.long
def test_all_our_packs_come_back_as_they_were_read() -> None:
    fresh = load_packs(PACKS)
    kept = packs_from_bytes(packs_to_bytes(fresh))
    assert kept is not None
    assert is_alike(fresh, kept, set())
    for id_, policy in kept.policies.items():
        assert is_alike(fresh.policies[id_].document, policy.document, set()), id_
        assert is_alike(fresh.policies[id_].tangled, policy.tangled, set()), id_
        assert policy.document.source is policy.source, id_


def test_what_is_alike_is_told_from_what_is_not(tmp_path: Path) -> None:
    one = packs_with(tmp_path / "a", BODY)
    other = packs_of(tmp_path / "a", {"demo/policies/a.md": front() + BODY.replace(">= 20", ">= 21")})
    assert not is_alike(one, other, set())


def test_the_second_time_nothing_is_read_and_the_same_is_said(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept_packs(demo, tmp_path / "cache")
    monkeypatch.setattr(pack_cache, "load_packs", None)
    second = kept_packs(demo, tmp_path / "cache")
    facts = {"行业": "5101", "人": Decimal(30)}
    said = [assess_subject(packs, "demo/a", facts, as_of=AS_OF) for packs in (first, second)]
    assert is_alike(*said, set())


def test_a_changed_text_is_read(demo: Path, tmp_path: Path) -> None:
    kept_packs(demo, tmp_path / "cache")
    path = demo / "demo/policies/a.md"
    path.write_text(path.read_text(encoding="utf-8").replace(">= 20", ">= 25"), encoding="utf-8")
    found = kept_packs(demo, tmp_path / "cache")
    assert is_alike(found, load_packs(demo), set())
    assert len(files_of(tmp_path / "cache")) == 2


def test_what_packs_are_called_by_is_in_their_digest(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {packs_digest(demo), packs_digest(demo / "demo")}
    monkeypatch.chdir(tmp_path)
    found.add(packs_digest(Path("packs")))
    (demo / "demo").rename(demo / "other")
    found.add(packs_digest(Path("packs")))
    (demo / "demo").symlink_to(demo / "other")
    found.add(packs_digest(Path("packs")))
    monkeypatch.setattr(plan_cache, "engine_digest", lambda: "another")
    assert len(found | {packs_digest(Path("packs"))}) == 6


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda data: data[:-1],
    lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    lambda data: data[32:],
    lambda _: b"",
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_dropped_and_made_anew(demo: Path, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    cache = tmp_path / "cache"
    kept_packs(demo, cache)
    (path,) = files_of(cache)
    path.write_bytes(damage(path.read_bytes()))
    assert plan_cache.read_plan(cache, path.name, plan_cache.PACKS) is None
    assert not path.exists()
    assert is_alike(kept_packs(demo, cache), load_packs(demo), set())
    assert files_of(cache) == [path]


class Evil:
    """Would run something when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("1/0",))


class Thief:
    """Names a function of ours."""

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return (load_packs, (PACKS,))


@pytest.mark.parametrize("thing", [Evil(), Thief(), ["no packs"], Path("/"), pack.Path])
def test_bytes_that_are_none_of_ours_are_not_read(demo: Path, tmp_path: Path, thing: object) -> None:
    data = pickle.dumps(thing)
    assert packs_from_bytes(data) is None
    digest = packs_digest(demo)
    assert digest is not None
    plan_cache.write_plan(tmp_path / "cache", digest, data, plan_cache.PACKS)
    assert is_alike(kept_packs(demo, tmp_path / "cache"), load_packs(demo), set())


def test_packs_with_errors_are_not_kept(tmp_path: Path) -> None:
    packs_of(tmp_path / "packs", {"demo/policies/a.md": front() + block("符合: boolean", "无此名 > 3")})
    cache = tmp_path / "cache"
    assert [item.code for item in kept_packs(tmp_path / "packs", cache).diagnostics] == ["feel-unknown-name"]
    assert not cache.exists()


def test_a_text_that_changes_while_it_is_read_is_not_kept(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load_and_write(root: Path) -> Packs:
        found = load_packs(root)
        (root / "demo/parameters.md").write_text("# 参数\n", encoding="utf-8")
        return found

    monkeypatch.setattr(pack_cache, "load_packs", load_and_write)
    kept_packs(demo, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_without_a_folder_packs_are_read_each_time(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_cache, "packs_digest", None)
    assert is_alike(kept_packs(demo, None), load_packs(demo), set())
