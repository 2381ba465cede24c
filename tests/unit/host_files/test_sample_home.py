"""Every host's file in a home folder: what is imported from it, and what connect and disconnect make of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.cli import connecting, importing
from mcp_toolweaver.config import load
from mcp_toolweaver.demo import HOME
from mcp_toolweaver.host_files.editing import servers_in
from mcp_toolweaver.host_files.hosts import BY_NAME, HOSTS, Machine, syntax_of
from mcp_toolweaver.host_files.parsing import parsed
from mcp_toolweaver.host_files.reading import read_file, text_of

GOLDEN = Path(__file__).with_name("expected.toml")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(HOME, tmp_path / "home"))
    for name, below in {"HOME": "", "XDG_CONFIG_HOME": ".config", "XDG_DATA_HOME": "data"}.items():
        monkeypatch.setenv(name, str(folder / below))
    monkeypatch.chdir(folder / "project")
    return folder


@pytest.fixture
def machine(home: Path) -> Machine:
    return Machine(home, {}, home / "project", "linux")


def test_every_host_has_a_file_that_is_read(machine: Machine) -> None:
    for host in HOSTS:
        files = list(machine.files(host))
        assert files, host.name
        for file in files:
            reading = read_file(host, file)
            assert reading.found
            assert reading.problems == ()


def test_what_is_imported_from_all_of_them_is_what_it_should_be(machine: Machine, home: Path) -> None:
    target = home / "toolweaver.toml"
    planned = importing.plan(importing.Wishes(to=target, project=home / "project"), machine)
    assert planned.text.replace(str(home), "~") == GOLDEN.read_text(encoding="utf-8")


def test_what_was_imported_is_usable_and_is_not_imported_again(machine: Machine, home: Path) -> None:
    target = home / "toolweaver.toml"
    planned = importing.plan(importing.Wishes(to=target, project=home / "project"), machine)
    target.write_text(planned.text, encoding="utf-8")
    names = ("LOGS_KEY", "CODEHUB_TOKEN", "SEARCH_KEY", "DOCS_TOKEN", "MAIL_PASSWORD", "PICTURES_KEY", "MAPS_KEY")
    environ = dict.fromkeys((*names, "BROWSER_KEY", "WIKI_TOKEN"), "x")
    (home / ".secrets").mkdir()
    (home / ".secrets" / "tickets").write_text("key")
    loaded = load(target, {**environ, "HOME": str(home)})
    assert loaded.problems == ()
    assert {source.name for source in loaded.sources} == {each.name for each in planned.servers} - {"local", "weather"}
    again = importing.plan(importing.Wishes(to=target, project=home / "project"), machine)
    assert (again.is_changed, again.servers) == (False, ())


@pytest.mark.parametrize("written", ["\n", "\r\n", "\ufeff\n", "\ufeff\r\n"])
@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_file_is_the_same_byte_for_byte_after_connect_and_disconnect(
    home: Path, machine: Machine, name: str, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    host = BY_NAME[name]
    file = next(machine.files(host))
    mark, ending = written.rstrip("\r\n") if syntax_of(file, host) == "json" else "", written.lstrip("\ufeff")
    before = (mark + file.read_text(encoding="utf-8").replace("\n", ending)).encode()
    file.write_bytes(before)
    wishes = connecting.Wishes(name, config=home / "toolweaver.toml", yes=True)
    assert connecting.connect(wishes) == 0
    after = text_of(file)
    entries = servers_in(parsed(after, syntax_of(file, host))[0], host.section)
    assert "toolweaver" in entries
    assert host.dialect.shared(dict(entries["toolweaver"])) is not None
    assert _rest(before.decode(), host) == _rest(after, host)
    assert connecting.disconnect(wishes) == 0
    assert file.read_bytes() == before
    assert "example-password" not in capsys.readouterr().out


def _rest(text: str, host: Any) -> Any:
    document = parsed(text, syntax_of(Path(host.user[0]), host))[0]
    return {key: value for key, value in document.items() if key != host.section[0]}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_edits_made_since_are_kept_and_the_servers_come_back(home: Path, machine: Machine, name: str) -> None:
    host = BY_NAME[name]
    file = next(machine.files(host))
    then = servers_in(parsed(text_of(file), syntax_of(file, host))[0], host.section)
    wishes = connecting.Wishes(name, config=home / "toolweaver.toml", yes=True)
    assert connecting.connect(wishes) == 0
    text = file.read_text(encoding="utf-8")
    match syntax_of(file, host):
        case "json":
            edited = text.replace("{", '{ "mine": [1],', 1) if name != "zed" else text.replace("15", "16")
        case "toml":
            edited = text + "\n[mine]\nnumber = 1\n"
        case "yaml":
            edited = text + "\nmine: 1\n"
    file.write_text(edited, encoding="utf-8")
    assert connecting.disconnect(wishes) == 0
    now = parsed(text_of(file), syntax_of(file, host))[0]
    assert servers_in(now, host.section) == then
    assert "mine" in now or now["buffer_font_size"] == 16


@pytest.mark.parametrize(
    ("name", "handed"),
    [
        ("vscode", {"env": {"SEARCH_KEY": "${input:search-key}"}}),
        ("codex", {"env_vars": ["DOCS_TOKEN", "LOCAL_KEY"]}),
        ("gemini", {"env": {"MAIL_PASSWORD": "$MAIL_PASSWORD", "CODEHUB_TOKEN": "$CODEHUB_TOKEN"}}),
        ("goose", {"env_keys": ["PICTURES_KEY"]}),
        (
            "continue",
            {"env": {"BROWSER_KEY": "${{ secrets.BROWSER_KEY }}", "WIKI_TOKEN": "${{ secrets.WIKI_TOKEN }}"}},
        ),
    ],
)
def test_what_the_host_alone_knows_is_handed_on_to_us(
    home: Path, machine: Machine, name: str, handed: dict[str, Any]
) -> None:
    host = BY_NAME[name]
    file = next(machine.files(host))
    assert connecting.connect(connecting.Wishes(name, config=home / "toolweaver.toml", yes=True)) == 0
    entry = servers_in(parsed(text_of(file), syntax_of(file, host))[0], host.section)["toolweaver"]
    assert {key: entry[key] for key in handed} == handed


COMMENTED = """\
{
\t"mcpServers": {
\t\t"a": { /* slow */ "command": "x" },
\t\t"b": {"command": "y"} // last
\t}
}
"""


def test_comments_and_layout_of_servers_come_back_beside_edits(home: Path) -> None:
    file = home / ".cursor" / "mcp.json"
    file.write_text(COMMENTED)
    wishes = connecting.Wishes("cursor", config=home / "toolweaver.toml", yes=True)
    assert connecting.connect(wishes) == 0
    connected = file.read_text()
    assert "\n  " not in connected
    file.write_text(connected.replace("{\n", '{\n\t"mine": 1,\n', 1))
    assert connecting.disconnect(wishes) == 0
    assert '"a": { /* slow */ "command": "x" }' in file.read_text()
    assert '"mine": 1' in file.read_text()


def test_what_follows_an_option_that_names_a_secret_is_not_shown(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = ["s3cr3t-words", "tok-words-only", "hunter2hunter2"]
    args = ["--api-key", secrets[0], f"--token={secrets[1]}"]
    entry = {"command": "x", "args": args, "env": {"PASSWORD": secrets[2]}}
    (home / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"a": entry}}, indent=2))
    assert connecting.connect(connecting.Wishes("cursor", config=home / "toolweaver.toml", yes=True)) == 0
    told = capsys.readouterr()
    assert not any(secret in told.out + told.err for secret in secrets)


def test_what_stays_stays_and_what_we_cannot_have_too(home: Path, machine: Machine) -> None:
    config = home / "toolweaver.toml"
    assert connecting.connect(connecting.Wishes("goose", config=config, keep=("weather",), yes=True)) == 0
    host = BY_NAME["goose"]
    text = text_of(next(machine.files(host)))
    assert sorted(servers_in(parsed(text, "yaml")[0], host.section)) == ["developer", "toolweaver", "weather"]
    assert "# the end\n" in text
    assert "weather" not in config.read_text(encoding="utf-8")
    assert "pictures" in config.read_text(encoding="utf-8")


def test_a_host_without_a_file_gets_one_and_loses_it_again(home: Path) -> None:
    file = home / ".cursor" / "mcp.json"
    file.unlink()
    wishes = connecting.Wishes("cursor", config=home / "toolweaver.toml", yes=True)
    assert connecting.connect(wishes) == 0
    assert list(json.loads(file.read_text())["mcpServers"]) == ["toolweaver"]
    assert file.stat().st_mode & 0o077 == 0
    assert connecting.disconnect(wishes) == 0
    assert not file.exists()


def test_connecting_twice_changes_nothing_and_still_goes_back_to_the_first(home: Path, machine: Machine) -> None:
    file = next(machine.files(BY_NAME["vscode"]))
    before = file.read_bytes()
    wishes = connecting.Wishes("vscode", config=home / "toolweaver.toml", yes=True)
    assert connecting.connect(wishes) == 0
    after = file.read_bytes()
    assert connecting.connect(wishes) == 0
    assert file.read_bytes() == after
    text = after.decode().replace('"servers": {', '"servers": { "late": {"command": "late-mcp"},', 1)
    file.write_text(text)
    assert connecting.connect(wishes) == 0
    assert "late-mcp" in (home / "toolweaver.toml").read_text()
    assert connecting.disconnect(wishes) == 0
    assert before.decode().split('"servers"')[0] in file.read_text()


def test_a_link_to_the_file_stays_a_link(home: Path, machine: Machine) -> None:
    file = next(machine.files(BY_NAME["cursor"]))
    real = home / "dotfiles.json"
    file.rename(real)
    real.chmod(0o640)
    file.symlink_to(real)
    wishes = connecting.Wishes("cursor", config=home / "toolweaver.toml", yes=True)
    assert connecting.connect(wishes) == 0
    assert file.is_symlink()
    assert "toolweaver" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


def test_nothing_is_changed_unasked(home: Path, machine: Machine) -> None:
    file = next(machine.files(BY_NAME["cursor"]))
    before = file.read_bytes()
    command = [sys.executable, "-m", "mcp_toolweaver", "connect", "cursor", "--config", str(home / "toolweaver.toml")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, file.read_bytes()) == (2, before)
    assert "say --yes to change the file" in done.stderr
    assert not (home / "toolweaver.toml").exists()
    done = subprocess.run([*command, "--dry-run", "--json"], capture_output=True, text=True, timeout=60, check=False)
    found = json.loads(done.stdout)
    assert (done.returncode, file.read_bytes(), found["changed"]) == (0, before, False)
    assert found["removed"] == ["time", "codehub"]
    assert not (home / "toolweaver.toml").exists()


def test_there_is_nothing_to_undo_where_nothing_was_done(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert connecting.disconnect(connecting.Wishes("zed", config=home / "toolweaver.toml", yes=True)) == 2
    assert "was not changed by `toolweaver connect`" in capsys.readouterr().err
