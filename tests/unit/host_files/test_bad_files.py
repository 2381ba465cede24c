"""Files of hosts that are not as they should be: what is wrong is said with its place, and the rest is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_toolweaver.cli import connecting, importing
from mcp_toolweaver.host_files.editing import Change, changed
from mcp_toolweaver.host_files.hosts import BY_NAME, Machine
from mcp_toolweaver.host_files.merging import merged
from mcp_toolweaver.host_files.parsing import Unreadable
from mcp_toolweaver.host_files.reading import Found, Reading, host_of, read_file

GOOD = '{"mcpServers": {"time": {"command": "uvx", "args": ["mcp-server-time"]}}}'


def read(folder: Path, name: str, content: str | bytes, host: str = "claude-desktop") -> Reading:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(BY_NAME[host], file)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", GOOD[:30], "not JSON at line 1, column "),
        ("a.json", '{\n"mcpServers": {\n"a": }\n}', "not JSON at line 3, column 6"),
        ("a.toml", "[mcp_servers.a]\ncommand = ", "not TOML: Invalid value (at end of document)"),
        ("a.yaml", "extensions:\n  a: [1,\n", "not YAML at line 3"),
        ("a.json", b"\xff\xfe{", "not UTF-8 at byte 1"),
        ("a.json", "[]", "the top of it is not an object"),
        ("a.json", '{"mcpServers": {"a": 5}}', "mcpServers.a: must be an object"),
        ("a.json", '{"mcpServers": "x"}', "mcpServers: must be an object"),
        ("a.json", '{"servers": {"a": {"command": "x"}}}', "has no mcpServers, but servers, as VS Code writes it"),
        ("a.json", '{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}', "'a' is there more than once"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, name: str, content: str | bytes, told: str) -> None:
    [problem] = read(tmp_path, name, content).problems
    assert told in problem


def test_of_a_file_with_one_bad_entry_the_others_are_read(tmp_path: Path) -> None:
    reading = read(tmp_path, "a.json", '{"mcpServers": {"bad": 5, "good": {"command": "x"}, "odd": {"nothing": 1}}}')
    assert [each.name for each in reading.found] == ["good"]
    assert reading.others == ("odd",)


def test_one_bad_file_does_not_keep_the_others_out(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(GOOD[:20])
    (tmp_path / "good.json").write_text(GOOD)
    sources = [f"cursor={tmp_path / 'bad.json'}", str(tmp_path / "good.json")]
    machine = Machine(tmp_path, {}, tmp_path, "linux")
    planned = importing.plan(importing.Wishes(sources, tmp_path / "toolweaver.toml", tmp_path), machine)
    assert [server.name for server in planned.servers] == ["time"]
    assert [bool(reading.problems) for reading in planned.readings] == [True, False]


def test_our_own_file_that_is_broken_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.json").write_text(GOOD)
    target = tmp_path / "toolweaver.toml"
    target.write_text("[half")
    assert importing.run(importing.Wishes([str(tmp_path / "good.json")], target, tmp_path), as_json=False) == 2
    assert target.read_text() == "[half"
    assert "toolweaver.toml: not TOML" in capsys.readouterr().err


def test_a_half_written_file_of_a_host_is_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mcp.json"
    file.write_text(GOOD[:25])
    wishes = connecting.Wishes("cursor", file, tmp_path / "toolweaver.toml", yes=True)
    assert connecting.connect(wishes) == 2
    assert file.read_text() == GOOD[:25]
    assert "nothing was changed" in capsys.readouterr().err


def test_what_is_neither_a_host_nor_a_file_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert importing.run(importing.Wishes(["emacs"], tmp_path / "t.toml", tmp_path), as_json=False) == 2
    assert "'emacs' is neither a host nor a file; hosts: claude-desktop" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "host"),
    [
        ("somewhere.json", '{"context_servers": {}}', "zed"),
        ("somewhere.toml", "[mcp_servers.a]\ncommand = 'x'\n", "codex"),
        ("somewhere.yaml", "extensions: {}\n", "goose"),
        ("opencode.json", "{}", "claude-desktop"),
    ],
)
def test_whose_file_it_is_shows_in_what_is_in_it(tmp_path: Path, name: str, content: str, host: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    assert host_of(file, Machine(tmp_path, {}, tmp_path / "elsewhere", "linux")).name == host


def found(name: str, **values: object) -> Found:
    return Found(name, BY_NAME["cursor"], Path("mcp.json"), values)


def test_entries_that_run_the_same_are_one_and_the_one_without_a_secret_is_kept() -> None:
    outright = found("a", command="/usr/bin/npx", args=["x"], env={"KEY": "secret"})
    looked_up = found("b", command="npx", args=["x"], env={"KEY": "${KEY}"})
    [server], _there = merged([outright, looked_up], {})
    assert (server.name, server.values["env"]) == ("a", {"KEY": "${KEY}"})


def test_two_accounts_are_two_servers() -> None:
    servers, _there = merged([found("a", command="x", env={"K": "1"}), found("a", command="x", env={"K": "2"})], {})
    assert [server.name for server in servers] == ["a", "a-2"]


def test_what_we_have_already_is_known_under_any_name_and_we_are_never_our_own_server() -> None:
    entries = [found("a", url="https://x/mcp/"), found("us", command="uvx", args=["mcp-toolweaver", "serve"])]
    servers, there = merged(entries, {"other": {"url": "https://x/mcp"}})
    assert (servers, [each.name for each in there]) == ([], ["a"])


@pytest.mark.parametrize("text", ["extensions: {a: {cmd: x}}\n", "a: &x\n  b: 1\nextensions:\n  c: *x\n"])
def test_what_cannot_be_changed_by_lines_is_not_changed_wrongly(text: str) -> None:
    change = Change(("extensions",), ["a", "c"], {"toolweaver": {"cmd": "x"}})
    try:
        made = changed(text, "yaml", change)
    except Unreadable:
        return
    assert "toolweaver" in made
