"""A host with FastMCP's client: ``fastmcp_client.py stdio COMMAND ARGUMENT... | http URL | sse URL``.

Searches, calls what it found, and prints what came back as one JSON object. Runs where FastMCP is installed.
"""

# No types of FastMCP are installed where these files are checked.
# mypy: disable-error-code="import-not-found, import-untyped"
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

import asyncio
import json
import os
import sys
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport


def transport(kind: str, rest: list[str]) -> Any:
    """Return the way to the server."""
    if kind == "stdio":
        return StdioTransport(command=rest[0], args=rest[1:], env=dict(os.environ))
    return (StreamableHttpTransport if kind == "http" else SSETransport)(rest[0])


async def main(kind: str, rest: list[str]) -> None:
    """Search, call, and print."""
    async with Client(transport(kind, rest)) as client:
        tools = await client.list_tools()
        found = await client.call_tool("search_tools", {"query": "convert a time between time zones"})
        asked = {"name": "time__get_current_time", "arguments": {"timezone": "Asia/Tokyo"}}
        now = await client.call_tool("call_tool", asked)
    first = found.structured_content["tools"][0]["name"]
    said = {"listed": [tool.name for tool in tools], "found": first, "now": now.content[0].text}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
