"""FastMCP's proxy as an arm of `bench/proxy.py`; runs in the virtual environment that has FastMCP.

    python bench/proxy_fastmcp.py fresh|kept CONFIG

``fresh`` is what ``create_proxy`` makes of a configuration: a session for each request. ``kept`` is given one
connected client, which all requests share, as a proxy with one host may do.
"""

# No types of FastMCP are installed where these files are checked.
# mypy: disable-error-code="import-not-found, import-untyped"
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from fastmcp import Client
from fastmcp.server import create_proxy


async def main(how: str, servers: dict[str, Any]) -> None:
    """Serve over stdio until the input ends."""
    if how == "fresh":
        await create_proxy(servers).run_async(transport="stdio", show_banner=False)
        return
    async with Client(servers) as client:
        await create_proxy(client).run_async(transport="stdio", show_banner=False)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))))
