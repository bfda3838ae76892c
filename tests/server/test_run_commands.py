"""The commands of a site: found by their entry points, refused with words, and told what they lack."""

import json
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from django.utils import timezone

import zhida.cli
from tests.server.sites import command, processes_of, short_folder
from zhida_server.run import jobs
from zhida_server.run.folder import made_site, write_whole
from zhida_server.run.postgres import Programs, installed_programs
from zhida_server.run.said import SiteError

COMMANDS = ("init", "staff", "import", "packs", "run", "verify", "backup", "restore", "export")


def test_commands_of_other_packages_are_listed_and_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert zhida.cli.run(["--help"]) == 0
    told = capsys.readouterr().out
    assert "serve" in told
    assert "site" in told


@pytest.mark.parametrize("words", [("serve",), ("site",), *(("site", name) for name in COMMANDS)])
def test_every_command_explains_itself_in_both_languages(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert zhida.cli.run([*words, "--help"]) == 0
    told = capsys.readouterr().out
    assert words == ("site",) or f"zhida {' '.join(words)} site" in " ".join(told.split())
    assert any("一" <= letter <= "鿿" for letter in told)


@pytest.mark.parametrize(("lang", "expected"), [("zh", "还需要软件包 a_package_that_is_not_there"), ("en", "needs the package a_package")])
def test_a_missing_package_says_what_to_install(
    lang: str, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points = [EntryPoint("later", "a_package_that_is_not_there.command:app", "zhida.commands")]
    monkeypatch.setattr(zhida.cli, "entry_points", lambda group: points if group == "zhida.commands" else [])
    assert zhida.cli.run(["--help"]) == 0
    assert "later" in capsys.readouterr().out
    assert zhida.cli.run(["later", "somewhere", "--lang", lang, "--option"]) == 1
    told = capsys.readouterr().err
    assert expected in told
    assert "pip install 'zhida[server]'" in told


def test_a_command_of_our_own_is_not_replaced_by_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [EntryPoint("check", "a_package_that_is_not_there.command:app", "zhida.commands")]
    monkeypatch.setattr(zhida.cli, "entry_points", lambda group: points if group == "zhida.commands" else [])
    assert zhida.cli.run(["check", "--help"]) == 0


@pytest.mark.parametrize("words", [("staff",), ("verify",), ("run",), ("packs", "packs"), ("backup", "out.tar"), ("export", "out.csv")])
def test_a_folder_that_is_no_site_is_told(words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, *rest = words
    assert zhida.cli.run(["site", name, str(tmp_path), *rest, "--lang", "en"]) == 2
    assert "zhida site init" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_not_asked_for_without_a_terminal(tmp_path: Path) -> None:
    answer = command("site", "init", tmp_path / "site", "--lang", "en")
    assert answer.returncode == 2
    assert "--password-file" in answer.stderr
    assert not (tmp_path / "site").exists()


def test_a_site_of_a_demonstration_is_open_on_its_machine_and_a_real_one_is_not(tmp_path: Path) -> None:
    demo, real = made_site(tmp_path / "demo", is_demo=True), made_site(tmp_path / "real", name='北"区\\')
    names = ("is_demo", "is_behind_https", "requires_second_factor", "nightly")
    assert [demo.options()[name] for name in names] == [True, False, False, ""]
    assert [real.options()[name] for name in names] == [False, True, True, "01:30"]
    assert real.options()["name"] == "北区"
    assert (demo.path / "secret").read_text(encoding="utf-8") != (real.path / "secret").read_text(encoding="utf-8")
    (real.path / "secret").write_text("kept", encoding="utf-8")
    assert (made_site(tmp_path / "real").path / "secret").read_text(encoding="utf-8") == "kept"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "site.toml", "half \ud800", mode=0o600)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("time", "cron"), [("01:30", "30 17 * * *"), ("8:05", "5 0 * * *"), ("", None), ("25:00", None), ("never", None)])
def test_the_nightly_run_is_at_the_site_clock(time: str, cron: str | None) -> None:
    assert jobs.cron_of(time, timezone.get_default_timezone()) == cron


def test_the_newest_programs_come_first() -> None:
    found = installed_programs()
    assert found
    assert all(isinstance(each, Programs) for each in found)
    assert [each.version for each in found] == sorted((each.version for each in found), reverse=True)


def test_what_is_told_is_told_in_the_language_that_was_asked_for() -> None:
    error = SiteError("不行", "no")
    assert (error.text("zh"), error.text("en")) == ("不行", "no")


@pytest.fixture(scope="module")
def site() -> Iterator[Path]:
    """A site with its first administrator."""
    with short_folder() as folder:
        (folder / "password").write_text("a long password for a test\n", encoding="utf-8")
        made = command("site", "init", folder / "site", "--administrator", "wang", "--password-file", folder / "password", "--json")
        assert made.returncode == 0, made.stderr
        assert json.loads(made.stdout) == {"site": str((folder / "site").resolve()), "administrator": "wang"}
        yield folder / "site"


@pytest.mark.long
def test_a_whole_site_is_kept_from_the_command_line(site: Path) -> None:
    password = site.parent / "password"
    added = command("site", "staff", site, "li", "--role", "finance", "--office", "财政局", "--password-file", password, "--as", "wang")
    assert added.returncode == 0, added.stderr
    twice = command("site", "staff", site, "li", "--role", "finance", "--office", "财政局", "--password-file", password, "--lang", "en")
    assert twice.returncode == 1
    assert "li" in twice.stderr
    listed = json.loads(command("site", "staff", site, "--json").stdout)
    assert {person["name"]: person["role"] for person in listed["people"]} == {"wang": "administrator", "li": "finance"}
    forbidden = command("site", "packs", site, "packs", "--as", "li", "--lang", "en")
    assert forbidden.returncode == 1
    assert "may not do this" in forbidden.stderr
    assert command("site", "packs", site, "packs", "--as", "nobody", "--lang", "en").stderr.strip().endswith("'nobody'")
    books = site.parent / "books.csv"
    assert command("site", "export", site, books, "--format", "csv").returncode == 0
    assert books.read_bytes().startswith(b"\xef\xbb\xbf")
    verified = json.loads(command("site", "verify", site, "--json").stdout)
    assert verified["faults"] == []
    assert verified["records"] >= 2
    assert processes_of(site) == {}
