"""A source of one tool: {"kind": "hello", "name": "greeter", "greeting": "Good morning"}."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import anyio

from mcp_toolweaver import Tool, ToolResult, UnknownTool

WHO = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]}
HELLO = {"name": "hello", "description": "Greet someone by name.", "inputSchema": WHO}


class HelloSource:
    """What Toolweaver asks of a source: which tools, a call, and whether the tools may have changed."""

    def __init__(self, name: str, greeting: str) -> None:
        self.name, self.greeting = name, greeting

    async def list_tools(self) -> list[Tool]:
        return [Tool.from_definition(self.name, HELLO, kind="function")]

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> ToolResult:
        if name == "hello":
            return ToolResult.from_text(f"{self.greeting}, {arguments['who']}!")
        raise UnknownTool(name)

    async def wait_changed(self) -> None:
        await anyio.sleep_forever()


@asynccontextmanager
async def open_source(name: str, options: Mapping[str, object]) -> AsyncGenerator[HelloSource]:
    """Open what needs opening before the yield; what stands behind it closes it, whatever happens."""
    yield HelloSource(name, str(options.get("greeting", "Hello")))
