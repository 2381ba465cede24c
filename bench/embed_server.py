"""The cold start of the whole server as a host sees it: handshake, first answers, and what it holds then."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from bench.embed_figures import NOT_HERE, Row, Rows, Value, memory
from bench.index_tools import workload
from mcp_toolweaver.demo import CATALOG, QUERIES

_QUERY = {"query": "propose my finished feature work to the maintainers", "limit": 5}
_PART = "search by meaning"
_PARTLY = "matched by words"
_PAUSE = 0.02
_LONGEST = 600.0
_SETTLING = 3.0
"""Seconds in which the server does what is left to do in the background before its memory is read."""
_MORE = 50
"""Answers before that."""


@dataclass(frozen=True, slots=True)
class Home:
    """A configuration of so many tools in a file, and folders for what a server keeps."""

    folder: Path
    against: Path | None = None
    """Where another version of Toolweaver lies, to be started instead."""
    more: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment variables."""

    def fill(self, tools: int) -> None:
        """Write the catalog and the configuration."""
        lines = [
            {**tool.definition, "server": tool.id.server, "domain": tool.domain}
            for tool in workload(CATALOG, QUERIES, tools).snapshot.tools.values()
        ]
        catalog = self.folder / "tools.jsonl"
        catalog.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        source = {"kind": "json_file", "name": "company", "path": str(catalog)}
        self.config.write_text(json.dumps({"mcpServers": {}, "sources": [source]}), encoding="utf-8")

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.folder / "mcp.json"

    def serve(self) -> StdioServerParameters:
        """Return how a host starts the server."""
        own = {
            "TOOLWEAVER_DATA_DIR": str(self.folder / "data"),
            "TOOLWEAVER_CACHE_DIR": str(self.folder / "cache"),
            "TOOLWEAVER_CACHE__LIFETIMES__SEARCH": "0",  # or the answer of the last run would be the first
            "HF_HUB_OFFLINE": "1",
            **({"PYTHONPATH": str(self.against)} if self.against else {}),
        }
        return StdioServerParameters(
            command=sys.executable,
            args=["-m", "mcp_toolweaver", "serve", "--config", str(self.config)],
            env={**os.environ, **own, **self.more},
            cwd=self.against or Path(__file__).parents[1],
        )


def started(tools: int, runs: int, against: Path | None, **more: str) -> Rows:
    """Return the first start, with nothing kept, and the spread of the starts after it."""
    with tempfile.TemporaryDirectory(prefix="bench-embed-") as folder:
        home = Home(Path(folder), against, more)
        home.fill(tools)
        first = anyio.run(_once, home)
        later = [anyio.run(_once, home) for _run in range(runs)]
    return {"the very first start": first, "a later start, median": _each(later, statistics.median)} | {
        "a later start, least": _each(later, min),
        "a later start, most": _each(later, max),
    }


def _each(rows: Sequence[Row], summed: Any) -> Row:
    known = {name: [row[name] for row in rows] for name in rows[0]}
    return {name: NOT_HERE if isinstance(values[0], str) else summed(values) for name, values in known.items()}


async def _once(home: Home) -> dict[str, Value]:
    """Start a server, ask until the answers are by words and meaning over all tools, and read its memory."""
    seconds: dict[str, Value] = {}
    before = _children()
    with (home.folder / "stderr.txt").open("a", encoding="utf-8") as log:
        began = time.perf_counter()
        async with Client(stdio_client(home.serve(), errlog=log), read_timeout_seconds=_LONGEST) as client:
            seconds["s to handshake"] = time.perf_counter() - began
            with anyio.fail_after(_LONGEST):
                await _ask_until_whole(client, began, seconds)
            for _ in range(_MORE):
                await client.call_tool("search_tools", _QUERY)
            await anyio.sleep(_SETTLING)
            [process] = _children() - before or {0}
            return {**seconds, **memory(process)}


async def _ask_until_whole(client: Client, began: float, seconds: dict[str, Value]) -> None:
    while "s to all by meaning" not in seconds:
        result = await client.call_tool("search_tools", _QUERY)
        reached = _reached(result.structured_content or {})
        for name in reached:
            seconds.setdefault(name, time.perf_counter() - began)
        await anyio.sleep(_PAUSE)


def _reached(reply: Mapping[str, Any]) -> list[str]:
    """Return what an answer shows to be ready."""
    if not reply.get("tools"):
        return []
    notes = [note for note in reply.get("degraded", []) if note.startswith(_PART)]
    by_words = any(_PARTLY not in note for note in notes)
    return (
        ["s to an answer"] + ([] if by_words else ["s to one by meaning"]) + ([] if notes else ["s to all by meaning"])
    )


def _children() -> set[int]:
    """Return the processes that we have started and that run; empty where the system does not say."""
    try:
        return {int(pid) for task in Path("/proc/self/task").iterdir() for pid in _text(task / "children").split()}
    except OSError:
        return set()


def _text(path: Path) -> str:
    return path.read_text(encoding="ascii")
