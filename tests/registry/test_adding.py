"""What is shown, asked and written when a server is added or removed; nothing is run, and no secret is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.cli import adding
from mcp_toolweaver.cli.adding import Wishes
from mcp_toolweaver.cli.config_edit import with_server
from mcp_toolweaver.config import load
from mcp_toolweaver.core.errors import ConfigurationError
from tests.interaction.servers import environment

WAYS = {
    "npm": {"registryType": "npm", "identifier": "@x/env-tool", "version": "1.0.0"},
    "oci": {"registryType": "oci", "identifier": "x/tool", "version": "1.0.0"},
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "registry.json"
    inputs = {
        "packageArguments": [{"type": "positional", "valueHint": "place", "isRequired": True}],
        "environmentVariables": [
            {"name": "API_KEY", "isRequired": True, "isSecret": True, "description": "Of the service"},
            {"name": "MODE", "isRequired": True, "choices": ["read", "write"]},
            {"name": "NODE_ENVIRONMENT", "value": "production"},
        ],
    }
    remote = {"type": "sse", "url": "https://x.example/sse", "headers": [{"name": "X-Key", "isSecret": True}]}
    entry = {
        "name": "com.example/tool",
        "version": "1.0.0",
        "packages": [{**each, **inputs} for each in WAYS.values()],
        "remotes": [remote],
    }
    file.write_text(json.dumps(entry), encoding="utf-8")
    return file


def add(source: Path, to: Path, *given: str, **wishes: Any) -> int:
    usual = Wishes("tool", to, source=str(source), given=given, yes=True)
    return adding.add(None, replace(usual, **wishes))


def servers(file: Path) -> dict[str, Any]:
    text = file.read_text(encoding="utf-8-sig")
    found: dict[str, Any] = (tomllib.loads(text) if file.suffix == ".toml" else json.loads(text))["mcpServers"]
    return found


@pytest.mark.parametrize("name", ["new.toml", "new.json"])
def test_what_is_shown_is_what_is_written(
    source: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / name
    assert add(source, target) == 0
    told = capsys.readouterr().out
    assert "tool is com.example/tool 1.0.0, started as:\n    npx -y @x/env-tool@1.0.0 ${PLACE}\n" in told
    assert "    API_KEY=${API_KEY}\n    MODE=${MODE}\n    NODE_ENVIRONMENT=production\n" in told
    shown = [line[1:] for line in told.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert "\n".join(shown).strip() == target.read_text(encoding="utf-8").strip()
    assert "  export API_KEY=... (secret): Of the service" in told
    environ = {"API_KEY": "geheim", "MODE": "read", "PLACE": "Rome"}
    [server] = load(target, environ).sources
    assert (server.invalid, server.options["args"]) == (None, ["-y", "@x/env-tool@1.0.0", "Rome"])
    assert server.options["env"] == {"API_KEY": "geheim", "MODE": "read", "NODE_ENVIRONMENT": "production"}


def test_what_the_owner_gives_is_written_where_it_is_wanted_and_not_shown(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "mine.json"
    given = ["PLACE=tool", "mode=read", "EXTRA=hush-hush", "API_KEY=${keyring:toolweaver/API_KEY}"]
    assert add(source, target, *given, way="oci") == 0
    entry = servers(target)["tool"]
    assert entry["args"][:5] == ["run", "-i", "--rm", "-e", "EXTRA"]
    assert entry["args"][-2:] == ["x/tool:1.0.0", "tool"]
    assert entry["env"] == {
        "API_KEY": "${keyring:toolweaver/API_KEY}",
        "MODE": "read",
        "NODE_ENVIRONMENT": "production",
        "EXTRA": "hush-hush",
    }
    told = capsys.readouterr().out
    assert "    docker run -i --rm -e EXTRA -e API_KEY -e MODE -e NODE_ENVIRONMENT x/tool:1.0.0 ***\n" in told
    assert "hush-hush" not in told
    assert "export" not in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("API_KEY=sk-123", "is a secret, which is not written down"),
        ("api_key=sk-123", "is a secret, which is not written down"),
        ("MODE=delete", "must be one of read, write"),
        ("MODE", "takes NAME=VALUE"),
        ("A B=c", "takes NAME=VALUE"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    source: Path, tmp_path: Path, given: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(source, tmp_path / "new.toml", given) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "sk-123" not in said
    assert not (tmp_path / "new.toml").exists()


def test_a_server_that_runs_elsewhere_takes_only_what_it_wants(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(source, tmp_path / "new.toml", "OTHER=1", way="remote") == 2
    assert "takes no variable 'OTHER'; this one wants X_KEY" in capsys.readouterr().err
    assert add(source, tmp_path / "new.toml", "X_KEY=${env:MINE}", way="remote") == 0
    assert servers(tmp_path / "new.toml")["tool"]["headers"] == {"X-Key": "${env:MINE}"}


@pytest.mark.parametrize(
    "text",
    [
        'mcpServers.time = { command = "uvx" }\n# end\n',
        '[toolweaver]\nlog_level = "info"\n\n[mcpServers.time]\ncommand = "uvx"\n\n[toolweaver.search]\n',
        "\ufeff# mine\n[mcpServers]\n",
        "",
    ],
)
def test_toml_of_any_shape_is_as_it_was_when_what_was_added_is_removed(source: Path, tmp_path: Path, text: str) -> None:
    target = tmp_path / "mine.toml"
    target.write_text(text, encoding="utf-8")
    before = tomllib.loads(text.removeprefix("\ufeff"))
    assert add(source, target) == 0
    assert set(servers(target)) == {"tool", *before.get("mcpServers", {})}
    assert adding.remove(Wishes("tool", target, yes=True)) == 0
    after = tomllib.loads(target.read_text(encoding="utf-8").removeprefix("\ufeff"))
    assert {"mcpServers": {}, **before} == {"mcpServers": {}, **after}


OLD = """{
  // mine
  "mcpServers": {
    "old": { "command": "x", "args": ["--api-key", "hush-1"], "env": { "A": "\\"hush-2" } }, // keep
    "other": { "url": "https://x", "headers": { "B": "hush-3" } }
  }
}
"""


def test_secrets_that_are_there_already_are_not_shown_and_comments_stay(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "mine.json"
    target.write_text(OLD, encoding="utf-8")
    assert add(source, target) == 0
    assert "// mine" in target.read_text(encoding="utf-8")
    assert "// keep" in target.read_text(encoding="utf-8")
    assert adding.remove(Wishes("tool", target, yes=True)) == 0
    assert load(target, {}).problems == ()
    assert adding.remove(Wishes("old", target, yes=True)) == 0
    assert [source.name for source in load(target, {}).sources] == ["other"]
    told = capsys.readouterr().out
    assert "hush" not in told
    assert '-    "old": { "command": "x"' in told


def test_a_server_of_any_hosts_shape_can_be_removed_and_its_name_is_taken(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.json"
    target.write_text('{"servers": {"tool": {"url": "https://x"}}, "sources": [{"name": "t2"}]}', encoding="utf-8")
    assert add(source, target) == 2
    assert add(source, target, alias="t2") == 2
    assert adding.remove(Wishes("tool", target, yes=True)) == 0
    assert add(source, target) == 0


@pytest.mark.parametrize("alias", ["", "  ", "a\nb", "a\u200bb", "x" * 200])
def test_a_server_gets_a_name_that_can_be_seen(source: Path, tmp_path: Path, alias: str) -> None:
    assert add(source, tmp_path / "new.toml", alias=alias) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.toml", "[[mcpServers]]\n"),
        ("x.toml", 'mcpServers = { a = { url = "https://x" } }\n'),
        ("x.json", "{half"),
        ("x.json", '{"mcpServers": []}'),
        ("x.yaml", ""),
        ("x", ""),
    ],
)
def test_a_file_that_is_no_configuration_of_ours_stays_as_it_is(
    source: Path, tmp_path: Path, name: str, text: str
) -> None:
    target = tmp_path / name
    target.write_text(text, encoding="utf-8")
    assert add(source, target) == 2
    assert target.read_text(encoding="utf-8") == text


def test_a_file_that_somebody_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "mine.toml"
    edit = with_server(target, "x", {"command": "x"}, {})
    target.write_text("# by somebody else\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="changed by somebody else"):
        edit.write()
    assert target.read_text(encoding="utf-8") == "# by somebody else\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 1), ("", 1)])
def test_at_a_terminal_the_owner_is_asked_and_decides(source: Path, tmp_path: Path, answer: str, status: int) -> None:
    target = tmp_path / "new.toml"
    ours, its = os.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "mcp_toolweaver", "add", "tool", "--source", str(source), "--to", str(target)],
            stdin=its,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(tmp_path),
            timeout=90,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(its)
    assert (done.returncode, target.exists()) == (status, status == 0), done.stderr
    assert done.stdout.index("npx -y @x/env-tool@1.0.0") < done.stdout.index("write it?")
