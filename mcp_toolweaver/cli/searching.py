"""``toolweaver search``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.printing import print_json, print_reply
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.cli.stdout_apart import stdout_apart
from mcp_toolweaver.cli.within import looking_through
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import ConfigurationError, InvalidRequest
from mcp_toolweaver.server.search import search_tools


def run(
    config: Path | None, arguments: dict[str, Any], *, profile: str | None = None, words_only: bool, as_json: bool
) -> int:
    """Search once and print the reply; return the exit status (1: nothing found, 2: wrong usage)."""
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        with looking_through(loaded.settings, profile), stdout_apart():
            reply = anyio.run(_search, loaded, arguments, not words_only)
    except (InvalidRequest, ConfigurationError) as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2
    print_json(reply) if as_json else print_reply(arguments["query"], reply)
    return 0 if reply["tools"] else 1


async def _search(loaded: Configuration, arguments: dict[str, Any], meaning: bool) -> dict[str, Any]:  # noqa: FBT001  anyio.run passes by position
    async with running(loaded, meaning=meaning) as app:
        return await search_tools(app.seen, app.asked, arguments)
