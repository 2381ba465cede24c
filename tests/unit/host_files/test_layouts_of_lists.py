"""A list of servers is changed however it is laid out, or not at all; what else the file says never changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_toolweaver.host_files.connecting import connected
from mcp_toolweaver.host_files.editing import Change, blocks_in, changed, servers_in
from mcp_toolweaver.host_files.hosts import BY_NAME
from mcp_toolweaver.host_files.parsing import Unreadable, parsed

LAYOUTS = [
    ("codex", '[mcp_servers]\na = {command="x"}\n"b.c" = {url="https://x"} # c\n[tui]\nx=1\n'),
    ("codex", 'mcp_servers.a.command = "x"\nmcp_servers.a.args = []\nmodel = "x"\n'),
    ("codex", 'model = "x"'),
    ("codex", '[mcp_servers.a]\r\ncommand="x"\r\n\r\n# of the next\r\n[tui]\r\na=1\r\n'),
    ("codex", '[mcp_servers.a]\ncommand="x"\n[x]\na=1\n[mcp_servers.a.env]\nA="""\n[mcp_servers.b]\n"""\n[z]\n'),
    ("goose", "extensions:\nA: 1\n"),
    ("goose", "extensions: {}  # none yet\nA: 1\n"),
    ("goose", "A: 1\nextensions:\n    a:\n        type: stdio\n        cmd: x\n    b: {type: stdio, cmd: y}"),
    ("continue", "mcpServers:\n- name: a\n  command: x\n- name: b\n  command: |\n    x\n    y\n\n# z\nz: 1\n"),
    ("continue", "name: x"),
    ("cursor", '{"mcpServers": {"a": {"command":"x"}, "b": {}}, "z": 1}'),
    ("cursor", '{"mcpServers":\n{"a":\n{"command":"x"},"b":{}}}'),
    ("cursor", "// nothing yet\n{}\n"),
    ("opencode", '{\n  // c\n  "theme": "x" // t\n}\n'),
]
COMMAND = ["/bin/toolweaver", "serve"]


@pytest.mark.parametrize(("name", "text"), LAYOUTS)
def test_any_layout_is_changed_and_changed_back(name: str, text: str) -> None:
    host = BY_NAME[name]
    syntax, section = host.syntax, host.section
    before = parsed(text, syntax)[0]
    edit = connected(host, Path(f"file.{syntax}"), text, COMMAND, ())
    assert edit.after is not None
    there = servers_in(parsed(edit.after, syntax)[0], section)
    assert set(there) == {*edit.kept, "toolweaver"}
    blocks = {each: block for each, block in blocks_in(text, syntax, section).items() if each in edit.removed}
    back = changed(edit.after, syntax, Change(section, ["toolweaver"], {}, blocks))
    assert servers_in(parsed(back, syntax)[0], section) == servers_in(before, section)
    if "\r\n" in text:
        assert "\n" not in edit.after.replace("\r\n", "")
    assert "# of the next" in edit.after or "# of the next" not in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("codex", 'mcp_servers = { a = {command="x"}, b = {command="y"} }\n'),
        ("goose", "extensions: {a: {type: stdio, cmd: x}}\n"),
        ("cursor", '{"mcpServers": 7}'),
    ],
)
def test_what_cannot_be_changed_without_harm_is_refused(name: str, text: str) -> None:
    host = BY_NAME[name]
    with pytest.raises(Unreadable):
        connected(host, Path(f"file.{host.syntax}"), text, COMMAND, ())
