"""Servers as people install them from PyPI and npm, each with a need, the tool that meets it, and calls to make."""

from __future__ import annotations

import functools
import http.server
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interaction.servers import EVERYTHING, NODE_MODULES, ROOT, TIME, everything_server, git_server

OLDER = ROOT / ".venv" / "servers" / "bin"
"""Where servers on the first generation of the SDK are installed."""
PAGE = "<!doctype html><html><body><h1>Welcome</h1><p>The kettle is on.</p></body></html>"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool, and words that its result must have."""

    tool: str
    arguments: Mapping[str, Any]
    words: str


@dataclass(frozen=True, slots=True)
class Real:
    """A real server: how it is configured, what it is asked for, and what is called."""

    package: str
    need: str
    """A search that must find the tool of the first call."""
    configure: Callable[[Path], Mapping[str, Any]]
    calls: Callable[[Path], list[Call]]
    needs_node: bool = False


def _older(command: str, *arguments: str) -> dict[str, Any]:
    return {"command": str(OLDER / command), "args": [*arguments]}


def _from_npm(package: str, *arguments: str, **env: str) -> dict[str, Any]:
    return {"command": "node", "args": [str(NODE_MODULES / package / "dist" / "index.js"), *arguments], "env": env}


def _files(folder: Path) -> Mapping[str, Any]:
    (folder / "files").mkdir()
    (folder / "files" / "note.txt").write_text("buy milk ✓\n", encoding="utf-8")
    return _from_npm("@modelcontextprotocol/server-filesystem", str(folder / "files"))


def _git_calls(folder: Path) -> list[Call]:
    repository = str(folder / "repository")
    return [
        Call("git_log", {"repo_path": repository}, "The first commit"),
        Call("git_status", {"repo_path": repository}, "nothing to commit"),
    ]


_TABLE = "CREATE TABLE cats (name TEXT, legs INTEGER)"
_ROW = "INSERT INTO cats VALUES ('Mog', 4)"
_ADA = {"name": "Ada", "entityType": "person", "observations": ["wrote the first program"]}

SERVERS = [
    Real(
        "mcp-server-time",
        "what time is it",
        lambda _folder: TIME,
        lambda _folder: [
            Call("get_current_time", {"timezone": "Asia/Tokyo"}, "+09:00"),
            Call(
                "convert_time", {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Kolkata"}, "17:30"
            ),
        ],
    ),
    Real("mcp-server-git", "show the history of commits", git_server, _git_calls),
    Real(
        "mcp-server-calculator",
        "calculate an expression",
        lambda _folder: _older("mcp-server-calculator"),
        lambda _folder: [Call("calculate", {"expression": "6 * 7"}, "42")],
    ),
    Real(
        "mcp-server-sqlite",
        "create a table in the database",
        lambda folder: _older("mcp-server-sqlite", "--db-path", str(folder / "cats.db")),
        lambda _folder: [
            Call("create_table", {"query": _TABLE}, "created"),
            Call("write_query", {"query": _ROW}, "1"),
            Call("read_query", {"query": "SELECT name, legs FROM cats"}, "Mog"),
        ],
    ),
    Real(
        "@modelcontextprotocol/server-everything",
        "echo a message back",
        lambda _folder: everything_server(),
        lambda _folder: [Call("echo", {"message": "täst ✓"}, "täst ✓"), Call("get-sum", {"a": 19, "b": 23}, "42")],
        needs_node=True,
    ),
    Real(
        "@modelcontextprotocol/server-filesystem",
        "read a text file",
        _files,
        lambda folder: [
            Call("read_text_file", {"path": str(folder / "files" / "note.txt")}, "buy milk ✓"),
            Call("write_file", {"path": str(folder / "files" / "new.txt"), "content": "new"}, "new.txt"),
            Call("list_directory", {"path": str(folder / "files")}, "new.txt"),
        ],
        needs_node=True,
    ),
    Real(
        "@modelcontextprotocol/server-memory",
        "remember entities in a knowledge graph",
        lambda folder: _from_npm("@modelcontextprotocol/server-memory", MEMORY_FILE_PATH=str(folder / "memory.jsonl")),
        lambda _folder: [
            Call("create_entities", {"entities": [_ADA]}, "Ada"),
            Call("search_nodes", {"query": "Ada"}, "wrote the first program"),
        ],
        needs_node=True,
    ),
    Real(
        "@modelcontextprotocol/server-sequential-thinking",
        "think step by step",
        lambda _folder: _from_npm("@modelcontextprotocol/server-sequential-thinking"),
        lambda _folder: [
            Call(
                "sequentialthinking",
                {"thought": "first", "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1},
                "thoughtHistoryLength",
            )
        ],
        needs_node=True,
    ),
    Real(
        "@itseasy21/mcp-knowledge-graph",
        "create entities in the knowledge graph",
        lambda folder: _from_npm("@itseasy21/mcp-knowledge-graph", "--memory-path", str(folder / "graph.jsonl")),
        lambda _folder: [
            Call("create_entities", {"entities": [_ADA]}, "Ada"),
            Call("read_graph", {}, "wrote the first program"),
        ],
        needs_node=True,
    ),
]

FETCH = {
    "command": sys.executable,
    "args": ["-m", "mcp_server_fetch", "--ignore-robots-txt", "--allow-private-ips"],
}


@contextmanager
def page_served() -> Generator[str]:
    """Serve one page of HTML on the loopback interface and yield its URL."""
    handler = functools.partial(_Page)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the page, whatever is asked for."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name in the library
        """Say nothing."""


@contextmanager
def everything_over(transport: str, path: str) -> Generator[str]:
    """Start the reference server over ``streamableHttp`` or ``sse`` and yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = ["node", str(EVERYTHING), transport]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command, env={"PORT": str(port), "PATH": "/usr/bin:/bin:/usr/local/bin"}, stderr=quiet, stdout=quiet
    ) as process:
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}{path}"
        finally:
            process.kill()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
