"""``toolweaver index status`` and ``toolweaver index rebuild``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import anyio

from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.index_printing import print_status
from mcp_toolweaver.cli.index_syncing import bring_in_step
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import InvalidRequest, ToolweaverError
from mcp_toolweaver.index.administration import IndexStatus, status


def show(config: Path | None, *, as_json: bool) -> int:
    """Print how the index is doing; return the exit status (1: not in step, 2: wrong usage)."""
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        return _print(anyio.run(_status, loaded), as_json=as_json)
    except ToolweaverError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2


def rebuild(config: Path | None, *, embed: bool, as_json: bool) -> int:
    """Build the index anew and print how it is doing; return the exit status (1: it failed, 2: wrong usage)."""
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        return _print(anyio.run(_rebuilt, loaded, embed), as_json=as_json)
    except ToolweaverError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2 if isinstance(error, InvalidRequest) else 1


async def _status(loaded: Configuration) -> IndexStatus:
    async with running(loaded, index=False) as app:
        snapshot = await app.catalog.refresh()
        store = await app.index_admin.describe()
        if not store.lasts:
            await bring_in_step(app)
        return await status(app.index_admin, snapshot)


async def _rebuilt(loaded: Configuration, embed: bool) -> IndexStatus:  # noqa: FBT001  anyio.run passes by position
    async with running(loaded, index=False) as app:
        snapshot = await app.catalog.refresh()
        if not len(snapshot):
            raise InvalidRequest("no server has any tools just now, so the index was left as it is")
        await app.index_admin.drop(vectors=embed)
        await bring_in_step(app)
        return await status(app.index_admin, app.catalog.snapshot)


def _print(found: IndexStatus, *, as_json: bool) -> int:
    print_json(asdict(found)) if as_json else print_status(found)
    return 0 if found.in_step else 1
