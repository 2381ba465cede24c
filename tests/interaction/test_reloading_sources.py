"""Sources of every kind come, change and go while a host is attached; a broken edit changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from tests.interaction.servers import TIME, host, text_of

pytestmark = pytest.mark.anyio

FUNCTIONS = {"kind": "python_functions", "name": "mine", "functions": "sums", "path": "."}
DESCRIBED = {"kind": "json_file", "name": "described", "path": "described.json"}
SHOUT = 'import sys, json; print(json.load(sys.stdin)["text"].upper())'


def scripts(code: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    tool = {"name": "say", "description": "Says it", "command": ["python3", "-c", code], "inputSchema": schema}
    return {"kind": "code_exec", "name": "scripts", "tools": [tool]}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "sums.py").write_text('def add(a: int, b: int) -> int:\n    """Add two numbers."""\n    return a + b\n')
    described = {"server": "calendar", "tools": [{"name": "invite", "description": "Invite"}]}
    (tmp_path / "described.json").write_text(json.dumps(described))
    return write(tmp_path)


def write(folder: Path, *sources: dict[str, Any], end: str = "") -> Path:
    """Write the configuration as an editor does: as a whole, under another name first."""
    settings = {"expose": "search", "embedding": {"enabled": False}}
    whole = {"mcpServers": {"time": TIME}, "sources": sources, "toolweaver": settings}
    new = folder / "new.json"
    new.write_text(json.dumps(whole, indent=1)[: -len(end) or None] + end)
    return new.replace(folder / "mcp.json")


async def test_sources_of_every_kind_come_change_and_go_while_a_host_is_attached(config: Path) -> None:
    folder = config.parent
    with anyio.fail_after(200):
        async with host(config, mode="legacy") as client:
            assert "UTC" in await said(client, "time__get_current_time", timezone="UTC")
            write(folder, FUNCTIONS, scripts(SHOUT))
            await until(client, "3", "mine__add", a=1, b=2)
            await until(client, "HI", "scripts__say", text="Hi")
            write(folder, scripts(SHOUT.replace("upper", "lower")), DESCRIBED)
            await until(client, "hi", "scripts__say", text="Hi")
            await until(client, "no longer has 'add'", "mine__add", a=1, b=2)
            await until(client, "only described", "calendar__invite")
            found = await client.call_tool("search_tools", {"query": "say it", "kind": "code_exec"})
            assert "scripts__say" in text_of(found)
            assert "time__" not in text_of(found)
            write(folder, FUNCTIONS, end="]")
            errors = folder / "stderr.txt"
            while "was not taken over" not in errors.read_text():
                await anyio.sleep(0.1)
            assert "is not valid JSON at line" in errors.read_text()
            assert "hi" in await said(client, "scripts__say", text="Hi")
            assert "'text' is a required property" in await said(client, "scripts__say")
            assert "UTC" in await said(client, "time__get_current_time", timezone="UTC")


async def until(client: Client, expected: str, name: str, **arguments: Any) -> None:
    while expected not in await said(client, name, **arguments):
        await anyio.sleep(0.05)


async def said(client: Client, name: str, **arguments: Any) -> str:
    return text_of(await client.call_tool("call_tool", {"name": name, "arguments": arguments}))
