"""An MCP server over stdio that offers what grows: ``offering_stdio.py LEDGER``, where each start is one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.runner import serve_loop
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    ListPromptsResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
    Prompt,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    TextContent,
    TextResourceContents,
    Tool,
)

Context = ServerRequestContext[Any]


class Growing:
    """Offers one more resource and prompt after each call of ``grow``; ``ask`` asks the user."""

    def __init__(self) -> None:
        self._grown = 1

    async def tools(self, _ctx: Context, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name=name, input_schema={"type": "object"}) for name in ("grow", "ask")])

    async def call(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        if params.name == "ask":
            form = ElicitRequestFormParams(message="who?", requested_schema={"type": "object", "properties": {}})
            await ctx.session.send_request(ElicitRequest(params=form), ElicitResult)
        else:
            self._grown += 1
            connection = ctx.session._connection  # pyright: ignore[reportPrivateUsage]
            await connection.send_resource_list_changed()
            await connection.send_prompt_list_changed()
        return CallToolResult(content=[TextContent(type="text", text="done")])

    async def resources(self, _ctx: Context, _params: PaginatedRequestParams | None) -> ListResourcesResult:
        return ListResourcesResult(
            resources=[Resource(uri=f"grown:///{number}", name=str(number)) for number in range(self._grown)]
        )

    async def prompts(self, _ctx: Context, _params: PaginatedRequestParams | None) -> ListPromptsResult:
        return ListPromptsResult(prompts=[Prompt(name=f"p{number}") for number in range(self._grown)])

    async def read(self, _ctx: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        return ReadResourceResult(contents=[TextResourceContents(uri=params.uri, text="grown")])


async def main() -> None:
    """Serve until stdin ends."""
    growing = Growing()
    server: Server[Any] = Server(
        "growing",
        on_list_tools=growing.tools,
        on_call_tool=growing.call,
        on_list_resources=growing.resources,
        on_read_resource=growing.read,
        on_list_prompts=growing.prompts,
    )
    changes = NotificationOptions(prompts_changed=True, resources_changed=True)
    options = server.create_initialization_options(changes)
    async with stdio_server() as (read, write):
        await serve_loop(server, read, write, lifespan_state={}, init_options=options)


if __name__ == "__main__":
    with Path(sys.argv[1]).open("a", encoding="utf-8") as ledger:
        ledger.write("start\n")
    anyio.run(main)
