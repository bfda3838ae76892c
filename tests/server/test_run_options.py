"""What `site.toml` may say: everything that is wrong with one is told at once, on its line, before anything starts."""

import tomllib
from pathlib import Path

import pytest

import zhida.cli
from tests.server.sites import processes_of
from zhida_server.run.folder import made_site
from zhida_server.run.options import KINDS, SITE_TOML, read_options
from zhida_server.run.said import SiteError


@pytest.mark.parametrize("is_demo", [True, False])
def test_a_new_one_is_understood_and_names_every_setting(tmp_path: Path, is_demo: bool) -> None:
    options = made_site(tmp_path / "site", is_demo=is_demo).options()
    assert options["is_demo"] is is_demo
    assert [name for name in KINDS if f"\n{name} = " not in SITE_TOML and f"\n# {name} = " not in SITE_TOML] == []
    text = (tmp_path / "site" / "site.toml").read_text(encoding="utf-8")
    shown = tomllib.loads("\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line))
    assert set(shown) == set(KINDS), "what stands there as an example can be taken as it is"
    (tmp_path / "site.toml").write_text("\n".join(f"{name} = {_written(value)}" for name, value in shown.items()), encoding="utf-8")
    assert read_options(tmp_path / "site.toml") == shown


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).replace("'", '"') if isinstance(value, list) else repr(value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("notice_workingdays = 5", "there is no setting 'notice_workingdays': do you mean 'notice_working_days'"),
        ("colour = 1", "there is no setting 'colour': there are: name, hosts"),
        ('notice_working_days = "5"', "'notice_working_days' has to be a whole number from 1 to 60"),
        ("notice_working_days = 0", "from 1 to 60"),
        ("grant_chunk = true", "a whole number from 1 to 10000"),
        ('hosts = "zhida.example"', "'hosts' has to be a list of host names"),
        ('hosts = ["https://zhida.example/"]', "a list of host names"),
        ('origins = ["zhida.example"]', "a list of origins"),
        ('is_demo = "false"', "'is_demo' has to be true or false"),
        ('nightly = "25:00"', "a time in quotes"),
        ("nightly = 01:30:00", "a time in quotes"),
        ('name = ""', "a name in quotes"),
        ("[hosts]", "'hosts' has to be a list"),
    ],
)
def test_what_no_site_understands_is_told_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "site.toml").write_text(f"# ours\n\n{line}\n", encoding="utf-8")
    with pytest.raises(SiteError) as refused:
        read_options(tmp_path / "site.toml")
    assert refused.value.text("en").startswith(f"{tmp_path / 'site.toml'}:3: ")
    assert told in refused.value.text("en")
    assert refused.value.text("zh") != refused.value.text("en")


def test_everything_that_is_wrong_is_told_at_once_and_nothing_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = made_site(tmp_path / "site")
    (site.path / "site.toml").write_text('is_dmo = true\nnightly = "noon"\n', encoding="utf-8")
    assert zhida.cli.run(["serve", str(site.path), "--lang", "en"]) == 1
    said = capsys.readouterr().err
    assert "site.toml:1: there is no setting 'is_dmo': do you mean 'is_demo'" in said
    assert "site.toml:2: 'nightly' has to be a time in quotes" in said
    assert not (site.path / "database").exists()
    assert processes_of(site.path) == {}
