"""Unified social credit codes (GB 32100-2015): which pass as keys of a registry."""

from pathlib import Path

import pytest

from tests.engine.registry_fixtures import HEAD, import_texts

FILES = "- {name: base, key: code, columns: {企业名称: name}}\n"


def faults(tmp_path: Path, code: str) -> int:
    result = import_texts(tmp_path, FILES, HEAD.replace("check: none", "check: uscc"), base=f"code,name\n{code},甲\n")
    return sum(finding.code == "registry-bad-code" for finding in result.quality.findings)


@pytest.mark.parametrize(
    "code", ["91350100M000100Y43", "91330100799655058B", "91440300708461136T", "9144030071526726XG", "91110108551385082Q"]
)
def test_a_code_with_a_right_check_digit_passes(tmp_path: Path, code: str) -> None:
    assert faults(tmp_path, code) == 0


@pytest.mark.parametrize("code", ["91350100M000100Y44", "91330100799655058C"])
def test_a_code_with_a_wrong_check_digit_is_a_finding(tmp_path: Path, code: str) -> None:
    assert faults(tmp_path, code) == 1


@pytest.mark.parametrize("letter", "IOSVZ")
def test_letters_that_the_standard_leaves_out_are_a_finding(tmp_path: Path, letter: str) -> None:
    assert faults(tmp_path, f"9133010079965505{letter}B") == 1


@pytest.mark.parametrize("code", ["91330100799655058", "91330100799655058BB"])
def test_a_code_of_another_length_is_a_finding(tmp_path: Path, code: str) -> None:
    assert faults(tmp_path, code) == 1


@pytest.mark.parametrize("code", ["91330105MAXXXX0018", "91330105MAXXXX002B", "12330105470000001M"])
def test_invented_codes_for_demonstrations_pass(tmp_path: Path, code: str) -> None:
    assert faults(tmp_path, code) == 0
