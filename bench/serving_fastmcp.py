"""FastMCP's search transform as an arm of `bench/serving.py`; runs in the virtual environment that has FastMCP.

python bench/serving_fastmcp.py stdio|http|sse CATALOG PORT
"""

# No types of FastMCP are installed where these files are checked.
# mypy: disable-error-code="import-not-found, import-untyped, misc"
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.transforms.search import BM25SearchTransform
from fastmcp.tools import Tool, ToolResult


class Described(Tool):
    """A tool that is found and never called."""

    async def run(self, arguments: dict[str, Any]) -> Any:
        """Say what was given."""
        return ToolResult(content=json.dumps(arguments))


def server(catalog: Path) -> Any:
    """Return a server with the tools of a file of JSON lines."""
    lines = [json.loads(line) for line in catalog.read_text(encoding="utf-8").splitlines()]
    tools = [
        Described(name=line["name"], description=line["description"], parameters=line["inputSchema"]) for line in lines
    ]
    return FastMCP("bench", tools=tools, transforms=[BM25SearchTransform()])


async def main(transport: str, catalog: Path, port: int) -> None:
    """Serve until the process is ended."""
    told: dict[str, Any] = {} if transport == "stdio" else {"host": "127.0.0.1", "port": port, "log_level": "error"}
    await server(catalog).run_async(transport=transport, show_banner=False, **told)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
