"""``toolweaver call``."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.app import App
from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.printing import print_json, print_result
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.cli.stdout_apart import stdout_apart
from mcp_toolweaver.cli.within import looking_through
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import ConfigurationError, ToolweaverError, UnknownTool
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.text.resolve import resolve

_LOOK_AGAIN = 0.05
"""Seconds."""


def run(config: Path | None, name: str, arguments: str, *, profile: str | None = None, as_json: bool) -> int:
    """Call once and print the result; return the exit status (1: the call failed, 2: wrong usage)."""
    parsed = _parsed(arguments)
    if parsed is None:
        return 2
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        with looking_through(loaded.settings, profile), stdout_apart():
            result = anyio.run(_call, loaded, name, parsed)
    except ConfigurationError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2
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
        return await app.caller.call(await _resolved(app, name), arguments)


async def _resolved(app: App, name: str) -> Tool:
    """Return the tool as soon as it is known, at the latest when every server is ready or has failed."""
    while not app.catalog.is_settled:
        with suppress(UnknownTool):
            return await _resolved_now(app, name)
        await anyio.sleep(_LOOK_AGAIN)
    return await _resolved_now(app, name)


async def _resolved_now(app: App, name: str) -> Tool:
    await app.catalog.refresh()
    return resolve(app.seen.snapshot, name, departed=app.seen.departed)
