"""Starts the servers to connect to, and looks for what it leaves behind."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any

import anyio

from catalog_sources.mcp_server import open_source
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.proxy.downstream import Downstream

_DOWNSTREAMS = Path(__file__).parents[2] / "downstreams"
_RAW_SERVER = _DOWNSTREAMS / "raw_stdio.py"
_WEB_SERVER = _DOWNSTREAMS / "web_server.py"
PATIENCE = 15.0
"""Seconds after which a test that waits has failed."""


def raw_server(*arguments: object, **options: Any) -> AbstractAsyncContextManager[Downstream]:
    """Start the server with these arguments, in a process of its own."""
    argv = ["-I", "-S", str(_RAW_SERVER), *map(str, arguments)]
    settings = {
        "transport": "stdio",
        "command": sys.executable,
        "args": argv,
        "connect_timeout": 10,
        "call_timeout": 10,
    }
    return open_source("raw", settings | options)


@contextmanager
def web_server_process() -> Generator[tuple[subprocess.Popen[bytes], str]]:
    """Start the web server; yield its process and its address without a path."""
    with subprocess.Popen([sys.executable, str(_WEB_SERVER)], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        try:
            yield process, f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


async def names_of(downstream: Downstream) -> list[str]:
    tools = await downstream.list_tools()
    assert all(tool.id == ToolId("raw", tool.definition["name"]) for tool in tools)
    return [tool.id.name for tool in tools]


def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def executed(ledger: Path) -> list[str]:
    """Return the names of the tools that the server executed, in their order."""
    return [json.loads(line)["tool"] for line in lines_of(ledger)]


async def until_gone(pids: Path) -> None:
    """Return when no process that wrote its id to the file is alive."""
    with anyio.fail_after(PATIENCE):
        while any(_is_alive(int(pid)) for pid in lines_of(pids)):
            await anyio.sleep(0.005)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wild_server(**options: Any) -> AbstractAsyncContextManager[Downstream]:
    """Start the server whose bytes and processes go wrong."""
    argv = ["-I", "-S", str(_DOWNSTREAMS / "wild_stdio.py")]
    settings = {
        "transport": "stdio",
        "command": sys.executable,
        "args": argv,
        "connect_timeout": 10,
        "call_timeout": 10,
    }
    return open_source("wild", settings | options)
