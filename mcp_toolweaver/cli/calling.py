"""``toolweaver call``."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.printing import print_json, print_result
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import ToolweaverError, UnknownTool
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.text.resolve import resolve

_LOOK_AGAIN = 0.05
"""Seconds."""


def run(config: Path | None, name: str, arguments: str, *, as_json: bool) -> int:
    """Call once and print the result; return the exit status (1: the call failed, 2: wrong usage)."""
    parsed = _parsed(arguments)
    if parsed is None:
        return 2
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        result = anyio.run(_call, loaded, name, parsed)
    except ToolweaverError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 1
    print_json(result.payload) if as_json else print_result(result.payload)
    return 1 if result.is_error else 0


def _parsed(arguments: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(arguments)
    except ValueError as error:
        sys.stderr.write(f'toolweaver: the arguments are not JSON ({error}); write for example \'{{"path": "."}}\'\n')
        return None
    if not is_object(parsed):
        sys.stderr.write('toolweaver: the arguments must be a JSON object, for example \'{"path": "."}\'\n')
        return None
    return parsed


async def _call(loaded: Configuration, name: str, arguments: dict[str, Any]) -> ToolResult:
    async with running(loaded, settle=False, index=False) as app:
        return await app.caller.call(await _resolved(app.catalog, name), arguments)


async def _resolved(catalog: Catalog, name: str) -> Tool:
    """Return the tool as soon as it is known, at the latest when every server is ready or has failed."""
    while not catalog.is_settled:
        with suppress(UnknownTool):
            return resolve(await catalog.refresh(), name, departed=catalog.departed)
        await anyio.sleep(_LOOK_AGAIN)
    return resolve(await catalog.refresh(), name, departed=catalog.departed)
