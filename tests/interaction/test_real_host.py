"""A real host, with a model that searches for a tool and calls it: Gemini CLI, over stdio and over HTTP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.gemini_model import gemini_model
from tests.interaction.servers import ROOT, SERVE, TIME, environment, has_node, write_config
from tests.interaction.web_stage import served

GEMINI = ROOT / ".venv" / "hosts" / "node_modules" / ".bin" / "gemini"

pytestmark = pytest.mark.skipif(not has_node(), reason="this machine has no Node, which Gemini CLI needs")


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_gemini_cli_finds_a_tool_by_search_and_calls_it(tmp_path: Path, transport: str) -> None:
    config = write_config(tmp_path, {"time": TIME}, toolweaver={"expose": "search"})
    with gemini_model() as model, _entry(config, transport) as entry:
        _settings(tmp_path, entry)
        own = {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": model.url, "GEMINI_CLI_TRUST_WORKSPACE": "true"}
        command = ["node", str(GEMINI), "--yolo", "--prompt", "What time is it in Tokyo?"]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment(tmp_path, **own),
            timeout=100,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert [name for name in model.tools if "toolweaver" in name] == [
        f"mcp_toolweaver_{name}" for name in ("search_tools", "get_tool_details", "call_tool", "read_result")
    ]
    found, called = (json.dumps(each) for each in model.returned)
    assert "time__get_current_time" in found
    assert "+09:00" in called
    assert "+09:00" in done.stdout


@contextmanager
def _entry(config: Path, transport: str) -> Generator[dict[str, Any]]:
    if transport == "stdio":
        yield {"command": SERVE[0], "args": [*SERVE[1:], "--config", str(config)], "trust": True}
        return
    with served(config) as server:
        server.ready()
        yield {"httpUrl": f"{server.url}/mcp", "trust": True}


def _settings(home: Path, entry: dict[str, Any]) -> None:
    folder = home / ".gemini"
    folder.mkdir()
    settings = {
        "mcpServers": {"toolweaver": entry},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
        "general": {"disableAutoUpdate": True},
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
