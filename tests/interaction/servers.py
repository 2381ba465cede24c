"""Configurations of real servers, and a host that starts Toolweaver as a subprocess."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

ROOT = Path(__file__).parents[2]
NODE_MODULES = ROOT / ".venv" / "node" / "node_modules"
EVERYTHING = NODE_MODULES / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"
INSPECTOR = NODE_MODULES / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"
DEMO_CATALOG = ROOT / "mcp_toolweaver" / "demo" / "catalog"
SERVE = [sys.executable, "-m", "mcp_toolweaver", "serve"]

TIME: Mapping[str, Any] = {"command": sys.executable, "args": ["-m", "mcp_server_time", "--local-timezone", "UTC"]}
COMPANY: Mapping[str, Any] = {"kind": "json_file", "name": "company", "path": str(DEMO_CATALOG)}


def has_node() -> bool:
    """Whether this machine has Node, so that servers and hosts from npm can run."""
    return shutil.which("node") is not None


def git_server(folder: Path) -> dict[str, Any]:
    """Make a repository with one commit, and return the configuration of a git server on it."""
    repository = folder / "repository"
    repository.mkdir()
    (repository / "README.md").write_text("hello\n", encoding="utf-8")
    author = ["-c", "user.name=Tester", "-c", "user.email=tester@example.invalid"]
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "The first commit"]):
        subprocess.run(["git", "-C", str(repository), *arguments], check=True)
    return {"command": sys.executable, "args": ["-m", "mcp_server_git", "--repository", str(repository)]}


def everything_server() -> dict[str, Any]:
    """Return the configuration of the reference server from npm that has every kind of result."""
    return {"command": "node", "args": [str(EVERYTHING), "stdio"]}


def write_config(folder: Path, servers: Mapping[str, Any], **rest: Any) -> Path:
    """Write a host's configuration file and return its path."""
    config = folder / "mcp.json"
    config.write_text(json.dumps({"mcpServers": servers, **rest}), encoding="utf-8")
    return config


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment whose data and caches lie in a folder of the test; without the model."""
    own = {"XDG_DATA_HOME": str(folder / "data"), "XDG_CACHE_HOME": str(folder / "cache")}
    return {**os.environ, **own, "HOME": str(folder), "TOOLWEAVER_EMBEDDING__ENABLED": "false", **more}


@asynccontextmanager
async def host(config: Path, *, mode: str = "auto", options: Sequence[str] = (), **more: str) -> AsyncGenerator[Client]:
    """Start ``toolweaver serve`` as a host does, and yield the connected client."""
    parameters = StdioServerParameters(
        command=SERVE[0], args=[*SERVE[1:], "--config", str(config), *options], env=environment(config.parent, **more)
    )
    stderr = config.parent / "stderr.txt"
    with stderr.open("a", encoding="utf-8") as log:
        async with Client(stdio_client(parameters, errlog=log), mode=mode, read_timeout_seconds=60) as client:
            yield client


def text_of(result: Any) -> str:
    """Return the text of all blocks of a call's result."""
    return "\n".join(block.text for block in result.content if block.type == "text")
