"""An owner brings the servers of their hosts together, and a host then finds them through us."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_toolweaver.demo import HOME
from tests.interaction.servers import TIME, environment, text_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HOME, tmp_path / "home"))


def run(home: Path, *arguments: str) -> tuple[int, Any, str]:
    """Return the status of a command in a home folder, what it prints as JSON, and what it says beside."""
    done = subprocess.run(
        [sys.executable, "-m", "mcp_toolweaver", *arguments, "--json"],
        capture_output=True,
        text=True,
        cwd=home / "project",
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        timeout=90,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def _environment(home: Path) -> dict[str, str]:
    return {**environment(home), "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}


def test_what_hosts_have_is_written_for_its_owner_alone_and_found_by_all_commands(home: Path) -> None:
    status, found, told = run(home, "import")
    assert (status, told) == (0, "")
    assert len(found["servers"]) == 23
    assert "example-password" not in json.dumps(found)
    target = home / ".config" / "toolweaver" / "toolweaver.toml"
    assert found["file"] == str(target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert len(tomllib.loads(target.read_text())["mcpServers"]) == 23
    assert any("SEARCH_KEY" in problem for problem in found["problems"])
    _status, listed, _told = run(home, "list", "--known")
    assert {server["name"] for server in listed["servers"]} >= {"time", "codehub", "wiki"}


def test_what_was_there_stays_as_it_is_written(home: Path) -> None:
    target = home / "mine.json"
    target.write_text(
        '{\n  // mine\n  "mcpServers": {"own": {"command": "x"}},\n  "toolweaver": {"log_level": "error"}\n}\n'
    )
    status, found, _told = run(home, "import", "--from", "cursor", "--to", str(target))
    assert (status, [server["name"] for server in found["servers"]]) == (0, ["time", "codehub"])
    assert target.read_text().startswith("{\n  // mine\n")
    assert '"own": {"command": "x"}' in target.read_text()
    before = target.read_text()
    assert run(home, "import", "--from", "cursor", "--to", str(target))[1]["changed"] is False
    assert target.read_text() == before


def test_a_file_that_cannot_be_read_is_status_1_and_no_such_host_status_2(home: Path) -> None:
    (home / ".cursor" / "mcp.json").write_text('{"mcpServers": {')
    status, found, _told = run(home, "import", "--dry-run")
    assert status == 1
    assert any("not JSON at line 1" in problem for reading in found["read"] for problem in reading["problems"])
    assert found["servers"]
    assert run(home, "import", "--from", "emacs")[0] == 2


async def test_a_host_that_was_connected_finds_its_servers_through_us(home: Path) -> None:
    file = home / ".cursor" / "mcp.json"
    before = json.dumps({"mcpServers": {"clock": dict(TIME)}})
    file.write_text(before)
    status, found, _told = run(home, "connect", "cursor", "--yes")
    assert (status, found["removed"], found["imported"]) == (0, ["clock"], ["clock"])
    entry = json.loads(file.read_text())["mcpServers"]["toolweaver"]
    parameters = StdioServerParameters(command=entry["command"], args=entry["args"], env=_environment(home))
    async with Client(stdio_client(parameters), read_timeout_seconds=60) as client:
        called = await client.call_tool(
            "call_tool", {"name": "clock__get_current_time", "arguments": {"timezone": "Asia/Tokyo"}}
        )
    assert "+09:00" in text_of(called)
    status, found, _told = run(home, "disconnect", "cursor", "--yes")
    assert (status, file.read_text()) == (0, before)
