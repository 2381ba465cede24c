"""``toolweaver index export`` and ``toolweaver index import``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.index_printing import readable_size
from mcp_toolweaver.cli.index_syncing import bring_in_step
from mcp_toolweaver.cli.printing import out, print_json
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import InvalidRequest, ToolweaverError
from mcp_toolweaver.index.moving import Moved, receive, send
from mcp_toolweaver.index.portable import VectorFile, reading


def run_export(config: Path | None, file: Path, *, force: bool, as_json: bool) -> int:
    """Write the vectors of all tools to a file; return the exit status (1: it failed, 2: wrong usage)."""

    def export(loaded: Configuration) -> None:
        if file.exists() and not force:  # said before any server is started
            raise InvalidRequest(f"{file} exists already; --force replaces it")
        moved = anyio.run(partial(_export, loaded, file, force=force))
        size = file.stat().st_size
        said = f"{moved.vectors} vectors for {moved.wanted} texts of tools are in {file} ({readable_size(size)})"
        _print(moved, file, said, as_json=as_json)

    return _run(config, export)


def run_import(config: Path | None, file: Path, *, as_json: bool) -> int:
    """Take the vectors from a file; return the exit status (1: it failed, 2: wrong usage)."""

    def import_(loaded: Configuration) -> None:
        with reading(file) as opened:
            moved = anyio.run(_import, loaded, opened)
        said = f"{moved.vectors} vectors taken from {file}: those of {moved.found} of {moved.wanted} texts of tools"
        _print(moved, file, said, as_json=as_json)

    return _run(config, import_)


def _run(config: Path | None, work: Callable[[Configuration], None]) -> int:
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        work(loaded)
    except ToolweaverError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2 if isinstance(error, InvalidRequest) else 1
    return 0


async def _export(loaded: Configuration, file: Path, *, force: bool) -> Moved:
    async with running(loaded, index=False) as app:
        return await send(app.index_admin, await app.catalog.refresh(), file, force=force)


async def _import(loaded: Configuration, file: VectorFile) -> Moved:
    async with running(loaded, index=False) as app:
        moved = await receive(app.index_admin, await app.catalog.refresh(), file)
        await bring_in_step(app)
        return moved


def _print(moved: Moved, file: Path, said: str, *, as_json: bool) -> None:
    report: dict[str, Any] = {"file": str(file), "vectors": moved.vectors, "texts": moved.wanted, "found": moved.found}
    print_json(report) if as_json else out.print(said, markup=False, highlight=False, soft_wrap=True)
