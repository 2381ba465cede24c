"""A small document, a server that records, and the source between them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal

from catalog_sources.openapi import open_source
from catalog_sources.openapi.source import OpenApiSource
from mcp_toolweaver.core.tools import Tool, ToolResult
from tests.openapi.recorder import Recorder, recording


class Stage:
    """The source, called from a test."""

    def __init__(self, source: OpenApiSource, server: Recorder, tools: dict[str, Tool]) -> None:
        self.source = source
        self.server = server
        self.tools = tools

    async def call(self, name: str, /, **arguments: Any) -> ToolResult:
        """Call a tool."""
        return await self.source.call_tool(name, arguments)


@asynccontextmanager
async def staged(folder: Path, document: Any, *, base: str = "/base", **options: Any) -> AsyncGenerator[Stage]:
    """Open a document as a source over a server that records."""
    file = folder / "api.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    with recording() as server:
        chosen = {"path": str(file), "base_url": f"{server.url}{base}", **options}
        async with open_source("api", chosen) as source:
            yield Stage(source, server, {tool.id.name: tool for tool in await source.list_tools()})


class Blocking:
    """The same for tests that are not asynchronous."""

    def __init__(self, stage: Stage, portal: Any) -> None:
        self.server = stage.server
        self.tools = stage.tools
        self.problems = stage.source.problems
        self._source = stage.source
        self._portal = portal

    def call(self, name: str, arguments: dict[str, Any]) -> ToolResult:
        """Call a tool."""
        result: ToolResult = self._portal.call(self._source.call_tool, name, arguments)
        return result


@contextmanager
def blocking(folder: Path, document: Any, **options: Any) -> Generator[Blocking]:
    """Open a document as a source whose calls wait."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(staged(folder, document, **options)) as stage,
    ):
        yield Blocking(stage, portal)
