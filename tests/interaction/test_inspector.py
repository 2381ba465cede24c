"""The MCP Inspector's command line as a host."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.interaction.servers import COMPANY, INSPECTOR, SERVE, TIME, environment, has_node, write_config

pytestmark = pytest.mark.skipif(not has_node(), reason="this machine has no Node, which the Inspector needs")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {"time": TIME}, sources=[COMPANY])


def test_inspector_lists_the_meta_tools(config: Path) -> None:
    listed = _inspect(config, "--method", "tools/list")
    names = ["search_tools", "get_tool_details", "call_tool", "read_result"]
    assert [tool["name"] for tool in listed["tools"]] == names


def test_inspector_searches_and_calls(config: Path) -> None:
    found = _call(config, "search_tools", query="convert a time between time zones")
    assert found["structuredContent"]["tools"][0]["name"] == "time__convert_time"
    details = _call(config, "get_tool_details", names='["time__convert_time"]')
    assert details["structuredContent"]["tools"][0]["tool"] == "convert_time"
    called = _call(config, "call_tool", name="time__get_current_time", arguments='{"timezone": "Asia/Tokyo"}')
    assert "+09:00" in called["content"][0]["text"]


def _call(config: Path, tool: str, **arguments: str) -> Any:
    given = [part for name, value in arguments.items() for part in ("--tool-arg", f"{name}={value}")]
    return _inspect(config, "--method", "tools/call", "--tool-name", tool, *given)


def _inspect(config: Path, *arguments: str) -> Any:
    command = ["node", str(INSPECTOR), "--cli", *arguments, "--", *SERVE, "--config", str(config)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(config.parent), timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
